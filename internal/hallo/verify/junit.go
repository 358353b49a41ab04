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
		Errors   int           `xml:"errors,attr"`
		Skipped  int           `xml:"skipped,attr"`
		Time     string        `xml:"time,attr"`
		Suites   []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
		Skipped *junitMessage `xml:"skipped"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the results as JUnit's XML: a suite for each section. What is optional and absent counts as skipped, and what nobody knows for
// want of time as an error. Where the checks could not be made there is one more case, with an error that says why.
func WriteJUnit(out io.Writer, results []Result, s Summary) error {
	document := junitSuites{Time: seconds(s.Took.Seconds())}
	for _, r := range results {
		n := len(document.Suites)
		if n == 0 || document.Suites[n-1].Name != string(r.Check.Section) {
			document.Suites = append(document.Suites, &junitSuite{Name: string(r.Check.Section)})
			n++
		}
		document.Suites[n-1].add(r)
	}
	if s.Error != "" {
		document.Suites = append(document.Suites, &junitSuite{Name: "run", Tests: 1, Errors: 1, Cases: []junitCase{{
			Class: "run", Name: "the checks are made", Time: document.Time, Error: &junitMessage{Message: s.Error},
		}}})
	}
	for _, suite := range document.Suites {
		document.Tests += suite.Tests
		document.Failures += suite.Failures
		document.Errors += suite.Errors
		document.Skipped += suite.Skipped
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
	switch {
	case r.Busy:
		s.Errors++
		c.Error = &junitMessage{Message: r.Reason}
	case r.Verdict == Broken:
		s.Failures++
		c.Failure = &junitMessage{Message: "want " + r.Failure.Want, Text: fmt.Sprintf("sent  %s\ncame  %s\nwant  %s\n", r.Failure.Sent, r.Failure.Came, r.Failure.Want)}
	case r.Verdict == Absent:
		s.Skipped++
		c.Skipped = &junitMessage{Message: "optional, and absent: want " + r.Failure.Want}
	case r.Verdict == Skipped:
		s.Skipped++
		c.Skipped = &junitMessage{Message: r.Reason}
	}
	s.Cases = append(s.Cases, c)
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }
