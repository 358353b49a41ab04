package das

import (
	"bufio"
	"io"
	"strings"
	"time"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

// maxAnswer is how many bytes of an answer are read; real ones have a few hundred.
const maxAnswer = 4 << 10

// The pauses that return codes ask for: the rest of the minute after too many queries, and until somebody may have looked at it when the address is blocked.
const (
	pauseExcessive = time.Minute
	pauseBlocked   = 15 * time.Minute
)

// refusals are the return codes that are no answer, with the pause that they ask for. They are negative; 0 is the code of an answer.
var refusals = map[string]struct {
	reason string
	pause  time.Duration
}{
	"-1": {"has an internal error", 0},
	"-2": {"was asked too often", pauseExcessive},
	"-3": {"has blocked this address", pauseBlocked},
	// Of the service's earlier version, which counts otherwise.
	"-9": {"has blocked this address", pauseBlocked},
}

// verdicts are the statuses of the service. A name that is NOT ALLOWED cannot be registered by anybody.
var verdicts = map[string]availability.Verdict{
	"AVAILABLE":     availability.Available,
	"NOT AVAILABLE": availability.Taken,
	"NOT ALLOWED":   availability.Taken,
}

// read reads an answer about a name: up to its status, or to the code that says that there is none. Only an answer of success about this very name with a
// status that is known is a verdict; for all else there is a reason, in fixed words, and maybe a pause.
//
// Lines are "RC: 0", and "%% RC=0" in answers of the earlier version. Others that begin with % are comments.
func read(r io.Reader, name names.Name) (verdict availability.Verdict, reason string, pause time.Duration) {
	limited := &io.LimitedReader{R: r, N: maxAnswer}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxAnswer)
	succeeded, asked := false, false
	for lines.Scan() {
		key, value := field(lines.Text())
		switch key {
		case "RC":
			if value != "0" {
				if refused, known := refusals[value]; known {
					return availability.Unknown, refused.reason, refused.pause
				}
				return availability.Unknown, "answered with another return code", 0
			}
			succeeded = true
		case "DOMAIN":
			if !strings.EqualFold(value, name.String()) {
				return availability.Unknown, "answered about another name", 0
			}
			asked = true
		case "STATUS":
			verdict, known := verdicts[strings.ToUpper(value)]
			if !succeeded || !asked || !known || limited.N == 0 { // whose last line may be cut short
				return availability.Unknown, "answered what has no meaning here", 0
			}
			return verdict, "", 0
		}
	}
	if lines.Err() != nil {
		return availability.Unknown, "broke off its answer", 0
	}
	return availability.Unknown, "answered without a status", 0
}

// blanks are what may stand around keys and values. Other white space is part of them, so that nothing is known by a word that is not quite it.
const blanks = " \t\r"

// field takes a line apart; without a key if it is none of the kind.
func field(line string) (key, value string) {
	line, comment := strings.CutPrefix(strings.Trim(line, blanks), "%%")
	separator := ":"
	if comment {
		separator = "="
	}
	key, value, found := strings.Cut(line, separator)
	if !found {
		return "", ""
	}
	return strings.ToUpper(strings.Trim(key, blanks)), strings.Trim(value, blanks)
}
