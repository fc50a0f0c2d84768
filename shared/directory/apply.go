package directory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/identity"
	"diom.io/workflow/shared/store"
)

// applying writes a plan, a transaction for each change: what is broken off goes on with the next run.
type applying struct {
	*Service
	conf identity.Directory
	here here
	now  time.Time
	// refused are the changes that could not be made, by kind and the book's id.
	refused map[string]string
}

// refuse keeps why a change was not made, where that is not our fault; an error of the database ends the run.
func (a *applying) refuse(kind, id string, err error) error {
	f := fault.From(err)
	if err == nil || f == nil || fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.Unavailable {
		return err
	}
	reason := f.Message
	for _, d := range f.Details {
		reason += " " + d.Detail
	}
	a.refused[key(kind, id)] = reason
	return nil
}

func (a *applying) apply(ctx context.Context, p plan) error {
	for _, d := range p.departments {
		if err := a.refuse(store.IdentityDepartment, d.ID, a.department(ctx, d)); err != nil {
			return err
		}
	}
	for _, who := range p.people {
		if err := a.refuse(store.IdentityUser, who.ID, a.person(ctx, who)); err != nil {
			return err
		}
	}
	for _, d := range p.departments {
		if err := a.refuse(store.IdentityDepartment, d.ID, a.head(ctx, d)); err != nil {
			return err
		}
	}
	for _, u := range p.leavers {
		next := u
		next.Enabled = false
		err := a.people.Follow(ctx, u, next, leaving(a.here.source, a.now))
		if err := a.refuse(store.IdentityUser, a.here.subject(store.IdentityUser, u.ID), err); err != nil {
			return err
		}
	}
	return nil
}

// departmentID is the id of ours of a department of the book; zero where it is not here.
func (a *applying) departmentID(subject string) engine.ID {
	x, _ := a.here.known(store.IdentityDepartment, subject)
	if _, kept := a.here.departments[x.ObjectID]; !kept {
		return engine.ID{}
	}
	return x.ObjectID
}

func (a *applying) department(ctx context.Context, d Department) error {
	id := a.departmentID(d.ID)
	if id.IsZero() {
		made := store.Department{ID: access.NewID(), Code: code(a.conf.Kind, d.ID), Name: d.Name, ParentID: a.departmentID(d.ParentID), Version: 1, CreatedAt: a.now}
		x := store.Identity{Source: a.here.source, Kind: store.IdentityDepartment, Subject: d.ID, ObjectID: made.ID, CreatedAt: a.now}
		if err := a.store.CreateLinkedDepartment(ctx, made, x); err != nil {
			return err
		}
		a.here.add(x)
		a.here.departments[made.ID] = made
		return nil
	}
	now := a.here.departments[id]
	next := now
	next.Name, next.ParentID = d.Name, a.departmentID(d.ParentID)
	if next.Name == now.Name && next.ParentID == now.ParentID {
		return nil
	}
	return a.update(ctx, next)
}

func (a *applying) update(ctx context.Context, d store.Department) error {
	if err := a.store.UpdateDepartment(ctx, d); err != nil {
		return err
	}
	d.Version++
	a.here.departments[d.ID] = d
	return nil
}

// head gives a department the head that the book names, and takes one away that it named before. Somebody whom the book
// does not know stays.
func (a *applying) head(ctx context.Context, d Department) error {
	now, kept := a.here.departments[a.departmentID(d.ID)]
	if !kept || a.here.headOf(now) == d.Head {
		return nil
	}
	next := now
	next.Head = nil
	if d.Head != "" {
		x, _ := a.here.known(store.IdentityUser, d.Head)
		u, there := a.here.users[x.ObjectID]
		if !there || !u.Enabled {
			return nil // he is not here: with the next run, perhaps
		}
		next.Head = &u.Username
	}
	return a.update(ctx, next)
}

var codeForm = regexp.MustCompile(`^[\p{L}\p{Nd}_-]{1,48}$`)

// code is the code of a department of a book.
func code(kind, id string) string {
	if !codeForm.MatchString(id) {
		sum := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(sum[:12])
	}
	return kind + "-" + id
}

// person makes, links or changes an account, and its posts.
func (a *applying) person(ctx context.Context, who Person) error {
	u, x, err := a.account(ctx, who)
	if err != nil {
		return err
	}
	main, others := split(who.Departments)
	next := u
	next.DisplayName, next.Email, next.Title = who.DisplayName, cmp.Or(who.Email, u.Email), cmp.Or(who.Title, u.Title)
	if id := a.departmentID(main); !id.IsZero() || a.here.subject(store.IdentityDepartment, u.DepartmentID) != "" {
		next.DepartmentID = id
	}
	var left *store.Leaving
	if x.LeftAt != nil {
		next.Enabled, left = true, &store.Leaving{Source: a.here.source}
	}
	if err := a.people.Follow(ctx, u, next, left); err != nil {
		return err
	}
	a.here.users[u.ID] = next
	return a.setPosts(ctx, next, others)
}

// account finds the person's account, or links or makes one.
func (a *applying) account(ctx context.Context, who Person) (store.User, store.Identity, error) {
	x, found := a.here.known(store.IdentityUser, who.ID)
	if u, kept := a.here.users[x.ObjectID]; found && kept {
		return u, x, nil
	}
	u, err := a.people.Welcome(ctx, a.outsider(who), a.welcome())
	if err != nil {
		return u, x, err
	}
	x = store.Identity{Source: a.here.source, Kind: store.IdentityUser, Subject: who.ID, ObjectID: u.ID}
	a.here.add(x)
	a.here.users[u.ID] = u
	return u, x, nil
}

func (a *applying) outsider(who Person) access.Outsider {
	return access.Outsider{Source: a.here.source, Subject: who.ID, Username: who.Username, DisplayName: who.DisplayName, Email: who.Email, EmailVerified: true, Title: who.Title}
}

func (a *applying) welcome() access.Welcome {
	return access.Welcome{Create: a.conf.Create, Link: a.conf.Link, Roles: a.conf.DefaultRoles}
}

// foresee says of those who are new whether they get an account, somebody's, or none, and takes those out of the plan who
// get none. Nothing is changed.
func (a *applying) foresee(ctx context.Context, p *plan) error {
	meant := map[string]Change{}
	for _, who := range p.people {
		if _, found := a.here.known(store.IdentityUser, who.ID); found {
			continue
		}
		linked, err := a.people.Foresee(ctx, a.outsider(who), a.welcome())
		if err := a.refuse(store.IdentityUser, who.ID, err); err != nil {
			return err
		}
		if linked {
			meant[who.ID] = Change{Action: Link}
		}
	}
	p.people = slices.DeleteFunc(p.people, func(who Person) bool { return a.refused[key(store.IdentityUser, who.ID)] != "" })
	for i, c := range p.changes {
		if c.Kind == store.IdentityUser && c.Action == Create && meant[c.ID].Action != "" {
			p.changes[i].Action = Link
		}
	}
	return nil
}

// setPosts gives a user the posts of the book, and leaves those in departments that it does not know.
func (a *applying) setPosts(ctx context.Context, u store.User, want []string) error {
	_, now := a.here.departmentsOf(u)
	if slices.Equal(now, want) {
		return nil
	}
	kept, err := a.store.Posts(ctx, u.Username)
	if err != nil {
		return err
	}
	posts := slices.DeleteFunc(kept, func(p store.Post) bool { return p.Main || a.isOfBook(p.Department) })
	for _, subject := range want {
		if d, there := a.here.departments[a.departmentID(subject)]; there {
			posts = append(posts, store.Post{Department: d.Code, Title: u.Title})
		}
	}
	return a.store.SetPosts(ctx, u.ID, posts)
}

func (a *applying) isOfBook(code string) bool {
	for id, d := range a.here.departments {
		if d.Code == code {
			return a.here.subject(store.IdentityDepartment, id) != ""
		}
	}
	return false
}
