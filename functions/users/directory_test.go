package users

import (
	"os"
	"path/filepath"
	"testing"

	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/identity"
)

// Address books are listed and asked to run by who administers users; the function tick makes the run.
func TestDirectories(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	text := `{"directories": [{"name": "hr", "kind": "dingtalk", "key": "k", "secret": "s3cret", "schedule": "0 3 * * *"}]}`
	if err := os.WriteFile(filepath.Join(d.App.Config.SecretsDir, identity.Secret), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	admin, key := d.As("admin"), d.As("admin")
	key["Idempotency-Key"] = "once"
	const sync = "/api/v1/directories/hr/sync"
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: "/api/v1/directories", Header: admin, Status: 200, JSON: `{"items": [{"name": "hr", "kind": "dingtalk", "schedule": "0 3 * * *", "maxDisabled": 10}]}`},
		{Name: "by somebody else", Method: "GET", Path: "/api/v1/directories", Header: d.As("lina"), Status: 403, Code: "forbidden"},
		{Name: "ask", Method: "POST", Path: sync, Header: key, Body: `{"dryRun": true}`, Status: 202, JSON: `{"directory": "hr", "dryRun": true, "forced": false, "askedBy": "admin", "state": "waiting", "report": null}`},
		{Name: "no directory", Method: "POST", Path: "/api/v1/directories/none/sync", Header: admin, Body: `{}`, Status: 404, Code: "directory_not_found"},
		{Name: "ask as somebody else", Method: "POST", Path: sync, Header: d.As("lina"), Body: `{}`, Status: 403, Code: "forbidden"},
		{Name: "no run", Method: "GET", Path: "/api/v1/directory-runs/019cadc6-9a80-7000-8000-000000000001", Header: admin, Status: 404, Code: "directory_run_not_found"},
	})
}
