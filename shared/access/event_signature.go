package access

import (
	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
)

// SignEvent signs an event that one of our functions sends to another, with the first of the live
// internal keys. The error says that there is none.
func (s *Service) SignEvent(e *event.Event) error {
	if s.internal.first == "" {
		return errNoInternalKey
	}
	cloudevent.Sign(e, s.internal.first, s.internal.byID[s.internal.first], s.now())
	return nil
}

// VerifyEvent checks that another function of ours signed an event. Errors: those of cloudevent.Verify.
// The same event may come again: its consumers know it by its id.
func (s *Service) VerifyEvent(r *cloudevent.Received) error {
	return r.Verify(func(id string) []byte { return s.internal.byID[id] }, s.now())
}
