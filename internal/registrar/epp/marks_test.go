package epp

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

func TestTransactionsAreNamedByTheirOperations(t *testing.T) {
	expiry := time.Date(2027, 11, 22, 23, 30, 0, 0, time.FixedZone("", -3600))
	for _, operation := range []string{"0198c0de-0000-7000-8000-000000000001", strings.Repeat("x", 200), "with spaces & more", ""} {
		create, renew := createID(operation, 1<<31-1), renewID(operation, expiry, 1<<31-1)
		for _, id := range []string{create, renew} {
			if len(id) > eppwire.MaxTransaction || !regexp.MustCompile(`^[A-Za-z0-9-]{3,64}$`).MatchString(id) {
				t.Errorf("%q has %d characters", id, len(id))
			}
		}
		if operation == "" {
			continue
		}
		bought, last, ours := tryOf(create)
		extended, also, too := tryOf(renew)
		if !ours || !too || last != 1<<31-1 || also != last || bought == extended || !strings.HasPrefix(bought, tagOf(operation)) {
			t.Errorf("%q and %q are not told apart", create, renew)
		}
		if !strings.Contains(renew, "-r20271123-") {
			t.Errorf("%q has not the day in UTC", renew)
		}
	}
	if createID("a-b-c", 1) == createID("a-b-c", 2) {
		t.Error("two tries have one name")
	}
}

func TestAReferenceNamesAnOrderAsBothSidesDo(t *testing.T) {
	for name, tc := range map[string]struct{ server, client, reference string }{
		"both":                           {"S-1", "op-1-c2", "S-1 op-1-c2"},
		"a name with a space in it":      {"S 1", "op-1-r20271122-1", "S 1 op-1-r20271122-1"},
		"the server gave none":           {"", "op-1-c2", "op-1-c2"},
		"the server's is beyond bounds":  {strings.Repeat("x", 65), "op-1-c2", "op-1-c2"},
		"ours was not given back":        {"S-1", "", "S-1"},
		"one that only looks like a try": {"S-1", "c1", "S-1 c1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &eppwire.Response{ServerTransaction: eppwire.Token(tc.server), ClientTransaction: eppwire.Token(tc.client)}
			got := referenceOf(r)
			if got != tc.reference {
				t.Fatalf("%q", got)
			}
			for _, prefix := range []string{"", renewalPrefix} {
				server, client := namesOf(prefix + got)
				if _, _, ours := tryOf(tc.client); ours && client != tc.client || !ours && client != "" {
					t.Errorf("ours is %q", client)
				}
				if strings.TrimSpace(server+" "+client) != got {
					t.Errorf("the server's is %q", server)
				}
			}
		})
	}
}

func TestAPasswordTellsItsOperationAndNothingElse(t *testing.T) {
	const operation = "0198c0de-0000-7000-8000-000000000001"
	first, err := newPassword(operation, bytes.NewReader(bytes.Repeat([]byte{1}, 100)))
	if err != nil {
		t.Fatal(err)
	}
	second, err := newPassword(operation, bytes.NewReader(bytes.Repeat([]byte{2}, 100)))
	if err != nil {
		t.Fatal(err)
	}
	if first == second || len(first) != 31 {
		t.Errorf("%q and %q", first, second)
	}
	for _, part := range []string{`[A-Z]`, `[a-z]`, `[0-9]`, `[^A-Za-z0-9]`} {
		if !regexp.MustCompile(part).MatchString(first) {
			t.Errorf("%q has no %s, which registries want", first, part)
		}
	}
	for _, password := range []string{first, second} {
		if got := operationOf(password, operation); got != operation {
			t.Errorf("%q is of %q", password, got)
		}
		if got := operationOf(password, "another-operation"); got == "" || got == "another-operation" {
			t.Errorf("%q is of %q", password, got)
		}
	}
	for _, password := range []string{"", "2fooBAR", first[1:], first + "x", strings.ToUpper(first)} {
		if got := operationOf(password, operation); got != "" {
			t.Errorf("%q, which is not ours, is of %q", password, got)
		}
	}
	if _, err := newPassword(operation, bytes.NewReader(nil)); err == nil {
		t.Error("without randomness there is a password")
	}
}
