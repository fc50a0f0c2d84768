package takeover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/foreign"
	"diom.io/workflow/shared/store"
)

// administrators are the roles of the earlier DIOM, in both variants, that are SUPER_ADMIN here.
var administrators = []string{"ROLE_ADMIN", access.SuperAdmin}

// earlierRole is a role of the source. Code is the one that its people get here, empty where it is left out.
type earlierRole struct {
	code  string
	off   bool
	row   foreign.Row
	codes []string // of the permissions here
	lost  []string // codes of the permissions there that are none here
}

func (e *earlier) readRoles(ctx context.Context) error {
	return e.pages(ctx, roleTable, earlierPage, func(rows []foreign.Row) error {
		for _, row := range rows {
			r := &earlierRole{code: row.Text("ROLE_CODE"), off: off(row), row: row}
			if slices.Contains(administrators, r.code) {
				r.code = access.SuperAdmin
			}
			e.roles[row.Text("ID")] = r
		}
		return nil
	})
}

// grants reads which role has which permission.
func (e *earlier) grants(ctx context.Context) error {
	return e.pages(ctx, rolePermissionTable, earlierPage, func(rows []foreign.Row) error {
		for _, row := range rows {
			role, permission := row.Text("ROLE_ID"), row.Text("PERMISSION_ID")
			r, c := e.roles[role], e.permissions[permission]
			switch {
			case r == nil:
				e.stray("role permission", row, "there is no role "+role)
			case c == nil:
				e.stray("role permission", row, "there is no permission "+permission)
			case len(c.codes) > 0:
				r.codes = append(r.codes, c.codes...)
			case !c.everybody:
				r.lost = append(r.lost, e.codes[permission])
			}
		}
		return nil
	})
}

// stray tells of a link that leads nowhere.
func (e *earlier) stray(kind string, row foreign.Row, problem string) {
	e.tell(Line{Kind: kind, ID: row.Text("ID"), Outcome: LeftOut, Problems: []string{problem}})
}

func (e *earlier) makeRoles(ctx context.Context) error {
	ids := make([]string, 0, len(e.roles))
	for id := range e.roles {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }) // as numbers
	for _, id := range ids {
		l, err := e.makeRole(ctx, id, e.roles[id])
		if err != nil {
			return fmt.Errorf("role %s: %w", id, err)
		}
		e.tell(l)
	}
	return nil
}

// makeRole makes one role. What it had there and has not here is noted.
func (e *earlier) makeRole(ctx context.Context, id string, r *earlierRole) (Line, error) {
	l := Line{Kind: "role", ID: id, Name: r.row.Text("ROLE_CODE")}
	if r.off {
		r.codes, r.lost = nil, nil
		l.Notes = append(l.Notes, "it was switched off: it gives nothing")
	}
	if r.code == access.SuperAdmin {
		l.Outcome = Already
		if r.off {
			r.code = ""
			l.Outcome, l.Problems = LeftOut, []string{"it was switched off, and the role of the administrators cannot be here"}
		} else if l.Name != access.SuperAdmin {
			l.Notes = append(l.Notes, "it is "+access.SuperAdmin+" here: a model that names "+l.Name+" as candidates has to name that")
		}
		return l, nil
	}
	made := store.Role{
		ID: earlierID("role", id), Code: r.code, Name: clip(cmp.Or(oneLine(r.row.Text("ROLE_NAME")), r.code)), Version: 1, CreatedAt: r.row.Time("CREATE_TIME"),
		Description: oneLine(r.row.Text("DESCRIPTION")), Permissions: distinct(r.codes),
	}
	if made.CreatedAt.IsZero() {
		made.CreatedAt = e.now
	}
	if lost := distinct(r.lost); len(lost) > 0 {
		l.Notes = append(l.Notes, "it had what has no counterpart here: "+strings.Join(lost, ", "))
	}
	err := access.TakeRole(ctx, e.Store, made, e.options.DryRun)
	if errors.Is(err, store.ErrCodeUsed) {
		note, failed := e.compare(ctx, made)
		if failed != nil {
			return l, failed
		}
		l.Notes = append(l.Notes, note...)
	}
	if err = l.settle(err, store.ErrCodeUsed); l.Outcome == LeftOut {
		r.code = ""
	}
	return l, err
}

// compare tells which rights a role that is here already does not give, and stays as it is.
func (e *earlier) compare(ctx context.Context, r store.Role) ([]string, error) {
	here, err := e.Store.PermissionsOfRoles(ctx, []string{r.Code})
	missing := slices.DeleteFunc(slices.Clone(r.Permissions), func(code string) bool { return slices.Contains(here, code) })
	more := slices.DeleteFunc(here, func(code string) bool { return slices.Contains(r.Permissions, code) })
	var notes []string
	if len(missing) > 0 {
		notes = append(notes, "the role that is here does not give "+strings.Join(missing, ", "))
	}
	if len(more) > 0 {
		notes = append(notes, "the role that is here gives more: "+strings.Join(distinct(more), ", "))
	}
	return notes, err
}
