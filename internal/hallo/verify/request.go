package verify

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 1 << 20 // bytes
	maxPatience    = time.Minute
	tooFar         = 15 * time.Minute // nobody waits for what is put off for longer, such as until tomorrow
	excerpt        = 300              // characters of what is shown
)

// request is what a check sends. Tokens stand in headers, query and body as they go out, and are taken out where it is shown.
type request struct {
	method string
	path   string
	query  url.Values
	header http.Header
	body   []byte
	// stranger marks a request that must not authenticate: such ones may be answered 429, and are then tried again later.
	stranger bool
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// answer is what came.
type answer struct {
	sent   string
	status int
	header http.Header
	body   []byte
	err    error
	run    *run
}

// fails makes the failure of a check out of an answer that is not as it should be.
func (a answer) fails(format string, values ...any) error {
	if not, ok := errors.AsType[*skipped](a.err); ok {
		return not
	}
	return &Failure{Sent: a.sent, Came: a.shown(), Want: fmt.Sprintf(format, values...)}
}

func (a answer) shown() string {
	if a.err != nil {
		return "no answer: " + a.run.scrub(a.err.Error())
	}
	text := fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	for _, name := range []string{"Content-Type", "WWW-Authenticate", "Location", "Retry-After", "Cache-Control"} {
		if values := a.header.Values(name); len(values) > 0 {
			text += fmt.Sprintf("; %s: %s", name, a.run.scrub(strings.Join(values, ", ")))
		}
	}
	if len(a.body) > 0 {
		text += "; " + a.run.scrub(string(a.body))
	}
	return text
}

// is holds the answer to one of the statuses.
func (a answer) is(statuses ...int) error {
	if a.err == nil && slices.Contains(statuses, a.status) {
		return nil
	}
	var want []string
	for _, status := range statuses {
		want = append(want, strconv.Itoa(status))
	}
	return a.fails("%s", strings.Join(want, " or "))
}

// send sends a request, and again where the answer says to come later: 503 with Retry-After (an onboarder over its rate) unless 503 is what
// was hoped for, and 429 to a stranger.
func (r *run) send(ctx context.Context, q request, hoped ...int) answer {
	for {
		a := r.sendOnce(ctx, q)
		later := a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests && q.stranger
		after, asked := retryAfter(a.header)
		if !later || !asked || slices.Contains(hoped, a.status) {
			return a
		}
		far := after > tooFar
		after = min(max(after, time.Second), maxPatience)
		extend(ctx, after)
		if far || pause(ctx, after) != nil {
			a.err = &skipped{fmt.Sprintf("the factory asked to come later (%d) than the check may wait: a longer --timeout, or a larger quota", a.status), true}
			return a
		}
	}
}

// retryAfter reads the header (RFC 9110, 10.2.3), in seconds or as a date.
func retryAfter(header http.Header) (after time.Duration, asked bool) {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(min(seconds, int(2*tooFar.Seconds()))) * time.Second, true
	}
	date, err := http.ParseTime(value)
	return time.Until(date), err == nil
}

// expect is send, held to the statuses.
func (r *run) expect(ctx context.Context, q request, statuses ...int) error {
	return r.send(ctx, q, statuses...).is(statuses...)
}

func (r *run) sendOnce(ctx context.Context, q request) answer {
	return r.sendWith(ctx, r.client, q)
}

func (r *run) sendWith(ctx context.Context, client *http.Client, q request) answer {
	a := answer{sent: r.describe(q), run: r}
	target := r.config.URL + q.path
	if len(q.query) > 0 {
		target += "?" + q.query.Encode()
	}
	out, err := http.NewRequestWithContext(ctx, q.method, target, bytes.NewReader(q.body))
	if err != nil {
		a.err = err
		return a
	}
	for name, values := range q.header {
		out.Header[name] = values
	}
	r.sending <- struct{}{}
	defer func() { <-r.sending }()
	response, err := client.Do(out)
	if err != nil {
		a.err = unanswered(ctx, err)
		return a
	}
	defer func() { _ = response.Body.Close() }() // read, or given up
	a.status, a.header = response.StatusCode, response.Header
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); err != nil {
		a.err = unanswered(ctx, err)
	}
	return a
}

// unanswered is the error of a request. That an answer takes longer than somebody waits breaks no sentence.
func unanswered(ctx context.Context, err error) error {
	var slow net.Error
	switch {
	case ctx.Err() != nil:
		return &skipped{context.Cause(ctx).Error(), true}
	case errors.As(err, &slow) && slow.Timeout():
		return &skipped{errSlow.Error(), true}
	}
	return withoutURL(err)
}

var errSlow = fmt.Errorf("no answer within %s, so nobody knows: the factory is slow, or a machine busy", requestTimeout)

// describe shows a request as it goes out.
func (r *run) describe(q request) string {
	text := q.method + " " + q.path
	if len(q.query) > 0 {
		text += "?" + q.query.Encode()
	}
	for _, name := range []string{"Authorization", "Content-Type"} {
		for _, value := range q.header[name] {
			text += fmt.Sprintf(", %s: %s", name, value)
		}
	}
	if len(q.body) > 0 {
		text += ", body " + string(q.body)
	}
	text = r.scrub(text)
	if len(q.body) > excerpt {
		text += fmt.Sprintf(" (%d bytes)", len(q.body))
	}
	return text
}

// scrub takes secrets and what cannot be printed out of a text, and cuts it short. Secrets go first: a cut one could be guessed.
func (r *run) scrub(text string) string {
	for _, secret := range r.secrets {
		quoted, _ := json.Marshal(secret.text) // a string can always be written
		for _, form := range []string{
			base64.StdEncoding.EncodeToString([]byte("verify:" + secret.text)), strings.Trim(string(quoted), `"`), url.QueryEscape(secret.text), secret.text,
		} {
			text = strings.ReplaceAll(text, form, secret.shown)
		}
	}
	clean := []rune(strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, text))
	if len(clean) > excerpt {
		return string(clean[:excerpt]) + "…"
	}
	return string(clean)
}

type secret struct{ text, shown string }

// withoutURL takes the URL out of an error: in the older dialect it carries the token.
func withoutURL(err error) error {
	if urlError, ok := errors.AsType[*url.Error](err); ok {
		return urlError.Err
	}
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
