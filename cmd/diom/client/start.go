package client

import (
	"context"
	"maps"
	"net/http"
	"slices"
)

func startedView() []section {
	return []section{part("", "instance", instanceColumns), part("first tasks", "tasks", nextColumns)}
}

func startFields() []field {
	return []field{{name: "business-key", key: "businessKey", usage: "your own `number` of the instance"}, variable()}
}

func startCommand() command {
	return command{
		use: "start <process>", short: "Start an instance of the latest version of a process",
		example: "diom start leave --business-key LEAVE-1 --var days=5 --var leaveType=annual --var reason=回家探亲\n" +
			"diom start expense --vars claim.json --key claim-4711",
		method: http.MethodPost, path: "/api/v1/processes/{process}/start", fields: startFields(), view: startedView(),
	}
}

func messageCommand() command {
	return command{
		use: "message <name>", short: "Send a message to the instance that waits for it",
		long: "Sends a message to the one instance, or start event, that waits for it. With --ttl it waits for somebody who is not there yet.",
		example: "diom message order.paid --business-key 1001 --var amount=99.5\n" +
			"diom message 'payment received' --correlate orderId='\"1001\"' --ttl 3600",
		method: http.MethodPost, path: "/api/v1/messages", view: view("results", "instanceId:instance started"),
		fields: []field{
			{name: "name", key: "name"},
			{name: "business-key", key: "businessKey", usage: "business `key` of the instance"},
			{name: "correlate", key: "correlationKeys", kind: variables, usage: "variable of the instance that must be equal"},
			variable(),
			{name: "ttl", key: "ttlSeconds", kind: number, usage: "`seconds` to wait for somebody"},
		},
		run: sendMessage,
	}
}

func signalCommand() command {
	return command{
		use: "signal <name>", short: "Throw a signal to everybody who waits for it",
		long:    "Throws a signal to every instance that waits for it and every process that begins with it. Whoever waits later gets nothing.",
		example: "diom signal 'market closed' --var reason=holiday",
		method:  http.MethodPost, path: "/api/v1/signals", view: view("", "id name"),
		fields: []field{{name: "name", key: "name"}, variable()},
	}
}

func conditionCommand() command {
	return command{
		use: "condition", short: "Start every process whose start condition holds",
		long:    "Looks at the conditions of the start events of all processes with these variables, and starts those that hold.",
		example: "diom condition --var temperature=-3 --business-key winter",
		method:  http.MethodPost, path: "/api/v1/conditions", view: view("instances", instanceColumns),
		fields: []field{{name: "business-key", key: "businessKey", usage: "your own `number` of the instances"}, variable()},
	}
}

// sendMessage says in words what a parked message is.
func sendMessage(ctx context.Context, in *invocation) error {
	if err := in.logIn(); err != nil {
		return err
	}
	a, err := in.call(ctx)
	if err != nil {
		return err
	}
	if a.status == http.StatusAccepted && !in.is("json") {
		return newPrinter(in.cmd.OutOrStdout()).line("nobody waits for the message yet: it is kept")
	}
	return in.show(a)
}

// showVariables prints variables as a table of name and value.
func showVariables(ctx context.Context, in *invocation) error {
	if err := in.logIn(); err != nil {
		return err
	}
	a, err := in.call(ctx)
	if err != nil {
		return err
	}
	if in.is("json") {
		return in.show(a)
	}
	document, err := decode(a.body)
	if err != nil {
		return err
	}
	all, _ := document.(map[string]any)
	rows := make([]any, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, map[string]any{"name": name, "value": all[name]})
	}
	return newPrinter(in.cmd.OutOrStdout()).table(columns("name value"), rows)
}
