package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Failures of correlating a message.
var (
	ErrNoSubscription = fault.New(fault.NotFound, "no_subscription", "Nothing waits for the message.")
	ErrAmbiguous      = fault.New(fault.Conflict, "ambiguous_correlation", "Several instances wait for the message. Give a business key or correlation keys that only one of them has.").Verdicted(fault.Reject)
	ErrMessageName    = fault.New(fault.Invalid, "bad_message_name", "The name of a message has 1 to 255 characters.")
	ErrCorrelationKey = fault.New(fault.Invalid, "bad_correlation_key", "A correlation key has a name and a text, number or boolean of at most 255 characters.")
	ErrTimeToLive     = fault.New(fault.Invalid, "bad_ttl", "A message is kept for at most 30 days.")
)

const (
	// keepEvents is how long an event that nobody waits for yet is kept: as long as its sender may send
	// it again.
	keepEvents = 30 * 24 * time.Hour
	// moving is how often a target may change under our hands before the caller is told to try again.
	moving = 5

	apiSource      = "/diom/messages"  // of messages that the API parks
	instanceSource = "/diom/instances" // of messages that instances send
)

// Message is what is correlated. BusinessKey and CorrelationKeys narrow the instances that wait for
// Name; empty ones do not. CorrelationKeys are compared with the variables of the process and are not
// written. TTL is how long a message that nobody waits for is kept; 0 is not at all, or 30 days for a
// CloudEvent.
type Message struct {
	Name            string
	BusinessKey     string
	CorrelationKeys engine.Variables
	Variables       engine.Variables
	TTL             time.Duration

	// InstanceID and Token narrow the instances to one, and to one of its tokens; LocalKeys are compared with
	// what the waiting token sees. All delivers to everybody who matches, and to the start event.
	InstanceID engine.ID
	Token      int
	LocalKeys  engine.Variables
	All        bool
	// Local are variables of the event's own scope, where it has one. Starts lets a message whose target nobody in an
	// instance is start a process all the same (Camunda 7 DefaultCorrelationHandler).
	Local  engine.Variables
	Starts bool

	exact bool // an empty BusinessKey is none, not any: the mapping of an event names one
	hops  int  // instances that started one another by messages before it
}

// Correlation is what became of a message.
type Correlation struct {
	Results []CorrelationResult `json:"results"`
	Parked  bool                `json:"parked,omitempty"`
}

// CorrelationResult is an instance that took the message; Started says that the message started it.
type CorrelationResult struct {
	InstanceID engine.ID `json:"instanceId"`
	Started    bool      `json:"started"`
	Token      int       `json:"token,omitempty"` // that waited
}

// Correlate delivers a message to the one subscription that it matches, else to the message start event
// of its name, else parks it (Camunda 7, DefaultCorrelationHandler). d names the CloudEvent that the
// message comes from: it has its effect once, however often it comes; nil for a call of the API. It
// returns ErrNoSubscription, ErrAmbiguous, or store.ErrDelivered when the event has had its effect.
func (s *Service) Correlate(ctx context.Context, call Call, m Message, d *store.Delivery) (*Correlation, error) {
	if err := checkMessage(m); err != nil {
		return nil, err
	}
	if d != nil && m.TTL == 0 {
		m.TTL = keepEvents
	}
	if c, err := s.again(ctx, call, m, d); c != nil || err != nil {
		return c, err
	}
	c, err := s.correlate(ctx, call, m, d)
	if !errors.Is(err, ErrNoSubscription) || m.TTL == 0 {
		return c, err
	}
	if m.exact && m.BusinessKey == "" { // kept, it might reach the instance of another key
		return nil, ErrMapping.Withf("The event has no business key, and nothing without one waits for the message %q.", m.Name)
	}
	return s.park(ctx, call, m, d)
}

// again finds a message that has come before: store.ErrDelivered for an event, the first answer for a
// request that was parked under its Idempotency-Key.
func (s *Service) again(ctx context.Context, call Call, m Message, d *store.Delivery) (*Correlation, error) {
	if d != nil {
		delivered, err := s.store.Delivered(ctx, d.Source, d.EventID)
		if err == nil && delivered {
			s.Metrics.Repeated.Inc()
			err = store.ErrDelivered
		}
		return nil, err
	}
	if m.TTL == 0 || call.Idempotency == nil {
		return nil, nil
	}
	parked := delivery(call)
	known, err := s.store.Delivered(ctx, parked.Source, parked.EventID)
	if err != nil || !known {
		return nil, err
	}
	return &Correlation{Results: []CorrelationResult{}, Parked: true}, nil
}

// delivery names a message of the API that is parked: by its Idempotency-Key, so that a repeated
// request is parked once.
func delivery(call Call) *store.Delivery {
	k := call.Idempotency
	if k == nil {
		return &store.Delivery{Source: apiSource, EventID: newID().String()}
	}
	sum := sha256.Sum256([]byte(k.Principal + "\n" + k.Key))
	return &store.Delivery{Source: apiSource, EventID: hex.EncodeToString(sum[:])}
}

// correlate finds the target and delivers; a target that changed meanwhile is looked for again.
func (s *Service) correlate(ctx context.Context, call Call, m Message, d *store.Delivery) (*Correlation, error) {
	query, err := m.query()
	if err != nil {
		return nil, err
	}
	for range moving {
		found, err := s.waiting(ctx, m, query)
		if err != nil {
			return nil, err
		}
		if m.All {
			return s.correlateAll(ctx, call, m, found, d)
		}
		raw, err := s.hand(ctx, call, m, found, d)
		if errors.Is(err, engine.ErrNoSubscription) || errors.Is(err, store.ErrNoDefinition) { // gone meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		c := &Correlation{}
		return c, json.Unmarshal(raw, c)
	}
	return nil, ErrBusy
}

// hand gives the message to the one that waits for it, or starts the process that begins with it.
func (s *Service) hand(ctx context.Context, call Call, m Message, found []store.Subscription, d *store.Delivery) (json.RawMessage, error) {
	switch {
	case len(found) > 1:
		return nil, ErrAmbiguous
	case len(found) == 1:
		return s.deliver(ctx, call, m, found[0], d)
	case m.targeted() && !m.Starts:
		return nil, ErrNoSubscription
	}
	return s.startByMessage(ctx, call, m, d)
}

// deliver lets an instance take the message.
func (s *Service) deliver(ctx context.Context, call Call, m Message, sub store.Subscription, d *store.Delivery) (json.RawMessage, error) {
	t := s.instanceTrigger(sub.InstanceID)
	t.delivery = d
	t.decide = func(now *subject) (engine.Action, error) {
		if now.instance.State.Ended() || now.instance.Subscription(sub.ID) == nil || !m.matches(now.instance) {
			return nil, engine.ErrNoSubscription
		}
		return engine.Correlate{Subscription: sub.ID, Variables: m.Variables, Local: m.Local}, nil
	}
	t.answer = func(r *result) any {
		waited := r.instance.Subscription(sub.ID) // what decide has found
		return Correlation{Results: []CorrelationResult{{InstanceID: r.after.ID, Token: waited.Token}}}
	}
	return s.Execute(ctx, call, t)
}

// startByMessage starts the process whose latest version begins with the message.
func (s *Service) startByMessage(ctx context.Context, call Call, m Message, d *store.Delivery) (json.RawMessage, error) {
	sub, found, err := s.store.StartSubscription(ctx, m.Name)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNoSubscription
	}
	start := beginning{
		node: sub.NodeID, definition: sub.DefinitionID, delivery: d, status: http.StatusOK,
		request: StartRequest{BusinessKey: m.BusinessKey, Variables: m.Variables}, hops: m.hops,
		answer: func(r *result) any {
			return Correlation{Results: []CorrelationResult{{InstanceID: r.after.ID, Started: true}}}
		},
	}
	return s.begin(ctx, call, start)
}

// park keeps a message for the subscription that it belongs to. It looks again afterwards: whoever
// opened one meanwhile looked for parked messages before this one was there.
func (s *Service) park(ctx context.Context, call Call, m Message, d *store.Delivery) (*Correlation, error) {
	if d == nil {
		d = delivery(call)
	}
	now := s.instant()
	err := s.store.Park(ctx, store.Parked{
		Source: d.Source, EventID: d.EventID, Message: m.Name, BusinessKey: m.BusinessKey,
		Keys: m.CorrelationKeys, Variables: m.Variables, ReceivedAt: now, ExpiresAt: now.Add(m.TTL),
	})
	if err != nil {
		return nil, err
	}
	c, err := s.correlate(ctx, Call{Principal: call.Principal}, m, &store.Delivery{Source: d.Source, EventID: d.EventID, Parked: true})
	if err == nil {
		return c, nil
	}
	return &Correlation{Results: []CorrelationResult{}, Parked: true}, nil // it waits; whatever failed is tried again
}

// maxParked bounds the parked messages of one name and business key that are looked at at once.
const maxParked = 10_000

// deliverGroup delivers the parked messages of a name and business key that somebody waits for now. One
// that cannot be delivered stays parked.
func (s *Service) deliverGroup(ctx context.Context, q store.ParkedQuery) error {
	return s.deliverParked(ctx, q, func(Message) bool { return true })
}

// deliverParkedTo delivers to an instance the parked messages of a name that are for it.
func (s *Service) deliverParkedTo(ctx context.Context, in *engine.Instance, name string) error {
	fits := func(m Message) bool { return m.matches(in) }
	if err := s.deliverParked(ctx, store.ParkedQuery{Message: name}, fits); err != nil || in.BusinessKey == "" {
		return err
	}
	return s.deliverParked(ctx, store.ParkedQuery{Message: name, BusinessKey: in.BusinessKey}, fits)
}

func (s *Service) deliverParked(ctx context.Context, q store.ParkedQuery, fits func(Message) bool) error {
	parked, err := s.store.ParkedFor(ctx, q, maxParked)
	if err != nil {
		return err
	}
	for _, p := range parked {
		m := Message{Name: p.Message, BusinessKey: p.BusinessKey, CorrelationKeys: p.Keys, Variables: p.Variables}
		if !fits(m) {
			continue
		}
		_, err := s.correlate(ctx, Call{}, m, &store.Delivery{Source: p.Source, EventID: p.EventID, Parked: true})
		if err != nil && fault.VerdictOf(err) == fault.Retry {
			return err // what is wrong with one message alone does not keep the others
		}
	}
	return nil
}

func checkMessage(m Message) error {
	if n := len([]rune(m.Name)); n == 0 || n > maxName {
		return ErrMessageName.With(fault.Detail{Pointer: "/name", Code: ErrMessageName.Code})
	}
	if m.TTL < 0 || m.TTL > keepEvents {
		return ErrTimeToLive.With(fault.Detail{Pointer: "/ttlSeconds", Code: ErrTimeToLive.Code})
	}
	if err := checkBusinessKey(m.BusinessKey); err != nil {
		return err
	}
	if _, err := m.query(); err != nil {
		return err
	}
	return checkVariables(m.Variables)
}

// query returns what to look for; the keys as they are stored.
func (m Message) query() (store.MessageQuery, error) {
	q := store.MessageQuery{Name: m.Name, BusinessKey: m.BusinessKey, Unkeyed: m.exact && m.BusinessKey == "", Keys: make(map[string]string, len(m.CorrelationKeys))}
	for name, value := range m.CorrelationKeys {
		text, err := expr.Key(value)
		if err != nil {
			return q, err
		}
		switch value.(type) {
		case nil, []expr.Value, map[string]expr.Value:
			text = ""
		}
		if name == "" || len([]rune(name)) > maxName || text == "" || len([]rune(text)) > maxName {
			return q, ErrCorrelationKey.With(fault.Detail{Pointer: "/correlationKeys/" + name, Code: ErrCorrelationKey.Code})
		}
		q.Keys[name] = text
	}
	return q, nil
}

// matches reports whether an instance has the business key and the correlation keys.
func (m Message) matches(in *engine.Instance) bool {
	if (m.exact || m.BusinessKey != "") && m.BusinessKey != in.BusinessKey {
		return false
	}
	for name, want := range m.CorrelationKeys {
		got, ok := in.Scopes[0].Variables[name]
		if !ok {
			return false
		}
		a, errA := expr.Key(want)
		b, errB := expr.Key(got)
		if errA != nil || errB != nil || a != b {
			return false
		}
	}
	return true
}

// DeliverSent correlates the change that an event tells of, a message that an instance has sent, to
// whoever waits for it; its business key is the sender's. It may be called again for the same event.
func (s *Service) DeliverSent(ctx context.Context, id cloudevent.ID) error {
	c, err := s.store.Change(ctx, id)
	if err != nil {
		return err
	}
	if c == nil || c.Kind != engine.MessageSent {
		return ErrNoMessage
	}
	in, err := s.store.LoadInstance(ctx, id.Instance)
	if err != nil {
		return err
	}
	return s.deliverSent(ctx, in, id.Seq, id.N, *c)
}

// maxHops bounds a chain of instances that start one another by messages: more is an endless one.
const maxHops = 100

// ErrTooManyHops: the message would start the next instance of an endless chain.
var ErrTooManyHops = fault.New(fault.Invalid, "too_many_hops", "The message comes from a chain of 100 instances that started one another.")

// ErrNoMessage: the change is not a message that an instance has sent.
var ErrNoMessage = fault.New(fault.Invalid, "no_message", "The event names no message that an instance has sent.")

func (s *Service) deliverSent(ctx context.Context, in *engine.Instance, seq int64, n int, c engine.Change) error {
	if in.Hops >= maxHops {
		return ErrTooManyHops
	}
	m := Message{Name: c.Message, BusinessKey: in.BusinessKey, Variables: c.Variables, hops: in.Hops + 1}
	_, err := s.Correlate(ctx, Call{}, m, &store.Delivery{Source: instanceSource, EventID: sentID(in.ID, seq, n)})
	if errors.Is(err, store.ErrDelivered) {
		return nil
	}
	return err
}

// instanceTrigger loads an instance; who uses it says what to do.
func (s *Service) instanceTrigger(id engine.ID) trigger {
	return trigger{
		status: http.StatusOK,
		load: func(ctx context.Context) (*subject, error) {
			in, err := s.store.LoadInstance(ctx, id)
			if err != nil {
				return nil, err
			}
			d, err := s.definition(ctx, in.DefinitionID)
			return &subject{instance: in, definition: d}, err
		},
	}
}
