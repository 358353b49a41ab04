package serve

import (
	"context"
	"net/http"

	"magicwebsitefactory.gent/internal/hallo"
)

// Receiver takes the factory's callbacks for all conversations. A call is
// answered 200 once its outcome is kept.
func (o *Office) Receiver(config hallo.ReceiverConfig) (*hallo.Receiver, error) {
	config.Callback = o.Callback
	config.Known = o.Known
	config.Clock = o.Clock
	config.Answer = func(_ context.Context, call hallo.Call) int {
		if o.Take(call.Domain, call.Outcome) != nil {
			return http.StatusServiceUnavailable // it is not kept, so it has to come again
		}
		return http.StatusOK
	}
	config.Observe = func(call hallo.Call) {
		if !call.Accepted() {
			o.Logger.Warn("a call was refused", "from", call.From, "answer", call.Answer, "reason", call.Reason)
		}
	}
	return hallo.NewReceiver(config)
}
