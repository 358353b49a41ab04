package rdap

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"sigs.k8s.io/json"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

// answer is what of an HTTP answer is looked at.
type answer struct {
	code int
	// mediaType without its parameters, in lower case.
	mediaType string
	// crossOrigin says that any web page may read it, as RFC 7480, section 5.6, recommends and ICANN demands of registries.
	crossOrigin bool
	body        []byte
}

func answerOf(r reply) answer {
	mediaType, _, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	if err != nil {
		mediaType = ""
	}
	return answer{code: r.code, mediaType: mediaType, crossOrigin: r.header.Get("Access-Control-Allow-Origin") == "*", body: bytes.TrimSpace(r.body)}
}

// object is what of an RDAP answer is looked at: of a domain (RFC 9083, section 5.3), or of an error (section 6).
type object struct {
	ObjectClassName string   `json:"objectClassName"`
	LDHName         string   `json:"ldhName"`
	UnicodeName     string   `json:"unicodeName"`
	Conformance     []string `json:"rdapConformance"`
	// ErrorCode is a number. Some servers write it as a string.
	ErrorCode any `json:"errorCode"`
}

// judge says what an answer means for a name; where it means nothing, why, in fixed words. Only what can be nothing but the registry's own word counts: a
// page from a proxy, or another name's record, is no verdict.
func judge(a answer, name names.Name) (verdict availability.Verdict, reason string) {
	switch a.code {
	case http.StatusOK:
		if isRecord(a.body, name) {
			return availability.Taken, ""
		}
		return availability.Unknown, "answered 200 with no record of the name"
	case http.StatusNotFound:
		if isNegative(a) {
			return availability.Available, ""
		}
		return availability.Unknown, "answered 404 with what is no RDAP error"
	}
	return availability.Unknown, "answered " + strconv.Itoa(a.code)
}

// isRecord says whether a body is the domain object of the name.
func isRecord(body []byte, name names.Name) bool {
	var o object
	if json.UnmarshalCaseSensitivePreserveInts(body, &o) != nil || o.ObjectClassName != "domain" {
		return false
	}
	found := o.LDHName
	if found == "" {
		found = o.UnicodeName
	}
	return strings.EqualFold(strings.TrimSuffix(found, "."), name.String())
}

// isNegative says whether a 404 comes from RDAP: there is an error object in it, or else nothing at all (RFC 7480, section 5.3, leaves the body to the
// server, and Verisign sends none). With nothing in it, its header must still be one that RDAP servers send and that a load balancer without a
// server behind it does not.
func isNegative(a answer) bool {
	if len(a.body) == 0 {
		return a.mediaType == "application/rdap+json" || a.mediaType == "" && a.crossOrigin
	}
	var o object
	if json.UnmarshalCaseSensitivePreserveInts(a.body, &o) != nil {
		return false
	}
	// CentralNic, which .gent is with, gives its errors a class of their own.
	if o.ObjectClassName != "" && o.ObjectClassName != "error" || o.LDHName != "" || o.UnicodeName != "" {
		return false
	}
	switch code := o.ErrorCode.(type) {
	case int64:
		return code == http.StatusNotFound
	case string:
		return code == "404"
	case nil:
		return len(o.Conformance) > 0
	}
	return false
}
