package indiesite

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	publicKeySize = ed25519.PublicKeySize
	signatureSize = ed25519.SignatureSize
	challengeSize = 32 // bytes: when it ends, randomness, and this process's seal over both

	challengeLength = 2 * time.Minute
	maxAnswered     = 1000 // challenges remembered as answered

	endSize    = 8
	sealedSize = 16
)

// challenges gives out what an owner signs to sign in.
//
// Anybody may ask for a challenge. Were each remembered, whoever asks for
// enough of them could make the site forget the owner's before it is answered,
// or refuse the owner one. So a challenge carries its own end, sealed with a key
// of this process, and only those are remembered that were answered with the
// owner's signature, which nobody else can bring about: until they end, so that
// none is answered twice.
type challenges struct {
	clock clock.PassiveClock
	key   [sha256.Size]byte

	mu       sync.Mutex
	answered map[[challengeSize]byte]time.Time // when it ends
}

func newChallenges(clk clock.PassiveClock) *challenges {
	c := &challenges{clock: clk, answered: map[[challengeSize]byte]time.Time{}}
	_, _ = rand.Read(c.key[:]) // never fails
	return c
}

// issue returns a new challenge, in hexadecimal.
func (c *challenges) issue() string {
	var challenge [challengeSize]byte
	binary.BigEndian.PutUint64(challenge[:endSize], uint64(c.clock.Now().Add(challengeLength).UnixNano()))
	_, _ = rand.Read(challenge[endSize:sealedSize]) // never fails
	copy(challenge[sealedSize:], c.seal(challenge))
	return hex.EncodeToString(challenge[:])
}

func (c *challenges) seal(challenge [challengeSize]byte) []byte {
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write(challenge[:sealedSize])
	return mac.Sum(nil)[:challengeSize-sealedSize]
}

// open reports whether a challenge can be answered: it is one of this process,
// has not ended and was not answered before.
func (c *challenges) open(challenge string) bool {
	raw, end := c.read(challenge)
	c.mu.Lock()
	defer c.mu.Unlock()
	_, answered := c.answered[raw]
	return !answered && c.clock.Now().Before(end)
}

// answer uses a challenge up. False means that another request was quicker, or
// that the owner answered more than can be remembered.
func (c *challenges) answer(challenge string) bool {
	raw, end := c.read(challenge)
	now := c.clock.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for other, ended := range c.answered {
		if !now.Before(ended) {
			delete(c.answered, other)
		}
	}
	if _, answered := c.answered[raw]; answered || !now.Before(end) || len(c.answered) >= maxAnswered {
		return false
	}
	c.answered[raw] = end
	return true
}

// read returns no end in the future for what this process did not issue.
func (c *challenges) read(challenge string) (raw [challengeSize]byte, end time.Time) {
	if !isHex(challenge, challengeSize) {
		return raw, time.Time{}
	}
	_, _ = hex.Decode(raw[:], []byte(challenge)) // it is hexadecimal
	if !hmac.Equal(raw[sealedSize:], c.seal(raw)) {
		return raw, time.Time{}
	}
	return raw, time.Unix(0, int64(binary.BigEndian.Uint64(raw[:endSize])))
}

// signInText is what the owner's key signs. The host is in it so that an answer
// given to another site opens nothing here.
func signInText(host, challenge string) []byte {
	return []byte("indie-site sign-in\n" + host + "\n" + challenge)
}

// signedBy reports whether the signature over the text is that of the key; both
// are hexadecimal.
func signedBy(publicKey, signature string, text []byte) bool {
	key, err := hex.DecodeString(publicKey)
	if err != nil || len(key) != publicKeySize {
		return false
	}
	raw, err := hex.DecodeString(signature)
	return err == nil && ed25519.Verify(key, text, raw)
}
