package whole

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/hallo"
)

// hastyClass is a SiteClass that gives up soon.
const (
	hastyClass    = "hasty"
	hastyDeadline = 3 * time.Second
)

func (t *town) hastyClass() *v1alpha1.SiteClass {
	class := t.class(hastyClass)
	class.Spec.Deadlines.Setup = &metav1.Duration{Duration: hastyDeadline}
	return class
}

// onboarder orders sites, and is called back by a receiver with moods.
type onboarder struct {
	town     *town
	object   *v1alpha1.Onboarder
	token    string
	dialect  hallo.Dialect
	callback string
	receiver *hallo.Receiver

	seed  uint64
	mu    sync.Mutex
	moods map[string]*mathrand.Rand // by domain
}

func (t *town) onboarder(name, class string, dialect hallo.Dialect, seed uint64) *onboarder {
	t.t.Helper()
	listener := t.listen()
	o := &onboarder{
		town: t, token: rand.Text() + rand.Text(), dialect: dialect, callback: "https://" + listener.Addr().String() + "/in",
		seed: seed, moods: map[string]*mathrand.Rand{},
	}
	var err error
	o.receiver, err = hallo.NewReceiver(hallo.ReceiverConfig{Callback: o.callback, Token: o.token, Dialect: dialect, Answer: o.answer})
	t.must(err)
	serve(t.t, listener, t.authority.Certificate(t.host), o.receiver)
	o.object = &v1alpha1.Onboarder{ObjectMeta: t.inFactory(name), Spec: v1alpha1.OnboarderSpec{
		TokenSecretRef: v1alpha1.LocalReference{Name: name},
		Callback:       v1alpha1.OnboarderCallback{URLPrefixes: []string{o.callback}, CABundle: t.authority.PEM()},
		Dialects:       []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret},
		SiteClassName:  class,
	}}
	secret := map[string]string{v1alpha1.SecretKeyToken: o.token}
	if dialect == hallo.Bearer { // whose callbacks name the order in a header then
		o.object.Spec.Callback.Signature = v1alpha1.SignatureStandardWebhooks
		secret[v1alpha1.SecretKeyWebhookKey] = webhookKey()
	}
	t.create(&corev1.Secret{ObjectMeta: t.inFactory(name), StringData: secret}, o.object)
	return o
}

func webhookKey() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// answer is given in a mood: most calls are taken, some are refused, some taken and the answer lost, and some get none for a while.
func (o *onboarder) answer(ctx context.Context, call hallo.Call) int {
	o.mu.Lock()
	mood, known := o.moods[call.Domain]
	if !known {
		h := fnv.New64a()
		_, _ = h.Write([]byte(call.Domain))
		mood = mathrand.New(mathrand.NewPCG(o.seed, h.Sum64())) //nolint:gosec // has to be the same for the same seed
		o.moods[call.Domain] = mood
	}
	n := mood.IntN(10)
	o.mu.Unlock()
	switch n {
	case 0, 1:
		return http.StatusInternalServerError
	case 2:
		return hallo.CutOff
	case 3:
		hang := time.NewTimer(2 * time.Second)
		defer hang.Stop()
		select {
		case <-ctx.Done():
		case <-hang.C:
		}
		return hallo.CutOff
	}
	return http.StatusOK
}

// order sends the order to one front end after the other until it is accepted.
func (o *onboarder) order(ctx context.Context, domain, code string) error {
	o.receiver.Expect(domain)
	body := map[string]any{"domain": domain, "callback": o.callback, "installerSecret": code}
	if o.dialect == hallo.QuerySecret {
		body = map[string]any{"domain": domain, "callback": o.callback, "secret": o.token, "owner-settings": map[string]string{"secretSignUpCode": code}}
	}
	document, err := json.Marshal(body)
	if err != nil {
		return err
	}
	next := 0
	return await(ctx, "the order of "+domain+" to be accepted", 4*time.Minute, func(ctx context.Context) error {
		address := o.town.addresses[next%len(o.town.addresses)]
		next++
		return o.post(ctx, address, document)
	})
}

func (o *onboarder) post(ctx context.Context, address string, document []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+address+"/v1/site", bytes.NewReader(document))
	if err != nil {
		return err
	}
	if o.dialect == hallo.Bearer {
		request.Header.Set("Authorization", "Bearer "+o.token)
	}
	response, err := o.town.http.Do(request)
	if err != nil {
		return errors.New("the connection broke")
	}
	defer func() { _ = response.Body.Close() }()
	answer, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusCreated {
		return fmt.Errorf("answered %d: %s", response.StatusCode, answer)
	}
	return nil
}
