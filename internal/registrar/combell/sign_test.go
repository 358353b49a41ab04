package combell

import (
	"strings"
	"testing"
)

func TestTheSignatureIsTheDocumentedOne(t *testing.T) {
	const want = "hmac my_key:vjQjb0KYHBbNNu3zNBLSyu/eY3S38zZ8uob1N1mFsh4=:abcdefghij:1700000000"
	keys := credentials{key: "my_key", secret: "my_secret"}
	if got := keys.authorization("GET", "/v2/domains?skip=0&take=10", "", "abcdefghij", 1700000000); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestEverythingThatIsSentIsSigned(t *testing.T) {
	keys := credentials{key: "key", secret: "secret"}
	seen := map[string]string{}
	for name, header := range map[string]string{
		"as it is":        keys.authorization("PUT", "/v2/domains/alice.gent/renew", `{"will_renew":true}`, "nonce", 1),
		"another method":  keys.authorization("POST", "/v2/domains/alice.gent/renew", `{"will_renew":true}`, "nonce", 1),
		"another path":    keys.authorization("PUT", "/v2/domains/bob.gent/renew", `{"will_renew":true}`, "nonce", 1),
		"another body":    keys.authorization("PUT", "/v2/domains/alice.gent/renew", `{"will_renew":false}`, "nonce", 1),
		"no body":         keys.authorization("PUT", "/v2/domains/alice.gent/renew", "", "nonce", 1),
		"another nonce":   keys.authorization("PUT", "/v2/domains/alice.gent/renew", `{"will_renew":true}`, "nonce2", 1),
		"another time":    keys.authorization("PUT", "/v2/domains/alice.gent/renew", `{"will_renew":true}`, "nonce", 2),
		"another secret":  credentials{"key", "other"}.authorization("PUT", "/v2/domains/alice.gent/renew", `{"will_renew":true}`, "nonce", 1),
		"another account": credentials{"key2", "secret"}.authorization("PUT", "/v2/domains/alice.gent/renew", `{"will_renew":true}`, "nonce", 1),
	} {
		signature := strings.Split(header, ":")[1]
		if other, twice := seen[signature]; twice {
			t.Errorf("%s and %s have one signature", name, other)
		}
		seen[signature] = name
	}
}
