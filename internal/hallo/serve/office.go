package serve

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/hallo"
)

// Config is what an Office works with.
type Config struct {
	// Orders sends orders, again and again if need be. Questions, which a person
	// waits for, are asked once.
	Orders, Questions *hallo.Factory
	// FactoryURL is whose orders the state folder has.
	FactoryURL string
	// Callback is the prefix that the factory calls back under.
	Callback string
	// Site returns a client of the site at a domain.
	Site func(domain string) *hallo.Site
	// Suffixes are what names end in, such as "gent"; the first is offered first.
	Suffixes []string
	// State is the folder where conversations are kept.
	State string
	// OrdersPerHour bounds what all people together order; each may cost money.
	OrdersPerHour int
	// Conversations bounds how many are kept.
	Conversations int
	// Clock is the time; Random makes codes and conversation IDs.
	Clock  clock.Clock
	Random io.Reader
	// Logger takes what happened; never a code, a token or a conversation's ID.
	Logger *slog.Logger
}

// What an Office cannot do now.
var (
	// ErrUnknown says that there is no such conversation.
	ErrUnknown = errors.New("there is no such conversation")
	// ErrFull says that there is no room for another conversation.
	ErrFull = errors.New("there is no room for another conversation")
	// ErrBusy says that no more is ordered this hour.
	ErrBusy = errors.New("there were as many orders this hour as there may be")
)

// Office keeps all conversations, does their work and takes the factory's
// callbacks.
type Office struct {
	Config
	store   *store
	ctx     context.Context
	stop    context.CancelFunc
	working sync.WaitGroup

	mu    sync.Mutex
	talks map[string]*talk // by the digest of the conversation's ID
}

// talk is a conversation at work.
type talk struct {
	key          string
	conversation Conversation
	working      bool
	interrupt    context.CancelFunc // ends the work under way, whose aim has changed
	progress     progress
}

// OpenOffice reads the state folder and goes on with what is there. Close ends it.
func OpenOffice(config Config) (*Office, error) {
	store, err := openStore(config.State, config.FactoryURL)
	if err != nil {
		return nil, err
	}
	conversations, err := store.load()
	if err != nil {
		store.close()
		return nil, err
	}
	if err := store.agree(config.terms(), anyOpen(conversations)); err != nil {
		store.close()
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	o := &Office{Config: config, store: store, ctx: ctx, stop: stop, talks: map[string]*talk{}}
	o.mu.Lock()
	defer o.mu.Unlock()
	for key, c := range conversations {
		c.Resume()
		o.talks[key] = &talk{key: key, conversation: c}
		o.employ(o.talks[key])
	}
	o.Logger.Info("conversations of earlier", "number", len(conversations))
	return o, nil
}

// terms are what makes an order the same order, beside its domain and code.
func (c Config) terms() string {
	return fmt.Sprintf("%s (%s)", strings.TrimRight(c.Callback, "/"), c.Orders.Dialect())
}

func anyOpen(conversations map[string]Conversation) bool {
	for _, c := range conversations {
		if c.Open() {
			return true
		}
	}
	return false
}

// Close breaks off what is under way; the next OpenOffice goes on with it.
func (o *Office) Close() {
	o.stop()
	o.working.Wait()
	o.store.close()
}

const idBytes = 16 // 128 bits: nobody guesses another's conversation

// Begin makes a conversation and returns the ID that its person is known by.
func (o *Office) Begin(language string) (id string, c Conversation, err error) {
	raw := make([]byte, idBytes)
	if _, err := io.ReadFull(o.Random, raw); err != nil {
		return "", c, fmt.Errorf("make a conversation's ID: %w", err)
	}
	code, err := hallo.GenerateCode(o.Random)
	if err != nil {
		return "", c, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.makeRoom(); err != nil {
		return "", c, err
	}
	id = base64.RawURLEncoding.EncodeToString(raw)
	t := &talk{key: keyOf(id)}
	if err := o.commit(t, Begin(code, language, o.Clock.Now())); err != nil {
		return "", c, err
	}
	o.talks[t.key] = t
	return id, t.conversation, nil
}

// keyOf is what a conversation is kept under: whoever sees the state folder's
// names, or a log, cannot take it over.
func keyOf(id string) string {
	digest := sha256.Sum256([]byte(id))
	return hex.EncodeToString(digest[:])
}

// find is a person's conversation, or nil. The mutex is held.
func (o *Office) find(id string) *talk {
	t := o.talks[keyOf(id)]
	if t == nil || t.conversation.Phase == Gone {
		return nil
	}
	return t
}

// Look returns a conversation.
func (o *Office) Look(id string) (Conversation, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.find(id)
	if t == nil {
		return Conversation{}, ErrUnknown
	}
	return t.conversation, nil
}

// Do changes a conversation as its person says, and keeps it before it returns.
func (o *Office) Do(id string, change func(c *Conversation, now time.Time) error) (Conversation, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.find(id)
	if t == nil {
		return Conversation{}, ErrUnknown
	}
	c := t.conversation
	if err := change(&c, o.Clock.Now()); err != nil {
		return t.conversation, err
	}
	return c, o.commit(t, c)
}

// commit keeps a conversation as it is now, and has its work done. The mutex is held.
func (o *Office) commit(t *talk, c Conversation) error {
	before := t.conversation
	if err := o.store.save(t.key, c); err != nil {
		o.Logger.Error("a conversation could not be kept", "conversation", t.short(), "error", err)
		return err
	}
	t.conversation = c
	if before.Phase != c.Phase {
		o.Logger.Info("conversation", "conversation", t.short(), "from", string(before.Phase), "to", string(c.Phase), "domain", c.Domain)
	}
	if t.interrupt != nil && (before.Phase != c.Phase || before.Work != c.Work) {
		t.interrupt()
	}
	o.employ(t)
	return nil
}

// short is enough of the digest to find a conversation in a log again.
func (t *talk) short() string { return t.key[:12] }
