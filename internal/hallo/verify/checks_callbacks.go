package verify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"magicwebsitefactory.gent/internal/hallo"
)

var callbacks = []Check{
	{Number: 130, Section: Callbacks, Each: true, Needs: NeedsOrders, Waits: 1, Sentence: "Every accepted order is told how it ended.", run: func(ctx context.Context, s *session) error {
		p, err := s.accepted(ctx)
		if err != nil {
			return err
		}
		if len(s.awaitPlain(ctx)) == 0 {
			return s.silence(p.answer.sent, "a callback")
		}
		return nil
	}},
	{Number: 131, Section: Callbacks, Each: true, Needs: NeedsOrders, Waits: 1, Sentence: "The callback is a PATCH.", run: judge(func(s *session, c call) string {
		return unless(c.method == http.MethodPatch, "the method PATCH")
	})},
	{Number: 132, Section: Callbacks, Each: true, Needs: NeedsOrders, Waits: 1, Sentence: "PATCH <callback>/site/<domain>: the callback the name as it was sent.", run: judge(func(s *session, c call) string {
		return s.wrongPath(s.plain.name, c)
	})},
	{Number: 133, Section: Callbacks, Each: true, Needs: NeedsOrders, Waits: 1, Sentence: "?status=201: the site stands.", run: stands},
	{Number: 134, Section: Callbacks, Each: true, Needs: NeedsOrders, Waits: 1, Sentence: "The callback is an empty-bodied PATCH.", run: judge(func(s *session, c call) string {
		return unless(len(c.body) == 0 || s.config.WebhookKey != "", "an empty body")
	})},
	{Number: 135, Section: Callbacks, Each: true, Needs: NeedsOrders, Waits: 1, Sentence: "Callback auth: Authorization: Bearer <token>, or in the older dialect &secret=<token>.", run: judge(func(s *session, c call) string {
		if s.dialect == hallo.QuerySecret {
			return unless(c.right && c.secrets == 1, "the token once, as secret in the query")
		}
		return unless(c.right && c.headers == 1, "the token once, as Bearer in the Authorization header")
	})},
	{Number: 136, Section: Callbacks, Each: true, Needs: NeedsOrders, Waits: 1, Sentence: "PATCH <callback>/site/<domain>?status=<outcome>: nothing else is in the query.", run: judge(func(s *session, c call) string {
		query := url.Values{"status": c.query["status"]}
		return unless(len(c.query) <= 1 && query.Encode() == c.raw || len(c.query) == 0, "nothing but status in the query")
	})},
	{Number: 137, Section: Callbacks, Each: true, Needs: NeedsOrders, Waits: 1, Sentence: "PATCH … until 200 OK.", run: quietAfter200},
	{Number: 138, Section: Callbacks, Each: true, Needs: NeedsOrders | NeedsTestNames, Waits: 2, Sentence: "200 is the only success; every other answer is tried again: 204.", run: notDelivered(reply{status: http.StatusNoContent})},
	{Number: 139, Section: Callbacks, Each: true, Needs: NeedsOrders | NeedsTestNames, Waits: 2, Sentence: "200 is the only success; every other answer is tried again: 302.", run: notDelivered(reply{status: http.StatusFound, moved: true})},
	{Number: 140, Section: Callbacks, Each: true, Needs: NeedsOrders | NeedsTestNames, Waits: 2, Sentence: "200 is the only success; every other answer is tried again, 410 too.", run: notDelivered(reply{status: http.StatusGone})},
	{Number: 141, Section: Callbacks, Each: true, Needs: NeedsOrders, Waits: 2, Sentence: "200 is the only success; every other answer is tried again: 500.", run: notDelivered(reply{status: http.StatusInternalServerError})},
	{Number: 142, Section: Callbacks, Each: true, Needs: NeedsOrders | NeedsTestNames, Waits: 2, Sentence: "Delivered at least once: a connection that breaks off before the answer is no success.", run: notDelivered(reply{status: cutOff})},
	{Number: 143, Section: Callbacks, Each: true, Needs: NeedsOrders | NeedsTestNames, Waits: 1, Sentence: "taken-at-registration*.gent ends in callback 409.", run: endsIn("taken-at-registration", "409")},
	{Number: 144, Section: Callbacks, Each: true, Needs: NeedsOrders | NeedsTestNames, Waits: 1, Sentence: "setup-fails*.gent ends in callback 500.", run: endsIn("setup-fails", "500")},
	{Number: 145, Section: Callbacks, Each: true, Needs: NeedsOrders | NeedsTestNames, Waits: 1, Sentence: "slow*.gent stays pending for a while, and ends in 201.", run: endsIn("slow", "201")},
	{Number: 146, Section: Callbacks, Each: true, Optional: true, Needs: NeedsOrders | NeedsTestNames, Waits: 3, Sentence: "After every other answer it is sent again, later and later.", run: laterAndLater},
	{Number: 147, Section: Callbacks, Each: true, Needs: NeedsOrders, Waits: 1, Sentence: "The callback the name as it was sent: also with a dot at its end.", run: func(ctx context.Context, s *session) error {
		return s.withDot(ctx)
	}},
	{Number: 148, Section: Callbacks, Each: true, Needs: NeedsOrders | NeedsTestNames, Waits: 2, Sentence: "Redirects are not followed, because the token would go along.", run: notFollowed},
	{Number: 149, Section: Callbacks, Needs: NeedsOrders, Last: true, Sentence: "Told, and told one thing: every accepted request ends in one outcome.", run: oneOutcome},
	{Number: 150, Section: Callbacks, Each: true, Needs: NeedsOrders | NeedsWebhookKey, Waits: 1, Optional: true, Sentence: "Standard Webhooks headers with a JSON body that says the same are opt-in per Onboarder.", run: func(ctx context.Context, s *session) error {
		return s.signed(ctx)
	}},
}

// stands wants a 201 of a test factory. Where names cost money, an order may also come to nothing.
func stands(ctx context.Context, s *session) error {
	c, err := s.told(ctx)
	if err != nil {
		return err
	}
	status := c.query["status"]
	if s.config.NamePattern != "" && (slices.Equal(status, []string{"409"}) || slices.Equal(status, []string{"500"})) {
		return skip("the order ended in %s, as one may", status[0])
	}
	return s.against(c, unless(slices.Equal(status, []string{"201"}), "status=201, once"))
}

// judge looks at the first callback of the plain order. The judgement is what the contract wants instead, or nothing.
func judge(wants func(*session, call) string) func(context.Context, *session) error {
	return func(ctx context.Context, s *session) error {
		c, err := s.told(ctx)
		if err != nil {
			return err
		}
		return s.against(c, wants(s, c))
	}
}

func unless(kept bool, want string) string {
	if kept {
		return ""
	}
	return want
}

// against makes the failure of a callback that is not as it should be.
func (s *session) against(c call, want string) error {
	if want == "" {
		return nil
	}
	return &Failure{Sent: "an order of " + c.domain, Came: s.scrub(c.shown()), Want: want}
}

func (c call) shown() string {
	text := fmt.Sprintf("%s %s?%s", c.method, c.path, c.raw)
	credential := map[bool]string{true: "the token", false: "another token"}[c.right]
	if c.headers > 0 {
		text += fmt.Sprintf(", Authorization header (%s) ×%d", credential, c.headers)
	}
	if c.secrets > 0 {
		text += fmt.Sprintf(", secret in the query (%s) ×%d", credential, c.secrets)
	}
	if c.headers+c.secrets == 0 {
		text += ", no token"
	}
	if len(c.body) > 0 {
		text += ", body " + string(c.body)
	}
	return text
}

func (s *session) wrongPath(name string, c call) string {
	callback, err := url.Parse(s.callback())
	if err != nil {
		return "a callback that can be parsed"
	}
	want := callback.EscapedPath() + "/site/" + url.PathEscape(name)
	return unless(c.path == want, "the path "+want)
}

// quietAfter200 allows one call more: an answer may be lost on its way, and outcomes come at least once.
func quietAfter200(ctx context.Context, s *session) error {
	name, _, err := s.place(ctx, "verify", taken)
	if err != nil {
		return err
	}
	if _, err := s.firstCall(ctx, name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Quiet)
	defer cancel()
	if calls := s.config.Inbox.wait(ctx, name, 3); len(calls) > 2 {
		return &Failure{Sent: "an answer 200 to the callback about " + name, Came: fmt.Sprintf("%d more calls", len(calls)-1), Want: "silence"}
	}
	return nil
}

// notDelivered answers the first call otherwise than 200, and wants another.
func notDelivered(answer reply) func(context.Context, *session) error {
	return func(ctx context.Context, s *session) error {
		answer := answer // each dialect's own
		if answer.moved {
			answer.location = s.callback() + "/moved"
		}
		name, _, err := s.place(ctx, "verify", first(answer))
		if err != nil {
			return err
		}
		if _, err := s.firstCall(ctx, name); err != nil {
			return err
		}
		if len(s.await(ctx, name, 2)) < 2 {
			return s.silence("an answer "+answer.String()+" to the callback about "+name, "the callback once more")
		}
		return nil
	}
}

func (r reply) String() string {
	if r.status == cutOff {
		return "that broke off"
	}
	return fmt.Sprint(r.status)
}

func endsIn(prefix, outcome string) func(context.Context, *session) error {
	return func(ctx context.Context, s *session) error {
		name, _, err := s.place(ctx, prefix, taken)
		if err != nil {
			return err
		}
		c, err := s.firstCall(ctx, name)
		if err != nil {
			return err
		}
		return s.against(c, unless(c.query.Get("status") == outcome, "status="+outcome))
	}
}

// laterAndLater answers two calls 500, and sees that the second pause is longer than the first. It need not wait for its end.
func laterAndLater(ctx context.Context, s *session) error {
	name, _, err := s.place(ctx, "verify", func(n int) reply {
		if n < 2 {
			return reply{status: http.StatusInternalServerError}
		}
		return reply{status: http.StatusOK}
	})
	if err != nil {
		return err
	}
	if _, err := s.firstCall(ctx, name); err != nil {
		return err
	}
	calls := s.await(ctx, name, 2)
	if len(calls) < 2 {
		return skip("the callback is not sent again: check 141")
	}
	before := calls[1].time.Sub(calls[0].time)
	ctx, cancel := context.WithDeadline(ctx, calls[1].time.Add(before+before/10))
	defer cancel()
	if calls = s.config.Inbox.wait(ctx, name, 3); len(calls) > 2 {
		return &Failure{
			Sent: "answers 500 to two callbacks about " + name,
			Came: fmt.Sprintf("a call after %s, and the next after %s", before.Round(time.Millisecond), calls[2].time.Sub(calls[1].time).Round(time.Millisecond)),
			Want: "pauses that grow",
		}
	}
	return nil
}

func (s *session) withDot(ctx context.Context) error {
	if _, err := s.accepted(ctx); err != nil {
		return err
	}
	name, err := s.fresh("verify")
	if err != nil {
		return err
	}
	name += "."
	if err := s.send1(ctx, name, s.order(name), taken).is(http.StatusCreated); err != nil {
		return err
	}
	c, err := s.firstCall(ctx, name)
	if err != nil {
		return err
	}
	return s.against(c, s.wrongPath(name, c))
}

// notFollowed redirects the first call to a place where a call would be seen.
func notFollowed(ctx context.Context, s *session) error {
	name, err := s.fresh("verify")
	if err != nil {
		return err
	}
	if _, err := s.accepted(ctx); err != nil {
		return err
	}
	elsewhere := s.callback() + "/elsewhere/" + normal(name)
	answers := first(reply{status: http.StatusTemporaryRedirect, location: elsewhere})
	if err := s.send1(ctx, name, s.order(name), answers).is(http.StatusCreated); err != nil {
		return err
	}
	if _, err := s.firstCall(ctx, name); err != nil {
		return err
	}
	for _, c := range s.await(ctx, name, 2) {
		if strings.Contains(c.path, "/elsewhere/") {
			return s.against(c, "the redirect not followed")
		}
	}
	return nil
}

// oneOutcome looks at all that came. Orders of one name in this run all end in the same outcome.
func oneOutcome(_ context.Context, s *session) error {
	told := map[string]string{}
	for _, c := range s.config.Inbox.all() {
		outcome := c.query.Get("status")
		earlier, known := told[c.domain]
		switch {
		case c.domain == "" || outcome == "":
		case known && earlier == "500" && s.config.NamePattern != "": // what was sent again after it was a new attempt
			told[c.domain] = outcome
		case known && earlier != outcome:
			return s.against(c, "the outcome that was told before, "+earlier)
		default:
			told[c.domain] = outcome
		}
	}
	if len(told) == 0 {
		return skip("no callback came: check 130")
	}
	return nil
}

// all are the calls so far.
func (b *Inbox) all() []call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.calls)
}

// signed checks the signature over the body, and that the body says what the URL says.
func (s *session) signed(ctx context.Context) error {
	c, err := s.told(ctx)
	if err != nil {
		return err
	}
	webhook, err := standardwebhooks.NewWebhook(strings.TrimPrefix(s.config.WebhookKey, "whsec_"))
	if err != nil {
		return errors.New("the webhook key must be whsec_ and base64")
	}
	if err := webhook.Verify(c.body, c.header); err != nil {
		return s.against(c, "a signature that fits: "+err.Error())
	}
	var told struct {
		Data struct {
			Domain string `json:"domain"`
			Status int    `json:"status"`
		} `json:"data"`
	}
	says := decodes(c.body, &told) && told.Data.Domain == s.plain.name && fmt.Sprint(told.Data.Status) == c.query.Get("status")
	return s.against(c, unless(says, "a body that says what the URL says"))
}
