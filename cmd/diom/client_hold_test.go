package main

import (
	"strings"
	"testing"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/store"
)

// What is held is not deleted until the hold is lifted; a person's data are erased once nothing holds them.
func TestHoldsAndErasures(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(faastest.Leave)
	instance, _ := in.Start(nil)
	id := instance.String()
	admin := in.loggedIn("admin")
	admin.ok("", "instance", "cancel", id)

	var placed store.Hold
	admin.json(&placed, "hold", "place", "--instance", id, "--reason", "case 1")
	has(t, admin.ok("", "hold", "list", "--state", "open", "--instance", id), placed.ID.String(), id, "case 1", "admin")
	admin.fails(client.ExitProblem, "instance_held", "instance", "delete", id)
	admin.fails(client.ExitProblem, "bad_hold", "hold", "place", "--reason", "case 2")
	admin.fails(client.ExitProblem, "bad_hold", "hold", "place", "--instance", id, "--process", "leave", "--reason", "case 2")
	admin.fails(client.ExitUsage, "takes arguments: <hold>", "hold", "lift")
	has(t, admin.ok("", "hold", "lift", placed.ID.String()), "case 1", "LIFTED-BY")
	admin.fails(client.ExitProblem, "hold_lifted", "hold", "lift", placed.ID.String())
	if list := admin.ok("", "hold", "list", "--state", "open"); strings.Contains(list, id) {
		t.Errorf("what is lifted is listed as open:\n%s", list)
	}
	in.loggedIn("zhangwei").fails(client.ExitProblem, "forbidden", "hold", "place", "--instance", id, "--reason", "mine")

	sunqi, err := in.App.Access.UserInfo(t.Context(), "sunqi")
	if err != nil {
		t.Fatal(err)
	}
	erase := []string{"user", "erase", sunqi.ID, "--reason", "asked", "--confirm"}
	admin.fails(client.ExitProblem, "user_enabled", append(erase, "sunqi")...)
	admin.ok("", "user", "update", sunqi.ID, "--enabled=false")
	admin.fails(client.ExitProblem, "erasure_not_confirmed", append(erase, "lina")...)
	admin.fails(client.ExitUsage, "takes arguments: <user>", "user", "erase")
	admin.json(&placed, "hold", "place", "--username", "sunqi", "--reason", "case 3")
	admin.fails(client.ExitProblem, "user_held", append(erase, "sunqi")...)
	admin.ok("", "hold", "lift", placed.ID.String())
	has(t, admin.ok("", append(erase, "sunqi")...), "erased-", "sunqi")
	admin.fails(client.ExitProblem, "user_erased", append(erase, "sunqi")...)
	has(t, admin.ok("", "user", "erasures"), sunqi.ID, "asked", "erased-")

	nobody := newUserAt(t, "http://127.0.0.1:1", "DIOM_TOKEN=x")
	nobody.fails(client.ExitUnreachable, "", "hold", "list")
}
