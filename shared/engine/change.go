package engine

import (
	"encoding/json"
	"time"

	"diom.io/workflow/shared/expr"
)

// Kind names what a change did. The names are stored and published: they never change their meaning.
type Kind string

// The kinds of change.
const (
	InstanceStarted    Kind = "instance.started"
	InstanceSuspended  Kind = "instance.suspended"
	InstanceResumed    Kind = "instance.resumed"
	InstanceCompleted  Kind = "instance.completed"
	InstanceCancelled  Kind = "instance.cancelled"
	VariablesSet       Kind = "variables.set"
	TokenCreated       Kind = "token.created"
	TokenMoved         Kind = "token.moved"
	TokenConsumed      Kind = "token.consumed"
	TaskCreated        Kind = "task.created"
	TaskAssigned       Kind = "task.assigned"
	TaskCompleted      Kind = "task.completed"
	TaskCancelled      Kind = "task.cancelled"
	IncidentRaised     Kind = "incident.raised"
	IncidentResolved   Kind = "incident.resolved"
	ScopeOpened        Kind = "scope.opened"
	ScopeClosed        Kind = "scope.closed"
	JobCreated         Kind = "job.created"
	JobCompleted       Kind = "job.completed"
	JobFailed          Kind = "job.failed"
	JobRetried         Kind = "job.retried"
	JobCancelled       Kind = "job.cancelled"
	TimerCreated       Kind = "timer.created"
	TimerFired         Kind = "timer.fired"
	TimerCancelled     Kind = "timer.cancelled"
	SubscriptionOpened Kind = "subscription.opened"
	SubscriptionClosed Kind = "subscription.closed"
	MessageReceived    Kind = "message.received"
	MessageSent        Kind = "message.sent"
	SignalReceived     Kind = "signal.received"
	SignalThrown       Kind = "signal.thrown"
	ErrorThrown        Kind = "error.thrown"
	ErrorUnhandled     Kind = "error.unhandled"

	ConditionMet    Kind = "condition.met"
	ConditionFailed Kind = "condition.failed"

	EscalationThrown    Kind = "escalation.thrown"
	EscalationUnhandled Kind = "escalation.unhandled"

	CompensationRecorded Kind = "compensation.recorded"
	CompensationThrown   Kind = "compensation.thrown"
	CompensationStarted  Kind = "compensation.started"
	TransactionCancelled Kind = "transaction.cancelled"

	DecisionEvaluated Kind = "decision.evaluated"

	CallStarted   Kind = "call.started"
	CallEnded     Kind = "call.ended"
	CallCancelled Kind = "call.cancelled"
	CallEscalated Kind = "call.escalated"
	CallKept      Kind = "call.kept"
	CallTaken     Kind = "call.taken"
	CallReturned  Kind = "call.returned"
	CallMoved     Kind = "call.moved"
	CallerMoved   Kind = "caller.moved"

	VariablesRemoved Kind = "variables.removed"
	TaskChanged      Kind = "task.changed"
	JobChanged       Kind = "job.changed"
	TimerMoved       Kind = "timer.moved"
	TimerRetried     Kind = "timer.retried"

	InstanceMigrated Kind = "instance.migrated"
	TokenMigrated    Kind = "token.migrated"
	EventMigrated    Kind = "event.migrated"

	InstanceTakenOver Kind = "instance.taken-over"

	ApprovalChanged Kind = "approval.changed"
	NodePassed      Kind = "node.passed"
	NodeReopened    Kind = "node.reopened"
	ReturnKept      Kind = "return.kept"
	ReturnEnded     Kind = "return.ended"
	TaskReturned    Kind = "task.returned"
	TaskWithdrawn   Kind = "task.withdrawn"

	InstanceDescribed Kind = "instance.described"

	TaskCopied Kind = "task.copied"
	TaskUrged  Kind = "task.urged"
)

// Change is one thing that a step did. The list of a step's changes is at once the rows to write, the
// history, the outgoing events and the golden trace. Which fields are set depends on Kind:
//
//	instance.started    Instance
//	instance.*          Reason, At
//	variables.set       Scope, Variables, Types (of those whose value alone does not say it; so where else variables are set)
//	variables.removed   Scope, Names
//	token.created       Token, Scope, Node, Flow (empty at a start event), Undoes, Returns
//	token.moved         Token, Node (where to), Flow, Why
//	token.consumed      Token, Node, Why (the completion condition, at an instance of a multi-instance activity)
//	task.created        Task, Why, Reason (substituted: who stands in for somebody has it)
//	task.changed        Task (with all that it is now), Reason
//	task.assigned       TaskID, Node, Assignee, Owner, Delegated, Reason
//	task.completed      TaskID, Node, Assignee (who did it), Outcome, Comment, Reason (link: by a link in a message; timeout: by the clock)
//	task.cancelled      TaskID, Node, Reason
//	incident.raised     Incident
//	incident.resolved   IncidentID, Node
//	scope.opened        Scope (its number), Parent, Token, Node, Variables
//	scope.closed        Scope, Node
//	job.created         Job
//	job.completed       JobID, Node, Topic (empty for a continuation)
//	job.failed          JobID, Node, Topic, Retries, DueAt, Reason (the message), Comment (the details), Failed (the node, of a continuation)
//	job.retried         JobID, Node, Retries: an operator gives it another try
//	job.changed         JobID, Node, Priority, DueAt (zero: at once)
//	job.cancelled       JobID, Node, Topic
//	timer.created       Timer
//	timer.moved         TimerID, Node, DueAt
//	timer.retried       TimerID, Node, Retries, Reason (of a failure), Failed (the node where it was)
//	timer.fired         TimerID, Node
//	timer.cancelled     TimerID, Node
//	subscription.opened Subscription
//	subscription.closed SubscriptionID, Node
//	message.received    SubscriptionID (zero at a start event), Node, Message
//	message.sent        Token, Node, Message: to whoever waits for it in another instance
//	signal.received     SubscriptionID (zero at a start event), Node, Message (the name)
//	signal.thrown       Token, Node, SignalID, Message (the name), BusinessKey (of what it starts), Variables: to whoever waits for it
//	condition.met       SubscriptionID (zero where nothing was waited for yet), Node, Why: the event happens
//	condition.failed    Node, Code, Reason: it cannot be evaluated and counts as false
//	error.thrown        Token, Node, Code, Reason (the message)
//	error.unhandled     Token, Node, Code, Reason (the message): nothing catches it, its path ends
//	escalation.thrown   Token, Node, Code
//	escalation.unhandled Token, Node, Code: nothing catches it, its token goes on
//	compensation.recorded Compensation, without the variables that its scope has
//	compensation.thrown Token, Node
//	compensation.started Token (of the handler, or what stands for the activity), Node (the activity), Compensated (the number)
//	transaction.cancelled Token, Node: what else is in the transaction ends
//	decision.evaluated  Token, Node, Decision
//	call.started        Call, Variables: the called instance is to be started with them
//	call.ended          CallID, Node, Outcome, Code, Reason (the message): the called instance has ended
//	call.cancelled      CallID, Node, Reason: the called instance is to be cancelled
//	call.escalated      CallID, Node, Code: the called instance goes on
//	call.kept           CallID, Node, Return: it came back and waits
//	call.taken          CallID, Node: what waited first is dealt with
//	call.returned       Return: the caller of this instance is to know it
//	call.moved          CallID, Node (where the caller waits now): the called instance is to know it
//	caller.moved        Node: the call activity that waits for this instance now
//	instance.migrated   Instance (its new definition alone), Reason
//	instance.taken-over Reason (what had run it), Message (its id there)
//	token.migrated      Token, Scope, Node: where the token is now, with its tasks, jobs, calls and incidents
//	event.migrated      TimerID or SubscriptionID, Node: the event that is waited for now; or Compensated, Node: what was completed
//	approval.changed    Scope, Node, Approval (with all that it is now), Reason (what has happened), TaskID, Names (users), Comment, Why
//	node.passed         Passed: a user task that one may return to
//	node.reopened       Scope, Names: the nodes have to be passed again
//	return.kept         Kept: what the node shall find when it is entered again
//	return.ended        Scope, Node: it is entered
//	task.returned       TaskID, Node, Assignee (who did it), Outcome (the node returned to), Comment: the task ends
//	task.withdrawn      TaskID, Node, Assignee, Comment: what was completed is taken back
//	instance.described  Message (the summary that lists show now)
//	task.copied         TaskID, Node, Names (who may read it), Comment, Why; Code and Reason where the model names nobody rightly
//	task.urged          TaskID, Node, Assignee, Comment, Urges (how often by now), Reason (escalated), At
type Change struct {
	Kind           Kind          `json:"kind"`
	Instance       *Started      `json:"instance,omitempty"`
	Token          int           `json:"token,omitempty"`
	Scope          int           `json:"scope,omitempty"`
	Node           string        `json:"node,omitempty"`
	Flow           string        `json:"flow,omitempty"`
	Variables      Variables     `json:"variables,omitempty"`
	Types          Types         `json:"types,omitempty"`
	Names          []string      `json:"names,omitempty"`
	Task           *Task         `json:"task,omitempty"`
	TaskID         ID            `json:"taskId,omitzero"`
	Assignee       string        `json:"assignee,omitempty"`
	Owner          string        `json:"owner,omitempty"`
	Delegated      bool          `json:"delegated,omitempty"`
	Outcome        string        `json:"outcome,omitempty"`
	Comment        string        `json:"comment,omitempty"`
	Reason         string        `json:"reason,omitempty"`
	Incident       *Incident     `json:"incident,omitempty"`
	IncidentID     ID            `json:"incidentId,omitzero"`
	Parent         int           `json:"parent,omitempty"`
	Job            *Job          `json:"job,omitempty"`
	JobID          ID            `json:"jobId,omitzero"`
	Retries        int           `json:"retries,omitempty"`
	Priority       int64         `json:"priority,omitempty"`
	DueAt          time.Time     `json:"dueAt,omitzero"`
	Timer          *Timer        `json:"timer,omitempty"`
	TimerID        ID            `json:"timerId,omitzero"`
	Subscription   *Subscription `json:"subscription,omitempty"`
	SubscriptionID ID            `json:"subscriptionId,omitzero"`
	Message        string        `json:"message,omitempty"`
	SignalID       ID            `json:"signalId,omitzero"`
	BusinessKey    string        `json:"businessKey,omitempty"`
	Compensation   *Compensation `json:"compensation,omitempty"`
	Compensated    int           `json:"compensated,omitempty"`
	Undoes         bool          `json:"undoes,omitempty"`
	Returns        bool          `json:"returns,omitempty"`
	Topic          string        `json:"topic,omitempty"`
	Failed         string        `json:"failed,omitempty"`
	Code           string        `json:"code,omitempty"`
	Decision       *Decided      `json:"decision,omitempty"`
	Call           *Call         `json:"call,omitempty"`
	CallID         ID            `json:"callId,omitzero"`
	Return         *Return       `json:"return,omitempty"`
	At             time.Time     `json:"at,omitzero"`
	Why            []Why         `json:"why,omitempty"`
	Approval       *Approval     `json:"approval,omitempty"`
	Passed         *Passed       `json:"passed,omitempty"`
	Kept           *Resumption   `json:"kept,omitempty"`
	Urges          int           `json:"urges,omitempty"`
}

// Started is what an instance is born with.
type Started struct {
	ID             ID        `json:"id"`
	DefinitionID   ID        `json:"definitionId"`
	ProcessKey     string    `json:"processKey"`
	ProcessVersion int       `json:"processVersion"`
	BusinessKey    string    `json:"businessKey,omitempty"`
	Starter        string    `json:"starter"`
	Hops           int       `json:"hops,omitempty"`
	ParentID       ID        `json:"parentId,omitzero"` // of a called instance, as in Instance
	ParentNode     string    `json:"parentNode,omitempty"`
	RootID         ID        `json:"rootId,omitzero"`
	Depth          int       `json:"depth,omitempty"`
	At             time.Time `json:"at"`
	Request
}

// Why records one evaluation that decided something: a sequence flow's condition, the completion
// condition of a multi-instance activity, the condition of an event, or who a task is for. Replay never evaluates again.
type Why struct {
	Subject    string                     `json:"subject"` // a sequence flow's id, or completionCondition, condition, assignee, candidateUsers, candidateGroups, copyTo
	Expression string                     `json:"expression"`
	Inputs     map[string]json.RawMessage `json:"inputs,omitempty"`
	Result     json.RawMessage            `json:"result"`
}

// explain records the evaluation of e with what it read; values too long for the record are cut.
func explain(subject string, e *expr.Expression, result expr.Value, lookup func(string) (expr.Value, bool)) Why {
	w := Why{Subject: subject, Expression: e.Source(), Result: short(result)}
	for _, name := range e.Identifiers() {
		value, ok := lookup(name)
		if !ok {
			continue
		}
		if w.Inputs == nil {
			w.Inputs = map[string]json.RawMessage{}
		}
		w.Inputs[name] = short(value)
	}
	return w
}

const maxWhyBytes = 256

func short(value expr.Value) json.RawMessage {
	raw, err := expr.Marshal(value)
	if err != nil || len(raw) > maxWhyBytes {
		return json.RawMessage(`"…"`)
	}
	return raw
}
