package client

import "net/http"

// The columns of things that several commands show.
const (
	taskColumns     = "id name processKey:process nodeId:node state assignee candidateUsers:users candidateGroups:groups priority dueAt:due createdAt:created"
	nextColumns     = "id name nodeId:node assignee candidateUsers:users candidateGroups:groups dueAt:due"
	instanceColumns = "id processKey:process processVersion:version businessKey:business-key state starter startedAt:started endedAt:ended"
)

// stepView is the answer of what moves an instance.
func stepView() []section {
	return []section{part("", "task", taskColumns), part("instance", "instance", instanceColumns), part("next tasks", "next", nextColumns)}
}

func comment() field {
	return field{name: "comment", key: "comment", usage: "`text` for those who read the timeline"}
}

func variable() field {
	return field{name: "var", key: "variables", kind: variables, usage: "variable"}
}

// onTask describes an operation on a task.
func onTask(name, use, short, example string, fields ...field) command {
	return command{
		use: name + " <task>" + use, short: short, example: "diom task " + name + " " + example,
		method: http.MethodPost, path: "/api/v1/tasks/{task}/" + name, fields: fields, view: stepView(),
	}
}

// exampleID stands in examples.
const exampleID = "019cadc6-9a80-7000-8000-000000000001"

func tasks() noun {
	person := field{name: "username", key: "userId"}
	return noun{"task", "Work on user tasks", append([]command{
		{
			use: "list", short: "List your tasks", example: "diom task list\ndiom task list --view claimable --process leave --all",
			method: http.MethodGet, path: "/api/v1/tasks", pages: true, view: view("items", taskColumns),
			none: "nothing is assigned to you; what you may claim: diom task list --view claimable",
			fields: []field{
				{name: "view", key: "view", query: true, usage: "`which`: todo, claimable, done, started, or all for operators and auditors", values: []string{"todo", "claimable", "done", "started", "all"}},
				ofProcess(), ofInstance(),
				{name: "sort", key: "sort", query: true, usage: "`column`: createdAt, priority or dueAt, with - before it the other way round", values: []string{"-createdAt", "priority", "-priority", "dueAt", "-dueAt"}},
			},
		},
		{
			use: "show <task>", short: "Show a task with what you may do with it", example: "diom task show " + exampleID,
			method: http.MethodGet, path: "/api/v1/tasks/{task}",
			view: []section{
				part("", "", taskColumns+" owner formKey:form followUpAt:follow-up endedAt:ended endedBy:by"),
				part("instance", "instance", instanceColumns), part("actions", "actions", "name allowed reason"),
			},
		},
		{
			use: "form <task>", short: "Show the form of a task with its variables", example: "diom task form " + exampleID,
			method: http.MethodGet, path: "/api/v1/tasks/{task}/form",
			view: []section{part("", "", "formKey:form variables"), part("fields", "fields", "id label type defaultValue:default")},
		},
		onTask("claim", "", "Claim a task that is offered to you", exampleID),
		onTask("unclaim", "", "Give a claimed task back to those it is offered to", exampleID),
		onTask("complete", "", "Complete a task", exampleID+" --var approved=true --comment 同意",
			variable(), field{name: "outcome", key: "outcome", usage: "`word` for what was decided, such as approved"}, comment()),
		onTask("error", "", "End a task with a BPMN error", exampleID+" --code REJECTED", thrownCode(), field{name: "message", key: "message", usage: "`text`"}, variable()),
		onTask("escalate", "", "Throw an escalation from a task, which stays open unless it is interrupted", exampleID+" --code LATE", thrownCode(), variable()),
		onTask("transfer", " <username>", "Give a task to somebody else for good", exampleID+" lina", person, comment()),
		onTask("delegate", " <username>", "Let somebody else work on a task, which then comes back", exampleID+" lina", person, comment()),
		onTask("resolve", "", "Give a delegated task back to its owner", exampleID, comment()),
	}, approvals()...)}
}

func thrownCode() field {
	return field{name: "code", key: "code", usage: "`code` that an event may catch; required"}
}

func ofProcess() field {
	return field{name: "process", key: "processKey", query: true, usage: "of the process with this `key`"}
}

func ofInstance() field {
	return field{name: "instance", key: "instanceId", query: true, usage: "of the instance with this `id`"}
}
