package eppwire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommandsAreThoseOfTheRFCs(t *testing.T) {
	everything := &Greeting{Versions: []Token{"1.0"}, Languages: []Token{"fr", "en"}, Objects: []Token{NamespaceHost, NamespaceDomain, NamespaceContact, "urn:other"},
		Extensions: []Token{NamespaceFee, NamespaceRGP, NamespaceSecDNS, "urn:other-1.0"}}
	little := &Greeting{Versions: []Token{"0.9", "1.0"}, Languages: []Token{"fr"}, Objects: []Token{NamespaceDomain}}
	servers := []string{"ns1.example.net", "ns2.example.net"}
	contacts := []Contact{{Type: "admin", Handle: "sh8013"}, {Type: "tech", Handle: "sh8013"}}
	agreed := &Agreed{Minor: 500, Currency: "USD"}
	create := Create{Name: "example.com", NameServers: servers, Registrant: "jd1234", Contacts: contacts, Password: "2fooBAR"}
	attributes, priced := create, create
	attributes.HostAttributes, priced.Agreed = true, agreed

	commands := map[string]Command{
		"login":                    login(t, everything, "ClientX", "foo-BAR2"),
		"login-without-extensions": login(t, little, "ClientX", "<foo> & BAR2"),
		"logout":                   Logout{}, "poll": Poll{}, "acknowledge": Acknowledge{ID: "12345"},
		"check":     Check{Name: "example.com"},
		"check-fee": Check{Name: "example.com", Prices: []string{PriceOfCreate, PriceOfRenew}, Currency: "USD"},
		"info":      Info{Name: "example.com"},
		"create":    create, "create-attributes": attributes, "create-fee": priced,
		"create-bare": Create{Name: "example.com", Password: "2fooBAR"},
		"renew":       Renew{Name: "example.com", Expires: "2000-04-03"},
		"renew-fee":   Renew{Name: "example.com", Expires: "2000-04-03", Agreed: agreed},
		"update":      UpdateNameServers{Name: "example.com", Add: []string{"ns2.example.com"}, Remove: []string{"ns1.example.com"}, Unsign: true},
	}
	frames := map[string][]byte{"hello": Hello()}
	for name, command := range commands {
		payload, err := Marshal(command, "ABC-12345")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		frames[name] = payload
	}
	paths, err := filepath.Glob("testdata/frames/*.xml")
	if err != nil || len(paths) != len(frames) {
		t.Errorf("%d examples for %d commands, %v", len(paths), len(frames), err)
	}
	for name, payload := range frames {
		want, err := os.ReadFile("testdata/frames/" + name + ".xml")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(canonical(t, want), canonical(t, payload)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func login(t *testing.T, g *Greeting, user, password string) Login {
	t.Helper()
	l, err := g.Login(user, password)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// canonical is what is in a document: elements and attributes in their namespaces, and text; not prefixes nor the white space between elements.
func canonical(t *testing.T, document []byte) []string {
	t.Helper()
	var lines []string
	depth := 0
	for d := xml.NewDecoder(bytes.NewReader(document)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			line := strings.Repeat("  ", depth) + e.Name.Space + " " + e.Name.Local
			for _, a := range e.Attr {
				if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" {
					line += " " + a.Name.Local + "=" + a.Value
				}
			}
			lines = append(lines, line)
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			if text := strings.TrimSpace(string(e)); text != "" {
				lines = append(lines, strings.Repeat("  ", depth)+"= "+text)
			}
		}
	}
}

func TestCommandsCarryThePrefixesOfTheRFCs(t *testing.T) {
	payload, err := Marshal(Check{Name: "example.com", Prices: []string{PriceOfCreate}, Currency: "EUR"}, "ABC-12345")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`<epp xmlns="urn:ietf:params:xml:ns:epp-1.0">`, "<domain:check ", "<domain:name>", "<fee:check ", `<fee:command name="create">`} {
		if !bytes.Contains(payload, []byte(part)) {
			t.Errorf("%s is not in\n%s", part, payload)
		}
	}
}

func TestATransactionIdentifierHasThreeToSixtyFourCharacters(t *testing.T) {
	for length, fits := range map[int]bool{2: false, 3: true, 64: true, 65: false} {
		if _, err := Marshal(Logout{}, strings.Repeat("x", length)); (err == nil) != fits {
			t.Errorf("%d: %v", length, err)
		}
	}
}

func TestThereIsNothingToChooseFromAServerOfSomethingElse(t *testing.T) {
	for name, g := range map[string]*Greeting{
		"another version":    {Versions: []Token{"2.0"}, Objects: []Token{NamespaceDomain}},
		"no names":           {Versions: []Token{"1.0"}, Objects: []Token{NamespaceContact}},
		"names as extension": {Versions: []Token{"1.0"}},
	} {
		if l, err := g.Login("u", "p"); err == nil {
			t.Errorf("%s: %+v", name, l)
		}
	}
}
