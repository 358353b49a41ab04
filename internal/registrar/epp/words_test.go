package epp

import (
	"strings"
	"testing"
)

func TestWordsOfAServerAreCleanedBeforeTheyAreRepeated(t *testing.T) {
	long := strings.Repeat("ab ", 200)
	for name, tc := range map[string]struct{ said, want string }{
		"a sentence stays":                                   {"The contact REG-1 has no VAT number.", "The contact REG-1 has no VAT number."},
		"lines become one":                                   {" the\tfirst\r\nand the second ", "the first and the second"},
		"controls and marks of direction go":                 {"a\x1b[31mb\u202ec\u200bd\x00", "a[31mbcd"},
		"other scripts stay":                                 {"Titulář neexistuje", "Titulář neexistuje"},
		"bytes that are none go":                             {"a\xffb", "ab"},
		"it is cut short":                                    {long, long[:maxWords-1] + "…"},
		"the account's password goes, in any case":           {"sent: GEHEIM-1, geheim-1.", "sent: […], […]."},
		"a password with what is not seen in it goes":        {"sent: Geh\u200beim\u00ad-1.", "sent: […]."},
		"a password over two lines goes":                     {"sent: two\n words.", "sent: […]."},
		"a word for passwords with what is not seen in it":   {"the auth\u00adInfo is xYz-123", hiddenAll},
		"the login goes":                                     {"registrar mwf-gent lacks a right", "registrar […] lacks a right"},
		"a password that was made here goes":                 {"Mw1-abcdefgh-0123456789 is too long", "[…] is too long"},
		"the code of a transfer goes with all that is there": {"Transfer of bob.gent: the auth code for it is xYz-123", hiddenAll},
		"a code before its name goes":                        {"xYz-123 is the new authInfo", hiddenAll},
		"a password in Dutch goes":                           {"Uw wachtwoord: xYz-123", hiddenAll},
		"an authorization is no password":                    {"Authorization error", "Authorization error"},
		"nothing is nothing":                                 {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cleaned(tc.said, "Geheim-1", "MWF-GENT", "Two Words", ""); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
