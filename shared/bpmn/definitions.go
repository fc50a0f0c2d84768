package bpmn

import (
	"maps"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

// Definitions is what one BPMN file holds that can run. It and everything it points to are never
// changed after Read, so that any number of goroutines may share it; a caller must not write to it.
type Definitions struct {
	// Processes are the executable processes in document order, at least one.
	Processes []*Process
	// Warnings are remarks that do not prevent a deployment, sorted by line.
	Warnings []fault.Detail
	// Exporter is the tool that wrote the file with its version ("Camunda Modeler 5.30.0"), or empty.
	Exporter string
}

// Process is one executable process (BPMN 2.0.2 §10.1).
type Process struct {
	// Key is the id attribute, an NCName of at most 255 bytes.
	Key           string
	Name          string
	Documentation string
	VersionTag    string
	// HistoryTimeToLive is the text of the attribute: days ("180"), an ISO 8601 duration ("P180D")
	// or empty.
	HistoryTimeToLive string
	// SearchVariables are the variables of the process scope by which instances are searched
	// (diom:searchVariables, names separated by commas).
	SearchVariables []string
	// Line is where the start tag begins; the first line of a file is 1.
	Line int
	// CandidateStarterUsers and CandidateStarterGroups are comma-separated names, always literal;
	// nil means absent.
	CandidateStarterUsers  *expr.Expression
	CandidateStarterGroups *expr.Expression
	// HiddenInTasklist is whether people are not offered to start it (isStartableInTasklist="false").
	HiddenInTasklist bool
	// Listeners are those of the start and the end of an instance, in order.
	Listeners []Listener
	// Nodes and Flows are in document order, those of sub-processes among them.
	Nodes []*FlowNode
	Flows []*SequenceFlow

	nodes map[string]*FlowNode
	flows map[string]*SequenceFlow
	// eventStarts are the start events of event sub-processes by the id of what these stand in.
	eventStarts map[string][]*FlowNode
	// approves and keepsRequests are what Approves and StarterWithdraws tell.
	approves, keepsRequests bool
	// Request is what diom:request says of the instances as requests that people make.
	Request Request
}

// Node returns the flow node with that id, or nil.
func (p *Process) Node(id string) *FlowNode { return p.nodes[id] }

// Flow returns the sequence flow with that id, or nil.
func (p *Process) Flow(id string) *SequenceFlow { return p.flows[id] }

// NoneStart returns the one start event of the process itself without a trigger, or nil.
func (p *Process) NoneStart() *FlowNode { return p.start(nil) }

// Initial returns where an instance begins that is started by the process's key: at the none start event, else at
// the first one with a timer, else at the only start event, whatever its trigger; nil where none of these is
// (Camunda 7 BpmnParse.selectInitial).
func (p *Process) Initial() *FlowNode {
	if none := p.NoneStart(); none != nil {
		return none
	}
	var all []*FlowNode
	for _, n := range p.Nodes {
		if n.Parent != nil || n.Element != ElementStartEvent {
			continue
		}
		if n.Event.Trigger == TriggerTimer {
			return n
		}
		all = append(all, n)
	}
	if len(all) != 1 {
		return nil
	}
	return all[0]
}

// Starts returns what starts an instance when it is triggered, in document order: the start events of the
// process itself, receive tasks with instantiate, and the events behind a gateway with it.
func (p *Process) Starts() []*FlowNode {
	var list []*FlowNode
	for _, n := range p.Nodes {
		if n.Parent == nil && n.Event != nil && (n.Element == ElementStartEvent || n.Begins()) {
			list = append(list, n)
		}
	}
	return list
}

// InnerStart returns the start event of a sub-process, or of one of its instances: the none start event, or,
// of an event sub-process, the one with the trigger.
func (p *Process) InnerStart(subProcess *FlowNode) *FlowNode { return p.start(subProcess) }

func (p *Process) start(parent *FlowNode) *FlowNode {
	for _, n := range p.Nodes {
		if n.Element == ElementStartEvent && idOf(n.Parent) == idOf(parent) && (n.Event == nil || n.Parent != nil && n.Parent.TriggeredByEvent) {
			return n
		}
	}
	return nil
}

// CorrelatesMessages reports whether an instance can ever wait for a message: at an intermediate or
// boundary event, a receive task, behind an event-based gateway, or to start an event sub-process.
func (p *Process) CorrelatesMessages() bool {
	for _, n := range p.Nodes {
		if n.waitsForMessage() {
			return true
		}
	}
	return false
}

// Hides reports whether a variable, or something in it, is hidden from who works on one of the tasks (diom:fields).
func (p *Process) Hides(variable string) bool {
	for _, n := range p.Nodes {
		if n.UserTask != nil && n.UserTask.Form.Rights.hides(variable) {
			return true
		}
	}
	return false
}

func (f *FlowNode) waitsForMessage() bool {
	switch f.Element {
	case ElementIntermediateCatchEvent, ElementBoundaryEvent, ElementReceiveTask, ElementStartEvent:
		return !f.startsProcess() && f.Event != nil && f.Event.Trigger == TriggerMessage
	}
	return false
}

// FlowNode is an event, an activity or a gateway (BPMN 2.0.2 §8.4.9).
type FlowNode struct {
	ID, Name, Documentation string
	Line                    int
	Element                 Element
	// Incoming and Outgoing follow the order in which the sequence flows stand in the file, which
	// is the order an exclusive gateway tries them in. The incoming and outgoing children of the
	// element are not consulted.
	Incoming, Outgoing []*SequenceFlow
	// Default is the flow taken when no condition is true, one of Outgoing, or nil. At an exclusive
	// gateway it has no condition.
	Default *SequenceFlow
	// Parent is the sub-process in which the node stands; nil: the process itself.
	Parent *FlowNode
	// TriggeredByEvent is of a sub-process that no flow leads to: the event of its one start event starts it.
	TriggeredByEvent bool
	// UserTask and StartEvent hold what only these elements have; nil for the others.
	UserTask   *UserTask
	StartEvent *StartEvent
	// Event is the trigger or the result of an event, or the message of a receive task; nil: none.
	Event *EventDefinition
	// Instantiates is whether a receive task, or an event-based gateway by the events behind it, starts an
	// instance as a start event does.
	Instantiates bool
	// Work is what somebody else does for a service, send or business rule task or a message throw
	// event; nil: nothing, a token passes.
	Work *Work
	// Call is what a call activity calls; nil at any other node.
	Call *Call
	// MultiInstance says how often an activity is done; nil: once.
	MultiInstance *MultiInstance
	// Boundary are the boundary events of an activity, in document order. A boundary event has
	// AttachedTo and Interrupting; the start event of an event sub-process has the latter.
	Boundary     []*FlowNode
	AttachedTo   *FlowNode
	Interrupting bool
	// ForCompensation says that the activity undoes another: no flow leads to it. Compensation is what
	// undoes this activity: the one that an association joins to its compensation boundary event, or
	// the event sub-process for compensation in it; nil: nothing.
	ForCompensation bool
	Compensation    *FlowNode
	// Inputs and Outputs are the mappings of camunda:inputOutput, in order. A node with any of them,
	// and a call activity, has a scope of variables of its own.
	Inputs, Outputs []Parameter
	// AsyncBefore and AsyncAfter put a job, and with it a commit, before and after the node.
	AsyncBefore, AsyncAfter bool
	// RetryCycle is camunda:failedJobRetryTimeCycle; see schedule.Retries for its value.
	RetryCycle *expr.Expression
	// Listeners are those of the node's start and end, in order; of a multi-instance activity they are at
	// each instance.
	Listeners []Listener
	// Properties are camunda:properties, for workers; nil: none.
	Properties map[string]string
	// JobPriority is that of the jobs of AsyncBefore and AsyncAfter: camunda:jobPriority of the node, else
	// of the process; nil: 0.
	JobPriority *expr.Expression
}

// Trigger is what an event waits for or does.
type Trigger uint8

// The triggers (BPMN 2.0.2 §10.5.5) that this version executes.
const (
	TriggerMessage Trigger = iota + 1
	TriggerTimer
	TriggerError
	TriggerTerminate
	TriggerLink
	TriggerEscalation
	TriggerSignal
	TriggerCompensation
	TriggerCancel
	TriggerConditional
)

// EventDefinition is the one trigger of an event.
type EventDefinition struct {
	Trigger Trigger
	// Message is the name of the message, of TriggerMessage. At a start event it is literal.
	Message *expr.Expression
	// Signal is the name of the signal, of TriggerSignal. At a start event it is literal.
	Signal *expr.Expression
	// SignalVariables are what a thrown signal carries, SignalKey the business key of the instances that
	// it starts, or nil.
	SignalVariables []SignalVariable
	SignalKey       *expr.Expression
	// Timer, of TriggerTimer.
	Timer *Timer
	// ErrorCode, of TriggerError: what is thrown or caught; empty at a catching event: every error.
	ErrorCode string
	// ErrorMessage is the message of an error that is thrown, or nil.
	ErrorMessage *expr.Expression
	// EscalationCode, of TriggerEscalation, is as ErrorCode.
	EscalationCode string
	// Condition, of TriggerConditional, is what has to become true. VariableName and VariableEvents, unless they are
	// empty, say at which changes of variables it is looked at; see Heeds.
	Condition      *expr.Expression
	VariableName   string
	VariableEvents []string
	// CodeVariable and MessageVariable receive what a catching error or escalation event has caught;
	// empty: none.
	CodeVariable, MessageVariable string
	// Link, of TriggerLink, is the name that the throwing and the catching event have. A sequence flow
	// without an id, which only their Outgoing and Incoming have, leads from the one to the other.
	Link string
	// ActivityRef, of TriggerCompensation, is the id of the activity to compensate; empty: all beside the event.
	ActivityRef string
}

// TimerKind says how the value of a timer is read.
type TimerKind uint8

// The kinds of timer: timeDate, timeDuration and timeCycle.
const (
	TimerDate TimerKind = iota + 1
	TimerDuration
	TimerCycle
)

// Timer says when a timer event is due. A literal value has been checked with package schedule.
type Timer struct {
	Kind  TimerKind
	Value *expr.Expression
}

// Work is what is done outside of the engine as a job, or by an expression inside.
type Work struct {
	// Topic is what workers fetch jobs by: camunda:topic, or the name of a class or bean. Nil when
	// Expression is set.
	Topic *expr.Expression
	// Priority of the job: camunda:taskPriority of the node, else of the process; nil: 0.
	Priority *expr.Expression
	// Expression is camunda:expression; its value goes to ResultVariable, if there is one.
	Expression     *expr.Expression
	ResultVariable string
	// Bean is set when Expression is a call that may be a job.
	Bean *BeanCall
	// Locals are variables of the job's own: the fields of a class, the text of a script.
	Locals []Parameter
	// Decision is what a business rule task decides; its result goes to ResultVariable, if there is one.
	Decision *DecisionCall
	// Results are evaluated when the job is done, before the outputs of the node: those of a connector.
	Results []Parameter
	// Errors are the conditions under which a worker's answer is a BPMN error.
	Errors []WorkError
}

// Parameter is an input or output parameter: a name and where its value comes from. Exactly one of
// Value, List and Entries is set; none means null.
type Parameter struct {
	Name  string
	Value *expr.Expression
	// List has the values of a camunda:list; their names are empty.
	List []Parameter
	// Entries are those of a camunda:map, by their keys.
	Entries []Parameter
}

// UserTask is what a user task adds to a flow node (BPMN 2.0.2 §10.3.4.1). A nil expression is an
// absent attribute.
type UserTask struct {
	// Name is the name attribute as a template; FlowNode.Name is its text.
	Name *expr.Expression
	// Assignee gives one username: camunda:assignee or the humanPerformer.
	Assignee *expr.Expression
	// CandidateUsers and CandidateGroups give comma-separated names or, when the whole attribute is
	// one expression, a list: the camunda attributes with the potentialOwners appended.
	CandidateUsers, CandidateGroups *expr.Expression
	// DueDate and FollowUpDate give a date, ISO 8601 text of one, or a duration from now.
	DueDate, FollowUpDate *expr.Expression
	// Priority gives an integer; without it the priority is 50.
	Priority *expr.Expression
	// Listeners are the task listeners, in order.
	Listeners []Listener
	// Approval is the policy of diom:approval; nil: none.
	Approval *Approval
	// Timeouts are what happens when it takes too long.
	Timeouts []Timeout
	// CopyTo gives the usernames of those who are told when the task is decided; nil: nobody.
	CopyTo *expr.Expression
	Form
}

// StartEvent is what a start event adds to a flow node (BPMN 2.0.2 §10.5.2).
type StartEvent struct {
	// Initiator names the variable that receives the username of the starter; empty means none.
	Initiator string
	// BusinessKey is the id of the form field whose value becomes the business key of a new instance, unless
	// the start gives one; empty: none.
	BusinessKey string
	Form
}

// Submitted returns the variables that values set which are given by the ids of fields.
func (f *Form) Submitted(values map[string]expr.Value) map[string]expr.Value {
	all := maps.Clone(values)
	for _, field := range f.FormFields {
		if value, given := values[field.ID]; given && field.Variable != "" && field.Variable != field.ID {
			delete(all, field.ID)
			all[field.Variable] = value
		}
	}
	return all
}

// Form says how a user task or a start event is filled in: a key, a reference or fields, of which
// FormKey and FormRef exclude each other.
type Form struct {
	FormKey string
	// FormRef is the id of a form; FormRefBinding is latest, deployment or version (empty: latest),
	// and FormRefVersion is used by the last of these.
	FormRef, FormRefBinding, FormRefVersion string
	// RefExpression is the FormRef where that is an expression; nil where it is not.
	RefExpression *expr.Expression
	// FormFields are the fields of camunda:formData or of activiti's formProperty, in order.
	FormFields []FormField
	// Rights are those of diom:fields; nil: none, every field may be written.
	Rights *FieldRights
}

// FormField is one field of a generated form.
type FormField struct {
	ID, Label string
	// Variable is the name of the variable that the field sets; empty: its id.
	Variable string
	// Type is string, long, date, boolean, enum or a custom name.
	Type        string
	DatePattern string
	// DefaultValue is nil when absent.
	DefaultValue *expr.Expression
	// Values are the choices of an enum.
	Values []FormValue
	// Constraints are required, readonly, min, max, minlength, maxlength, in order.
	Constraints []FormConstraint
}

// FormValue is one choice of an enum field.
type FormValue struct{ ID, Name string }

// FormConstraint is one rule for the value of a field; Config is its operand or empty.
type FormConstraint struct{ Name, Config string }

// SequenceFlow leads a token from one flow node to another of the same process (BPMN 2.0.2 §8.4.13).
type SequenceFlow struct {
	ID, Name       string
	Line           int
	Source, Target *FlowNode
	// Condition is nil when there is none; it holds at least one expression.
	Condition *expr.Expression
	// Listeners are those of take, in order.
	Listeners []Listener
}
