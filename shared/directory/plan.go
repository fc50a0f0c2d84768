package directory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// The actions of a Change.
const (
	Create   = "create"
	Link     = "link" // an account that is here becomes the person's
	Update   = "update"
	Enable   = "enable"   // somebody who had left is there again
	Disable  = "disable"  // and his log-ins end
	Gone     = "gone"     // a department is not in the book any more; it stays
	Conflict = "conflict" // nothing is done: Detail says why
)

// Change is one difference between an address book and what is here.
type Change struct {
	Action string        `json:"action"`
	Kind   string        `json:"kind"` // user or department
	ID     string        `json:"id"`   // the book's
	Name   string        `json:"name"` // username, or name of the department
	Fields []FieldChange `json:"fields"`
	Detail string        `json:"detail"`
}

// FieldChange is a field that differs.
type FieldChange struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// here is what is known of an address book: who and what of it is here.
type here struct {
	source      string
	identities  map[string]store.Identity    // by kind and the book's id
	subjects    map[engine.ID]store.Identity // by ours
	users       map[engine.ID]store.User
	departments map[engine.ID]store.Department
	posts       map[engine.ID][]engine.ID // departments beside the main one
}

// known returns what the book calls subject, of a kind.
func (h here) known(kind, subject string) (store.Identity, bool) {
	x, found := h.identities[key(kind, subject)]
	return x, found
}

func (h here) add(x store.Identity) {
	h.identities[key(x.Kind, x.Subject)] = x
	h.subjects[x.ObjectID] = x
}

// key names something of a book.
func key(kind, id string) string { return kind + " " + id }

// all are the identities in the order of the book's ids.
func (h here) all() []store.Identity {
	return slices.SortedFunc(maps.Values(h.identities), func(a, b store.Identity) int { return cmp.Compare(key(a.Kind, a.Subject), key(b.Kind, b.Subject)) })
}

// plan is what a run will do, in order. The people of it are those that differ; targets are made once the departments
// are there.
type plan struct {
	departments []Department // new or different, parents before those below
	people      []Person     // new, different or back
	leavers     []store.User
	changes     []Change
	known       int // accounts of the book that are enabled
}

// fields compares texts by their names.
func fields(pairs ...string) []FieldChange {
	list := []FieldChange{}
	for i := 0; i+2 < len(pairs); i += 3 {
		if pairs[i+1] != pairs[i+2] {
			list = append(list, FieldChange{pairs[i], pairs[i+1], pairs[i+2]})
		}
	}
	return list
}

// clean brings what a book says into the bounds of what is kept here.
func clean(s Snapshot) Snapshot {
	departments, people := make([]Department, 0, len(s.Departments)), make([]Person, 0, len(s.People))
	for _, d := range s.Departments {
		d.Name = cmp.Or(text(d.Name), d.ID)
		departments = append(departments, d)
	}
	for _, p := range s.People {
		p.DisplayName, p.Title, p.Email = cmp.Or(text(p.DisplayName), p.Username), text(p.Title), strings.TrimSpace(p.Email)
		if !access.ValidEmail(p.Email) {
			p.Email = ""
		}
		people = append(people, p)
	}
	return Snapshot{departments, people}
}

const longest = 255

func text(t string) string {
	t = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 127 || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, t))
	if utf8.RuneCountInString(t) > longest {
		return string([]rune(t)[:longest])
	}
	return t
}

// compare makes the plan.
func compare(s Snapshot, h here) plan {
	var p plan
	p.compareDepartments(s, h)
	p.comparePeople(s, h)
	return p
}

func (p *plan) compareDepartments(s Snapshot, h here) {
	there := map[string]bool{}
	for _, d := range parentsFirst(s.Departments) {
		there[d.ID] = true
		x, found := h.known(store.IdentityDepartment, d.ID)
		now, kept := h.departments[x.ObjectID]
		if !found || !kept {
			p.departments = append(p.departments, d)
			p.changes = append(p.changes, Change{Action: Create, Kind: store.IdentityDepartment, ID: d.ID, Name: d.Name, Fields: []FieldChange{}})
			continue
		}
		changed := fields("name", now.Name, d.Name, "parent", h.subject(store.IdentityDepartment, now.ParentID), d.ParentID)
		if head := h.headOf(now); head != d.Head && (d.Head != "" || head != "") {
			changed = append(changed, FieldChange{"head", head, d.Head})
		}
		if len(changed) > 0 {
			p.departments = append(p.departments, d)
			p.changes = append(p.changes, Change{Action: Update, Kind: store.IdentityDepartment, ID: d.ID, Name: d.Name, Fields: changed})
		}
	}
	for _, x := range h.all() {
		if x.Kind == store.IdentityDepartment && !there[x.Subject] {
			p.changes = append(p.changes, Change{Action: Gone, Kind: x.Kind, ID: x.Subject, Name: h.departments[x.ObjectID].Name, Fields: []FieldChange{}})
		}
	}
}

// subject is what the book calls an object, empty where it does not know it.
func (h here) subject(kind string, id engine.ID) string {
	if x := h.subjects[id]; x.Kind == kind {
		return x.Subject
	}
	return ""
}

// headOf is what the book calls the head of a department, empty for nobody and for somebody whom it does not know.
func (h here) headOf(d store.Department) string {
	if d.Head == nil {
		return ""
	}
	for id, u := range h.users {
		if u.Username == *d.Head {
			return h.subject(store.IdentityUser, id)
		}
	}
	return ""
}

// parentsFirst orders departments so that each comes behind its parent. A circle is cut: who is in it is at the top.
func parentsFirst(list []Department) []Department {
	byID := map[string]Department{}
	for _, d := range list {
		byID[d.ID] = d
	}
	depth := func(d Department) int {
		n := 0
		for d.ParentID != "" && n <= len(list) {
			parent, found := byID[d.ParentID]
			if !found {
				break
			}
			d = parent
			n++
		}
		return n
	}
	out := make([]Department, 0, len(list))
	for _, d := range list {
		if _, found := byID[d.ParentID]; !found || depth(d) > len(list) {
			d.ParentID = ""
		}
		out = append(out, d)
	}
	slices.SortStableFunc(out, func(a, b Department) int { return cmp.Compare(depth(a), depth(b)) })
	return out
}

func (p *plan) comparePeople(s Snapshot, h here) {
	active := map[string]bool{}
	for _, who := range s.People {
		if who.Active {
			active[who.ID] = true
			p.comparePerson(who, h)
		}
	}
	for _, x := range h.all() {
		u, here := h.users[x.ObjectID]
		if x.Kind != store.IdentityUser || !here {
			continue
		}
		if u.Enabled && x.LeftAt == nil {
			p.known++
		}
		if u.Enabled && x.LeftAt == nil && !active[x.Subject] { // whom an administrator has let in again he keeps
			p.leavers = append(p.leavers, u)
			p.changes = append(p.changes, Change{Action: Disable, Kind: x.Kind, ID: x.Subject, Name: u.Username, Fields: fields("enabled", "true", "false")})
		}
	}
}

func (p *plan) comparePerson(who Person, h here) {
	x, found := h.known(store.IdentityUser, who.ID)
	u, kept := h.users[x.ObjectID]
	if !found || !kept {
		p.people = append(p.people, who)
		p.changes = append(p.changes, Change{Action: Create, Kind: store.IdentityUser, ID: who.ID, Name: who.Username, Fields: []FieldChange{}})
		return
	}
	main, others := h.departmentsOf(u)
	wantMain, wantOthers := split(who.Departments)
	changed := fields("displayName", u.DisplayName, who.DisplayName, "email", u.Email, cmp.Or(who.Email, u.Email), "title", u.Title, cmp.Or(who.Title, u.Title),
		"department", main, wantMain, "posts", strings.Join(others, " "), strings.Join(wantOthers, " "))
	action := Update
	if x.LeftAt != nil {
		action = Enable
		changed = append(changed, fields("enabled", fmt.Sprint(u.Enabled), "true")...)
	}
	if len(changed) > 0 || action == Enable {
		p.people = append(p.people, who)
		p.changes = append(p.changes, Change{Action: action, Kind: store.IdentityUser, ID: who.ID, Name: u.Username, Fields: changed})
	}
}

// departmentsOf are a user's departments as the book calls them, the main one and the others in order. Those that the
// book does not know are none.
func (h here) departmentsOf(u store.User) (main string, others []string) {
	for _, id := range h.posts[u.ID] {
		if subject := h.subject(store.IdentityDepartment, id); subject != "" {
			others = append(others, subject)
		}
	}
	slices.Sort(others)
	return h.subject(store.IdentityDepartment, u.DepartmentID), others
}

// split is a person's main department and the others, in order.
func split(departments []string) (main string, others []string) {
	if len(departments) == 0 {
		return "", nil
	}
	others = slices.Clone(departments[1:])
	slices.Sort(others)
	return departments[0], slices.DeleteFunc(slices.Compact(others), func(id string) bool { return id == departments[0] })
}

// tooMany reports whether a run would disable a larger share of the accounts that the book knows than it may.
func (p *plan) tooMany(percent int) bool {
	return len(p.leavers)*100 > percent*p.known
}

// leaving says that a book found somebody gone.
func leaving(source string, at time.Time) *store.Leaving {
	return &store.Leaving{Source: source, At: &at}
}
