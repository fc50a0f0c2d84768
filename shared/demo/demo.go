// Package demo gives a new installation a company at work: three processes with forms and a decision, thirty days of
// history, and what waits for each of its people today. All of it comes about by the use cases of the product, with
// the clock of its services set back, so that a demo proves what an installation does. It also has the worker that
// does the service tasks of the demo, and the event source by which an order is placed.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Options are what the history is written with.
type Options struct {
	Config config.Config
	DB     *database.DB
	Store  *store.Store
	Access *access.Service
	Log    *slog.Logger
	Source string                                // of the events of the product
	Now    time.Time                             // the end of the history; zero is the present
	Say    func(format string, arguments ...any) // tells how far it is; nil tells nobody
}

// History writes the history of the demo company, whose people are there. It comes about once in a database, however
// often and by however many processes it is asked for; one that was broken off is gone on with, within a day.
func History(ctx context.Context, o Options) error {
	if o.Say == nil {
		o.Say = func(string, ...any) {}
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if there, err := isThere(ctx, o.Store); there || err != nil {
		return err
	}
	return o.DB.Alone(ctx, "demo", func(ctx context.Context) error {
		if there, err := isThere(ctx, o.Store); there || err != nil { // another process was faster
			return err
		}
		h, err := begin(ctx, o)
		if err != nil {
			return err
		}
		return h.write(ctx)
	})
}

// isThere reports whether the history is complete: the event source comes last.
func isThere(ctx context.Context, st *store.Store) (bool, error) {
	_, err := st.EventSourceOf(ctx, Source)
	if errors.Is(err, store.ErrNoEventSource) {
		return false, nil
	}
	return err == nil, err
}

// history is one that is being written.
type history struct {
	Options
	workflow *workflow.Service
	design   *design.Service
	inbound  *workflow.Inbound
	notices  *notification.Service
	relay    *workflow.Relay
	people   map[string]access.Principal
	location *time.Location

	now     time.Time // by the clock of the services
	resumed bool      // some of it may have been done before
	own     map[engine.ID]bool
	steps   []step
	plans   int // stories so far
}

// begin prepares services whose clock is that of the history. Nothing leaves them but what people find in the
// product: there is no relay to anybody else, no channel and no webhook.
func begin(ctx context.Context, o Options) (*history, error) {
	location, err := time.LoadLocation(o.Config.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("DIOM_TZ: %w", err)
	}
	h := &history{Options: o, location: location, people: map[string]access.Principal{}, own: map[engine.ID]bool{}, now: o.Now}
	clock := func() time.Time { return h.now }
	h.workflow = workflow.New(o.Store, nil, location, nil)
	h.workflow.Clock, h.workflow.Settings = clock, o.Access.Settings
	h.design = design.New(o.Store, h.workflow, location)
	h.design.Clock = clock
	h.inbound = workflow.NewInbound(o.Store, o.Access, h.workflow)
	h.notices, err = notification.New(notification.Options{Config: o.Config, Store: o.Store, Access: o.Access, Location: location, Quiet: true, Clock: clock})
	if err != nil {
		return nil, err
	}
	h.relay = workflow.NewRelay(o.Store, h.take, o.Source, o.Log)
	for _, a := range access.DemoAccounts() {
		if h.people[a.Username], err = o.Access.PrincipalOf(ctx, a.Username); err != nil {
			return nil, fmt.Errorf("demo account %s: %w", a.Username, err)
		}
	}
	return h, nil
}

// take is where the events of the history end: those that notify do so, all others have had their effect.
func (h *history) take(ctx context.Context, e event.Event) error {
	if err := h.notices.Consume(ctx, e); err != nil && !errors.Is(err, notification.ErrEvent) {
		return err
	}
	return nil
}

// write plans the history and lets it happen.
func (h *history) write(ctx context.Context) error {
	begun, err := h.Store.Designs(ctx, store.DesignFilter{Kind: store.DesignBPMN, Key: Leave}, page.Request{Limit: 1, Sort: "createdAt"})
	if err != nil {
		return err
	}
	h.designs()
	h.leaves()
	h.expenses()
	h.orders()
	h.today()
	h.reading()
	if h.resumed = len(begun.Items) > 0; h.resumed {
		recorded, err := h.Store.Recorded(ctx, h.first())
		if err != nil {
			return err
		}
		if recorded == nil { // it is known no more what was done: a part of a history is better than two
			h.Say("the demo has designs already: its history is left as it is (make demo-reset begins anew)")
			return h.register(ctx)
		}
	}
	if err := h.happen(ctx); err != nil {
		return err
	}
	return h.register(ctx)
}

// drain lets the events that are there have their effect on the notifications.
func (h *history) drain(ctx context.Context) error {
	for {
		n, err := h.relay.Round(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}

// register adds the event source by which orders are placed, and says so that the history is complete.
func (h *history) register(ctx context.Context) error {
	_, err := h.inbound.CreateEventSource(ctx, workflow.NewEventSource{Source: Source, KeyID: KeyID, Key: Key, Mappings: []store.EventMapping{
		{
			Type: Placed, Message: Placed, BusinessKey: "${data.orderId}",
			Variables: map[string]string{
				"orderId": "${data.orderId}", "customer": "${data.customer}", "sku": "${data.sku}", "quantity": "${data.quantity}",
				"amount": "${data.amount}", "account": "${data.account}",
			},
		},
		{Type: Paid, Message: Paid, BusinessKey: "${data.orderId}", Variables: map[string]string{"paidAmount": "${data.amount}"}},
	}}, nil)
	if errors.Is(err, store.ErrEventSourceUsed) {
		return nil
	}
	return err
}
