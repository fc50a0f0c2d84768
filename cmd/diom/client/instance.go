package client

import "net/http"

// onInstance describes an operation on an instance.
func onInstance(name, short, example string, fields ...field) command {
	return command{
		use: name + " <instance>", short: short, example: "diom instance " + name + " " + exampleID + example,
		method: http.MethodPost, path: "/api/v1/instances/{instance}/" + name, fields: fields, view: stepView(),
	}
}

// ofInstanceView describes a command that reads one aspect of an instance.
func ofInstanceView(name, short, items string) command {
	return command{
		use: name + " <instance>", short: short, example: "diom instance " + name + " " + exampleID,
		method: http.MethodGet, path: "/api/v1/instances/{instance}/" + name, view: view("items", items),
	}
}

func instances() noun {
	reason := field{name: "reason", key: "reason", usage: "`text` for those who read the timeline"}
	history := ofInstanceView("history", "Show the steps of an instance", "seq at actor command changes")
	history.pages = true
	history.fields = []field{{name: "after", key: "after", kind: number, query: true, usage: "begin after this `step`"}}
	variables := ofInstanceView("variables", "Show the variables of an instance", "")
	variables.run = showVariables
	return noun{"instance", "Look at process instances and operate on them", append([]command{
		{
			use: "list", short: "List instances", example: "diom instance list --state active\ndiom instance list --view all --process leave --limit 200",
			method: http.MethodGet, path: "/api/v1/instances", pages: true, view: view("items", instanceColumns),
			fields: []field{
				{name: "view", key: "view", query: true, usage: "`whose`: mine, department (of those that you head), or all for operators and auditors", values: []string{"mine", "department", "all"}},
				{name: "state", key: "state", query: true, usage: "in this `state`: active, suspended, completed, cancelled or failed", values: []string{"active", "suspended", "completed", "cancelled", "failed"}},
				ofProcess(),
				{name: "business-key", key: "businessKey", query: true, usage: "with this business `key`"},
				{name: "definition", key: "definitionId", query: true, usage: "of the definition with this `id`"},
				{name: "starter", key: "starter", query: true, usage: "started by this `username`"},
				{name: "parent", key: "parentInstanceId", query: true, usage: "called by the instance with this `id`"},
			},
		},
		{
			use: "show <instance>", short: "Show an instance with its open tasks and incidents", example: "diom instance show " + exampleID,
			method: http.MethodGet, path: "/api/v1/instances/{instance}",
			view: []section{
				part("", "", instanceColumns+" definitionId:definition parentInstanceId:parent parentNodeId:by rootInstanceId:root"),
				part("open tasks", "tasks", nextColumns), part("incidents", "incidents", incidentColumns),
			},
		},
		variables,
		history,
		ofInstanceView("timeline", "Show what happened, for people", "at actor kind nodeId:node taskName:task assignee outcome comment reason"),
		ofInstanceView("activity", "Show the visits to flow nodes", "nodeId:node flowId:by enteredAt:entered leftAt:left token calledInstanceId:called"),
		ofInstanceView("why", "Show what decided the course, and with which values", "at nodeId:node flowId:taken why"),
		onInstance("cancel", "End an instance at once", " --reason duplicate", reason),
		onInstance("suspend", "Stop an instance where it is", " --reason audit", reason),
		onInstance("resume", "Let a suspended instance go on", "", reason),
		onInstance("retry", "Let every incident of an instance try again", " --var amount=1280", variable(), retries()),
	}, operations()...)}
}

func retries() field {
	return field{name: "retries", key: "retries", kind: number, usage: "`attempts` that a job is given whose retries are used up; without it one"}
}

const incidentColumns = "id processKey:process instanceId:instance nodeId:node code message raisedAt:raised"

func incidents() noun {
	return noun{"incident", "Look at what failed and let it try again", []command{
		{
			use: "list", short: "List open incidents", example: "diom incident list --process expense",
			method: http.MethodGet, path: "/api/v1/incidents", pages: true, view: view("items", incidentColumns+" resolvedAt:resolved"),
			fields: []field{ofProcess(), ofInstance(), {name: "resolved", key: "resolved", kind: yes, query: true, usage: "resolved ones too"}},
		},
		{
			use: "retry <incident>", short: "Let one incident try again", example: "diom incident retry " + exampleID + " --var amount=1280",
			method: http.MethodPost, path: "/api/v1/incidents/{incident}/retry", fields: []field{variable(), retries()}, view: stepView(),
		},
	}}
}

func timers() noun {
	return noun{"timer", "Look at what waits for a time", []command{{
		use: "list", short: "List the timers of instances and of start events", example: "diom timer list --process order",
		method: http.MethodGet, path: "/api/v1/timers", pages: true, view: view("items", "id processKey:process instanceId:instance nodeId:node dueAt:due cycle fired"),
		fields: []field{ofProcess(), ofInstance()},
	}}}
}
