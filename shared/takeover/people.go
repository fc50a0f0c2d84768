package takeover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"diom.io/workflow/shared/access"
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
		l := r.group(ctx, row.Text("ID_"), cmp.Or(row.Text("NAME_"), row.Text("ID_")))
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
	for _, row := range users {
		u := access.Foreigner{
			Username: row.Text("ID_"), DisplayName: strings.TrimSpace(row.Text("FIRST_") + " " + row.Text("LAST_")), Email: row.Text("EMAIL_"),
			Roles: r.options.Roles, Groups: of[row.Text("ID_")], Enabled: true,
		}
		u.Hash, u.Usable = access.CamundaHash(row.Text("PWD_"), row.Text("SALT_"))
		r.tell(r.user(ctx, u))
	}
	return err
}

func (r *run) group(ctx context.Context, key, name string) Line {
	l := Line{Kind: "group", ID: key, Outcome: Taken}
	err := access.TakeGroup(ctx, r.Store, key, name, r.options.DryRun)
	if errors.Is(err, store.ErrCodeUsed) {
		l.Outcome = Already
	} else if err != nil {
		l.Outcome, l.Problems = LeftOut, reasons(err)
	}
	return l
}

// user makes a user who is not here yet. Who is stays as he is.
func (r *run) user(ctx context.Context, u access.Foreigner) Line {
	l := Line{Kind: "user", ID: u.Username, Outcome: Taken}
	if !u.Usable {
		l.Notes = append(l.Notes, "the form of the password is not known: give a new one")
	}
	err := access.TakeUser(ctx, r.Store, u, r.options.DryRun)
	if errors.Is(err, store.ErrUsernameUsed) {
		l.Outcome = Already
	} else if err != nil {
		l.Outcome, l.Problems = LeftOut, reasons(err)
	}
	return l
}

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
