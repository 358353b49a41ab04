package domain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/testprovider"
)

// verb is what a leader asks of the outside world.
type verb uint8

const (
	opNone verb = iota
	// opReadCache reads the Domain from the cache, opReadDomain past it, as all others do.
	opReadCache
	opReadDomain
	opReadSite
	opReadSecret
	opReadRegistrar
	// opWriteStatus and opWriteMeta write the Domain, opReserve the Registrar's status.
	opWriteStatus
	opWriteMeta
	opReserve
	opLookUp
	opBuy
	opRenew
)

// operation is one question to the outside world.
type operation struct {
	verb verb
	// content to be written, on the condition that what came with the answer base is still what is stored.
	content uint32
	base    uint8
	// unconditional is a write without that condition.
	unconditional bool
	// left is how long an order may take.
	left seconds
}

// reply is how a question was answered.
type reply uint8

const (
	replyOK reply = iota
	replyConflict
	replyNotFound
	// replyFailed leaves open what has become of it.
	replyFailed
)

// answer to a question: with the content that was read or written, or the number of a sighting or a result.
type answer struct {
	// at is the time by the leader's clock.
	at      seconds
	reply   reply
	content uint32
}

var (
	errLost   = errors.New("no answer")
	resources = schema.GroupResource{Group: v1alpha1.GroupVersion.Group, Resource: "any"}
)

func (a answer) err() error {
	switch a.reply {
	case replyOK:
		return nil
	case replyConflict:
		return apierrors.NewConflict(resources, searchName, errLost)
	case replyNotFound:
		return apierrors.NewNotFound(resources, searchName)
	default:
		return errLost
	}
}

// Now is the clock: what is computed from an answer is computed when the next question is asked.
func (r *runner) Now() time.Time {
	if r.used < len(r.script) {
		return r.script[r.used].at.time()
	}
	return r.at.time()
}

// Since is part of a clock.
func (r *runner) Since(t time.Time) time.Duration { return r.Now().Sub(t) }

// scriptedClient is the API server. What the duty does not use it has not got, and a call to it ends the test.
type scriptedClient struct {
	client.Client
	*runner
	cached bool
}

func (c *scriptedClient) Get(_ context.Context, _ client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	var a answer
	var slot string
	switch into := into.(type) {
	case *v1alpha1.Domain:
		op := operation{verb: opReadDomain}
		if c.cached {
			op.verb = opReadCache
		}
		if a, slot = c.ask(op); a.reply == replyOK {
			c.domains.get(a.content).object.DeepCopyInto(into)
			into.ResourceVersion = slot
		}
	case *v1alpha1.IndieSite:
		if a, _ = c.ask(operation{verb: opReadSite}); a.reply == replyOK {
			c.sites[siteState(a.content)].DeepCopyInto(into)
		}
	case *metav1.PartialObjectMetadata:
		if a, slot = c.ask(operation{verb: opReadSecret}); a.reply == replyOK {
			into.ObjectMeta = newSecret(searchName).ObjectMeta
			into.ResourceVersion = slot
		}
	case *v1alpha1.Registrar:
		if a, slot = c.ask(operation{verb: opReadRegistrar}); a.reply == replyOK {
			c.registrars.get(a.content).object.DeepCopyInto(into)
			into.ResourceVersion = slot
		}
	default:
		panic(fmt.Sprintf("the duty reads a %T: teach the search to", into))
	}
	return a.err()
}

func (c *scriptedClient) Patch(_ context.Context, obj client.Object, p client.Patch, _ ...client.PatchOption) error {
	return c.write(opWriteMeta, obj, p)
}

func (c *scriptedClient) Status() client.SubResourceWriter { return &scriptedStatus{client: c} }

type scriptedStatus struct {
	client.SubResourceWriter
	client *scriptedClient
}

func (s *scriptedStatus) Patch(_ context.Context, obj client.Object, p client.Patch, _ ...client.SubResourcePatchOption) error {
	return s.client.write(opWriteStatus, obj, p)
}

// write asks for an object as the patch leaves it. As it is carried out only where what is stored is what the patch was computed from, that is
// what the API server would make of it.
func (c *scriptedClient) write(v verb, obj client.Object, p client.Patch) error {
	var op operation
	if c.used == len(c.script) {
		var err error
		if op, err = c.writing(v, obj, p); err != nil {
			return err
		}
	}
	a, slot := c.ask(op)
	if a.reply != replyOK {
		return a.err()
	}
	switch o := obj.(type) {
	case *v1alpha1.Domain:
		c.domains.get(a.content).object.DeepCopyInto(o)
	case *v1alpha1.Registrar:
		c.registrars.get(a.content).object.DeepCopyInto(o)
	}
	obj.SetResourceVersion(slot)
	return nil
}

func (c *scriptedClient) writing(v verb, obj client.Object, p client.Patch) (operation, error) {
	data, err := p.Data(obj)
	if err != nil {
		return operation{}, err
	}
	var condition struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(data, &condition); err != nil {
		return operation{}, err
	}
	op := operation{verb: v, base: slotOf(obj), unconditional: condition.Metadata.ResourceVersion == ""}
	switch o := obj.(type) {
	case *v1alpha1.Domain:
		op.content = uint32(c.domainID(o))
	case *v1alpha1.Registrar:
		op.verb, op.content = opReserve, uint32(c.registrarID(o))
	default:
		panic(fmt.Sprintf("the duty writes a %T: teach the search to", obj))
	}
	return op, nil
}

// scriptedAccount is the registrar.
type scriptedAccount struct {
	*runner
}

func (a *scriptedAccount) For(context.Context, *v1alpha1.Registrar) (registrar.Registrar, error) {
	return a, nil
}

// Account is the one of the world that the search is compared with.
func (a *scriptedAccount) Account() string { return "test:" + testprovider.LedgerName(registrarName) }

func (a *scriptedAccount) Check(context.Context) error { return nil }

func (a *scriptedAccount) LookUp(context.Context, registrar.Query) (registrar.Sighting, error) {
	got, _ := a.ask(operation{verb: opLookUp})
	if got.reply != replyOK {
		return registrar.Sighting{}, got.err()
	}
	return sightingID(got.content).sighting(), nil
}

func (a *scriptedAccount) Buy(ctx context.Context, _ registrar.Order) registrar.Result {
	got, _ := a.ask(operation{verb: opBuy, left: timeLeft(ctx)})
	return resultID(got.content).result()
}

func (a *scriptedAccount) Renew(ctx context.Context, r registrar.Renewal) registrar.Result {
	op := operation{verb: opRenew, left: timeLeft(ctx)}
	if !r.ExtendFrom.IsZero() {
		op.content = 1 + uint32(extendedFrom(r.ExtendFrom))
	}
	got, _ := a.ask(op)
	return resultID(got.content).result()
}

func timeLeft(ctx context.Context) seconds {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return 1 << 30
	}
	return seconds(time.Until(deadline).Round(time.Second) / time.Second)
}
