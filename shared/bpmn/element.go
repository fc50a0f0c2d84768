package bpmn

import (
	"cmp"
	"slices"
)

// Element is a kind of flow node that this version executes.
type Element uint8

// The elements, named Element… because StartEvent and UserTask are the types of what these add.
const (
	ElementStartEvent Element = iota + 1
	ElementEndEvent
	ElementUserTask
	ElementExclusiveGateway
	ElementParallelGateway
	ElementInclusiveGateway
	ElementEventBasedGateway
	ElementSubProcess
	ElementTask
	ElementManualTask
	ElementServiceTask
	ElementSendTask
	ElementReceiveTask
	ElementBusinessRuleTask
	ElementIntermediateCatchEvent
	ElementIntermediateThrowEvent
	ElementBoundaryEvent
	ElementTransaction
	ElementCallActivity
	ElementScriptTask
)

// String returns the local name of the element in BPMN XML ("userTask").
func (e Element) String() string {
	for name, k := range elements {
		if k.element == e && e != 0 {
			return name
		}
	}
	return "unknown"
}

// isActivity reports whether the element is a task, a sub-process or a call activity.
func (e Element) isActivity() bool {
	switch e {
	case ElementUserTask, ElementSubProcess, ElementTransaction, ElementTask, ElementManualTask, ElementServiceTask, ElementSendTask,
		ElementReceiveTask, ElementBusinessRuleTask, ElementCallActivity, ElementScriptTask:
		return true
	}
	return false
}

// Embeds reports whether flow nodes stand in the element.
func (e Element) Embeds() bool { return e == ElementSubProcess || e == ElementTransaction }

// escalates reports whether an escalation can come out of an activity.
func (e Element) escalates() bool {
	return e.Embeds() || e == ElementCallActivity || e == ElementUserTask
}

// Signalled reports whether somebody may tell a token at the element to go on (Camunda 7,
// SignallableActivityBehavior).
func (e Element) Signalled() bool {
	switch e {
	case ElementReceiveTask, ElementUserTask, ElementServiceTask, ElementSendTask, ElementBusinessRuleTask, ElementIntermediateCatchEvent:
		return true
	}
	return false
}

// Works reports whether the element is done by a worker or an expression (FlowNode.Work).
func (e Element) Works() bool {
	return e == ElementServiceTask || e == ElementSendTask || e == ElementBusinessRuleTask || e == ElementScriptTask
}

// chooses reports whether the element may have a default flow.
func (e Element) chooses() bool {
	return e.isActivity() || e == ElementExclusiveGateway || e == ElementInclusiveGateway
}

// holds returns what may stand in the element.
func (e Element) holds() position {
	switch {
	case e.Embeds():
		return inNode | inProcess
	case e.isEvent():
		return inNode | inEvent
	}
	return inNode
}

// position is a set of places where an element may stand; deeper ones are not looked into.
type position uint8

const (
	inDefinitions position = 1 << iota
	inProcess              // or in a sub-process
	inNode
	inEvent
	inFlow
	inLoop

	nowhere  position = 0
	anywhere          = inDefinitions | inProcess | inNode | inFlow | inLoop
)

// kind is what is known of one element of BPMN.
type kind struct {
	// element and read are set for flow nodes that are executed; read takes what only this element
	// has. (It must not walk children through this table, which would be an initialization cycle.)
	element Element
	read    func(*reader, *node, *FlowNode)
	// kept is where the element is read or does no harm, refused where it would be dropped silently.
	kept, refused position
	// what names a refused element, or what of an executed one is executed; fix is what to do instead,
	// more precise than the rule's general advice.
	what, fix string
}

const (
	fixTask       = "Model the step as a user task, or as a service task that a worker serves."
	fixGateway    = "Use exclusive gateways, one decision after the other."
	fixEvent      = "Remove the event; let a user task stand for the wait."
	fixContainer  = "Draw its content in the process itself, or in an embedded sub-process."
	fixLoopOutput = "Remove it; let each instance set a variable of the process whose name it knows by loopCounter."
)

// elements is the one table of BPMN 2.0.2's elements by local name. Adding an element to the engine
// means giving it an Element and a read function here.
var elements = map[string]kind{
	"startEvent":             {element: ElementStartEvent, read: readStartEvent, kept: inProcess, what: "without a trigger, or with a message, a signal, a timer or a condition; of an event sub-process also with an error or an escalation"},
	"endEvent":               {element: ElementEndEvent, read: readEvent, kept: inProcess, what: "without a trigger, or with a message, a signal, an error, an escalation, compensation or terminate; in a transaction also cancel"},
	"intermediateCatchEvent": {element: ElementIntermediateCatchEvent, read: readEvent, kept: inProcess, what: "with a message, a signal, a timer, a condition or a link"},
	"intermediateThrowEvent": {element: ElementIntermediateThrowEvent, read: readEvent, kept: inProcess, what: "without a trigger, or with a message, a signal, an escalation, compensation or a link"},
	"boundaryEvent":          {element: ElementBoundaryEvent, read: readBoundaryEvent, kept: inProcess, what: "with a message, a signal, a timer, a condition, an error or compensation; on a sub-process or a call activity or user task also an escalation, on a transaction also cancel"},
	"userTask":               {element: ElementUserTask, read: readUserTask, kept: inProcess},
	"task":                   {element: ElementTask, read: readNothing, kept: inProcess, what: "a token passes it"},
	"manualTask":             {element: ElementManualTask, read: readNothing, kept: inProcess, what: "a token passes it"},
	"serviceTask":            {element: ElementServiceTask, read: readWork, kept: inProcess, what: "a job for a worker, or an expression"},
	"businessRuleTask":       {element: ElementBusinessRuleTask, read: readRuleTask, kept: inProcess, what: "a DMN decision, a job for a worker, or an expression"},
	"sendTask":               {element: ElementSendTask, read: readSendTask, kept: inProcess, what: "a job for a worker, an expression, or a message"},
	"receiveTask":            {element: ElementReceiveTask, read: readReceiveTask, kept: inProcess},
	"subProcess":             {element: ElementSubProcess, read: readSubProcess, kept: inProcess, what: "embedded, or started by an event (triggeredByEvent)"},
	"transaction":            {element: ElementTransaction, read: readNothing, kept: inProcess, what: "as a sub-process that a cancel end event undoes"},
	"callActivity":           {element: ElementCallActivity, read: readCallActivity, kept: inProcess, what: "a process: its latest version, one of the same deployment, or one by version or version tag; not a case"},
	"exclusiveGateway":       {element: ElementExclusiveGateway, read: readNothing, kept: inProcess},
	"parallelGateway":        {element: ElementParallelGateway, read: readNothing, kept: inProcess},
	"inclusiveGateway":       {element: ElementInclusiveGateway, read: readNothing, kept: inProcess},
	"eventBasedGateway":      {element: ElementEventBasedGateway, read: readEventBasedGateway, kept: inProcess, what: "exclusive; with instantiate the events behind it start an instance"},
	"sequenceFlow":           {kept: inProcess},
	"process":                {kept: inDefinitions},

	"scriptTask":      {element: ElementScriptTask, read: readScriptTask, kept: inProcess, what: "in JUEL or FEEL, or in a language that the site binds to a worker"},
	"script":          {kept: inNode},
	"adHocSubProcess": {refused: inProcess, what: "an ad-hoc sub-process", fix: fixContainer},
	"complexGateway":  {refused: inProcess, what: "a complex gateway", fix: fixGateway},

	"implicitThrowEvent": {refused: inProcess, what: "an implicit throw event", fix: fixEvent},
	"event":              {refused: inProcess, what: "an abstract event", fix: fixEvent},

	"choreographyTask":       {refused: inProcess, what: "a choreography task", fix: fixTask},
	"subChoreography":        {refused: inProcess, what: "a sub-choreography", fix: fixContainer},
	"callChoreography":       {refused: inProcess, what: "a call of a choreography", fix: fixContainer},
	"choreography":           {refused: inDefinitions, what: "a choreography", fix: "Model the process of one participant."},
	"globalChoreographyTask": {refused: inDefinitions, what: "a global choreography task", fix: fixTask},

	"globalTask":             {refused: inDefinitions, what: "a global task", fix: fixTask},
	"globalUserTask":         {refused: inDefinitions, what: "a global user task", fix: fixTask},
	"globalManualTask":       {refused: inDefinitions, what: "a global manual task", fix: fixTask},
	"globalScriptTask":       {refused: inDefinitions, what: "a global script task", fix: fixTask},
	"globalBusinessRuleTask": {refused: inDefinitions, what: "a global business rule task", fix: fixTask},

	// An event definition among the definitions is a declaration that only eventDefinitionRef uses.
	"messageEventDefinition":     {kept: inDefinitions | inEvent},
	"timerEventDefinition":       {kept: inDefinitions | inEvent},
	"errorEventDefinition":       {kept: inDefinitions | inEvent},
	"terminateEventDefinition":   {kept: inDefinitions | inEvent},
	"signalEventDefinition":      {kept: inDefinitions | inEvent},
	"escalationEventDefinition":  {kept: inDefinitions | inEvent},
	"conditionalEventDefinition": {kept: inDefinitions | inEvent, what: "looked at when the event begins to wait and at each change of a variable that it sees; start events of a process only on request"},
	"compensateEventDefinition":  {kept: inDefinitions | inEvent},
	"cancelEventDefinition":      {kept: inDefinitions | inEvent},
	"linkEventDefinition":        {kept: inDefinitions | inEvent},
	"eventDefinitionRef":         {refused: inEvent, what: "a reference to a trigger", fix: "Write the event definition into the event itself."},

	"standardLoopCharacteristics": {kept: inNode, what: "with a loopCondition, a loopMaximum, or both"},
	"loopCondition":               {kept: inLoop},
	"multiInstanceLoopCharacteristics": {kept: inNode,
		what: "at every task, sub-process and call activity, parallel or sequential, over a collection or a number, with a completion condition"},
	"loopCardinality":           {kept: inLoop},
	"loopDataInputRef":          {kept: inLoop},
	"inputDataItem":             {kept: inLoop},
	"completionCondition":       {kept: inLoop},
	"loopDataOutputRef":         {refused: inLoop, what: "a collection of results", fix: fixLoopOutput},
	"outputDataItem":            {refused: inLoop, what: "a result of an instance", fix: fixLoopOutput},
	"complexBehaviorDefinition": {refused: inLoop, what: "an event of single instances", fix: "Throw the event inside of a sub-process that has the marker."},

	"documentation":       {kept: anywhere},
	"extensionElements":   {kept: anywhere},
	"conditionExpression": {kept: inFlow},
	"incoming":            {kept: inNode},
	"outgoing":            {kept: inNode},
	"categoryValueRef":    {kept: inProcess | inNode | inFlow},
	"auditing":            {kept: inProcess | inNode | inFlow},
	"monitoring":          {kept: inProcess | inNode | inFlow},

	"humanPerformer": {kept: inProcess | inNode},
	"potentialOwner": {kept: inProcess | inNode},
	"performer":      {kept: inProcess | inNode},
	"resourceRole":   {kept: inProcess | inNode},
	"rendering":      {kept: inNode},

	"property":              {kept: inProcess | inNode},
	"ioSpecification":       {kept: inProcess | inNode},
	"dataInputAssociation":  {kept: inNode},
	"dataOutputAssociation": {kept: inNode},
	"dataInput":             {kept: inNode},
	"dataOutput":            {kept: inNode},
	"inputSet":              {kept: inNode},
	"outputSet":             {kept: inNode},

	"laneSet":                 {kept: inProcess},
	"association":             {kept: inProcess, what: "joins a compensation event to its handler"},
	"group":                   {kept: inProcess},
	"textAnnotation":          {kept: inProcess},
	"artifact":                {kept: inProcess},
	"dataObject":              {kept: inProcess},
	"dataObjectReference":     {kept: inProcess},
	"dataStoreReference":      {kept: inProcess},
	"ioBinding":               {kept: inProcess},
	"supports":                {kept: inProcess},
	"supportedInterfaceRef":   {kept: inProcess},
	"correlationSubscription": {kept: inProcess},

	"import":              {kept: inDefinitions},
	"extension":           {kept: inDefinitions},
	"relationship":        {kept: inDefinitions},
	"itemDefinition":      {kept: inDefinitions},
	"message":             {kept: inDefinitions},
	"signal":              {kept: inDefinitions},
	"error":               {kept: inDefinitions},
	"escalation":          {kept: inDefinitions},
	"dataStore":           {kept: inDefinitions},
	"category":            {kept: inDefinitions},
	"interface":           {kept: inDefinitions},
	"resource":            {kept: inDefinitions},
	"endPoint":            {kept: inDefinitions},
	"partnerEntity":       {kept: inDefinitions},
	"partnerRole":         {kept: inDefinitions},
	"correlationProperty": {kept: inDefinitions},
	"collaboration":       {kept: inDefinitions},
	"globalConversation":  {kept: inDefinitions},
}

// Support is what this version does with one element of BPMN: it executes it (What says how far), refuses
// the model (What and Fix say why and what to do), or reads over it.
type Support struct {
	Name              string
	Executed, Refused bool
	What, Fix         string
}

// otherExecuted are the elements that are executed and neither flow nodes nor triggers.
var otherExecuted = []string{
	"sequenceFlow", "process", "conditionExpression", "message", "error", "escalation", "signal",
	"multiInstanceLoopCharacteristics", "loopCardinality", "loopDataInputRef", "inputDataItem", "completionCondition", "association",
	"script", "standardLoopCharacteristics", "loopCondition",
}

// Supports lists every known element by name, for the generated documentation.
func Supports() []Support {
	list := make([]Support, 0, len(elements))
	for name, k := range elements {
		executed := k.element != 0 || k.kept&inEvent != nowhere || slices.Contains(otherExecuted, name)
		list = append(list, Support{Name: name, Executed: executed, Refused: k.refused != nowhere, What: k.what, Fix: k.fix})
	}
	slices.SortFunc(list, func(a, b Support) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
