package availability

import (
	"errors"
	"time"
)

// UnknownError is the error of a Checker that could not find out. It holds fixed words only: nothing that a server said, and nothing secret.
type UnknownError struct {
	// Source is who was asked: "RDAP server rdap.example", "DAS das.example:4343".
	Source string
	// Reason is why there is no verdict, as a sentence without its subject: "answered 429".
	Reason string
	// RetryAfter is how long the source is left alone, where that is known; otherwise 0.
	RetryAfter time.Duration
}

func (e *UnknownError) Error() string { return e.Source + " " + e.Reason }

// RetryAfter is how long it takes until asking again may help, as far as an error of a Checker says; otherwise 0.
func RetryAfter(err error) time.Duration {
	var unknown *UnknownError
	if errors.As(err, &unknown) {
		return unknown.RetryAfter
	}
	return 0
}
