package main

import (
	"encoding/json"
	"strings"
	"testing"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/access"
)

// Log-ins are seen and ended, API tokens made and revoked, settings changed, delayed accounts unlocked.
func TestIdentityCommands(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u, lina := in.loggedIn("admin"), in.loggedIn("lina")
	has(t, lina.ok("", "session", "list"), "lina", "DEVICE", "yes")
	var list struct {
		Items []access.Session `json:"items"`
	}
	lina.json(&list, "session", "list")
	u.ok("", "session", "end", list.Items[0].ID)
	lina.fails(client.ExitUnreachable, "", "session", "list")
	lina = in.loggedIn("lina")
	lina.ok("", "session", "end-all", "--keep")
	lina.ok("", "session", "list")

	var made access.APIToken
	lina.json(&made, "token", "create", "nightly", "--permission", "WORKFLOW_START")
	has(t, lina.ok("", "token", "list"), "nightly", made.Prefix, "WORKFLOW_START")
	if !strings.HasPrefix(made.Token, "diom_") {
		t.Errorf("%+v", made)
	}
	lina.fails(client.ExitProblem, "not_granted", "token", "create", "more", "--permission", "SYS_USER")
	lina.ok("", "token", "revoke", made.ID)

	has(t, u.ok("", "setting", "list"), "log.level", "approval.urge_cooldown", "30m")
	has(t, u.ok("", "setting", "set", "approval.urge_cooldown", "5m"), "5m", "admin")
	has(t, u.ok("", "setting", "set", "password.min_length", "9"), "9")
	has(t, u.ok("", "setting", "show", "password.min_length"), "9", "64")
	u.fails(client.ExitProblem, "bad_setting_value", "setting", "set", "password.min_length", "nine")
	var s access.Setting
	u.json(&s, "setting", "set", "password.min_length", "null")
	if raw, err := json.Marshal(s.Value); err != nil || string(raw) != "8" || s.Set {
		t.Errorf("%+v", s)
	}

	for range 4 {
		_, _ = in.App.Access.Login(t.Context(), "sunqi", "wrong-wrong", "192.0.2.3")
	}
	info, err := in.App.Access.UserInfo(t.Context(), "sunqi")
	if err != nil {
		t.Fatal(err)
	}
	u.ok("", "user", "delayed")
	u.ok("", "user", "unlock", info.ID)
	has(t, u.ok("", "user", "update", info.ID, "--must-change"), "sunqi")
}
