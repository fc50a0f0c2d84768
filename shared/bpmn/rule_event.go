package bpmn

// eventRules are those about events, jobs, mappings and multi-instance markers.
var eventRules = map[string]Rule{
	ruleNotAttached: {
		Reason: "the boundary event is attached to no activity",
		Fix:    "Put the event on the border of a task or sub-process of the same process or sub-process.",
	},
	ruleBoundaryIncoming: {
		Reason: "a sequence flow leads to the boundary event",
		Fix:    "Lead the flow to the node after the event.",
	},
	ruleErrorInterrupts: {
		Reason:  `the error boundary event interrupts its activity though it says cancelActivity="false"`,
		Fix:     "Remove the attribute cancelActivity; an error always ends the activity.",
		Warning: true,
	},
	ruleSeveralTriggers: {
		Reason: "the event has more than one trigger",
		Fix:    "Draw one event for each trigger; an event-based gateway waits for the first of several.",
	},
	ruleNoTrigger: {
		Reason: "the event waits for nothing: it has no trigger",
		Fix:    "Give it a message, a signal, a timer or a condition; on the border of an activity also an error or compensation, of a sub-process or a call activity or user task an escalation, of a transaction cancel.",
	},
	ruleMisplacedTrigger: {
		Reason: "the trigger cannot stand at this event",
		Fix: "Start events take a message, a signal, a timer or a condition, in an event sub-process also an error or an escalation, intermediate catch events also a link, boundary events a message, a signal, a timer, a condition, an error, an escalation, compensation or cancel; " +
			"intermediate throw events take a message, a signal, an escalation, compensation or a link, end events a message, a signal, an error, an escalation, compensation, cancel or terminate.",
	},
	ruleInnerTrigger: {
		Reason: "the start event of the sub-process has a trigger",
		Fix:    `Remove the trigger and put an intermediate event behind the start event, or make it an event sub-process with triggeredByEvent="true".`,
	},
	ruleNoMessage: {
		Reason: "the node waits for a message, but names none",
		Fix:    "Add a message with a name to the file and refer to its id in messageRef.",
	},
	ruleMessageName: {
		Reason: "the message has no name, or one of more than 255 characters",
		Fix:    "Give the message a name; messages are correlated by it.",
	},
	ruleStartMessage: {
		Reason: "the name of the start event's message is an expression, but nothing is known before the start",
		Fix:    "Write the name without ${…}.",
	},
	ruleSameMessage: {
		Reason: "two nodes wait for the same message at the same time",
		Fix:    "Give the messages different names, or let one node wait and a gateway after it choose the way.",
	},
	ruleNoSignal: {
		Reason: "the signal event names no signal",
		Fix:    "Add a signal with a name to the file and refer to its id in signalRef.",
	},
	ruleSignalName: {
		Reason: "the signal has no name, or one of more than 255 characters",
		Fix:    "Give the signal a name; everybody who waits for that name receives it.",
	},
	ruleStartSignal: {
		Reason: "the name of the start event's signal is an expression, but nothing is known before the start",
		Fix:    "Write the name without ${…}.",
	},
	ruleSameSignal: {
		Reason: "two nodes wait for the same signal at the same time",
		Fix:    "Give the signals different names, or let one node wait and a gateway after it split the way.",
	},
	ruleSignalPayload: {
		Reason: "the camunda:in of the signal has not exactly one of source, sourceExpression, businessKey and variables=\"all\"",
		Fix:    "Write source or sourceExpression with a target, variables=\"all\", or businessKey.",
	},
	ruleNothingThrown: {
		Reason:  "the message event sends nothing: it has no messageRef and no implementation",
		Fix:     "Name the message in messageRef, or remove the messageEventDefinition.",
		Warning: true,
	},
	ruleTimer: {
		Reason: "the timer has not exactly one timeDate, timeDuration or timeCycle, or its value cannot be read",
		Fix:    "Write one of timeDate (2026-12-01T08:00:00), timeDuration (PT15M) and timeCycle (R3/PT1H or 0 0 8 ? * MON-FRI), or an expression ${…}.",
	},
	ruleNoErrorCode: {
		Reason: "the error end event throws an error without a code",
		Fix:    "Refer to an error of the file that has an errorCode.",
	},
	ruleSameError: {
		Reason:  "two events of an activity catch the same error; the first one always wins",
		Fix:     "Remove one, or give it another errorRef.",
		Warning: true,
	},
	ruleNoWork: {
		Reason: "nothing says who does the work of the task",
		Fix:    `Set camunda:type="external" and a camunda:topic, or a camunda:expression.`,
	},
	ruleTopic: {
		Reason: "the external task has no topic, or one of more than 255 characters",
		Fix:    "Set camunda:topic to the name that the worker fetches jobs by.",
	},
	ruleWorkerNeeded: {
		Reason:  "the Java class or bean does not run here; its name is the topic of a job",
		Fix:     "Let a worker fetch the jobs with that topic.",
		Warning: true,
	},
	ruleRetries: {
		Reason: "the failedJobRetryTimeCycle cannot be read",
		Fix:    "Write a number of times and a duration (R5/PT5M), a list of durations (PT1M,PT5M), or an expression ${…}.",
	},
	ruleMappingPlace: {
		Reason: "the element cannot have these input or output parameters",
		Fix:    "Put them on a task, a sub-process or an intermediate event; an end event takes input parameters only.",
	},
	ruleMapping: {
		Reason: "the parameter has no name, more than one value, or an entry whose key is missing or an expression",
		Fix:    "Give each parameter a name and one value: text, a camunda:list, a camunda:map or a camunda:script.",
	},
	ruleGatewayTarget: {
		Reason: "the event-based gateway leads to something that is no intermediate catch event",
		Fix:    "Put an intermediate catch event with a message, a signal, a timer or a condition behind the gateway.",
	},
	ruleGatewayShared: {
		Reason: "other sequence flows lead to an event behind the event-based gateway",
		Fix:    "Lead them to the node after the event, or to an event of their own.",
	},
	ruleConditionIgnored: {
		Reason:  "the condition of a flow out of a parallel or event-based gateway is ignored",
		Fix:     "Remove the condition, or use an inclusive gateway.",
		Warning: true,
	},
	ruleLoopPlace: {
		Reason: "the multi-instance marker is not the one marker of a task or sub-process",
		Fix:    "Keep one marker, and only at a task or a sub-process.",
	},
	ruleLoopCount: {
		Reason: "nothing says how many instances the multi-instance activity has",
		Fix:    "Add a loopCardinality, or name the collection in camunda:collection or loopDataInputRef.",
	},
	ruleLoopCardinality: {
		Reason: "the loopCardinality is not a whole number from 0 to 1000",
		Fix:    "Write such a number, or an expression ${…} that gives one.",
	},
	ruleLoopElement: {
		Reason: "the element variable has no collection or no name of its own",
		Fix:    "Name the collection in camunda:collection, and give the variable a name such as approver.",
	},
}
