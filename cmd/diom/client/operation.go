package client

import (
	"context"
	"net/http"
	"net/url"
)

const (
	batchColumns = "id kind state total done failed createdBy:by createdAt:created endedAt:ended"
	itemColumns  = "instanceId:instance state attempts code message"
	planColumns  = "sourceNodeId:from targetNodeId:to updateEventTrigger:updated"
	setExample   = "--var amount=5 --remove draft"
)

// operations are the commands of an operator on one instance.
func operations() []command {
	file := func(name, short, long string) command {
		c := onInstance(name, short, " "+name+".json")
		c.use, c.long, c.run = name+" <instance> <file>", long, sendFile
		return c
	}
	restart := onInstance("restart", "Start an ended instance anew", " --initial",
		field{name: "initial", key: "initialVariables", kind: yes, usage: "with the variables that it was started with, not the last ones"},
		field{name: "definition", key: "definitionId", usage: "by the definition with this `id`"})
	restart.view = startedView()
	set := onInstance("set", "Set and remove variables of an instance", " "+setExample, variable(),
		field{name: "remove", key: "remove", kind: texts, usage: "remove the variables with these `names`"},
		field{name: "at", key: "token", kind: number, usage: "of what the token with this `number` is at, not of the process"},
		field{name: "local", key: "local", kind: yes, usage: "in that very scope"})
	set.path = "/api/v1/instances/{instance}/variables"
	return []command{
		file("modify", "Start, end and move tokens of an instance", "Modifies an instance as a file of JSON says: instructions, and a reason. All of them are done or none."),
		file("migrate", "Let an instance go on by another definition", "Migrates an instance by a plan, a file of JSON as diom migration generate makes it."),
		set, restart,
		onInstance("correlate", "Hand a message or a signal to an instance", " --message 'payment received'",
			field{name: "message", key: "message", usage: "`name` of the message or signal"},
			field{name: "node", key: "nodeId", usage: "`id` of the event that waits for it, where several do"}, variable()),
		{
			use: "delete <instance>", short: "Delete an instance that has ended, with its history", example: "diom instance delete " + exampleID,
			method: http.MethodDelete, path: "/api/v1/instances/{instance}", view: view("", "id"), single: true,
		},
	}
}

// sendFile sends a file of JSON with the flags that were given.
func sendFile(ctx context.Context, in *invocation) error {
	body, err := in.readObject()
	if err != nil {
		return err
	}
	if err := fill(in, in.fields, url.Values{}, body); err != nil {
		return err
	}
	return in.send(ctx, body)
}

func migrationPlans() noun {
	return noun{"migration", "Plan how instances go on by another definition", []command{
		{
			use: "generate <source> <target>", short: "Make a plan that maps equal nodes", long: "Makes the plan that maps each node to the one of the same id and kind; --json prints it as a file for migrate and validate.",
			example: "diom migration generate " + exampleID + " " + exampleID[:35] + "2 --json > plan.json",
			method:  http.MethodPost, path: "/api/v1/migrations:generate",
			fields: []field{
				{name: "source", key: "sourceDefinitionId"}, {name: "target", key: "targetDefinitionId"},
				{name: "update", key: "updateEventTriggers", kind: yes, usage: "work timers, messages and topics out anew"},
			},
			view: view("instructions", planColumns),
		},
		{
			use: "validate <file>", short: "Tell what is wrong with a plan, and which instances cannot follow it", example: "diom migration validate plan.json --instance " + exampleID,
			method: http.MethodPost, path: "/api/v1/migrations:validate", run: sendFile,
			fields: []field{{name: "instance", key: "instanceIds", kind: texts, usage: "`ids` of instances to look at"}},
			view: []section{
				part("", "", "valid"), part("instructions", "instructions", "sourceNodeId:from targetNodeId:to failures"), part("instances", "instances", "instanceId:instance failures"),
			},
		},
	}}
}

func batches() noun {
	const one = "/api/v1/batches/{batch}"
	step := func(name, short string) command {
		return command{
			use: name + " <batch>", short: short, example: "diom batch " + name + " " + exampleID,
			method: http.MethodPost, path: one + "/" + name, view: view("", batchColumns),
		}
	}
	return noun{"batch", "Operate on many instances at once", []command{
		{
			use: "list", short: "List batches with their progress", example: "diom batch list --state running",
			method: http.MethodGet, path: "/api/v1/batches", pages: true, view: view("items", batchColumns),
			fields: []field{{name: "state", key: "state", query: true, usage: "in this `state`: running, paused, completed or cancelled", values: []string{"running", "paused", "completed", "cancelled"}}},
		},
		{
			use: "create <file>", short: "Do one operation with many instances",
			long: "Makes a batch as a file of JSON describes it: kind (cancel, suspend, resume, retry, variables, modify, migrate, correlate, restart or delete), what that\n" +
				"kind needs under its name, and instanceIds or a filter.",
			example: "diom batch create migrate-all.json", method: http.MethodPost, path: "/api/v1/batches", run: sendFile, view: view("", batchColumns),
		},
		{use: "show <batch>", short: "Show a batch with its progress", example: "diom batch show " + exampleID, method: http.MethodGet, path: one, view: view("", batchColumns+" request")},
		{
			use: "items <batch>", short: "List the instances of a batch", example: "diom batch items " + exampleID + " --state failed",
			method: http.MethodGet, path: one + "/items", pages: true, view: view("items", itemColumns),
			fields: []field{{name: "state", key: "state", query: true, usage: "in this `state`: pending, done or failed", values: []string{"pending", "done", "failed"}}},
		},
		step("pause", "Pause a running batch"), step("resume", "Let a paused batch go on"),
		step("cancel", "End a batch; what it has done stays done"), step("retry", "Try again what has failed in a batch"),
	}}
}
