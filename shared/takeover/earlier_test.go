package takeover

import (
	"strings"
	"testing"

	"diom.io/workflow/shared/foreign"
)

// Each permission that the earlier DIOM came with, in both forms, is decided on: it is something here, or lost on purpose.
func TestCounterparts(t *testing.T) {
	t.Parallel()
	lost := strings.Fields(`menu:system:users menu:system:roles menu:system:permissions api:user:query
WORKFLOW_TEMPLATE WORKFLOW_TEMPLATE_CREATE WORKFLOW_TEMPLATE_DELETE WORKFLOW_API_TEMPLATE`)
	known := strings.Fields(`menu:home menu:workflow menu:user menu:system menu:workflow:definitions menu:workflow:tasks menu:workflow:instances
menu:user:profile menu:user:settings button:workflow:start button:workflow:complete button:workflow:view button:workflow:history
button:user:add button:user:edit button:user:delete button:user:reset button:role:add button:role:edit button:role:delete button:role:assign
api:auth:* api:workflow:* api:user:add api:user:update api:user:delete DASHBOARD WORKFLOW USER_CENTER SYSTEM WORKFLOW_DEFINITION WORKFLOW_START
WORKFLOW_TASK WORKFLOW_INSTANCE WORKFLOW_NOTIFICATION WORKFLOW_START_BTN WORKFLOW_TASK_COMPLETE WORKFLOW_INSTANCE_VIEW WORKFLOW_API_START
WORKFLOW_API_COMPLETE WORKFLOW_API_QUERY SYSTEM_ROLE SYSTEM_PERMISSION SYSTEM_USER`)
	table := counterparts()
	for _, code := range known {
		if c := table[code]; c == nil || len(c.codes) == 0 && !c.everybody {
			t.Errorf("%s has no counterpart", code)
		}
	}
	for _, code := range lost {
		if table[code] != nil {
			t.Errorf("%s has a counterpart, which gives more than it did", code)
		}
	}
}

// A design is known by what Camunda has made of it: its id and its version there, which designs do not share.
func TestDesignOf(t *testing.T) {
	t.Parallel()
	const id = "5b6c0a52-0000-11ef-9f6e-0242ac120002"
	for camunda, want := range map[string]struct {
		id      string
		version int
	}{
		"leave:2:" + id: {id, 2}, "": {earlierID("definition", "7").String(), 5}, "leave:2:4711": {ident("definition", "leave:2:4711").String(), 2},
		"a:b:c:d": {ident("definition", "a:b:c:d").String(), 5}, "leave:x:" + id: {id, 5},
	} {
		d := designOf(foreign.Row{"ID": int64(7), "PROCESS_KEY": "leave", "VERSION": int64(5), "PROCESS_DEFINITION_ID": camunda})
		if d.definition.String() != want.id || d.version != want.version {
			t.Errorf("%q: %s version %d, want %v", camunda, d.definition, d.version, want)
		}
	}
}
