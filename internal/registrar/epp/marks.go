package epp

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

// maxTag is how long an operation's part of a transaction identifier may be, which has 64 characters.
const maxTag = 40

var plainID = regexp.MustCompile(`^[A-Za-z0-9-]{3,40}$`)

// tagOf is an operation ID as it stands in transaction identifiers: itself, where it fits.
func tagOf(operationID string) string {
	if plainID.MatchString(operationID) {
		return operationID
	}
	sum := sha256.Sum256([]byte(operationID))
	return hex.EncodeToString(sum[:maxTag/2])
}

// createID names one try of a purchase.
func createID(operationID string, try int32) string {
	return fmt.Sprintf("%s-c%d", tagOf(operationID), try)
}

// renewID names one try of an extension of the registration that runs out on a day.
func renewID(operationID string, from time.Time, try int32) string {
	return fmt.Sprintf("%s-r%s-%d", tagOf(operationID), from.UTC().Format("20060102"), try)
}

// ownID is a transaction identifier of ours: what is ordered, and the number of the try.
var ownID = regexp.MustCompile(`^([A-Za-z0-9-]{3,40}-(?:c|r[0-9]{8}-))([0-9]{1,10})$`)

// tryOf says what an identifier of ours orders, and in which try; false where it is none.
func tryOf(transaction string) (order string, try int64, ours bool) {
	m := ownID.FindStringSubmatch(transaction)
	if m == nil {
		return "", 0, false
	}
	try, err := strconv.ParseInt(m[2], 10, 64)
	return m[1], try, err == nil
}

// renewalPrefix tells the reference of an extension from that of a purchase.
const renewalPrefix = "renewal/"

// referenceOf names an order that was accepted as both sides do: the server's name for it, which support asks for, and ours, which tells its try from others.
func referenceOf(r *eppwire.Response) string {
	server := string(r.ServerTransaction)
	if len(server) > eppwire.MaxTransaction {
		server = ""
	}
	return strings.TrimSpace(server + " " + string(r.ClientTransaction))
}

// namesOf takes a reference apart. Either name may be missing.
func namesOf(reference string) (server, client string) {
	reference = strings.TrimPrefix(reference, renewalPrefix)
	i := strings.LastIndex(reference, " ")
	if _, _, ours := tryOf(reference[i+1:]); !ours {
		return reference, ""
	}
	return strings.TrimSpace(reference[:i+1]), reference[i+1:]
}

// Passwords of names: a prefix, eight characters of the operation's fingerprint, and the secret. Registries want 8 to 32 characters, upper and lower case, a digit and
// something else.
const (
	passwordPrefix = "Mw1-"
	markLength     = 8
	secretLength   = 18
	passwordLength = len(passwordPrefix) + markLength + 1 + secretLength
)

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// markOf is what a name's password says of the operation that it was bought by. It is no secret, and gives none away.
func markOf(operationID string) string {
	sum := sha256.Sum256([]byte("magic website factory, operation\x00" + operationID))
	return letters.EncodeToString(sum[:])[:markLength]
}

// newPassword marks a name as bought by an operation.
func newPassword(operationID string, random io.Reader) (string, error) {
	secret := make([]byte, (secretLength*5+7)/8)
	if _, err := io.ReadFull(random, secret); err != nil {
		return "", fmt.Errorf("make a password for the name: %w", err)
	}
	return passwordPrefix + markOf(operationID) + "-" + letters.EncodeToString(secret)[:secretLength], nil
}

// operationOf is the operation that a name's password speaks of: the asked one, or something that is none where it is another; empty where it does not say.
func operationOf(password, asked string) string {
	if len(password) != passwordLength || !strings.HasPrefix(password, passwordPrefix) || password[len(passwordPrefix)+markLength] != '-' {
		return ""
	}
	mark := password[len(passwordPrefix):][:markLength]
	if mark == markOf(asked) {
		return asked
	}
	return "another, marked " + mark
}
