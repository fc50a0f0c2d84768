package takeover

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/foreign"
	"diom.io/workflow/shared/store"
)

// people takes over groups, then users with the groups that they are in.
func (r *run) people(ctx context.Context) error {
	groups, err := r.rows(ctx, foreign.Query{Table: "ACT_ID_GROUP", Order: "ID_"})
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, row := range groups {
		l, err := r.group(ctx, row.Text("ID_"), cmp.Or(row.Text("NAME_"), row.Text("ID_")))
		if err != nil {
			return err
		}
		known[row.Text("ID_")] = l.Outcome != LeftOut
		r.tell(l)
	}
	memberships, err := r.rows(ctx, foreign.Query{Table: "ACT_ID_MEMBERSHIP"})
	if err != nil {
		return err
	}
	of := map[string][]string{}
	for _, row := range memberships {
		if group := row.Text("GROUP_ID_"); known[group] {
			of[row.Text("USER_ID_")] = append(of[row.Text("USER_ID_")], group)
		}
	}
	users, err := r.rows(ctx, foreign.Query{Table: "ACT_ID_USER", Order: "ID_"})
	if err != nil {
		return err
	}
	for _, row := range users {
		u := access.Foreigner{
			ID: camundaUser(row.Text("ID_")), Username: row.Text("ID_"), DisplayName: strings.TrimSpace(row.Text("FIRST_") + " " + row.Text("LAST_")), Email: row.Text("EMAIL_"),
			Roles: r.options.Roles, Groups: of[row.Text("ID_")], Enabled: true,
		}
		u.Hash, u.Usable = access.CamundaHash(row.Text("PWD_"), row.Text("SALT_"))
		l, err := r.user(ctx, u)
		if err != nil {
			return err
		}
		r.tell(l)
	}
	return nil
}

func (r *run) group(ctx context.Context, key, name string) (Line, error) {
	l := Line{Kind: "group", ID: key}
	err := l.settle(access.TakeGroup(ctx, r.Store, key, name, r.options.DryRun), store.ErrCodeUsed)
	return l, err
}

// user makes a user who is not here yet.
func (r *run) user(ctx context.Context, u access.Foreigner) (Line, error) {
	l := Line{Kind: "user", ID: u.Username}
	if !u.Usable {
		l.Notes = append(l.Notes, "the form of the password is not known: give a new one")
	}
	err := l.settle(access.TakeUser(ctx, r.Store, u, r.options.DryRun), store.ErrUsernameUsed)
	return l, err
}

// camundaUser is the id that a user of Camunda 7 has here.
func camundaUser(name string) engine.ID { return ident("user", "camunda7:"+name) }

// reasons are what a refusal says.
func reasons(err error) []string {
	list := []string{sentence(err)}
	if f := fault.From(err); f != nil {
		for _, d := range f.Details {
			list = append(list, fmt.Sprintf("%s: %s", strings.TrimPrefix(d.Pointer, "/"), d.Detail))
		}
	}
	return list
}
