package orderdigest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const maxFuzzed = 2048 // bytes

// FuzzMatches looks for a digest, as anybody might write it into a claim, that belongs to an order and is not the one that was made for it: volumes are
// told apart by the text of their digests.
func FuzzMatches(f *testing.F) {
	const right = "k1:HgcB5r-XCtL2wU2quanwOInhLPYdvUMkdEw7kLpf8T4"
	for _, seed := range []string{
		right, right + "=", right + "\n", right[:10] + "\r\n" + right[10:], right[:len(right)-1] + "5", strings.Replace(right, "-", "+", 1),
		"k2" + right[2:], "k01" + right[2:], right[3:], ":" + right[3:], "k1:", "k1", "", "k9:x", "k1:k1:x",
	} {
		f.Add(seed)
	}
	k, err := NewKeys(map[string][]byte{"k1": key1, "k2": key2})
	if err != nil {
		f.Fatal(err)
	}
	digests := map[string]bool{}
	for name, key := range map[string][]byte{"k1": key1, "k2": key2} {
		only, err := NewKeys(map[string][]byte{name: key})
		if err != nil {
			f.Fatal(err)
		}
		digests[only.Sum(order())] = true
	}
	f.Fuzz(func(t *testing.T, digest string) {
		if len(digest) > maxFuzzed {
			return
		}
		same, err := k.Matches(digest, order())
		if same != digests[digest] {
			t.Fatalf("Matches(%q) = %t", digest, same)
		}
		name, _, _ := strings.Cut(digest, ":")
		if unknown := name != "k1" && name != "k2"; errors.Is(err, ErrUnknownKey) != unknown || !unknown && err != nil {
			t.Fatalf("Matches(%q): %v", digest, err)
		}
	})
}

// FuzzSum looks for two orders with one digest. Where exactly one ends and the next begins is what a careless digest forgets, so the second order is the first
// with its fields parted at other places.
func FuzzSum(f *testing.F) {
	f.Add("hallo.gent", "alice.gent", "https://hallo.gent/mwf", "Bearer", "open sesame", "", uint8(1), uint8(2))
	f.Add("", "", "", "", "", "", uint8(0), uint8(0))
	f.Add("a", "b", "c", "\x00\x00\x00\x00\x00\x00\x00\x01", "", "e", uint8(9), uint8(1))
	k, err := NewKeys(map[string][]byte{"k3": key1})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, onboarder, domain, callback, dialect, code, epoch string, from, by uint8) {
		fields := []string{onboarder, domain, callback, dialect, code, epoch}
		if len(strings.Join(fields, "")) > maxFuzzed {
			return
		}
		one := orderOf(fields)
		digest := k.Sum(one)
		if same, err := k.Matches(digest, one); !same || err != nil || digest != reference("k3", key1, fields) {
			t.Fatalf("%+v has the digest %s: %t, %v", one, digest, same, err)
		}
		i := int(from) % (len(fields) - 1)
		both := fields[i] + fields[i+1]
		cut := int(by) % (len(both) + 1)
		fields[i], fields[i+1] = both[:cut], both[cut:]
		if other := orderOf(fields); (k.Sum(other) == digest) != (other == one) {
			t.Fatalf("%+v and %+v: %s and %s", one, other, digest, k.Sum(other))
		}
	})
}

func orderOf(fields []string) Order {
	return Order{Onboarder: fields[0], Domain: fields[1], Callback: fields[2], Dialect: v1alpha1.Dialect(fields[3]), Code: fields[4], Epoch: fields[5]}
}

// reference is the digest once more, over the whole text at once.
func reference(name string, key []byte, fields []string) string {
	var text []byte
	for _, field := range fields {
		n := len(field)
		text = append(text, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		text = append(text, field...)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return name + ":" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

var validKeyName = regexp.MustCompile(`^k[1-9][0-9]{0,8}$`)

// FuzzLoadKeys looks for a folder, as an admin's Secret might fill it, from which the wrong key would be taken for the newest, or a key that could be guessed.
func FuzzLoadKeys(f *testing.F) {
	f.Add("k1", key1, "k2", key2)
	f.Add("k9", key1, "k10", key2)
	f.Add("k01", key1, "k1", key2)
	f.Add("k1", []byte("short"), "..data", key2)
	f.Add("note", []byte("x"), "k1 ", key2)
	f.Add("k0", key1, "k-1", key2)
	f.Add("k999999999", key1, "k9999999999", key2)
	f.Fuzz(func(t *testing.T, name1 string, value1 []byte, name2 string, value2 []byte) {
		if len(value1) > maxFuzzed || len(value2) > maxFuzzed {
			return
		}
		files := map[string][]byte{name1: value1, name2: value2}
		dir := t.TempDir()
		for name, value := range files {
			// What a Secret may have for a key.
			if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" || strings.Trim(name, ".") == "" || len(name) > 253 {
				return
			}
			if err := os.WriteFile(filepath.Join(dir, name), value, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		newest, number, short := "", 0, false
		for name, value := range files {
			if validKeyName.MatchString(name) {
				short = short || len(value) < 32
				if n, _ := strconv.Atoi(name[1:]); n > number {
					newest, number = name, n
				}
			}
		}
		keys, err := LoadKeys(dir)
		switch {
		case errors.Is(err, ErrNoKeys) != (newest == ""), (err == nil) != (newest != "" && !short), (keys == nil) != (err != nil):
			t.Fatalf("%q gives %v", files, err)
		case err != nil:
			return
		}
		fields := []string{"hallo.gent", "alice.gent", "https://hallo.gent/mwf", "Bearer", "open sesame", ""}
		if got, want := keys.Sum(orderOf(fields)), reference(newest, files[newest], fields); got != want {
			t.Fatalf("%q gives the digest %s, want %s", files, got, want)
		}
	})
}
