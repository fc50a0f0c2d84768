package engine

import (
	"encoding/json"
	"iter"
	"maps"
	"reflect"
	"slices"
	"time"

	"diom.io/workflow/shared/expr"
)

// State is where an instance is in its life. The words are those of the API.
type State string

// The states of an instance.
const (
	Active    State = "active"
	Suspended State = "suspended"
	Completed State = "completed"
	Cancelled State = "cancelled"
)

// Ended reports whether nothing can happen to the instance any more.
func (s State) Ended() bool { return s == Completed || s == Cancelled }

// Variables maps names to values (see expr.Value); its JSON has sorted keys and exact numbers.
type Variables map[string]expr.Value

// MarshalJSON writes the variables with sorted keys.
func (v Variables) MarshalJSON() ([]byte, error) {
	if v == nil {
		return []byte("{}"), nil
	}
	return expr.Marshal(map[string]expr.Value(v))
}

// UnmarshalJSON reads a JSON object of variables; null changes nothing, as encoding/json has it.
func (v *Variables) UnmarshalJSON(raw []byte) error {
	value, err := expr.Unmarshal(raw)
	if err != nil {
		return err
	}
	kind := "number"
	switch x := value.(type) {
	case nil:
		return nil
	case map[string]expr.Value:
		*v = x
		return nil
	case []expr.Value:
		kind = "array"
	case string:
		kind = "string"
	case bool:
		kind = "bool"
	}
	return &json.UnmarshalTypeError{Value: kind, Type: reflect.TypeFor[Variables]()}
}

// Instance is the whole state of a process instance. Only Apply changes it.
type Instance struct {
	ID             ID             `json:"id"`
	DefinitionID   ID             `json:"definitionId"`
	ProcessKey     string         `json:"processKey"`
	ProcessVersion int            `json:"processVersion"`
	BusinessKey    string         `json:"businessKey,omitempty"`
	State          State          `json:"state"`
	Starter        string         `json:"starter"`
	Hops           int            `json:"hops,omitempty"`       // instances that started one another by messages before it
	ParentID       ID             `json:"parentId,omitzero"`    // the instance that called it
	ParentNode     string         `json:"parentNode,omitempty"` // the call activity there
	RootID         ID             `json:"rootId,omitzero"`      // the outermost caller; see Root
	Depth          int            `json:"depth,omitempty"`      // calls around it
	Returns        int            `json:"returns,omitempty"`    // what it has told its caller so far
	StartedAt      time.Time      `json:"startedAt"`
	EndedAt        time.Time      `json:"endedAt,omitzero"`
	Version        int64          `json:"version"`             // steps so far; the seq of the last history row
	Scopes         []Scope        `json:"scopes"`              // the root scope first, with number 0
	LastScope      int            `json:"lastScope,omitempty"` // number of the scope opened last
	Tokens         []Token        `json:"tokens,omitempty"`
	LastToken      int            `json:"lastToken"` // tokens ever created
	Tasks          []Task         `json:"tasks,omitempty"`
	Jobs           []Job          `json:"jobs,omitempty"`
	Timers         []Timer        `json:"timers,omitempty"`
	Subscriptions  []Subscription `json:"subscriptions,omitempty"`
	Calls          []Call         `json:"calls,omitempty"`
	Incidents      []Incident     `json:"incidents,omitempty"`

	// Compensations are what can be undone, in the order of completion; LastCompensation is the number of the
	// latest that there ever was.
	Compensations    []Compensation `json:"compensations,omitempty"`
	LastCompensation int            `json:"lastCompensation,omitempty"`

	// Request is what people know the instance by.
	Request

	// Passed and Resumptions are what the operations on approvals know of the past.
	Passed      []Passed     `json:"passed,omitempty"`
	Resumptions []Resumption `json:"resumptions,omitempty"`
}

// Scope holds the variables of the process (scope 0), of one entered sub-process, of one entered call activity or
// node with input or output parameters, of a multi-instance activity, or of one instance of it. Token is at
// that node; what is inside of a sub-process, or are the instances, are the tokens whose Scope it is.
type Scope struct {
	Number    int       `json:"number"`
	Parent    int       `json:"parent"`
	Token     int       `json:"token,omitempty"`
	Variables Variables `json:"variables"`
	Types     Types     `json:"types,omitempty"`
	// Approval is of the scope of a user task with an approval policy.
	Approval *Approval `json:"approval,omitempty"`
}

// Token is a BPMN token: a record of its own, never a counter.
type Token struct {
	Number int    `json:"number"`
	Scope  int    `json:"scope"`
	Node   string `json:"node"` // the flow node that it is at
	// Undoes says that the activity at Node was completed and is being compensated.
	Undoes bool `json:"undoes,omitempty"`
	// Returns says that a token enters Node when what this one holds is undone.
	Returns bool `json:"returns,omitempty"`
}

// Task is an open user task. Assignee is empty while nobody has claimed it.
type Task struct {
	ID              ID        `json:"id"`
	Token           int       `json:"token"`
	Node            string    `json:"node"`
	Name            string    `json:"name"`
	Assignee        string    `json:"assignee,omitempty"`
	Owner           string    `json:"owner,omitempty"`
	Delegated       bool      `json:"delegated,omitempty"`
	CandidateUsers  []string  `json:"candidateUsers,omitempty"`
	CandidateGroups []string  `json:"candidateGroups,omitempty"`
	Priority        int       `json:"priority"`
	FormKey         string    `json:"formKey,omitempty"`
	DueAt           time.Time `json:"dueAt,omitzero"`
	FollowUpAt      time.Time `json:"followUpAt,omitzero"`
	CreatedAt       time.Time `json:"createdAt"`
	Urges           int       `json:"urges,omitempty"` // how often its assignee was urged
	UrgedAt         time.Time `json:"urgedAt,omitzero"`
	Version         int64     `json:"version"` // instance version of its last change
}

// Incident is a failure that an operator can see and retry: its token stays at the node. Leaving means
// that the node is done and its output parameters or outgoing sequence flows were the trouble; Triggered
// that the node is an event that has happened and its input parameters were; Opening that the process could not wait for
// the event of an event sub-process; Ending that a listener of the
// node's end was, or what came of the work of a job.
type Incident struct {
	ID        ID        `json:"id"`
	Token     int       `json:"token"`
	Node      string    `json:"node"`
	Job       ID        `json:"job,omitzero"` // the job whose retries are used up
	Leaving   bool      `json:"leaving,omitempty"`
	Triggered bool      `json:"triggered,omitempty"`
	Opening   bool      `json:"opening,omitempty"`
	Ending    bool      `json:"ending,omitempty"`
	Timeout   string    `json:"timeout,omitempty"` // the id of the timeout listener that failed
	Code      string    `json:"code"`
	Message   string    `json:"message"`
	RaisedAt  time.Time `json:"raisedAt"`
}

// JobKind says what a job is for.
type JobKind string

// The kinds of job: work for a worker that fetches it, and the asynchronous continuations, which the
// product runs by itself: before a node is entered and after its work is done.
const (
	ExternalJob JobKind = "external"
	BeforeJob   JobKind = "before"
	AfterJob    JobKind = "after"
)

// Job is work that is done outside of the step that created it. Who has fetched it, until when, is in
// its row only.
type Job struct {
	ID       ID      `json:"id"`
	Token    int     `json:"token"`
	Node     string  `json:"node"`
	Kind     JobKind `json:"kind"`
	Topic    string  `json:"topic,omitempty"` // of an external job
	Priority int64   `json:"priority,omitempty"`
	Retries  int     `json:"retries"`           // 0: an incident waits for an operator
	Tried    bool    `json:"tried,omitempty"`   // it has failed, or somebody has set its retries
	Failure  string  `json:"failure,omitempty"` // the message of the last failure
	// FailedNode is where a continuation has failed last.
	FailedNode string    `json:"failedNode,omitempty"`
	Delays     []string  `json:"delays,omitempty"`   // ISO 8601 durations before the next attempts; the last one repeats
	DueAt      time.Time `json:"dueAt,omitzero"`     // not before then; zero: at once
	Steps      int       `json:"steps,omitempty"`    // of a continuation: nodes entered since the last wait state
	Flow       string    `json:"flow,omitempty"`     // of a continuation after a node: the flow that it takes
	Listener   *Listener `json:"listener,omitempty"` // of which it is the work; nil: it is that of the node
	CreatedAt  time.Time `json:"createdAt"`
}

// Listener is one of the listeners that a token passes at its node: which event, and how many of that
// event come before it.
type Listener struct {
	Event string `json:"event"`
	Index int    `json:"index"`
	Flow  string `json:"flow,omitempty"` // of take
}

// Timer is a timer event that a token waits for: the token is at Node, at the activity that Node is a
// boundary event of, or at the event-based gateway before Node. Without a token it is Scope that waits: Node is
// the start event of an event sub-process in it.
type Timer struct {
	ID    ID        `json:"id"`
	Token int       `json:"token,omitempty"`
	Scope int       `json:"scope,omitempty"`
	Node  string    `json:"node"`
	DueAt time.Time `json:"dueAt"`
	// Cycle is the text of a cycle that goes on, Anchor the time from which it is counted, and Fired how
	// often it was due before.
	Cycle  string    `json:"cycle,omitempty"`
	Anchor time.Time `json:"anchor,omitzero"`
	Fired  int       `json:"fired,omitempty"`
	// Listener is the id of the timeout listener of the user task Node that the timer is for; empty: none.
	Listener string `json:"listener,omitempty"`
	// Tried says that it was fired by hand in vain, or that somebody has set its Retries; Failure and FailedNode are
	// what failed last and where.
	Tried      bool   `json:"tried,omitempty"`
	Priority   int64  `json:"priority,omitempty"` // of it as a job
	Retries    int    `json:"retries,omitempty"`
	Failure    string `json:"failure,omitempty"`
	FailedNode string `json:"failedNode,omitempty"`
}

// Subscription is a message, signal or conditional event that a token or a scope waits for, as Timer has it.
type Subscription struct {
	ID        ID        `json:"id"`
	Token     int       `json:"token,omitempty"`
	Scope     int       `json:"scope,omitempty"`
	Node      string    `json:"node"`
	Message   string    `json:"message"` // the name of the message or signal
	Signal    bool      `json:"signal,omitempty"`
	Condition bool      `json:"condition,omitempty"` // it has no name
	CreatedAt time.Time `json:"createdAt"`
}

// Clone returns a copy that shares no memory which Apply changes. Values are immutable and shared.
func (in *Instance) Clone() *Instance {
	c := *in
	c.Scopes = slices.Clone(in.Scopes)
	for i := range c.Scopes {
		c.Scopes[i].Variables = maps.Clone(c.Scopes[i].Variables)
		c.Scopes[i].Types = maps.Clone(c.Scopes[i].Types)
	}
	c.Tokens = slices.Clone(in.Tokens)
	c.Tasks = slices.Clone(in.Tasks)
	c.Jobs = slices.Clone(in.Jobs)
	c.Timers = slices.Clone(in.Timers)
	c.Subscriptions = slices.Clone(in.Subscriptions)
	c.Calls = slices.Clone(in.Calls)
	c.Incidents = slices.Clone(in.Incidents)
	c.Compensations = slices.Clone(in.Compensations)
	c.Passed, c.Resumptions = slices.Clone(in.Passed), slices.Clone(in.Resumptions)
	return &c
}

// Task returns the open task with the id, or nil.
func (in *Instance) Task(id ID) *Task {
	for i := range in.Tasks {
		if in.Tasks[i].ID == id {
			return &in.Tasks[i]
		}
	}
	return nil
}

// Incident returns the open incident with the id, or nil.
func (in *Instance) Incident(id ID) *Incident {
	for i := range in.Incidents {
		if in.Incidents[i].ID == id {
			return &in.Incidents[i]
		}
	}
	return nil
}

// Job returns the job with the id, or nil.
func (in *Instance) Job(id ID) *Job {
	for i := range in.Jobs {
		if in.Jobs[i].ID == id {
			return &in.Jobs[i]
		}
	}
	return nil
}

// Timer returns the timer with the id, or nil.
func (in *Instance) Timer(id ID) *Timer {
	for i := range in.Timers {
		if in.Timers[i].ID == id {
			return &in.Timers[i]
		}
	}
	return nil
}

// Subscription returns the subscription with the id, or nil.
func (in *Instance) Subscription(id ID) *Subscription {
	for i := range in.Subscriptions {
		if in.Subscriptions[i].ID == id {
			return &in.Subscriptions[i]
		}
	}
	return nil
}

// Visible returns the variables that the work of a token sees: those of its scope and outwards, the
// inner ones hiding the outer ones.
func (in *Instance) Visible(token int) Variables {
	all := Variables{}
	t := in.token(token)
	if t == nil {
		return all
	}
	for s := range in.outward(in.scopeOf(*t)) {
		for name, value := range s.Variables {
			if _, hidden := all[name]; !hidden {
				all[name] = value
			}
		}
	}
	return all
}

// scopeOf returns the number of the scope that the work of a token sees: the one that it has opened at
// its node, else the one it is in.
func (in *Instance) scopeOf(t Token) int {
	if own := in.owned(t.Number); own != nil {
		return own.Number
	}
	return t.Scope
}

// outward goes through a scope and those around it, the root last.
func (in *Instance) outward(number int) iter.Seq[*Scope] {
	return func(yield func(*Scope) bool) {
		for s := in.scope(number); s != nil && yield(s) && s.Number != s.Parent; {
			s = in.scope(s.Parent)
		}
	}
}

// owned returns the scope that a token has opened at its node, or nil.
func (in *Instance) owned(token int) *Scope {
	for i := range in.Scopes {
		if in.Scopes[i].Token == token && in.Scopes[i].Number > 0 {
			return &in.Scopes[i]
		}
	}
	return nil
}

func (in *Instance) token(number int) *Token {
	for i := range in.Tokens {
		if in.Tokens[i].Number == number {
			return &in.Tokens[i]
		}
	}
	return nil
}

func (in *Instance) scope(number int) *Scope {
	for i := range in.Scopes {
		if in.Scopes[i].Number == number {
			return &in.Scopes[i]
		}
	}
	return nil
}

// Variable looks a name up in a scope and then outwards.
func (in *Instance) Variable(scope int, name string) (expr.Value, bool) {
	for s := range in.outward(scope) {
		if v, ok := s.Variables[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// holder returns the nearest scope outwards that has the variable, else the root: where a write
// goes (Camunda 7, AbstractVariableScope.setVariable).
func (in *Instance) holder(scope int, name string) int {
	for s := range in.outward(scope) {
		if _, ok := s.Variables[name]; ok {
			return s.Number
		}
	}
	return 0
}
