package takeover

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/foreign"
)

// users takes over the people with their roles.
func (e *earlier) users(ctx context.Context) error {
	return e.pages(ctx, userTable, earlierPage, func(rows []foreign.Row) error {
		of, err := e.rolesOf(ctx, rows)
		if err != nil {
			return err
		}
		for _, row := range rows {
			l, err := e.person(ctx, row, of[row.Text("ID")])
			if err != nil {
				return err
			}
			e.tell(l)
		}
		return nil
	})
}

// rolesOf returns the ids of the roles that people have, by the ids of the people. One variant names them, too, and
// may know the name alone.
func (e *earlier) rolesOf(ctx context.Context, people []foreign.Row) (map[string][]string, error) {
	links, err := e.of(ctx, userRoleTable, "USER_ID", texts(people, "ID"))
	if err != nil {
		return nil, err
	}
	of := map[string][]string{}
	for _, link := range links {
		of[link.Text("USER_ID")] = append(of[link.Text("USER_ID")], link.Text("ROLE_ID"))
	}
	if !e.source.HasColumn(userRoleTable, "USERNAME") || !e.fit[userRoleTable] {
		return of, nil
	}
	named, err := e.source.Rows(ctx, foreign.Query{Table: userRoleTable, Column: "USERNAME", In: texts(people, "USERNAME"), Null: "USER_ID"})
	for _, link := range named {
		for _, p := range people {
			if p.Text("USERNAME") == link.Text("USERNAME") {
				of[p.Text("ID")] = append(of[p.Text("ID")], link.Text("ROLE_ID"))
			}
		}
	}
	return of, err
}

// person makes one user. His password is kept as it was.
func (e *earlier) person(ctx context.Context, row foreign.Row, roles []string) (Line, error) {
	id, name := row.Text("ID"), row.Text("USERNAME")
	u := access.Foreigner{
		ID: earlierID("user", id), Completes: camundaUser(name), Username: name, DisplayName: clip(cmp.Or(oneLine(row.Text("NICKNAME")), name)),
		Email: strings.TrimSpace(row.Text("EMAIL")), CreatedAt: row.Time("CREATE_TIME"), Enabled: row.Int("STATUS") == 1,
	}
	var notes []string
	if !access.ValidEmail(u.Email) {
		notes = append(notes, fmt.Sprintf("the e-mail address %q is not valid, and not kept", u.Email))
		u.Email = ""
	}
	if row.Text("PHONE") != "" {
		notes = append(notes, "the telephone number is not kept")
	}
	if row["STATUS"] == nil {
		notes = append(notes, "the status is not known: the user is disabled")
	}
	for _, role := range roles {
		switch r := e.roles[role]; {
		case r == nil: // strayRoles tells
		case r.code == "":
			notes = append(notes, "the role "+r.row.Text("ROLE_CODE")+" was left out")
		default:
			u.Roles = append(u.Roles, r.code)
		}
	}
	u.Roles = distinct(u.Roles)
	u.Hash, u.Usable = access.BcryptHash(row.Text("PASSWORD"))
	l, err := e.user(ctx, u)
	l.Notes = append(l.Notes, notes...)
	if l.Outcome == LeftOut {
		e.lost[name] = true
	}
	return l, err
}

// strayRoles tells of roles that nobody has, and of people who have one that is not there.
func (e *earlier) strayRoles(ctx context.Context) error {
	return e.pages(ctx, userRoleTable, earlierPage, func(rows []foreign.Row) error {
		people, err := e.of(ctx, userTable, "ID", texts(rows, "USER_ID"))
		if err != nil {
			return err
		}
		named, err := e.of(ctx, userTable, "USERNAME", texts(rows, "USERNAME"))
		if err != nil {
			return err
		}
		ids, names := texts(people, "ID"), texts(named, "USERNAME")
		for _, row := range rows {
			user, name := row.Text("USER_ID"), row.Text("USERNAME")
			switch {
			case e.roles[row.Text("ROLE_ID")] == nil:
				e.stray("user role", row, "there is no role "+row.Text("ROLE_ID"))
			case user != "" && !slices.Contains(ids, user), user == "" && !slices.Contains(names, name):
				e.stray("user role", row, "there is no user "+cmp.Or(user, name, "named"))
			}
		}
		return nil
	})
}
