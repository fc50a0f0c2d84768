package workflow

import (
	"context"
	"errors"
	"net/http"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// RehearsalOutcome is what would become of a dead letter.
type RehearsalOutcome string

// The outcomes: it goes on in an instance; starts a process; is kept until somebody waits for it; says what became
// of a job; has no effect, since it has had it, or since its type is mapped to nothing; is sent again; is refused.
const (
	WouldCorrelate RehearsalOutcome = "correlated"
	WouldStart     RehearsalOutcome = "started"
	WouldPark      RehearsalOutcome = "parked"
	WouldReport    RehearsalOutcome = "reported"
	WouldIgnore    RehearsalOutcome = "ignored"
	WouldSend      RehearsalOutcome = "sent"
	WouldRefuse    RehearsalOutcome = "refused"
)

// Rehearsal is what would become of a dead letter if it were resubmitted now, as far as a look without a change
// can tell: the message that its mapping makes, and whom that reaches. Code and Detail say why it is refused.
type Rehearsal struct {
	Outcome         RehearsalOutcome `json:"outcome"`
	Message         string           `json:"message,omitempty"`
	BusinessKey     string           `json:"businessKey,omitempty"`
	CorrelationKeys engine.Variables `json:"correlationKeys,omitempty"`
	Variables       engine.Variables `json:"variables,omitempty"`
	InstanceID      engine.ID        `json:"instanceId,omitzero"`
	DefinitionID    engine.ID        `json:"definitionId,omitzero"`
	Code            string           `json:"code,omitempty"`
	Detail          string           `json:"detail,omitempty"`
}

// Rehearse says what Resubmit would do with a dead letter, and does nothing. Errors: store.ErrNoDeadLetter,
// store.ErrResubmitted, and what a look at the database may fail with; what would be refused is an answer.
func (in *Inbound) Rehearse(ctx context.Context, id engine.ID) (*Rehearsal, error) {
	d, err := in.store.DeadLetter(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case d.ResubmittedAt != nil:
		return nil, store.ErrResubmitted
	case d.Direction == store.Out:
		return in.wouldSend(d), nil
	}
	r, err := in.wouldTake(ctx, d)
	if refused := fault.From(err); refused != nil && refused.Kind != fault.Unavailable {
		r.Outcome, r.Code, r.Detail = WouldRefuse, refused.Code, refused.Message
		return r, nil
	}
	return r, err
}

// wouldSend is what becomes of an event of ours: only one that names what can be put back into the outbox is sent.
func (in *Inbound) wouldSend(d store.DeadLetter) *Rehearsal {
	r := &Rehearsal{Outcome: WouldSend}
	id, ours := cloudevent.ParseID(d.EventID)
	if r.InstanceID = id.Instance; !ours {
		if definition, err := engine.ParseID(d.EventID); err != nil || d.Type != cloudevent.TypeDefinitionDeployed {
			r.Outcome = WouldIgnore
		} else {
			r.DefinitionID = definition
		}
	}
	return r
}

func (in *Inbound) wouldTake(ctx context.Context, d store.DeadLetter) (*Rehearsal, error) {
	r := &Rehearsal{}
	list, _, err := cloudevent.Read(http.Header{"Content-Type": {event.ApplicationCloudEventsJSON}}, d.Content)
	if err != nil {
		return r, err
	}
	received := &list[0]
	source, err := in.source(ctx, received.Source())
	if err != nil {
		return r, err
	}
	if delivered, err := in.store.Delivered(ctx, received.Source(), received.ID()); err != nil || delivered {
		r.Outcome, r.Detail = WouldIgnore, "The event has had its effect."
		return r, err
	}
	if _, is := results[received.Type()]; is && source.mappings[received.Type()] == nil {
		r.Outcome = WouldReport
		return r, nil
	}
	m, err := source.message(received, instant(), in.workflow.location)
	if err != nil {
		return r, err
	}
	if m == nil {
		r.Outcome = WouldIgnore
		return r, nil
	}
	r.Message, r.BusinessKey, r.CorrelationKeys, r.Variables = m.Name, m.BusinessKey, m.CorrelationKeys, m.Variables
	if err := checkMessage(*m); err != nil {
		return r, err
	}
	return r, in.workflow.wouldReach(ctx, *m, r)
}

// wouldReach finds whom a message reaches.
func (s *Service) wouldReach(ctx context.Context, m Message, r *Rehearsal) error {
	query, err := m.query()
	if err != nil {
		return err
	}
	found, err := s.waiting(ctx, m, query)
	if err != nil {
		return err
	}
	start, starts, err := s.store.StartSubscription(ctx, m.Name)
	switch {
	case err != nil && !errors.Is(err, ErrNoSubscription):
		return err
	case len(found) > 1:
		return ErrAmbiguous
	case len(found) == 1:
		r.Outcome, r.InstanceID = WouldCorrelate, found[0].InstanceID
	case starts:
		r.Outcome, r.DefinitionID = WouldStart, start.DefinitionID
	case m.exact && m.BusinessKey == "":
		return ErrMapping.Withf("The event has no business key, and nothing without one waits for the message %q.", m.Name)
	default:
		r.Outcome = WouldPark
	}
	return nil
}
