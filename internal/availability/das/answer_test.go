package das

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/availability"
)

func TestPublishedAnswers(t *testing.T) {
	for file, tc := range map[string]struct {
		want  availability.Verdict
		pause time.Duration
	}{
		"available-4.0.txt":     {availability.Available, 0},
		"not-available-4.0.txt": {availability.Taken, 0},
		"available.txt":         {availability.Available, 0},
		"not-available.txt":     {availability.Taken, 0},
		"not-allowed.txt":       {availability.Taken, 0},
		"internal-error.txt":    {availability.Unknown, 0},
		"excessive.txt":         {availability.Unknown, pauseExcessive},
		"blocked.txt":           {availability.Unknown, pauseBlocked},
	} {
		content, err := os.ReadFile(filepath.Join("testdata", "published", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{string(content), strings.ReplaceAll(string(content), "\n", "\r\n"), strings.TrimSpace(string(content))} {
			verdict, reason, pause := read(strings.NewReader(text), "test.be")
			if verdict != tc.want || pause != tc.pause || (reason == "") != (verdict != availability.Unknown) {
				t.Errorf("%s: %s (%s), pause %s; want %s, %s", file, verdict, reason, pause, tc.want, tc.pause)
			}
		}
	}
}

func TestWhatIsNoAnswerIsNoVerdict(t *testing.T) {
	for why, text := range map[string]string{
		"nothing":                       "",
		"a status alone":                "Status: AVAILABLE\n",
		"no return code":                "Domain: test.be\nStatus: AVAILABLE\n",
		"no name":                       "RC: 0\nStatus: AVAILABLE\n",
		"another name":                  "RC: 0\nDomain: tes.be\nStatus: AVAILABLE\n",
		"a name without its suffix":     "RC: 0\nDomain: test\nStatus: AVAILABLE\n",
		"the status before the code":    "Domain: test.be\nStatus: AVAILABLE\nRC: 0\n",
		"two names":                     "RC: 0\nDomain: test.be\nDomain: other.be\nStatus: AVAILABLE\n",
		"two codes":                     "RC: 0\nRC: -1\nDomain: test.be\nStatus: AVAILABLE\n",
		"another code":                  "RC: 1\nDomain: test.be\nStatus: AVAILABLE\n",
		"a code that is no number":      "RC: OK\nDomain: test.be\nStatus: AVAILABLE\n",
		"another status":                "RC: 0\nDomain: test.be\nStatus: QUARANTINE\n",
		"more than a status":            "RC: 0\nDomain: test.be\nStatus: AVAILABLE SOON\n",
		"a status cut short":            "RC: 0\nDomain: test.be\nStatus: NOT AVAIL",
		"a status that is empty":        "RC: 0\nDomain: test.be\nStatus:\n",
		"no status":                     "RC: 0\nDomain: test.be\n",
		"a code in a comment":           "% RC=0\nDomain: test.be\nStatus: AVAILABLE\n",
		"a web page":                    "<html>Status: AVAILABLE</html>\n",
		"an answer of another protocol": "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n",
		"an endless comment":            "%" + strings.Repeat("x", 2*maxAnswer) + "\nRC: 0\nDomain: test.be\nStatus: AVAILABLE\n",
		"endless comments":              strings.Repeat("% hello\n", maxAnswer) + "RC: 0\nDomain: test.be\nStatus: AVAILABLE\n",
		"a status at the very bound":    strings.Repeat("%\n", maxAnswer/2-20) + "RC: 0\nDomain: test.be\nStatus: AVAILABLE" + strings.Repeat(" ", 10) + "NOT\n",
	} {
		if verdict, reason, pause := read(strings.NewReader(text), "test.be"); verdict != availability.Unknown || reason == "" || pause != 0 {
			t.Errorf("%s: %s (%s), pause %s", why, verdict, reason, pause)
		}
	}
}
