package bpmn

import "slices"

// verdict is what is done with one extension attribute or element.
type verdict uint8

const (
	executed verdict = iota // read where its element is read
	harmless                // without effect on what this version executes
	ignored                 // without effect, and a warning says so
	refused                 // would change the behaviour: the model is not deployed
)

type extension struct {
	verdict verdict
	fix     string
	// on are the only elements on which it is executed; elsewhere it is ignored. None: wherever it is
	// read.
	on []string
}

const (
	fixExternal = `Set camunda:type="external" and a camunda:topic, and let a worker fetch the jobs of that topic.`
)

// onWork are the elements whose work somebody else may do, onLoop is the marker of several instances, onSignal
// the trigger that carries variables, onCall the call of a process, the others are the triggers that catch.
var (
	onWork       = []string{"serviceTask", "sendTask", "businessRuleTask", "messageEventDefinition"}
	onResult     = append(slices.Clone(onWork), "scriptTask")
	onScript     = []string{"scriptTask", "conditionExpression"}
	onError      = []string{"errorEventDefinition"}
	onEscalation = []string{"escalationEventDefinition"}
	onCondition  = []string{"conditionalEventDefinition"}
	onLoop       = []string{"multiInstanceLoopCharacteristics"}
	onCall       = []string{"callActivity"}
	onDecision   = []string{"businessRuleTask"}
	onPassing    = []string{"signalEventDefinition", "callActivity"}
)

// extensionAttributes are the attributes of the extension namespaces. One that is not listed is
// ignored with a warning in Camunda's and Activiti's namespace and refused in ours.
var extensionAttributes = map[string]extension{
	"assignee":              {verdict: executed},
	"candidateUsers":        {verdict: executed},
	"candidateGroups":       {verdict: executed},
	"dueDate":               {verdict: executed},
	"followUpDate":          {verdict: executed},
	"priority":              {verdict: executed},
	"formKey":               {verdict: executed},
	"formRef":               {verdict: executed},
	"formRefBinding":        {verdict: executed},
	"formRefVersion":        {verdict: executed},
	"initiator":             {verdict: executed},
	"candidateStarterUsers": {verdict: executed}, "candidateStarterGroups": {verdict: executed},
	"versionTag": {verdict: executed}, "historyTimeToLive": {verdict: executed},
	"searchVariables": {verdict: executed},

	"type": {on: onWork}, "topic": {on: onWork}, "class": {on: onWork}, "delegateExpression": {on: onWork}, "expression": {on: onWork},
	"resultVariable": {on: onResult}, "resultVariableName": {on: onResult}, "function": {on: onWork},
	"errorCodeVariable": {on: onError}, "errorMessageVariable": {on: onError}, "escalationCodeVariable": {on: onEscalation},
	"variableName": {on: onCondition}, "variableEvents": {on: onCondition},
	"async": {verdict: executed}, "asyncBefore": {verdict: executed}, "asyncAfter": {verdict: executed},
	"collection": {on: onLoop}, "elementVariable": {on: onLoop},
	"calledElement": {on: onCall}, "calledElementBinding": {on: onCall}, "calledElementVersion": {on: onCall}, "calledElementVersionTag": {on: onCall},
	"jobPriority": {verdict: executed}, "taskPriority": {verdict: executed},

	// The commands of one instance run one after the other whatever exclusive says; the others are for a
	// modeler.
	"exclusive":       {verdict: harmless},
	"modelerTemplate": {verdict: harmless}, "modelerTemplateVersion": {verdict: harmless},
	"modelerTemplateIcon": {verdict: harmless}, "diagramRelationId": {verdict: harmless},

	"isStartableInTasklist": {verdict: executed},
	"formHandlerClass":      {verdict: ignored},
	"calledElementTenantId": {verdict: ignored},

	"resource":    {on: onScript},
	"decisionRef": {on: onDecision}, "decisionRefBinding": {on: onDecision}, "decisionRefVersion": {on: onDecision}, "decisionRefVersionTag": {on: onDecision},
	"mapDecisionResult": {on: onDecision}, "decisionRefTenantId": {verdict: ignored},

	"variableMappingClass":              {verdict: refused, fix: fixMappingClass},
	"variableMappingDelegateExpression": {verdict: refused, fix: fixMappingClass},
	"caseRef":                           {verdict: refused, fix: fixCase},
}

// extensionElements are the children of extensionElements in the extension namespaces; one that is
// not listed is treated as an attribute is.
var extensionElements = map[string]extension{
	"formData":         {verdict: executed},
	"formProperty":     {verdict: executed},
	"potentialStarter": {verdict: executed},
	"inputOutput":      {verdict: executed}, "failedJobRetryTimeCycle": {verdict: executed},

	"properties": {verdict: executed}, // for workers

	"approval": {on: []string{"userTask", "process"}}, "copy": {on: []string{"userTask"}}, "fields": {on: []string{"userTask", "startEvent"}},
	"request": {on: []string{"process"}}, "timeout": {on: []string{"userTask"}},

	"in": {on: onPassing}, "out": {on: onCall},

	"executionListener": {verdict: executed}, "taskListener": {on: []string{"userTask"}},
	"field": {on: onWork}, "errorEventDefinition": {on: onWork}, "connector": {on: onWork},
}

// judge finds out what is done with the extensions of an element: attributes, then children.
func (r *reader) judge(n *node, s subject) {
	for _, a := range n.attributes {
		if !extensionSpace(a.space) {
			continue
		}
		known, found := extensionAttributes[a.local]
		if known.on != nil && !slices.Contains(known.on, n.local) {
			known.verdict = ignored
		}
		r.apply(known.orUnknown(found, a.space), s, "attribute "+clip(a.local))
	}
	for _, e := range n.extensions() {
		known, found := extensionElements[e.local]
		if known.on != nil && !slices.Contains(known.on, n.local) {
			known.verdict = ignored
		}
		at := s
		at.line = e.line
		r.apply(known.orUnknown(found, e.space), at, "extension element "+clip(e.local))
	}
}

func (e extension) orUnknown(found bool, space string) extension {
	switch {
	case found:
		return e
	case space == spaceDIOM:
		return extension{verdict: refused}
	default:
		return extension{verdict: ignored}
	}
}

func (r *reader) apply(e extension, s subject, what string) {
	switch e.verdict {
	case refused:
		r.addFix(ruleUnsupportedExtension, s, e.fix,
			"the %s would change what the process does and is not executed by this version", what)
	case ignored:
		r.add(ruleIgnoredExtension, s, "the %s is ignored", what)
	}
}
