package store

import (
	"context"
	"strings"

	"diom.io/workflow/shared/page"
)

// Person is what everybody may know of a colleague: what a name in a task or a form is shown and chosen by.
type Person struct {
	Username       string `json:"username"`
	DisplayName    string `json:"displayName"`
	Title          string `json:"title"`
	Department     string `json:"department"` // its code, "" for none
	DepartmentName string `json:"departmentName"`
	Enabled        bool   `json:"enabled"`
}

// maxNames bounds the usernames that one request asks about.
const maxNames = 100

// PersonList names the list of colleagues. With usernames it is those, disabled ones, too, since history names them;
// else those who are enabled.
var PersonList = page.List{Name: "people", Sorts: []string{"username"}, Filters: []page.Filter{
	{Name: "q", Summary: "how the username begins, or a part of the display name"}, {Name: "department", Summary: "the code of a department"},
	{Name: "usernames", Summary: "at most 100, separated by commas"},
}}

// PersonFilter selects people; empty fields select all.
type PersonFilter struct {
	Words      string
	Department string
	Usernames  string
}

func (f PersonFilter) query() query {
	q := query{}
	if f.Words != "" {
		prefix := likePrefix(f.Words)
		q.where("(u.username LIKE ? OR u.display_name LIKE ?)", prefix, "%"+prefix)
	}
	q.equal("d.code", f.Department)
	if f.Usernames == "" {
		q.where("u.enabled = ?", true)
		return q
	}
	names := strings.SplitN(f.Usernames, ",", maxNames+1)
	arguments := make([]any, 0, maxNames)
	for _, name := range names[:min(len(names), maxNames)] {
		arguments = append(arguments, name)
	}
	q.where("u.username IN ("+placeholders(len(arguments))+")", arguments...)
	return q
}

func (p *Person) fields() []any {
	return []any{&p.Username, &p.DisplayName, &p.Title, &p.Department, &p.DepartmentName, &p.Enabled}
}

const personTables = `sys_user u LEFT JOIN sys_department d ON d.id = u.department_id`

// People reads one page of colleagues, by username.
func (s *Store) People(ctx context.Context, r page.Request, f PersonFilter) (page.Page[Person], error) {
	l := list[Person]{
		columns: `u.username, u.display_name, u.title, COALESCE(d.code, ''), COALESCE(d.name, ''), u.enabled FROM ` + personTables, count: personTables,
		sort: byName("u.username"), scan: into((*Person).fields), key: func(p Person) []string { return []string{p.Username} },
	}
	return l.read(ctx, s, f.query(), r)
}

// Unit is a department, a role or a group, by the code that models and forms name it by.
type Unit struct {
	Kind string `json:"-"`
	Code string `json:"code"`
	Name string `json:"name"`
	// Parent is the code of the department above, "" at the top and for what is no department.
	Parent string `json:"parent,omitempty"`
}

// maxUnits bounds what is offered of each kind.
const maxUnits = "1000"

const unitText = `(SELECT 'department', d.code, d.name, COALESCE(p.code, '') FROM sys_department d LEFT JOIN sys_department p ON p.id = d.parent_id ORDER BY d.code LIMIT ` + maxUnits + `)
UNION ALL (SELECT 'role', code, name, '' FROM sys_role ORDER BY code LIMIT ` + maxUnits + `)
UNION ALL (SELECT 'group', group_key, name, '' FROM sys_group ORDER BY group_key LIMIT ` + maxUnits + `)`

// Units reads all departments, roles and groups in one round trip, at most 1,000 of each kind.
func (s *Store) Units(ctx context.Context) ([]Unit, error) {
	rows, err := s.DB.Query(ctx, unitText)
	return collect(rows, err, into(func(u *Unit) []any { return []any{&u.Kind, &u.Code, &u.Name, &u.Parent} }))
}
