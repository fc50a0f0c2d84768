package main

import (
	"testing"

	"diom.io/workflow/cmd/diom/client"
)

// A topic is bound by a file, with its key from a file; the binding is looked at, changed and deleted.
func TestBindingCommands(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u := in.loggedIn("admin")
	binding := u.file("pay.json", `{"topic": "pay", "kind": "url", "target": "https://example.org/pay", "headers": [{"name": "X-Team", "value": "crm"}], "keyId": "k1"}`)
	has(t, u.ok("", "binding", "add", binding, "--key-file", u.file("pay.key", "a key of the receiver")), "pay", "https://example.org/pay", "k1")
	one := u.only("binding", "list")
	has(t, u.ok("", "binding", "show", one), "TOPIC", "pay", "X-Team", "crm")
	has(t, u.ok("", "binding", "update", one, "--enabled=false", "--attempt", "20", "--retries", "7", "--target", "https://example.org/other"), "other", "7", "no")
	u.fails(client.ExitProblem, "topic_binding_taken", "binding", "add", binding, "--key-file", u.file("again.key", "a key of the receiver"))
	in.loggedIn("zhangwei").fails(client.ExitProblem, "forbidden", "binding", "list")
	u.ok("", "binding", "delete", one)
	u.fails(client.ExitProblem, "topic_binding_not_found", "binding", "show", one)
}
