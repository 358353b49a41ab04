package indiesite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/clock"
)

// served is a site that real connections lead to.
type served struct {
	*testSite
	t       *testing.T
	address string
}

func serve(t *testing.T) served {
	t.Helper()
	s := &testSite{dir: t.TempDir(), code: rightCode}
	s.store = openStore(t, s.dir)
	s.Handler = NewHandler(Config{Code: NewCode(s.code), Store: s.store, Clock: clock.RealClock{}, Logger: slog.New(slog.DiscardHandler)})
	return served{s, t, listen(t, s)}
}

// listen serves until the test ends.
func listen(t *testing.T, handler http.Handler) (address string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, listener, handler, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
	return listener.Addr().String()
}

// caller holds a line.
type caller struct {
	net.Conn
	t    *testing.T
	read *bufio.Reader
}

func (s served) call(request string) caller { return call(s.t, s.address, request) }

func call(t *testing.T, address, request string) caller {
	t.Helper()
	dialer := net.Dialer{Timeout: 5 * time.Second}
	line, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = line.Close() })
	c := caller{line, t, bufio.NewReader(line)}
	c.say(request)
	return c
}

func (c caller) say(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// answeredWithin returns the status of the answer, or why there is none.
func (c caller) answeredWithin(wait time.Duration) (int, error) {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		c.t.Fatal(err)
	}
	response, err := http.ReadResponse(c.read, nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, errors.Join(err, response.Body.Close())
}

func (c caller) wantAnswer(what string, status int) {
	c.t.Helper()
	if got, err := c.answeredWithin(10 * time.Second); got != status || err != nil {
		c.t.Fatalf("%s: answered %d, %v, want %d", what, got, err, status)
	}
}

// wantClosed waits until the site has closed the line.
func (c caller) wantClosed(what string) {
	c.t.Helper()
	status, err := c.answeredWithin(10 * time.Second)
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("%s: answered %d, %v, want it closed", what, status, err)
	}
}

func (c caller) wantOpen(what string) {
	c.t.Helper()
	if status, err := c.answeredWithin(10 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("%s: answered %d, %v, want nothing yet", what, status, err)
	}
}

const health = "GET /healthz HTTP/1.1\r\nHost: alice.gent\r\n\r\n"

func posted(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: alice.gent\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

func TestRequestsThatNeverBecomeWholeTakeTheSiteFromNobody(t *testing.T) {
	for name, send := range map[string]func(served) caller{
		"slow bodies": func(s served) caller {
			c := s.call("POST /owner HTTP/1.1\r\nHost: alice.gent\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
			c.wantAnswer("who has sent a header", http.StatusContinue)
			return c
		},
		"silence": func(s served) caller { return s.call("") },
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			var slow []caller
			for range maxConnections {
				slow = append(slow, send(s))
			}
			const visits = 5
			for i := range visits {
				s.call(health).wantAnswer(fmt.Sprintf("health, time %d", i+1), http.StatusOK)
			}
			for i, c := range slow[:visits] {
				c.wantClosed(fmt.Sprintf("number %d of those who were there", i+1))
			}
			slow[visits].wantOpen("the one who came after these")
			for range 2 * maxConnections {
				send(s)
			}
			s.call(health).wantAnswer("health in the end", http.StatusOK)
		})
	}
}

func TestFewHeadersAreReadAtATimeAndTheOldestGiveWay(t *testing.T) {
	s := serve(t)
	var half []caller
	for range 4 * maxHalfHeaders {
		half = append(half, s.call(health[:len(health)-1]))
		s.call(health).wantAnswer("health", http.StatusOK)
	}
	for i, c := range half[:2*maxHalfHeaders] {
		c.wantClosed(fmt.Sprintf("header %d", i+1))
	}
	last := half[len(half)-1]
	last.say("\n")
	last.wantAnswer("who sent the rest of it", http.StatusOK)
}

func TestFewConnectionsAreIdle(t *testing.T) {
	s := serve(t)
	ended := make(chan error, 3*maxIdle)
	for range 3 * maxIdle {
		c := s.call(health)
		c.wantAnswer("health", http.StatusOK)
		go func() {
			_, err := c.read.ReadByte()
			ended <- err
		}()
	}
	for i := range 2 * maxIdle {
		if err := <-ended; errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("%d of %d were closed", i, 3*maxIdle)
		}
	}
	s.call(health).wantAnswer("one more", http.StatusOK)
}

func TestAConnectionThatWorksIsNotClosedWhileOlderOnesAreIdle(t *testing.T) {
	s := serve(t)
	works := s.call(health)
	works.wantAnswer("who works", http.StatusOK)
	slow := posted("/owner", strings.Repeat(" ", 1000))
	for i := range 3 * maxConnections {
		s.call(slow[:len(slow)-1])
		if i%20 == 0 {
			works.say(health)
			works.wantAnswer(fmt.Sprintf("who works, after %d others came", i+1), http.StatusOK)
		}
	}
}

func TestWhoeverWaitsForTheirTurnGivesWayOnlyWhereAllDo(t *testing.T) {
	const most = 8
	connections := newConnections(most)
	arrived, turn := make(chan struct{}, 10*most), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			return
		}
		defer waitsInLine(r.Context())()
		arrived <- struct{}{}
		select {
		case <-turn:
		case <-r.Context().Done():
		}
	})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout}
	ended := make(chan error, 1)
	go func() { ended <- connections.serve(server, listener) }()
	address := listener.Addr().String()

	var waiting []caller
	wait := func() {
		waiting = append(waiting, call(t, address, posted("/", "")))
		<-arrived
	}
	for range most - 2 {
		wait()
	}
	idle := call(t, address, health)
	idle.wantAnswer("who is idle then", http.StatusOK)
	for range 4 * most { // in the two places that are left
		call(t, address, health).wantAnswer("health", http.StatusOK)
	}
	idle.wantClosed("who was idle")
	for range 2 {
		wait()
	}
	for range 3 {
		call(t, address, health).wantAnswer("health in a house full of people in line", http.StatusOK)
	}
	waiting[most-1].wantClosed("who was last in line")
	waiting[most-2].wantOpen("who was before")
	close(turn)
	for i, c := range waiting[:most-1] {
		c.wantAnswer(fmt.Sprintf("number %d in line", i+1), http.StatusOK)
	}
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

func TestTheRightCodeIsTakenFromWhoeverWaitsThoughWrongOnesTakeAllPlaces(t *testing.T) {
	s := serve(t)
	for range freeWrongCodes + 2 {
		if w := s.post(withCode("guess")); w.Code < http.StatusBadRequest {
			t.Fatalf("a guess is answered %d", w.Code)
		}
	}
	hangUp := func() {
		if err := s.call(posted("/owner", someone('m').claiming(rightCode))).Close(); err != nil {
			t.Fatal(err)
		}
	}
	hangUp() // in a place
	guesses := make([]caller, maxHeldAttempts)
	for i := range guesses {
		guesses[i] = s.call(posted("/owner-settings", withCode("guess")))
	}
	hangUp() // in line
	s.call(posted("/owner-settings", withCode(rightCode))).wantAnswer("the right code", http.StatusNoContent)
	for i, c := range guesses {
		c.wantAnswer(fmt.Sprintf("guess %d", i+1), http.StatusTooManyRequests)
	}
	if s.store.Owned() {
		t.Error("who hung up owns the site")
	}
	s.call(posted("/owner", someone('a').claiming(rightCode))).wantAnswer("the owner", http.StatusCreated)
}

func TestTheSiteAnswersWhileAsManyAsCanStandInLine(t *testing.T) {
	s := serve(t)
	for range maxWrongCodes {
		go s.post(withCode("guess"))
	}
	for i := range maxHeldAttempts + maxLine/2 {
		s.call(posted("/owner-settings", withCode("guess")))
		if i%20 == 0 {
			s.call(health).wantAnswer(fmt.Sprintf("health behind %d guesses", i+1), http.StatusOK)
		}
	}
}
