package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
)

func TestRoutesFile(t *testing.T) {
	t.Parallel()
	functions := []faas.Function{
		{Name: "tasks", Routes: []faas.Route{
			{Method: "POST", Pattern: "/tasks/{id}/claim", Permission: access.WorkflowTask, Replayable: true, Summary: `Claim "it"`, Serve: serve},
			{Method: "GET", Pattern: "/tasks", Permission: access.Public, MaxBody: 7, Serve: serve},
			{Method: "GET", Pattern: "/internal/tasks", Permission: access.Internal, Serve: serve},
			{Method: "POST", Pattern: "/dead-letter", Permission: access.Public, Platform: true, Serve: serve},
		}},
		{Name: "gateway", Routes: []faas.Route{{Pattern: "/", Permission: access.Public, Serve: serve}}},
		{Name: "hidden", Internal: true, Routes: []faas.Route{{Method: "GET", Pattern: "/hidden", Permission: access.Public, Serve: serve}}},
	}
	want := `// Code generated from functions/*/handler.go by ` + "`make gen`" + `; DO NOT EDIT.

package gateway

// routes are those of every other function that callers from outside may use.
var routes = []Route{
	{Method: "GET", Pattern: "/tasks", Function: "tasks", Permission: "public", Summary: "", MaxBody: 7},
	{Method: "POST", Pattern: "/tasks/{id}/claim", Function: "tasks", Permission: "WORKFLOW_TASK", Summary: "Claim \"it\"", Replayable: true},
}
`
	if d := cmp.Diff(want, string(RoutesFile(functions))); d != "" {
		t.Error(d)
	}
}

func TestRoutesFileRefusesConflicts(t *testing.T) {
	t.Parallel()
	defer func() {
		if conflict := fmt.Sprint(recover()); !strings.Contains(conflict, "conflicts") {
			t.Errorf("recovered %s", conflict)
		}
	}()
	RoutesFile([]faas.Function{
		{Name: "a", Routes: []faas.Route{{Method: "GET", Pattern: "/x/{id}/y", Permission: access.Public, Serve: serve}}},
		{Name: "b", Routes: []faas.Route{{Method: "GET", Pattern: "/x/y/{id}", Permission: access.Public, Serve: serve}}},
	})
}
