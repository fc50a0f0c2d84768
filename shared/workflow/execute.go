package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/telemetry"
)

// ErrBusy: other commands kept changing the instance.
var ErrBusy = fault.New(fault.Busy, "instance_busy", "The instance is being changed by others. Try again.").After(time.Second)

const (
	fenceAttempts  = 5
	outcomeTimeout = 10 * time.Second
	// outcomeGrace is how long a call whose time is up may still ask what became of its batch: the answer
	// must be written before the server ends the connection.
	outcomeGrace = 400 * time.Millisecond
)

// Call says who asks, and under which Idempotency-Key (nil for none).
type Call struct {
	Principal   access.Principal
	Idempotency *store.Idempotency
	// Types are those of the variables that the call sets, where the values alone do not say them.
	Types engine.Types
	// Strict makes an error of what would raise an incident; nothing is changed then (Camunda 7 rolls back
	// to the last wait state).
	Strict bool
	// SkipListeners and SkipMappings pass over listeners and over input and output parameters in the step.
	SkipListeners, SkipMappings bool
	// Steward lets those who operate work on tasks that are other people's, and start what only others are to start
	// (Camunda 7 asks nobody).
	Steward bool
}

// steward reports whether the caller may work on every task.
func (c Call) steward() bool { return c.Steward && c.Principal.Can(access.WorkflowOperate) }

// ErrIncident: the step would have raised an incident. The message is the incident's.
var ErrIncident = fault.New(fault.Conflict, "incident_raised", "The process cannot go on: a step of it has failed.")

// strictly returns ErrIncident with the first incident that the step has raised and not resolved: its node, a colon
// and its message.
func (c Call) strictly(r *result) error {
	if !c.Strict {
		return nil
	}
	for i := range r.changes {
		if raised := r.changes[i].Incident; raised != nil && raised.Job.IsZero() && r.after.Incident(raised.ID) != nil {
			return ErrIncident.Withf("%s: %s", raised.Node, raised.Message)
		}
	}
	return nil
}

// subject is what a command acts on, as it was loaded. A start has no instance.
type subject struct {
	instance   *engine.Instance
	task       store.Task // of a command to a task
	definition *definition
	latest     bool // the start names a key: the definition must be its latest
}

// result is a step that was made, for the answer.
type result struct {
	subject
	after   *engine.Instance
	changes []engine.Change
	at      time.Time
	by      string // who asks
}

// trigger is one command: how to load its subject, whether the caller may and what to do, and what to
// answer. decide is called again after every reload.
type trigger struct {
	load   func(context.Context) (*subject, error)
	decide func(*subject) (engine.Action, error)
	answer func(*result) any
	status int
	// delivery is the CloudEvent that causes the command, timer the start timer that does; nil otherwise.
	delivery *store.Delivery
	timer    *store.StartTimer
}

// Execute runs one command: lock, load, Step, one batch, unlock. Every trigger goes through it. The
// answer is JSON and is recorded with the step when the call has an Idempotency-Key.
//
// The lock spares collisions, the fence in the batch decides: a writer that lost it loads and steps
// again, five times, then ErrBusy. When the connection breaks during the batch the outcome is looked
// up by (instance, seq): the command's id there means that it has committed.
func (s *Service) Execute(ctx context.Context, call Call, t trigger) (json.RawMessage, error) {
	e := &execution{Service: s, call: call, trigger: t, id: s.newID(), at: s.instant()}
	begin := time.Now()
	ctx, span := telemetry.Within(ctx, "command")
	defer span.End()
	answer, err := e.locked(database.ToWrite(ctx))
	if err != nil {
		err = e.repeated(ctx, err)
	}
	s.Metrics.Advance.Observe(time.Since(begin).Seconds())
	if errors.Is(err, store.ErrDelivered) {
		s.Metrics.Repeated.Inc()
	}
	if err == nil && e.done != nil { // with the lock released: what follows may change the same instance
		s.lookout.announce(e.done.after, e.done.changes)
		s.drain(ctx, e.done.after, e.done.changes)
	}
	return answer, err
}

// repeated returns store.ErrRepeated where what the command was refused for may be what an earlier call with the same
// Idempotency-Key has done: it was under way when this one began, and has committed since.
func (e *execution) repeated(ctx context.Context, refusal error) error {
	if e.call.Idempotency == nil || errors.Is(refusal, store.ErrRepeated) || fault.KindOf(refusal) == fault.Unavailable {
		return refusal
	}
	recorded, err := e.store.Recorded(ctx, e.call.Idempotency)
	if err != nil || recorded == nil {
		return refusal // it is true all the same
	}
	return store.ErrRepeated
}

// locked runs the command under the lock of its instance.
func (e *execution) locked(ctx context.Context) (json.RawMessage, error) {
	sub, err := e.load(ctx)
	if err != nil {
		return nil, err
	}
	if sub.instance != nil {
		unlock, waited := e.lock.Acquire(ctx, sub.instance.ID.String())
		defer unlock()
		if waited { // whoever held the lock has changed what we read
			if sub, err = e.load(ctx); err != nil {
				return nil, err
			}
		}
	}
	return e.run(ctx, sub)
}

// errLost: the fence or the guard stopped the batch; nothing was changed.
var errLost = errors.New("lost the fence")

// execution is one command under way. All of its attempts have the same id and time, and so, on the
// same version of the instance, the same outcome.
type execution struct {
	*Service
	trigger
	call    Call
	id      engine.ID
	at      time.Time
	doubted *store.Step // the last attempt whose outcome is unknown
	done    *result     // the step that was made
	// decisions are those that the steps so far have needed: another attempt decides by the same.
	decisions map[engine.DecisionRef]engine.Decision
	rehearsed map[engine.ID]*subject // of a rehearsal: the instances that are not committed
}

func (e *execution) run(ctx context.Context, sub *subject) (json.RawMessage, error) {
	for range fenceAttempts {
		answer, err := e.attempt(ctx, sub)
		if err == nil {
			return answer, nil
		}
		if e.doubted != nil { // what we lost to, or find done, may be our own earlier attempt
			mine, unsure := e.committed(ctx, *e.doubted)
			if unsure != nil {
				return nil, fmt.Errorf("%w: %w", database.ErrUnknown, unsure)
			}
			if mine {
				return e.doubted.Answer.Body, nil
			}
		}
		if !errors.Is(err, errLost) {
			return nil, err
		}
		e.Metrics.Conflicts.Inc()
		if sub, err = e.reload(ctx); err != nil {
			return nil, err
		}
	}
	return nil, ErrBusy
}

// reload loads the subject again. While an attempt is in doubt its failure must not say that nothing
// was changed.
func (e *execution) reload(ctx context.Context) (*subject, error) {
	sub, err := e.load(ctx)
	if err != nil && e.doubted != nil {
		err = fmt.Errorf("%w: %w", database.ErrUnknown, err)
	}
	return sub, err
}

func (e *execution) attempt(ctx context.Context, sub *subject) (json.RawMessage, error) {
	action, err := e.decide(sub)
	if err != nil {
		return nil, err
	}
	r := &result{subject: *sub, at: e.at, by: e.call.Principal.Username}
	c := engine.Command{ID: e.id, Actor: e.call.Principal.Username, Action: action, Types: e.call.Types}
	if r.after, r.changes, err = e.step(ctx, sub, c); err != nil {
		return nil, err
	}
	if err := e.call.strictly(r); err != nil {
		return nil, err
	}
	if err := e.rehearse(ctx, r); err != nil {
		return nil, err
	}
	answer, err := json.Marshal(e.answer(r))
	if err != nil {
		return nil, err
	}
	process := goesOnBy(sub, action)
	step := store.Step{
		Before: sub.instance, After: r.after, Changes: r.changes, Command: c, At: r.at, Latest: sub.latest,
		Idempotency: e.call.Idempotency, Answer: store.Recorded{Status: e.status, Body: answer},
		Delivery: e.delivery, StartTimer: e.timer, Searchable: process.CorrelatesMessages(), SearchNames: process.SearchVariables, Hides: process.Hides,
	}
	if err := e.commit(ctx, step); err != nil {
		return nil, err
	}
	e.done = r
	e.describe(ctx, r, action)
	e.count(r.changes)
	if urgent(r.changes) {
		e.relay.PushNow()
	} else {
		e.relay.Push()
	}
	return answer, nil
}

// describe says in the trace what a step that was committed was, and which one it goes on from.
func (e *execution) describe(ctx context.Context, r *result, action engine.Action) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetName("command " + action.Name())
	span.SetAttributes(
		attribute.String("diom.instance.id", r.after.ID.String()), attribute.Int64("diom.instance.version", r.after.Version),
		attribute.String("diom.process.key", r.after.ProcessKey), attribute.Int("diom.process.version", r.after.ProcessVersion))
	if r.instance == nil {
		return
	}
	if kept, err := e.store.TraceAt(ctx, r.instance.ID, r.instance.Version); err == nil { // else the step has committed all the same
		telemetry.Follow(ctx, kept)
	}
}

// count tells the metrics what a step that was committed has done.
func (e *execution) count(changes []engine.Change) {
	for i := range changes {
		switch changes[i].Kind {
		case engine.InstanceStarted:
			e.Metrics.Started.Inc()
		case engine.InstanceCompleted:
			e.Metrics.Ended.WithLabelValues("completed").Inc()
		case engine.InstanceCancelled:
			e.Metrics.Ended.WithLabelValues("cancelled").Inc()
		case engine.TaskCompleted:
			e.Metrics.Completed.Inc()
		}
	}
}

// goesOnBy returns the process by which the instance goes on after an action.
func goesOnBy(sub *subject, action engine.Action) *bpmn.Process {
	if m, ok := action.(engine.Migrate); ok {
		return m.Process
	}
	return sub.definition.process
}

// urgent reports whether a step goes on with its events: by a continuation or in another instance.
func urgent(changes []engine.Change) bool {
	return slices.ContainsFunc(changes, func(c engine.Change) bool {
		return c.Kind == engine.MessageSent || c.Kind == engine.SignalThrown || ofCall(c.Kind) || c.Kind == engine.JobCreated && c.Job.Kind != engine.ExternalJob
	})
}

// commit writes the step. It returns errLost when the step must be made anew, store.ErrRepeated when
// the Idempotency-Key has been used.
func (e *execution) commit(ctx context.Context, step store.Step) error {
	err := e.store.Commit(ctx, step)
	switch {
	case errors.Is(err, database.ErrUnknown):
		e.doubted = &step
		return e.lookUp(ctx, step, err)
	case errors.Is(err, database.ErrDuplicate):
		return e.lost(ctx)
	case errors.Is(err, database.ErrGuard) && e.delivery != nil && e.delivery.Parked:
		return e.unparked(ctx)
	case errors.Is(err, database.ErrGuard):
		e.latest.Invalidate(step.After.ProcessKey) // a start: the definition is no longer what we knew
		return errLost
	case errors.Is(err, database.ErrContention):
		return errLost
	}
	return err
}

// lost finds out why a key was taken: by a request with the same Idempotency-Key, by an earlier delivery
// of the same CloudEvent, or by another command.
func (e *execution) lost(ctx context.Context) error {
	if d := e.delivery; d != nil && !d.Parked {
		delivered, err := e.store.Delivered(ctx, d.Source, d.EventID)
		if err != nil {
			return err
		}
		if delivered {
			return store.ErrDelivered
		}
	}
	if e.call.Idempotency == nil {
		return errLost
	}
	recorded, err := e.store.Recorded(ctx, e.call.Idempotency)
	if err != nil {
		return err
	}
	if recorded != nil {
		return store.ErrRepeated
	}
	return errLost
}

// unparked finds out whether the guard stopped the batch because another has delivered the parked
// message.
func (e *execution) unparked(ctx context.Context) error {
	waits, err := e.store.IsParked(ctx, e.delivery.Source, e.delivery.EventID)
	if err != nil {
		return err
	}
	if !waits {
		return store.ErrDelivered
	}
	return errLost
}

func (e *execution) committed(ctx context.Context, step store.Step) (bool, error) {
	command, err := e.store.CommandAt(ctx, step.After.ID, step.After.Version)
	return command == e.id, err
}

// lookUp asks the database, for a while, whether a batch whose reply was lost has committed. Not
// finding it proves nothing (the server may still be at it), but trying again is safe: the fence lets
// one of the two through, and run looks again who it was.
func (e *execution) lookUp(ctx context.Context, step store.Step, cause error) error {
	patience := outcomeTimeout
	if deadline, limited := ctx.Deadline(); limited {
		patience = min(patience, max(time.Until(deadline), outcomeGrace))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	mine, err := backoff.Retry(ctx, func() (bool, error) { return e.committed(ctx, step) }, backoff.WithMaxElapsedTime(patience))
	switch {
	case err != nil:
		return fmt.Errorf("instance %s: %w", step.After.ID, cause)
	case mine:
		return nil
	}
	return errLost
}
