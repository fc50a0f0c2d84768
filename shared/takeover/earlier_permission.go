package takeover

import (
	"context"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/foreign"
)

// counterpart is what a permission of the earlier DIOM is here: some permissions; nothing, where everybody may do it
// who is logged in; or, without both, lost.
type counterpart struct {
	codes     []string
	everybody bool
	note      string
}

func as(codes ...access.Permission) *counterpart {
	c := &counterpart{}
	for _, code := range codes {
		c.codes = append(c.codes, string(code))
	}
	return c
}

func (c *counterpart) noting(note string) *counterpart {
	c.note = note
	return c
}

// counterparts are the permissions of both variants of the earlier DIOM, by their codes. None gives more than it did
// but for those with a note. A menu that is only a heading gives nothing; one that only shows what others manage has
// no counterpart.
func counterparts() map[string]*counterpart {
	const manages = "gives all of the management of it here"
	all := &counterpart{everybody: true}
	user, role := as(access.SysUser).noting(manages), as(access.SysRole).noting(manages)
	definition, start, task, instance := as(access.WorkflowDefinition), as(access.WorkflowStart), as(access.WorkflowTask), as(access.WorkflowInstance)
	seen, design := as(access.WorkflowDefinition, access.WorkflowInstance), as(access.WorkflowDesign)
	table := map[string]*counterpart{
		"api:workflow:*": as(access.WorkflowStart, access.WorkflowTask, access.WorkflowInstance, access.WorkflowDefinition),

		"SYSTEM_USER": as(access.SysUser), "SYSTEM_ROLE": as(access.SysRole), "SYSTEM_PERMISSION": as(access.SysPermission),
	}
	for c, codes := range map[*counterpart]string{
		all: "menu:home menu:workflow menu:user menu:user:profile menu:user:settings menu:system api:auth:* " +
			"DASHBOARD WORKFLOW USER_CENTER SYSTEM WORKFLOW_NOTIFICATION",
		definition: "menu:workflow:definitions api:workflow:definitions WORKFLOW_DEFINITION",
		start:      "button:workflow:start api:workflow:start WORKFLOW_START WORKFLOW_START_BTN WORKFLOW_API_START",
		task:       "menu:workflow:tasks button:workflow:complete api:workflow:tasks api:workflow:complete WORKFLOW_TASK WORKFLOW_TASK_COMPLETE WORKFLOW_API_COMPLETE",
		instance:   "menu:workflow:instances button:workflow:view button:workflow:history api:workflow:instances api:workflow:history WORKFLOW_INSTANCE WORKFLOW_INSTANCE_VIEW",
		seen:       "api:workflow:query WORKFLOW_API_QUERY",
		design:     "menu:workflow:design menu:workflow:designer WORKFLOW_DESIGN WORKFLOW_DESIGNER DESIGNER",
		user:       "button:user:add button:user:edit button:user:delete button:user:reset api:user:add api:user:update api:user:delete",
		role:       "button:role:add button:role:edit button:role:delete button:role:assign",
	} {
		for code := range strings.FieldsSeq(codes) {
			table[code] = c
		}
	}
	return table
}

// readPermissions tells what becomes of the permissions.
func (e *earlier) readPermissions(ctx context.Context) error {
	table := counterparts()
	return e.pages(ctx, permissionTable, earlierPage, func(rows []foreign.Row) error {
		for _, row := range rows {
			id := row.Text("ID")
			e.codes[id] = row.Text("PERMISSION_CODE")
			c := table[e.codes[id]]
			if c == nil && strings.HasPrefix(e.codes[id], "api:auth:") {
				c = table["api:auth:*"]
			}
			l := c.line(row)
			if c == nil {
				c = &counterpart{}
			}
			if off(row) {
				c = &counterpart{everybody: c.everybody}
				l.Notes = append(l.Notes, "it was switched off: nobody gets it")
			}
			e.permissions[id] = c
			e.tell(l)
		}
		return nil
	})
}

// line tells what a permission is here.
func (c *counterpart) line(row foreign.Row) Line {
	l := Line{Kind: "permission", ID: row.Text("PERMISSION_CODE"), Name: row.Text("PERMISSION_NAME"), Outcome: Already}
	switch {
	case c == nil:
		l.Outcome, l.Problems = LeftOut, []string{"it has no counterpart here"}
	case c.everybody:
		l.Notes = []string{"everybody has it who is logged in"}
	default:
		l.Notes = []string{"it is " + strings.Join(c.codes, ", ")}
		if c.note != "" {
			l.Notes = append(l.Notes, c.note)
		}
	}
	return l
}

// off reports whether the status of a row is another one than 1. A table without the column has no such state.
func off(row foreign.Row) bool {
	_, has := row["STATUS"]
	return has && row.Int("STATUS") != 1
}

// distinct sorts a list, each once.
func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
