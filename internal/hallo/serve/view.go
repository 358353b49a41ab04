package serve

import (
	"encoding/json"
	"errors"
	"net/http"

	"magicwebsitefactory.gent/internal/hallo"
)

// view is what a browser is shown of its conversation.
type view struct {
	Phase    Phase                `json:"phase"`
	Language string               `json:"language"`
	Code     string               `json:"code"`
	Domain   string               `json:"domain,omitempty"`
	MayStand bool                 `json:"mayStand,omitempty"`
	Slow     bool                 `json:"slow,omitempty"`
	Trouble  string               `json:"trouble,omitempty"`
	Reached  []string             `json:"reached,omitempty"`
	Settings *hallo.OwnerSettings `json:"settings,omitempty"`
	Lines    []Line               `json:"lines"`
	// Link is where the owner goes, with the code, once the site is ready.
	Link string `json:"link,omitempty"`
}

// show answers with the conversation, or says why there is none to show.
func (s *server) show(w http.ResponseWriter, r *http.Request, status int, c Conversation, err error) {
	if err != nil {
		s.explain(w, err)
		return
	}
	v := view{
		Phase: c.Phase, Language: c.Language, Code: c.Code, Domain: c.Domain, MayStand: c.MayStand, Slow: c.Slow(s.office.Clock.Now()),
		Trouble: c.Trouble, Settings: c.Settings, Lines: c.Lines, Reached: s.office.Reached(conversationID(r)),
	}
	if c.Phase == Ready {
		v.Link = s.office.Site(c.Domain).OwnerURL(c.Code)
	}
	answer(w, status, v)
}

// explain turns an error into the problem that the page has words for.
func (s *server) explain(w http.ResponseWriter, err error) {
	if invalid, ok := errors.AsType[settingError](err); ok {
		refuse(w, http.StatusBadRequest, "setting-"+string(invalid))
		return
	}
	for _, known := range []struct {
		err    error
		status int
		name   string
	}{
		{ErrUnknown, http.StatusNotFound, "unknown"},
		{ErrNoName, http.StatusBadRequest, "no-name"},
		{ErrNotNow, http.StatusConflict, "not-now"},
		{ErrOrderOpen, http.StatusConflict, "order-open"},
		{ErrTooManyOrders, http.StatusForbidden, "too-many-orders"},
		{ErrFull, http.StatusServiceUnavailable, "full"},
		{ErrBusy, http.StatusServiceUnavailable, "busy"},
	} {
		if errors.Is(err, known.err) {
			refuse(w, known.status, known.name)
			return
		}
	}
	s.office.Logger.Error("a request failed", "error", err)
	refuse(w, http.StatusInternalServerError, "internal")
}

// refuse answers with a problem document whose type the page has words for.
func refuse(w http.ResponseWriter, status int, name string) {
	w.Header().Set("Content-Type", "application/problem+json")
	answer(w, status, map[string]any{"type": name, "title": http.StatusText(status), "status": status})
}

func answer(w http.ResponseWriter, status int, document any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document) // the browser has gone if this fails
}
