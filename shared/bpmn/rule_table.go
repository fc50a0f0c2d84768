package bpmn

// fileRules are those about the file and its elements.
var fileRules = map[string]Rule{
	ruleNotBPMN: {
		Reason: "the root element is not the definitions of BPMN 2.0",
		Fix:    "Export the model as BPMN 2.0 XML; its root is definitions in the namespace " + spaceBPMN + ".",
	},
	ruleNoExecutable: {
		Reason: "the file has no executable process",
		Fix:    `Set isExecutable="true" on the process (in the modeler: the process's property “Executable”).`,
	},
	ruleNotExecutable: {
		Reason:  `the process is skipped because it is not marked isExecutable="true"`,
		Fix:     `Set isExecutable="true" if the process shall run.`,
		Warning: true,
	},
	ruleMissingID: {
		Reason: "the element has no id",
		Fix:    "Give it an id that is unique in the file.",
	},
	ruleInvalidID: {
		Reason: "the id is not an XML name without a colon of at most 255 bytes",
		Fix:    "Begin with a letter or _ and go on with letters, digits, - _ and dots; Chinese characters are letters.",
	},
	ruleDuplicateID: {
		Reason: "the id is used twice in the file",
		Fix:    "Give one of the two elements another id.",
	},
	ruleDuplicateKey: {
		Reason: "two processes of the file have the same id",
		Fix:    "Give every process its own id; it is the key that instances are started by.",
	},
	ruleUnsupportedElement: {
		Reason: "the element is not executed by this version",
		Fix:    "Remove it or model it with the elements that are executed.",
	},
	ruleUnknownElement: {
		Reason: "BPMN 2.0 has no such element at this place",
		Fix:    "Remove it, or put it into extensionElements with a namespace of its own.",
	},
	ruleMore: {
		Reason: "the list is cut",
		Fix:    "Correct these first.",
	},
}

// extensionRules are those about attributes, expressions and forms.
var extensionRules = map[string]Rule{
	ruleUnsupportedAttribute: {
		Reason: "the attribute asks for something that this version does not execute",
		Fix:    "Remove the attribute.",
	},
	ruleUnsupportedExtension: {
		Reason: "the extension would change what the process does and is not executed by this version",
		Fix:    "Remove it from the element.",
	},
	ruleIgnoredExtension: {
		Reason:  "the extension is ignored",
		Fix:     "Remove it if nothing else reads it.",
		Warning: true,
	},
	ruleForeignExtension: {
		Reason:  "extensions of another engine are ignored",
		Fix:     "Write what shall be executed in the namespace " + spaceCamunda + ".",
		Warning: true,
	},
	ruleUnsupportedLanguage: {
		Reason: "the expression is neither in JUEL nor in FEEL",
		Fix:    "Write it as ${…} and remove the language attribute, or write FEEL and language=\"feel\".",
	},
	ruleBadExpression: {
		Reason: "the expression has a syntax error",
		Fix:    "Correct the expression at the place named.",
	},
	ruleFormKeyAndRef: {
		Reason: "the element has both a formKey and a formRef",
		Fix:    "Keep one of the two.",
	},
	ruleFormRef: {
		Reason: "the formRefBinding is none of latest, deployment and version, or its version is missing",
		Fix:    "Set formRefBinding to latest or deployment, or to version with a formRefVersion.",
	},
	ruleFormField: {
		Reason: "a form field has no id, or the id of another field of the form",
		Fix:    "Give every field of the form its own id.",
	},
	ruleTwoAssignees: {
		Reason: "the user task has more than one assignee",
		Fix:    "Keep the assignee attribute or one humanPerformer.",
	},
	ruleAssignment: {
		Reason: "the performer or owner has no resourceAssignmentExpression with a formalExpression",
		Fix:    "Add one, or use the attributes assignee, candidateUsers and candidateGroups.",
	},
	ruleStarterExpression: {
		Reason: "the candidate starters are an expression, but nothing is known before the start",
		Fix:    "List usernames or groups.",
	},
	rulePriority: {
		Reason: "the priority is not an integer",
		Fix:    "Write a whole number or an expression that gives one.",
	},
	ruleTimeToLive: {
		Reason: "the historyTimeToLive is neither a number of days nor a duration such as P180D",
		Fix:    "Write the number of days.",
	},
}

// flowRules are those about sequence flows, gateways and the whole.
var flowRules = map[string]Rule{
	ruleLiteralCondition: {
		Reason: "the condition is plain text and can be neither true nor false",
		Fix:    "Write the condition as ${…}.",
	},
	ruleEmptyCondition: {
		Reason:  "the condition is empty; the flow counts as one without a condition",
		Fix:     "Write the condition, or remove the empty conditionExpression.",
		Warning: true,
	},
	ruleDanglingFlow: {
		Reason: "the sequence flow does not lead from one flow node to another",
		Fix:    "Connect both ends of the arrow to flow nodes of the same process.",
	},
	ruleCrossingFlow: {
		Reason: "the sequence flow leaves its process or sub-process",
		Fix:    "Join pools by a message flow; a sequence flow stays inside one process, and inside one sub-process: lead it to the sub-process itself.",
	},
	ruleNoStart: {
		Reason: "the process or sub-process has no start event",
		Fix:    "Add a start event and lead its flow to the first step.",
	},
	ruleSeveralStarts: {
		Reason: "the process or sub-process has several start events without a trigger",
		Fix:    "Keep one, and let an exclusive gateway after it choose the way.",
	},
	ruleStartIncoming: {
		Reason: "a sequence flow leads to the start event",
		Fix:    "Lead the flow to the node after the start event.",
	},
	ruleEndOutgoing: {
		Reason: "a sequence flow leaves the end event",
		Fix:    "Remove the flow, or replace the end event by another node.",
	},
	ruleUnreachable: {
		Reason:  "no path from the start event leads to the node",
		Fix:     "Connect it to the flow, or remove it.",
		Warning: true,
	},
	ruleNoEnd: {
		Reason:  "a token that is here can never reach an end",
		Fix:     "Add a way out of the loop.",
		Warning: true,
	},
	ruleNoOutgoing: {
		Reason: "the gateway has no outgoing sequence flow",
		Fix:    "Add one, or end the path with an end event.",
	},
	ruleSingleCondition: {
		Reason: "the only flow out of the exclusive gateway has a condition",
		Fix:    "Remove the condition, or add a flow for the other case.",
	},
	ruleUnconditioned: {
		Reason: "the flow out of the exclusive gateway has no condition and is not the default flow",
		Fix:    "Give it a condition; at most the default flow goes without one.",
	},
	ruleImplicitDefault: {
		Reason:  "the only flow without a condition is taken as the default flow of the exclusive gateway",
		Fix:     "Mark it as the default flow.",
		Warning: true,
	},
	ruleDefaultCondition: {
		Reason: "the default flow of the exclusive gateway has a condition",
		Fix:    "Remove the condition; the default flow is taken when no other is.",
	},
	ruleDefaultIgnored: {
		Reason:  "the condition of the activity's default flow is ignored",
		Fix:     "Remove the condition.",
		Warning: true,
	},
	ruleDefaultNotOutgoing: {
		Reason: "the default flow does not leave the node",
		Fix:    "Name one of the outgoing sequence flows in the attribute default, or remove it.",
	},
}
