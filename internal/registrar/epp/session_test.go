package epp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp"
	"magicwebsitefactory.gent/internal/registrar/epp/epptest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func (r *registry) wantSessions(opened, open int) {
	r.t.Helper()
	gomega.NewWithT(r.t).Eventually(func() [2]int { a, b := r.server.Sessions(); return [2]int{a, b} }, 10*time.Second, time.Millisecond).
		Should(gomega.Equal([2]int{opened, open}))
}

func TestOneSessionServesAllPasses(t *testing.T) {
	r := newRegistry(t)
	for range 5 {
		r.lookUp(alice, operation, "")
	}
	r.wantSessions(1, 1)
	if n := r.sent("login"); n != 1 {
		t.Errorf("%d logins", n)
	}
}

func TestTwoRegistrarsHaveASessionEach(t *testing.T) {
	r := newRegistry(t)
	r.lookUp(alice, operation, "")
	if err := r.with(func(*v1alpha1.Registrar) {}).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.wantSessions(2, 2)
}

// A caller whose time is over must not wait for a server that does not answer goodbye.
func TestNobodyWaitsForALogout(t *testing.T) {
	r := newRegistry(t)
	r.server.Faults.Next("logout", registrartest.HangsAfter, registrartest.HangsAfter)
	before := r.account()
	r.lookUp(alice, operation, "")
	if err := r.client.Patch(t.Context(), secret("epp", user, "Nieuw-Wachtwoord2"), client.Merge); err != nil {
		t.Fatal(err)
	}
	r.account()
	for logouts := 1; logouts <= 2; logouts++ {
		gomega.NewWithT(t).Eventually(func() int { return r.sent("logout") }, 10*time.Second, time.Millisecond).Should(gomega.Equal(logouts))
		if logouts == 2 {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := before.LookUp(ctx, registrar.Query{Domain: alice, OperationID: operation}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnotherPasswordBeginsAnotherSessionAndEndsTheFirst(t *testing.T) {
	r := newRegistry(t)
	r.lookUp(alice, operation, "")
	r.server.SetPassword("Nieuw-Wachtwoord2")
	changed := secret("epp", user, "Nieuw-Wachtwoord2")
	if err := r.client.Patch(t.Context(), changed, client.Merge); err != nil {
		t.Fatal(err)
	}
	r.lookUp(alice, operation, "")
	r.wantSessions(2, 1)
	if n := r.sent("logout"); n != 1 {
		t.Errorf("%d logouts", n)
	}
}

func TestASessionThatTheServerHasClosedIsFoundOutBeforeAnOrder(t *testing.T) {
	r := newRegistry(t)
	r.server.IdleTimeout = 5 * time.Minute
	r.lookUp(alice, operation, "")
	r.clock.Step(6 * time.Minute)
	if done, ok := r.buy(1).(registrar.Done); !ok {
		t.Fatalf("%#v", done)
	}
	r.wantSessions(2, 1)
	if n := r.sent("buy"); n != 1 {
		t.Errorf("%d orders", n)
	}
}

func TestAnIdleSessionIsGreetedAndGivenUpInTheEnd(t *testing.T) {
	r := newRegistry(t)
	r.server.IdleTimeout = 2 * time.Minute
	r.restart(epp.WithDialer(r.server.Dial), epp.WithKeepAlive(r.clock))
	r.lookUp(alice, operation, "")
	g := gomega.NewWithT(t)
	for minute := 1; minute < 10; minute++ {
		g.Eventually(r.clock.HasWaiters, 10*time.Second, time.Millisecond).Should(gomega.BeTrue())
		r.clock.Step(time.Minute)
		g.Eventually(func() int { return r.sent("hello") }, 10*time.Second, time.Millisecond).Should(gomega.Equal(minute))
	}
	r.wantSessions(1, 1)
	g.Eventually(r.clock.HasWaiters, 10*time.Second, time.Millisecond).Should(gomega.BeTrue())
	r.clock.Step(time.Minute)
	r.wantSessions(1, 0)
	if n := r.sent("logout"); n != 1 {
		t.Errorf("%d logouts", n)
	}
	g.Consistently(r.clock.HasWaiters, 50*time.Millisecond, 5*time.Millisecond).Should(gomega.BeFalse(), "nothing is left that goes on for ever")
	r.lookUp(alice, operation, "")
	r.wantSessions(2, 1)
}

func TestACallThatWasBrokenOffLeavesNoAnswerForTheNext(t *testing.T) {
	r := newRegistry(t)
	r.server.Book.GiveToOthers(bob)
	r.server.Faults.Next(registrartest.CallLookUp, registrartest.HangsAfter)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		gomega.NewWithT(t).Eventually(func() int { return r.sent("look up") }, 10*time.Second, time.Millisecond).Should(gomega.Equal(1))
		cancel()
	}()
	if _, err := r.account().LookUp(ctx, registrar.Query{Domain: bob}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if seen := r.lookUp(alice, operation, ""); seen.Registered != registrar.No {
		t.Errorf("%+v", seen)
	}
	r.wantSessions(2, 1)
}

func TestWaitingForTheSessionEndsWithTheCaller(t *testing.T) {
	r := newRegistry(t)
	r.server.Faults.Next(registrartest.CallLookUp, registrartest.HangsBefore)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := r.account().LookUp(ctx, registrar.Query{Domain: bob})
		first <- err
	}()
	gomega.NewWithT(t).Eventually(func() int { return r.sent("login") }, 10*time.Second, time.Millisecond).Should(gomega.Equal(1))
	patient, done := context.WithTimeout(t.Context(), time.Second)
	defer done()
	if busy := new(registrar.Busy); !errors.As(r.account().Check(patient), &busy) || patient.Err() != nil {
		t.Errorf("a check whose turn does not come in half of its time waits on: %v", patient.Err())
	}
	impatient, enough := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer enough()
	no, ok := r.account().Buy(impatient, registrar.Order{Domain: alice, OperationID: operation, Try: 1, MaxPrice: affordable}).(registrar.Rejected)
	if !ok || no.Reason != registrar.RejectedPostponed {
		t.Errorf("an order that was never sent: %#v", no)
	}
	cancel()
	if err := <-first; err == nil {
		t.Error("the first call got an answer")
	}
	if n := r.sent("buy"); n != 0 {
		t.Errorf("%d orders", n)
	}
}

// Or else a server that answers nobody would keep the line in use for ever, and its Registrar Ready.
func TestWhoWaitsBehindCallsWithoutAnswerIsToldSo(t *testing.T) {
	r := newRegistry(t)
	r.server.Faults.Next(registrartest.CallLookUp, registrartest.HangsAfter, registrartest.HangsAfter)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	look := func() {
		_, err := r.account().LookUp(ctx, registrar.Query{Domain: bob})
		ended <- err
	}
	g := gomega.NewWithT(t)
	for hanging := 1; hanging <= 2; hanging++ {
		go look()
		g.Eventually(func() int { return r.sent("look up") }, 10*time.Second, time.Millisecond).Should(gomega.Equal(hanging))
		impatient, enough := context.WithTimeout(t.Context(), 20*time.Millisecond)
		err := r.account().Check(impatient)
		enough()
		if busy := new(registrar.Busy); err == nil || errors.As(err, &busy) != (hanging == 1) {
			t.Errorf("behind the %d. call: %v", hanging, err)
		}
		r.server.HangUp()
		if err := <-ended; err == nil {
			t.Error("the call got an answer")
		}
	}
	if err := r.account().Check(t.Context()); err != nil {
		t.Error(err)
	}
	r.server.Faults.Next(registrartest.CallLookUp, registrartest.HangsAfter)
	go look()
	g.Eventually(func() int { return r.sent("look up") }, 10*time.Second, time.Millisecond).Should(gomega.Equal(3))
	impatient, enough := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer enough()
	if busy := new(registrar.Busy); !errors.As(r.account().Check(impatient), &busy) {
		t.Error("an answer in between does not count")
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("the call got an answer")
	}
}

func TestCredentialsThatWereRefusedAreNotTriedAllTheTime(t *testing.T) {
	r := newRegistry(t)
	r.server.SetPassword("changed")
	var credentials *registrar.CredentialsError
	for range 3 {
		if err := r.account().Check(t.Context()); !errors.As(err, &credentials) {
			t.Fatal(err)
		}
	}
	if n := r.sent("login"); n != 1 {
		t.Errorf("%d logins, and servers lock accounts", n)
	}
	no, ok := r.buy(1).(registrar.Rejected)
	if !ok || no.Reason != registrar.RejectedPostponed {
		t.Errorf("%#v", no)
	}
	r.server.SetPassword(password)
	r.clock.Step(6 * time.Minute)
	if err := r.account().Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTooManySessionsKeepOthersAwayForAWhile(t *testing.T) {
	r := newRegistry(t)
	r.server.MaxSessions = 1
	if err := r.account().Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := r.with(func(*v1alpha1.Registrar) {})
	var throttled *registrar.Throttled
	if err := other.Check(t.Context()); !errors.As(err, &throttled) || throttled.RetryAfter <= 0 {
		t.Errorf("%v", err)
	}
	no, ok := other.Buy(t.Context(), registrar.Order{Domain: alice, OperationID: operation, Try: 1, MaxPrice: affordable}).(registrar.Rejected)
	if !ok || no.Reason != registrar.RejectedPostponed || no.RetryAfter <= 0 {
		t.Errorf("%#v", no)
	}
}

func TestAServerMayAskForAClientCertificate(t *testing.T) {
	r := newRegistry(t)
	authority := epptest.NewAuthority(t)
	r.spec.Spec.Provider.EPP.Server = r.server.Listen(t, authority, &tls.Config{MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool()})
	r.spec.Spec.Provider.EPP.CABundle = authority.PEM()
	r.restart()
	var credentials *registrar.CredentialsError
	if err := r.account().Check(t.Context()); !errors.As(err, &credentials) {
		t.Fatalf("without one: %v", err)
	}
	certificate, key := authority.Client(t)
	s := secret("epp", user, password)
	s.Data["tls.crt"], s.Data["tls.key"] = certificate, key
	if err := r.client.Patch(t.Context(), s, client.Merge); err != nil {
		t.Fatal(err)
	}
	if err := r.account().Check(t.Context()); err != nil {
		t.Error(err)
	}
	s.Data["tls.key"] = []byte("no key")
	if err := r.client.Patch(t.Context(), s, client.Merge); err != nil {
		t.Fatal(err)
	}
	if _, err := r.open(r.spec); !errors.As(err, &credentials) {
		t.Errorf("with a key that is none: %v", err)
	}
}

func TestACertificateWithoutItsKeyIsAMistake(t *testing.T) {
	r := newRegistry(t)
	s := secret("epp", user, password)
	s.Data["tls.crt"] = []byte("a certificate")
	if err := r.client.Patch(t.Context(), s, client.Merge); err != nil {
		t.Fatal(err)
	}
	var missing *registrar.MissingSecretError
	if _, err := r.open(r.spec); !errors.As(err, &missing) || missing.Key != "tls.key" {
		t.Errorf("%v", err)
	}
}

func TestAServerThatCannotBeTrustedIsToldNothing(t *testing.T) {
	r := newRegistry(t)
	r.spec.Spec.Provider.EPP.Server = r.server.Listen(t, epptest.NewAuthority(t), nil)
	r.spec.Spec.Provider.EPP.CABundle = epptest.NewAuthority(t).PEM()
	r.restart()
	err := r.account().Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "caBundle") {
		t.Errorf("%v", err)
	}
	if n := len(r.server.Commands()); n != 0 {
		t.Errorf("%d commands", n)
	}
}

func TestAServerThatHangsUpIsAnError(t *testing.T) {
	r := newRegistry(t)
	r.restart(epp.WithDialer(func(context.Context, string, *tls.Config) (net.Conn, error) {
		here, there := net.Pipe()
		return here, there.Close()
	}))
	err := r.account().Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "greeting") {
		t.Errorf("%v", err)
	}
}
