package indiesite

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"
)

const (
	sessionsFile = "sessions.json"
	sessionsName = "sessions"

	// SessionLength is how long an owner stays signed in.
	SessionLength = 30 * 24 * time.Hour
	maxSessions   = 20 // one more ends the oldest
)

// session is one browser that the owner signed in with. Of its token only a
// digest is kept: a copy of the data directory opens no session.
type session struct {
	Digest  string    `json:"digest"` // SHA-256 of the owner's key and the token, in hexadecimal
	Expires time.Time `json:"expires"`
}

// sessionsState is the document with the sessions, oldest first.
type sessionsState struct {
	head
	Sessions []session `json:"sessions"`
}

func (s *sessionsState) check() error {
	for _, one := range s.Sessions {
		if !isHex(one.Digest, sha256.Size) || one.Expires.IsZero() {
			return errors.New("a session has no digest or no end")
		}
	}
	return nil
}

func readSessions(path string) ([]session, error) {
	document, err := readDocument(path, sessionsName, (*sessionsState).check)
	if document == nil {
		return nil, err
	}
	return document.Sessions, nil
}

// digestOf has the owner's key in it, so that no session outlasts its owner where
// whoever runs the site gives it to another.
func (k OwnerKeys) digestOf(token string) string {
	digest := sha256.Sum256([]byte(k.PublicSigningKey + "\n" + token))
	return hex.EncodeToString(digest[:])
}

// NewSession returns the token of a new session of this owner.
func (s *Store) NewSession(owner OwnerKeys) (token string, err error) {
	token = rand.Text()
	err = s.changeSessions(func(open []session) []session {
		open = append(open, session{Digest: owner.digestOf(token), Expires: s.clock.Now().Add(SessionLength).UTC()})
		return open[max(0, len(open)-maxSessions):]
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// EndSession forgets the session with this token, if there is one.
func (s *Store) EndSession(token string) error {
	if !s.HasSession(token) {
		return nil
	}
	owner, _ := s.Owner()
	digest := owner.digestOf(token)
	return s.changeSessions(func(open []session) []session {
		return slices.DeleteFunc(open, func(one session) bool { return one.Digest == digest })
	})
}

// HasSession reports whether the token is that of a session of the owner which
// goes on.
func (s *Store) HasSession(token string) bool {
	owner, owned := s.Owner()
	digest, now := owner.digestOf(token), s.clock.Now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	return owned && slices.ContainsFunc(s.sessions, func(one session) bool {
		return one.Digest == digest && now.Before(one.Expires)
	})
}

// changeSessions drops what has expired on the way.
func (s *Store) changeSessions(change func([]session) []session) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	now := s.clock.Now()
	s.mu.RLock()
	open := slices.DeleteFunc(slices.Clone(s.sessions), func(one session) bool { return !now.Before(one.Expires) })
	s.mu.RUnlock()
	open = change(open)
	if err := writeDocument(s.path(sessionsFile), sessionsName, &sessionsState{head: s.head(), Sessions: open}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = open
	return nil
}
