package design

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// maxContinuations bounds the asynchronous continuations that follow one recorded step.
const maxContinuations = 200

// replay is a recorded instance and its repetition by another model. A recorded task, job, timer, event or call
// is found again as the one that was made in the same place, with as many before it.
type replay struct {
	process  *bpmn.Process
	rows     []store.Row
	recorded []visit
	known    map[engine.ID]thing // what the record has, by its id there
	returned map[engine.ID]engine.Variables
	learn    func(engine.DecisionRef) error
	ask      func(engine.Question) error

	world    engine.World
	instance *engine.Instance
	visits   []visit
	made     map[place][]engine.ID // what the replay has made, in its order

	reason string // why it could not go on; empty: it could
	at     string // the node where that was
}

// place is where something waits: what it is and at which flow node.
type place struct{ kind, node string }

// thing is the n-th in its place, from 0.
type thing struct {
	place
	n int
}

// made returns what a change makes that something recorded may be about.
func made(c engine.Change) (place, engine.ID) {
	switch {
	case c.Kind == engine.TaskCreated:
		return place{"task", c.Task.Node}, c.Task.ID
	case c.Kind == engine.JobCreated && c.Job.Kind == engine.ExternalJob:
		return place{"job", c.Job.Node}, c.Job.ID
	case c.Kind == engine.TimerCreated:
		return place{"timer", c.Timer.Node}, c.Timer.ID
	case c.Kind == engine.SubscriptionOpened:
		return place{"event", c.Subscription.Node}, c.Subscription.ID
	case c.Kind == engine.CallStarted:
		return place{"call", c.Call.Node}, c.Call.ID
	}
	return place{}, engine.ID{}
}

// stuck is what could not be done again, and where.
type stuck struct{ node, reason string }

func (s *stuck) Error() string { return s.reason }

func missing(node, format string, arguments ...any) error {
	return &stuck{node, fmt.Sprintf(format, arguments...)}
}

// run brings everything that was recorded again, until that cannot be done. An error is one of looking
// something up.
func (r *replay) run() error {
	for n, row := range r.rows {
		if row.Command == "cancel" || row.Command == (engine.WithdrawInstance{}).Name() || r.instance != nil && r.instance.State.Ended() {
			return nil
		}
		err := r.again(n, row)
		var why *stuck
		if errors.As(err, &why) {
			r.reason, r.at = why.reason, why.node
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// again does what one row records, and what follows by itself.
func (r *replay) again(n int, row store.Row) error {
	action, err := r.action(n, row)
	if err == nil && action != nil {
		err = r.step(row, action)
	}
	for left := maxContinuations; err == nil && left > 0; left-- {
		job := r.continuation()
		if job == nil {
			break
		}
		err = r.step(row, engine.Continue{Job: job.ID})
	}
	if err == nil && len(r.instance.Incidents) > 0 && !r.retried(n) {
		i := r.instance.Incidents[0]
		return missing(i.Node, "an incident: %s", i.Code)
	}
	return err
}

// retried reports whether an incident may be one of the record, too: somebody retries it later.
func (r *replay) retried(n int) bool {
	return slices.ContainsFunc(r.rows[n+1:], func(row store.Row) bool { return row.Command == "retry" })
}

// continuation is a job that the product runs by itself.
func (r *replay) continuation() *engine.Job {
	i := slices.IndexFunc(r.instance.Jobs, func(j engine.Job) bool { return j.Kind != engine.ExternalJob })
	if i < 0 || len(r.instance.Incidents) > 0 {
		return nil
	}
	return &r.instance.Jobs[i]
}

// step does one command, at the time and by the person of the record.
func (r *replay) step(row store.Row, action engine.Action) error {
	c := engine.Command{ID: newID(), Actor: row.Actor, Action: action, Types: typesOf(row.Changes)}
	for {
		after, changes, err := engine.Step(r.process, r.instance, c, row.At, r.world)
		var need *engine.NeedDecision
		var ask *engine.NeedPeople
		switch {
		case errors.As(err, &ask):
			if err := r.ask(ask.Question); err != nil {
				return err
			}
			continue
		case errors.As(err, &need):
			if err := r.learn(need.Ref); err != nil {
				return err
			}
			continue
		case err != nil && fault.From(err) != nil:
			return missing(r.waiting1(), "%s cannot be done there: %s", action.Name(), fault.From(err).Code)
		case err != nil:
			return err
		}
		r.instance, r.visits = after, visitsOf(r.visits, changes)
		for _, change := range changes {
			if at, id := made(change); at.kind != "" {
				r.made[at] = append(r.made[at], id)
			}
		}
		return nil
	}
}

// waiting1 is waiting, of an instance that may not have begun.
func (r *replay) waiting1() string {
	if r.instance == nil {
		return ""
	}
	return r.waiting()
}

// same finds what stands in the replay for something recorded.
func (r *replay) same(id engine.ID) (engine.ID, error) {
	was, ok := r.known[id]
	if !ok {
		return id, missing("", "the record does not say what it was about")
	}
	if list := r.made[was.place]; was.n < len(list) {
		return list[was.n], nil
	}
	return id, missing(was.node, "the instance does not wait for the recorded %s there", was.kind)
}

func typesOf(changes []engine.Change) engine.Types {
	all := engine.Types{}
	for _, c := range changes {
		maps.Copy(all, c.Types)
	}
	return all
}

// givenBefore are the variables that a step set before its first change of a kind: what its command brought.
func givenBefore(changes []engine.Change, kind engine.Kind) engine.Variables {
	all := engine.Variables{}
	for _, c := range changes {
		if c.Kind == kind {
			break
		}
		if c.Kind == engine.VariablesSet {
			maps.Copy(all, c.Variables)
		}
	}
	return all
}

// givenAfter are the variables that a step set right after its first change.
func givenAfter(changes []engine.Change) engine.Variables {
	all := engine.Variables{}
	for _, c := range changes[1:] {
		switch c.Kind {
		case engine.SubscriptionClosed:
		case engine.VariablesSet:
			maps.Copy(all, c.Variables)
		default:
			return all
		}
	}
	return all
}

func first(changes []engine.Change, kind engine.Kind) *engine.Change {
	i := slices.IndexFunc(changes, func(c engine.Change) bool { return c.Kind == kind })
	if i < 0 {
		return nil
	}
	return &changes[i]
}

// begin is the start that was recorded.
func (r *replay) begin(row store.Row) (engine.Action, error) {
	born, token := first(row.Changes, engine.InstanceStarted), first(row.Changes, engine.TokenCreated)
	if row.Command != "start" || born == nil || token == nil {
		return nil, missing("", "the record does not begin with a start")
	}
	node := token.Node
	if start := r.process.Node(node); start == nil || start.Parent != nil {
		if r.process.NoneStart() == nil {
			return nil, missing(node, "the process has no such start event")
		}
		node = ""
	}
	return engine.Start{
		Node: node, InstanceID: newID(), DefinitionID: born.Instance.DefinitionID, ProcessVersion: born.Instance.ProcessVersion,
		BusinessKey: born.Instance.BusinessKey, Variables: givenBefore(row.Changes, engine.TokenCreated),
	}, nil
}
