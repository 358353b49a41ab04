package verify

import (
	"encoding/xml"
	"fmt"
	"io"
)

// What JUnit's XML is made of, as far as the programs that read it agree.
type (
	junitSuites struct {
		XMLName  xml.Name      `xml:"testsuites"`
		Tests    int           `xml:"tests,attr"`
		Failures int           `xml:"failures,attr"`
		Skipped  int           `xml:"skipped,attr"`
		Time     string        `xml:"time,attr"`
		Suites   []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Skipped *junitMessage `xml:"skipped"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the results as JUnit's XML: a suite for each section. What is optional and absent counts as skipped.
func WriteJUnit(out io.Writer, results []Result, s Summary) error {
	document := junitSuites{Tests: len(results), Failures: s.Broken, Skipped: s.Skipped + s.Absent, Time: seconds(s.Took.Seconds())}
	for _, r := range results {
		n := len(document.Suites)
		if n == 0 || document.Suites[n-1].Name != string(r.Check.Section) {
			document.Suites = append(document.Suites, &junitSuite{Name: string(r.Check.Section)})
			n++
		}
		document.Suites[n-1].add(r)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

func (s *junitSuite) add(r Result) {
	name := fmt.Sprintf("%d %s%s", r.Check.Number, r.Check.Sentence, optional(r.Check))
	if r.Dialect != "" {
		name = fmt.Sprintf("%d (%s) %s%s", r.Check.Number, r.Dialect, r.Check.Sentence, optional(r.Check))
	}
	c := junitCase{Class: s.Name, Name: name, Time: seconds(r.Took.Seconds())}
	s.Tests++
	switch r.Verdict {
	case Broken:
		s.Failures++
		c.Failure = &junitMessage{Message: "want " + r.Failure.Want, Text: fmt.Sprintf("sent  %s\ncame  %s\nwant  %s\n", r.Failure.Sent, r.Failure.Came, r.Failure.Want)}
	case Absent:
		s.Skipped++
		c.Skipped = &junitMessage{Message: "optional, and absent: want " + r.Failure.Want}
	case Skipped:
		s.Skipped++
		c.Skipped = &junitMessage{Message: r.Reason}
	}
	s.Cases = append(s.Cases, c)
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }
