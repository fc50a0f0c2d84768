package bpmn

// codeRules are those about listeners, scripts and beans.
var codeRules = map[string]Rule{
	ruleListener: {
		Reason: "the listener has no event that its element has, or nothing to do",
		Fix:    "Set event and expression; a timeout listener also has an id and a timerEventDefinition.",
	},
	ruleBean: {
		Reason: "the expression calls a bean, an object of a Java program, and nothing can answer here",
		Fix:    "Compute the value in a task before, and read the variable; a service task may call ${bean.method(…)}, which is a job for a worker.",
	},
	ruleLoopMaximum: {
		Reason: "the loopMaximum of the standard loop is not a whole number of at least 1",
		Fix:    "Write such a number, or remove it.",
	},
	ruleLoopOnce: {
		Reason:  "the activity is done once: its standard loop has neither a loopCondition nor a loopMaximum",
		Fix:     "Add a loopCondition such as ${again}, or set loopMaximum.",
		Warning: true,
	},
	ruleNoReceived: {
		Reason:  "the receive task names no message: it waits until its execution is told to go on",
		Fix:     "Name the message in messageRef, unless POST /engine-rest/execution/{id}/signal is what shall end it.",
		Warning: true,
	},
	ruleResource: {
		Reason: "the file is not in the deployment",
		Fix:    "Deploy it together with the model.",
	},
}
