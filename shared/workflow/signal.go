package workflow

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// ErrSignalName: a signal has no usable name.
var ErrSignalName = fault.New(fault.Invalid, "bad_signal_name", "The name of a signal has 1 to 255 characters.")

const (
	signalSource = "/diom/signals" // of the deliveries of a signal, one for each receiver
	signalPage   = 200             // receivers that are looked up at once
	// signalHops is what a start by a signal counts for in a chain of instances that start one another: it
	// may start several, so that the chain grows like a power.
	signalHops = 10
)

// Thrown is the answer to a signal. Who receives it is not known yet.
type Thrown struct {
	ID   engine.ID `json:"id"`
	Name string    `json:"name"`
}

// ThrowSignal throws a signal to everybody who waits for it: each instance, and each process whose latest
// version begins with it. That nobody does is no error (Camunda 7 SignalEventReceivedCmd). It returns
// ErrSignalName, the limits of variables, or store.ErrRepeated.
func (s *Service) ThrowSignal(ctx context.Context, call Call, name string, variables engine.Variables) (json.RawMessage, error) {
	if n := len([]rune(name)); n == 0 || n > maxName {
		return nil, ErrSignalName.With(fault.Detail{Pointer: "/name", Code: ErrSignalName.Code})
	}
	if err := checkVariables(variables); err != nil {
		return nil, err
	}
	id := newID()
	answer, err := recorded(http.StatusAccepted, Thrown{ID: id, Name: name})
	if err != nil {
		return nil, err
	}
	if err := s.store.ThrowSignal(ctx, store.Signal{ID: id, Name: name, Variables: variables}, instant(), call.Idempotency, answer); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	_ = s.spreadThrown(ctx, id) // tick goes on and reports
	return answer.Body, nil
}

// spreadThrown spreads a signal that was just thrown.
func (s *Service) spreadThrown(ctx context.Context, id engine.ID) error {
	sig, found, err := s.store.Signal(ctx, id)
	if err != nil || !found {
		return err
	}
	return s.spread(ctx, sig)
}

// spreadSignals goes on with the signals that nobody spreads.
func (s *Service) spreadSignals(ctx context.Context) (Ticked, bool, error) {
	signals, err := s.store.ClaimSignals(ctx, tickBatch, instant(), tickLease)
	if err != nil {
		return Ticked{}, false, err
	}
	n, err := each(ctx, signals, func(ctx context.Context, sig store.Signal) error {
		return about("signal", sig.ID, guarded(ctx, sig, s.spread))
	})
	return Ticked{Signals: n}, len(signals) == tickBatch, err
}

// spread delivers a signal page by page, each receiver in a step of its own, until everybody has it or the
// time is up. Where it stands is kept after each page; what is delivered twice all the same the inbox
// stops. A page on which something failed holds up nobody: it is gone through again later, with those
// behind it. After enough attempts what still fails is a dead letter.
func (s *Service) spread(ctx context.Context, sig store.Signal) error {
	kept := sig // up to where everybody has it
	var failed error
	for {
		page, err := s.store.Receivers(ctx, sig, signalPage)
		if err != nil {
			return s.postpone(ctx, kept, instant(), err)
		}
		_, err = each(ctx, page, func(ctx context.Context, sub store.Subscription) error {
			return about("receiver", sub.ID, s.deliverSignal(ctx, sig, sub))
		})
		if ctx.Err() != nil { // which proves nothing about a receiver
			return s.postpone(ctx, kept, instant(), errors.Join(ctx.Err(), err))
		}
		failed = cmp.Or(failed, err)
		if len(page) < signalPage {
			break
		}
		sig.Passed = page[len(page)-1].ID
		if failed == nil {
			kept.Passed, kept.Attempts = sig.Passed, 0
		}
		if err := s.store.MoveSignal(ctx, kept, instant().Add(tickLease)); err != nil {
			return err
		}
	}
	return s.finishSignal(ctx, kept, failed)
}

// finishSignal ends a signal that has been through all pages, or leaves what failed for later.
func (s *Service) finishSignal(ctx context.Context, sig store.Signal, failed error) error {
	if failed == nil {
		return s.store.EndSignal(ctx, sig.ID)
	}
	if sig.Attempts++; sig.Attempts < failures {
		return s.postpone(ctx, sig, instant().Add(min(usualPace.unit<<sig.Attempts, usualPace.most)), failed)
	}
	if err := s.burySignal(ctx, sig, failed); err != nil {
		return err
	}
	return s.store.EndSignal(ctx, sig.ID)
}

// postpone leaves a signal for later and returns why.
func (s *Service) postpone(ctx context.Context, sig store.Signal, until time.Time, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return errors.Join(cause, s.store.MoveSignal(ctx, sig, until))
}

func (s *Service) burySignal(ctx context.Context, sig store.Signal, cause error) error {
	content, err := json.Marshal(map[string]any{"signal": sig.Name, "variables": sig.Variables, "thrownAt": sig.ThrownAt})
	if err != nil {
		return err
	}
	return s.store.AddDeadLetter(ctx, store.DeadLetter{
		ID: newID(), Direction: store.In, Source: signalSource, EventID: sig.ID.String() + "/" + sig.Passed.String(), Reason: cause.Error(),
		Attempts: sig.Attempts, Content: content, CreatedAt: instant(),
	})
}

// deliverSignal gives one receiver the signal, once. That it has it, or waits no longer, or is suspended, is
// no error; nor is that its definition has been replaced: the later version is a receiver of its own.
func (s *Service) deliverSignal(ctx context.Context, sig store.Signal, sub store.Subscription) error {
	d := &store.Delivery{Source: signalSource, EventID: sig.ID.String() + "/" + sub.ID.String()}
	if sub.InstanceID.IsZero() {
		return s.startBySignal(ctx, sig, sub)
	}
	t := s.instanceTrigger(sub.InstanceID)
	t.delivery = d
	t.decide = func(*subject) (engine.Action, error) {
		return engine.Correlate{Subscription: sub.ID, Variables: sig.Variables}, nil
	}
	t.answer = func(*result) any { return nil }
	_, err := s.Execute(ctx, Call{}, t)
	return gone(err)
}

// startBySignal starts a process whose latest version begins with the signal, once for each start event,
// whatever the version.
func (s *Service) startBySignal(ctx context.Context, sig store.Signal, sub store.Subscription) error {
	sum := sha256.Sum256([]byte(sub.ProcessKey + "\n" + sub.NodeID))
	d := &store.Delivery{Source: signalSource, EventID: sig.ID.String() + "/" + hex.EncodeToString(sum[:])}
	b := beginning{
		node: sub.NodeID, definition: sub.DefinitionID, delivery: d, request: StartRequest{BusinessKey: sig.BusinessKey, Variables: sig.Variables},
		answer: func(*result) any { return nil },
	}
	if !sig.InstanceID.IsZero() {
		b.hops = sig.Hops + signalHops
	}
	if b.hops > maxHops {
		return s.buryStart(ctx, sig, sub)
	}
	_, err := s.begin(ctx, Call{}, b)
	if errors.Is(err, store.ErrNoDefinition) || errors.Is(err, ErrSuspendedDefinition) {
		return nil
	}
	return gone(err)
}

// buryStart keeps a start that would go on with an endless chain, once.
func (s *Service) buryStart(ctx context.Context, sig store.Signal, sub store.Subscription) error {
	id := sig.ID.String() + "/" + sub.ID.String()
	buried, err := s.store.Buried(ctx, signalSource, id)
	if err != nil || buried {
		return err
	}
	content, err := json.Marshal(map[string]any{"signal": sig.Name, "processKey": sub.ProcessKey, "nodeId": sub.NodeID, "variables": sig.Variables})
	if err != nil {
		return err
	}
	return s.store.Bury(ctx, store.DeadLetter{
		ID: newID(), Direction: store.In, Source: signalSource, EventID: id, Attempts: 1, Content: content, CreatedAt: instant(),
		Reason: fmt.Sprintf("The signal %q comes from a chain of instances that started one another by signals.", sig.Name),
	})
}
