package engine

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// appliers is the one place where the state of an instance changes. Applying the changes of every
// history row in order gives the state again.
var appliers = map[Kind]func(*Instance, Change){
	InstanceStarted: func(in *Instance, c Change) {
		s := c.Instance
		in.ID, in.DefinitionID, in.ProcessKey, in.ProcessVersion = s.ID, s.DefinitionID, s.ProcessKey, s.ProcessVersion
		in.BusinessKey, in.Starter, in.StartedAt, in.Hops = s.BusinessKey, s.Starter, s.At, s.Hops
		in.ParentID, in.ParentNode, in.RootID, in.Depth = s.ParentID, s.ParentNode, s.RootID, s.Depth
		in.Request = s.Request
		in.State = Active
		in.Scopes = []Scope{{Variables: Variables{}}}
	},
	InstanceDescribed: func(in *Instance, c Change) { in.Summary = c.Message },
	InstanceSuspended: func(in *Instance, _ Change) { in.State = Suspended },
	InstanceResumed:   func(in *Instance, _ Change) { in.State = Active },
	InstanceCompleted: func(in *Instance, c Change) { in.end(Completed, c) },
	InstanceCancelled: func(in *Instance, c Change) { in.end(Cancelled, c) },
	VariablesSet: func(in *Instance, c Change) {
		s := in.scope(c.Scope)
		maps.Copy(s.Variables, c.Variables)
		s.retype(c)
	},
	VariablesRemoved: func(in *Instance, c Change) {
		s := in.scope(c.Scope)
		for _, name := range c.Names {
			delete(s.Variables, name)
			delete(s.Types, name)
		}
	},
	TokenCreated: func(in *Instance, c Change) {
		in.Tokens = append(in.Tokens, Token{Number: c.Token, Scope: c.Scope, Node: c.Node, Undoes: c.Undoes, Returns: c.Returns})
		in.LastToken = c.Token
	},
	TokenMoved: func(in *Instance, c Change) { in.token(c.Token).Node = c.Node },
	TokenConsumed: func(in *Instance, c Change) {
		in.Tokens = slices.DeleteFunc(in.Tokens, func(t Token) bool { return t.Number == c.Token })
	},
	TaskCreated: func(in *Instance, c Change) {
		task := *c.Task
		task.Version = in.Version
		in.Tasks = append(in.Tasks, task)
	},
	TaskAssigned: func(in *Instance, c Change) {
		t := in.Task(c.TaskID)
		if t.Assignee != c.Assignee { // who has it now was not urged
			t.Urges, t.UrgedAt = 0, time.Time{}
		}
		t.Assignee, t.Owner, t.Delegated, t.Version = c.Assignee, c.Owner, c.Delegated, in.Version
	},
	TaskChanged: func(in *Instance, c Change) {
		t := in.Task(c.Task.ID)
		*t = *c.Task
		t.Version = in.Version
	},
	TaskCompleted: endTask,
	TaskCancelled: endTask,
	ScopeOpened: func(in *Instance, c Change) {
		variables := maps.Clone(c.Variables)
		if variables == nil {
			variables = Variables{}
		}
		opened := Scope{Number: c.Scope, Parent: c.Parent, Token: c.Token, Variables: variables}
		opened.retype(c)
		in.Scopes = append(in.Scopes, opened)
		in.LastScope = max(in.LastScope, c.Scope) // a kept one is opened again
	},
	ScopeClosed: func(in *Instance, c Change) {
		in.Scopes = slices.DeleteFunc(in.Scopes, func(s Scope) bool { return s.Number == c.Scope })
		in.forget(c.Scope)
		in.forgetApprovals(c.Scope)
	},
	JobCreated:     func(in *Instance, c Change) { in.Jobs = append(in.Jobs, *c.Job) },
	JobFailed:      setRetries,
	JobRetried:     setRetries,
	JobChanged:     changeJob,
	JobCompleted:   endJob,
	JobCancelled:   endJob,
	TimerCreated:   func(in *Instance, c Change) { in.Timers = append(in.Timers, *c.Timer) },
	TimerMoved:     func(in *Instance, c Change) { in.Timer(c.TimerID).DueAt = c.DueAt },
	TimerRetried:   retryTimer,
	TimerFired:     endTimer,
	TimerCancelled: endTimer,
	SubscriptionOpened: func(in *Instance, c Change) {
		in.Subscriptions = append(in.Subscriptions, *c.Subscription)
	},
	SubscriptionClosed: func(in *Instance, c Change) {
		in.Subscriptions = slices.DeleteFunc(in.Subscriptions, func(s Subscription) bool { return s.ID == c.SubscriptionID })
	},
	MessageReceived: record,
	MessageSent:     record,
	SignalReceived:  record,
	SignalThrown:    record,
	ConditionMet:    record,
	ConditionFailed: record,
	ErrorThrown:     record,
	ErrorUnhandled:  record,
	IncidentRaised: func(in *Instance, c Change) {
		in.Incidents = append(in.Incidents, *c.Incident)
	},
	IncidentResolved: func(in *Instance, c Change) {
		in.Incidents = slices.DeleteFunc(in.Incidents, func(i Incident) bool { return i.ID == c.IncidentID })
	},
	EscalationThrown:    record,
	EscalationUnhandled: record,

	CompensationRecorded: func(in *Instance, c Change) { in.remember(*c.Compensation) },
	CompensationStarted: func(in *Instance, c Change) {
		in.Compensations = slices.DeleteFunc(in.Compensations, func(x Compensation) bool { return x.Number == c.Compensated })
	},
	CompensationThrown:   record,
	TransactionCancelled: record,

	DecisionEvaluated: record,

	CallStarted:   func(in *Instance, c Change) { in.Calls = append(in.Calls, *c.Call) },
	CallEnded:     endCall,
	CallCancelled: endCall,
	CallEscalated: func(in *Instance, c Change) { in.Call(c.CallID).Returned++ },
	CallKept: func(in *Instance, c Change) {
		call := in.Call(c.CallID)
		call.Kept = append(slices.Clip(call.Kept), *c.Return)
	},
	CallTaken: func(in *Instance, c Change) {
		call := in.Call(c.CallID)
		call.Kept = call.Kept[1:]
	},
	CallReturned:     func(in *Instance, _ Change) { in.Returns++ },
	CallMoved:        record, // token.migrated has moved the call, too
	CallerMoved:      func(in *Instance, c Change) { in.ParentNode = c.Node },
	InstanceMigrated: migrateInstance,
	TokenMigrated:    migrateToken,
	EventMigrated:    migrateEvent,

	InstanceTakenOver: record,

	ApprovalChanged: setApproval,
	NodePassed:      passNode,
	NodeReopened:    reopenNodes,
	ReturnKept:      keepReturn,
	ReturnEnded:     endReturn,
	TaskReturned:    endTask,
	TaskWithdrawn:   record,

	TaskCopied: record,
	TaskUrged:  urgeTask,
}

func (in *Instance) end(state State, c Change) {
	in.State, in.EndedAt, in.Compensations, in.Passed, in.Resumptions = state, c.At, nil, nil, nil
}

func endTask(in *Instance, c Change) {
	in.Tasks = slices.DeleteFunc(in.Tasks, func(t Task) bool { return t.ID == c.TaskID })
}

func setRetries(in *Instance, c Change) {
	job := in.Job(c.JobID)
	job.Retries, job.DueAt, job.Tried = c.Retries, c.DueAt, true
	if c.Kind == JobFailed {
		job.Failure, job.FailedNode = c.Reason, c.Failed
	}
}

func changeJob(in *Instance, c Change) {
	job := in.Job(c.JobID)
	job.Priority, job.DueAt = c.Priority, c.DueAt
}

func endJob(in *Instance, c Change) {
	in.Jobs = slices.DeleteFunc(in.Jobs, func(j Job) bool { return j.ID == c.JobID })
}

func endTimer(in *Instance, c Change) {
	in.Timers = slices.DeleteFunc(in.Timers, func(t Timer) bool { return t.ID == c.TimerID })
}

func endCall(in *Instance, c Change) {
	in.Calls = slices.DeleteFunc(in.Calls, func(call Call) bool { return call.ID == c.CallID })
}

// record is for what is part of the history and no state.
func record(*Instance, Change) {}

// begin opens the next version: the state before the changes of one step.
func (in *Instance) begin() { in.Version++ }

// Apply makes one change. It fails only on a history that this engine did not write: an unknown
// kind, or a change of something that is not there.
func (in *Instance) Apply(c Change) error {
	apply, ok := appliers[c.Kind]
	if !ok {
		return fmt.Errorf("change %q: unknown kind", c.Kind)
	}
	if !in.has(c) {
		return fmt.Errorf("change %q of version %d: its subject is not there", c.Kind, in.Version)
	}
	apply(in, c)
	return nil
}

// has reports whether what c changes is there.
func (in *Instance) has(c Change) bool {
	switch c.Kind {
	case InstanceStarted:
		return c.Instance != nil && len(in.Scopes) == 0
	case VariablesSet, VariablesRemoved, TokenCreated:
		return in.scope(c.Scope) != nil
	case InstanceMigrated:
		return c.Instance != nil && len(in.Scopes) > 0
	case TokenMigrated:
		return in.token(c.Token) != nil && in.scope(c.Scope) != nil
	case EventMigrated:
		return in.Timer(c.TimerID) != nil || in.Subscription(c.SubscriptionID) != nil || in.compensation(c.Compensated) != nil
	case ScopeOpened:
		return in.scope(c.Scope) == nil && in.scope(c.Parent) != nil && in.token(c.Token) != nil
	case ScopeClosed:
		return c.Scope > 0 && in.scope(c.Scope) != nil
	case JobCreated:
		return c.Job != nil
	case JobFailed, JobRetried, JobChanged, JobCompleted, JobCancelled:
		return in.Job(c.JobID) != nil
	case TimerCreated:
		return c.Timer != nil
	case TimerMoved, TimerRetried, TimerFired, TimerCancelled:
		return in.Timer(c.TimerID) != nil
	case SubscriptionOpened:
		return c.Subscription != nil
	case SubscriptionClosed:
		return in.Subscription(c.SubscriptionID) != nil
	case TokenMoved, TokenConsumed:
		return in.token(c.Token) != nil
	case TaskCreated:
		return c.Task != nil
	case TaskChanged:
		return c.Task != nil && in.Task(c.Task.ID) != nil
	case TaskAssigned, TaskCompleted, TaskCancelled, TaskReturned, TaskUrged:
		return in.Task(c.TaskID) != nil
	case IncidentRaised:
		return c.Incident != nil
	case IncidentResolved:
		return in.Incident(c.IncidentID) != nil
	case CompensationRecorded:
		return c.Compensation != nil && (c.Compensation.Kept == 0 || in.scope(c.Compensation.Kept) != nil)
	case CompensationStarted:
		return in.compensation(c.Compensated) != nil
	case DecisionEvaluated:
		return c.Decision != nil && in.token(c.Token) != nil
	case CallStarted:
		return c.Call != nil
	case CallEnded, CallCancelled, CallEscalated, CallMoved:
		return in.Call(c.CallID) != nil
	case CallKept:
		return in.Call(c.CallID) != nil && c.Return != nil
	case CallTaken:
		call := in.Call(c.CallID)
		return call != nil && len(call.Kept) > 0
	default:
		return len(in.Scopes) > 0 && in.hasApproval(c)
	}
}

// Replay folds the changes of successive history rows into a state.
func Replay(rows [][]Change) (*Instance, error) {
	in := &Instance{}
	for _, changes := range rows {
		if err := in.Fold(changes); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// Fold applies the changes of the next history row. It fails as Apply does; in is of no use then.
func (in *Instance) Fold(changes []Change) error {
	in.begin()
	for _, c := range changes {
		if err := in.Apply(c); err != nil {
			return err
		}
	}
	return nil
}
