package eppwire

import "fmt"

// Code is the result of a command (RFC 5730, section 3).
type Code int

// The codes that something depends on.
const (
	CodeOK             Code = 1000
	CodePending        Code = 1001
	CodeNoMessages     Code = 1300
	CodeMessage        Code = 1301
	CodeBye            Code = 1500
	CodeUse            Code = 2002
	CodeMissing        Code = 2003
	CodeRange          Code = 2004
	CodeSyntax         Code = 2005
	CodeUnimplemented  Code = 2101
	CodeExtension      Code = 2103
	CodeBilling        Code = 2104
	CodeNotRenewable   Code = 2105
	CodeAuthentication Code = 2200
	CodeAuthorization  Code = 2201
	CodeAuthInfo       Code = 2202
	CodeExists         Code = 2302
	CodeAbsent         Code = 2303
	CodeStatus         Code = 2304
	CodePolicy         Code = 2306
	CodeDataPolicy     Code = 2308
	CodeFailed         Code = 2400
	CodeFailedClosing  Code = 2500
	CodeAuthClosing    Code = 2501
	CodeLimitClosing   Code = 2502
)

// meanings are RFC 5730's, in short. They go into errors, as the server's own words must not.
var meanings = map[Code]string{
	2000: "unknown command", 2001: "command syntax error", CodeUse: "command use error", CodeMissing: "required parameter missing",
	CodeRange: "parameter value range error", CodeSyntax: "parameter value syntax error", 2100: "unimplemented protocol version",
	CodeUnimplemented: "unimplemented command", 2102: "unimplemented option", CodeExtension: "unimplemented extension", CodeBilling: "billing failure",
	CodeNotRenewable: "object is not eligible for renewal", 2106: "object is not eligible for transfer", CodeAuthentication: "authentication error",
	CodeAuthorization: "authorization error", CodeAuthInfo: "invalid authorization information", 2300: "object pending transfer",
	2301: "object not pending transfer", CodeExists: "object exists", CodeAbsent: "object does not exist", CodeStatus: "object status prohibits operation",
	2305: "object association prohibits operation", CodePolicy: "parameter value policy error", 2307: "unimplemented object service",
	CodeDataPolicy: "data management policy violation", CodeFailed: "command failed", CodeFailedClosing: "command failed, server closes the connection",
	CodeAuthClosing: "authentication error, server closes the connection", CodeLimitClosing: "session limit exceeded, server closes the connection",
}

// Success says whether the command was carried out, or will be.
func (c Code) Success() bool { return c < 2000 }

// Closing says whether the server closes the connection after it.
func (c Code) Closing() bool { return c >= 2500 || c == CodeBye }

// Refusal says whether it is a clear no: the command was refused and nothing was done. Errors in the server itself (24xx, 25xx) and codes that RFC 5730 does not have
// are none.
func (c Code) Refusal() bool { return meanings[c] != "" && c >= 2000 && c < CodeFailed }

// String is the number, and what RFC 5730 says it means.
func (c Code) String() string {
	if meaning := meanings[c]; meaning != "" {
		return fmt.Sprintf("%d (%s)", int(c), meaning)
	}
	return fmt.Sprint(int(c))
}
