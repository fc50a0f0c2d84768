package main

import (
	"strings"
	"testing"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/faas/faastest"
)

// An operator moves an instance, plans a migration, follows the plan, and does things with many at once.
func TestOperators(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(work)
	in.Deploy(faastest.Leave)
	operator := in.loggedIn("wuqiang")
	instance, _ := in.Start(nil)
	id := instance.String()
	file := operator.file("modify.json", `{"reason": "skipped", "instructions": [{"type": "move", "fromNodeId": "approve", "nodeId": "file"}]}`)
	has(t, operator.ok("", "instance", "modify", id, file), "active", "备案")
	operator.fails(client.ExitProblem, "nothing is at approve", "instance", "modify", id, file)
	operator.fails(client.ExitUsage, "is not a JSON object", "instance", "modify", id, operator.file("bad.json", `[]`))
	operator.ok("", "instance", "set", id, "--var", "days=7", "--remove", "starter")
	has(t, operator.ok("", "instance", "variables", id), "days  7")
	operator.fails(client.ExitProblem, "subscription_ended", "instance", "correlate", id, "--message", "go on")

	first := operator.only("definition", "list", "--process", "leave", "--latest")
	in.Deploy(strings.Replace(faastest.Leave, `name="备案"`, `name="存档"`, 1))
	second := operator.only("definition", "list", "--process", "leave", "--latest")
	has(t, operator.ok("", "migration", "generate", first, second), "FROM", "approve", "file")
	plan := operator.file("plan.json", operator.ok("", "migration", "generate", first, second, "--json"))
	has(t, operator.ok("", "migration", "validate", plan, "--instance", id), "VALID  yes")
	has(t, operator.ok("", "instance", "migrate", id, plan), "leave", "2")

	batch := operator.file("batch.json", `{"kind": "suspend", "reason": "audit", "filter": {"processKey": "leave"}}`)
	has(t, operator.ok("", "batch", "create", batch), "suspend", "TOTAL")
	made := operator.only("batch", "list")
	has(t, operator.ok("", "batch", "show", made), "completed", "DONE")
	has(t, operator.ok("", "batch", "items", made, "--state", "done"), id)
	operator.fails(client.ExitProblem, "batch_state", "batch", "pause", made)
	operator.fails(client.ExitProblem, "batch_state", "batch", "resume", made)
	operator.fails(client.ExitProblem, "batch_state", "batch", "retry", made)
	operator.fails(client.ExitProblem, "batch_state", "batch", "cancel", made)

	operator.fails(client.ExitProblem, "instance_not_ended", "instance", "delete", id)
	operator.ok("", "instance", "cancel", id)
	has(t, operator.ok("", "instance", "restart", id, "--initial", "--definition", first), "active", "first tasks", "审批")
	operator.ok("", "start", "pay")
	job := operator.only("job", "list", "--topic", "book")
	has(t, operator.ok("", "job", "retries", job, "--retries", "0"), "active")
	has(t, operator.ok("", "incident", "retry", operator.only("incident", "list"), "--retries", "4"), "active")
	has(t, operator.ok("", "job", "list", "--topic", "book"), "4")
	admin := in.loggedIn("admin")
	has(t, admin.ok("", "definition", "suspend", first, "--instances"), "yes")
	has(t, admin.ok("", "definition", "resume", first, "--instances"), "leave")
}
