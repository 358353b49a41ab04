package orderdigest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"magicwebsitefactory.gent/api/v1alpha1"
)

var (
	key1 = bytes.Repeat([]byte{1}, 32)
	key2 = bytes.Repeat([]byte{2}, 32)
)

func order() Order {
	return Order{
		Onboarder: "hallo.gent", Domain: "alice.gent", Callback: "https://hallo.gent/mwf", Dialect: v1alpha1.DialectBearer, Code: "open sesame",
	}
}

func keys(t *testing.T, byName map[string][]byte) *Keys {
	t.Helper()
	k, err := NewKeys(byName)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestADigestIsOfTheFormThatTheKindTakes(t *testing.T) {
	// The whole value is fixed: a changed digest would part every site from its volume.
	got := keys(t, map[string][]byte{"k1": key1}).Sum(order())
	if want := "k1:HgcB5r-XCtL2wU2quanwOInhLPYdvUMkdEw7kLpf8T4"; got != want {
		t.Errorf("Sum = %s, want %s", got, want)
	}
	if !regexp.MustCompile(`^[a-z0-9]{1,16}:[A-Za-z0-9_-]{1,86}$`).MatchString(got) {
		t.Errorf("%s is not what IndieSite.spec.requestDigest takes", got)
	}
}

func TestEveryFieldMakesAnotherOrder(t *testing.T) {
	k := keys(t, map[string][]byte{"k1": key1})
	digest := k.Sum(order())
	if same, err := k.Matches(digest, order()); !same || err != nil {
		t.Fatalf("an order does not match its own digest: %v", err)
	}
	for name, change := range map[string]func(*Order){
		"onboarder": func(o *Order) { o.Onboarder = "other" },
		"domain":    func(o *Order) { o.Domain = "bob.gent" },
		"callback":  func(o *Order) { o.Callback += "/x" },
		"dialect":   func(o *Order) { o.Dialect = v1alpha1.DialectQuerySecret },
		"code":      func(o *Order) { o.Code = "" },
		"epoch":     func(o *Order) { o.Epoch = "uid/2" },
		"a character moved from one field into the next": func(o *Order) { o.Onboarder, o.Domain = "hallo.genta", "lice.gent" },
	} {
		t.Run(name, func(t *testing.T) {
			other := order()
			change(&other)
			if same, err := k.Matches(digest, other); same || err != nil {
				t.Errorf("Matches = %v, %v", same, err)
			}
		})
	}
}

func TestNewDigestsUseTheHighestKeyAndOldOnesStillMatch(t *testing.T) {
	old := keys(t, map[string][]byte{"k9": key1}).Sum(order())
	both := keys(t, map[string][]byte{"k9": key1, "k10": key2, "..data": nil, "note": []byte("x")})
	if same, err := both.Matches(old, order()); !same || err != nil {
		t.Errorf("an old digest does not match any more: %v, %v", same, err)
	}
	if digest := both.Sum(order()); digest[:4] != "k10:" {
		t.Errorf("a new digest is %s, want one by k10", digest)
	}
	if _, err := keys(t, map[string][]byte{"k10": key2}).Matches(old, order()); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("without its key a digest ends in %v, want ErrUnknownKey", err)
	}
	for _, byHand := range []string{"k9:", "k9:!", "k9:AAAA"} {
		if same, err := both.Matches(byHand, order()); same || err != nil {
			t.Errorf("Matches(%q) = %v, %v", byHand, same, err)
		}
	}
}

func TestKeysThatCouldBeGuessedAreRefused(t *testing.T) {
	if _, err := NewKeys(map[string][]byte{"k1": []byte("short")}); err == nil {
		t.Error("a key of 5 bytes was taken")
	}
	if _, err := NewKeys(map[string][]byte{"1": key1, "k0": key1}); !errors.Is(err, ErrNoKeys) {
		t.Errorf("without a key of the right name: %v, want ErrNoKeys", err)
	}
}

func TestARingFollowsItsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	ring := OpenRing(dir)
	if _, err := ring.Keys(); !errors.Is(err, ErrNoKeys) {
		t.Fatalf("before there is a folder: %v, want ErrNoKeys", err)
	}
	mount(t, dir, "one", map[string][]byte{"k1": key1})

	clk := clocktesting.NewFakeClock(time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	reported, ended := make(chan error, 10), make(chan struct{})
	go func() {
		defer close(ended)
		ring.Run(ctx, clk, time.Second, func(err error) { reported <- err })
	}()
	step := func(until func() bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); !until(); {
			if time.Now().After(deadline) {
				t.Fatal("the ring did not follow its folder")
			}
			if clk.HasWaiters() {
				clk.Step(time.Second)
			}
		}
	}
	newest := func(want string) func() bool {
		return func() bool {
			k, err := ring.Keys()
			return err == nil && k.newest == want
		}
	}
	step(newest("k1"))
	mount(t, dir, "two", map[string][]byte{"k1": key1, "k2": key2})
	step(newest("k2"))

	mount(t, dir, "three", map[string][]byte{"k1": []byte("short")})
	step(func() bool { return len(reported) > 0 })
	if !newest("k2")() {
		t.Error("keys that cannot be read displaced good ones")
	}
	cancel()
	<-ended
}

// mount swaps files as kubelet does: a folder of data behind a symbolic link.
func mount(t *testing.T, dir, version string, files map[string][]byte) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, ".."+version)
	must(os.MkdirAll(data, 0o700))
	for name, content := range files {
		must(os.WriteFile(filepath.Join(data, name), content, 0o600))
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			must(os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
		}
	}
	must(os.Symlink(".."+version, filepath.Join(dir, "..tmp")))
	must(os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
}

func TestEnsureKeysMakesAFirstKeyAndNeverReplacesIt(t *testing.T) {
	c := fake.NewFakeClient()
	read := func() []byte {
		t.Helper()
		var secret corev1.Secret
		if err := c.Get(t.Context(), client.ObjectKey{Namespace: "mwf-system", Name: SecretName}, &secret); err != nil {
			t.Fatal(err)
		}
		if _, err := NewKeys(secret.Data); err != nil {
			t.Fatal(err)
		}
		return secret.Data["k1"]
	}
	if err := EnsureKeys(t.Context(), c, "mwf-system"); err != nil {
		t.Fatal(err)
	}
	first := read()
	if err := EnsureKeys(t.Context(), c, "mwf-system"); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, read()) {
		t.Error("the second EnsureKeys replaced the key")
	}
}
