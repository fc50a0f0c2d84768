package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Why a change of people is refused.
var (
	ErrNoUser       = fault.New(fault.NotFound, "user_not_found", "There is no such user.")
	ErrUsernameUsed = fault.New(fault.Conflict, "username_taken", "The username is taken.")
	ErrPeopleStale  = fault.New(fault.Stale, "stale", "It has been changed by someone else; read it again.")
	ErrLastAdmin    = fault.New(fault.Conflict, "last_super_admin", "The last enabled SUPER_ADMIN cannot be disabled, deleted or lose the role.")
)

// User is a row of sys_user with the codes of its roles and the keys of its groups, both sorted.
type User struct {
	ID           engine.ID
	Username     string
	Password     string // bcrypt
	DisplayName  string
	Email        string
	Title        string
	DepartmentID engine.ID // zero when the user has none
	Department   string
	Enabled      bool
	MustChange   bool // the password, before anything else
	TokenVersion int64
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Roles        []string
	Groups       []string
}

// Standing is what decides about a request of a user.
type Standing struct {
	ID           engine.ID
	Username     string
	DisplayName  string
	Department   string
	TokenVersion int64
	Enabled      bool
	MustChange   bool
	PasswordAt   time.Time // zero when that is not known
	Roles        []string
	Groups       []string
	Permissions  []string
	// Ended are the log-ins that ended while an access token of theirs may still live.
	Ended []engine.ID
}

// longestAccess is how long an access token lives at most (config.LongestAccess); endedLogins bounds how many
// log-ins of one user that ended in this time are remembered.
const (
	longestAccess = config.LongestAccess
	endedLogins   = "1000"
)

// standingText reads a user in one round trip: rows of kind 0 the user, 1 roles, 2 groups, 3
// permissions, 4 log-ins that ended.
const standingText = `SELECT 0, u.id, u.username, u.display_name, COALESCE(d.name, ''), u.token_version, u.enabled, u.must_change, u.password_at
FROM sys_user u LEFT JOIN sys_department d ON d.id = u.department_id WHERE u.username = ?
UNION ALL SELECT 1, u.id, r.code, '', '', 0, 0, 0, NULL
FROM sys_user u JOIN sys_user_role ur ON ur.user_id = u.id JOIN sys_role r ON r.id = ur.role_id WHERE u.username = ?
UNION ALL SELECT 2, u.id, g.group_key, '', '', 0, 0, 0, NULL
FROM sys_user u JOIN sys_user_group ug ON ug.user_id = u.id JOIN sys_group g ON g.id = ug.group_id WHERE u.username = ?
UNION ALL SELECT 3, u.id, p.code, '', '', 0, 0, 0, NULL
FROM sys_user u JOIN sys_user_role ur ON ur.user_id = u.id JOIN sys_role_permission rp ON rp.role_id = ur.role_id
JOIN sys_permission p ON p.id = rp.permission_id WHERE u.username = ?
UNION ALL (SELECT 4, x.family_id, '', '', '', 0, 0, 0, NULL
FROM sys_user u JOIN sys_session x ON x.user_id = u.id WHERE u.username = ? AND x.revoked_at > ? ORDER BY x.revoked_at DESC LIMIT ` + endedLogins + `)`

// Standing reads a user's record in one round trip: ErrNoUser when there is none.
func (s *Store) Standing(ctx context.Context, username string) (Standing, error) {
	r := Standing{Roles: []string{}, Groups: []string{}, Permissions: []string{}}
	rows, err := s.DB.Query(ctx, standingText, username, username, username, username, username, time.Now().UTC().Add(-longestAccess))
	if err != nil {
		return r, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var kind int
		var id engine.ID
		var name, display, department string
		var version int64
		var enabled, mustChange bool
		var passwordAt sql.NullTime
		if err := rows.Scan(&kind, &id, &name, &display, &department, &version, &enabled, &mustChange, &passwordAt); err != nil {
			return r, err
		}
		switch kind {
		case 0:
			r.ID, r.Username, r.DisplayName, r.Department, r.TokenVersion, r.Enabled = id, name, display, department, version, enabled
			r.MustChange, r.PasswordAt = mustChange, passwordAt.Time
		case 4:
			if !slices.Contains(r.Ended, id) {
				r.Ended = append(r.Ended, id)
			}
		case 1:
			r.Roles = append(r.Roles, name)
		case 2:
			r.Groups = append(r.Groups, name)
		default:
			r.Permissions = append(r.Permissions, name)
		}
	}
	if err := rows.Err(); err != nil {
		return r, database.Classify(err)
	}
	if r.ID.IsZero() {
		return r, ErrNoUser
	}
	r.Roles, r.Groups, r.Permissions = distinct(r.Roles), distinct(r.Groups), distinct(r.Permissions)
	return r, nil
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

const userColumns = `u.id, u.username, u.password, u.display_name, u.email, u.title, u.department_id, COALESCE(d.name, ''),
u.enabled, u.must_change, u.token_version, u.version, u.created_at, u.updated_at
FROM sys_user u LEFT JOIN sys_department d ON d.id = u.department_id `

func (u *User) fields() []any {
	return []any{&u.ID, &u.Username, &u.Password, &u.DisplayName, &u.Email, &u.Title, &u.DepartmentID, &u.Department,
		&u.Enabled, &u.MustChange, &u.TokenVersion, &u.Version, &u.CreatedAt, &u.UpdatedAt}
}

// UserByName returns a user by username, ErrNoUser when there is none.
func (s *Store) UserByName(ctx context.Context, username string) (User, error) {
	return s.oneUser(ctx, `SELECT `+userColumns+`WHERE u.username = ?`, username)
}

// UserByID returns a user by id, ErrNoUser when there is none.
func (s *Store) UserByID(ctx context.Context, id engine.ID) (User, error) {
	return s.oneUser(ctx, `SELECT `+userColumns+`WHERE u.id = ?`, id[:])
}

func (s *Store) oneUser(ctx context.Context, text string, keys ...any) (User, error) {
	var u User
	err := s.DB.QueryRow(ctx, u.fields(), text, keys...)
	if errors.Is(err, sql.ErrNoRows) {
		return u, ErrNoUser
	}
	if err != nil {
		return u, err
	}
	list := []User{u}
	err = s.memberships(ctx, list)
	return list[0], err
}

// memberships fills the roles and groups of users, in one round trip.
func (s *Store) memberships(ctx context.Context, users []User) error {
	if len(users) == 0 {
		return nil
	}
	at := make(map[engine.ID]*User, len(users))
	ids := make([]any, 0, 2*len(users))
	for i := range users {
		users[i].Roles, users[i].Groups = []string{}, []string{}
		at[users[i].ID] = &users[i]
		ids = append(ids, users[i].ID[:])
	}
	marks := placeholders(len(users))
	rows, err := s.DB.Query(ctx, `SELECT 0, ur.user_id, r.code AS name FROM sys_user_role ur JOIN sys_role r ON r.id = ur.role_id WHERE ur.user_id IN (`+marks+`)
UNION ALL SELECT 1, ug.user_id, g.group_key FROM sys_user_group ug JOIN sys_group g ON g.id = ug.group_id WHERE ug.user_id IN (`+marks+`)
ORDER BY name`, append(ids, ids...)...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var kind int
		var id engine.ID
		var name string
		if err := rows.Scan(&kind, &id, &name); err != nil {
			return err
		}
		if u := at[id]; kind == 0 {
			u.Roles = append(u.Roles, name)
		} else {
			u.Groups = append(u.Groups, name)
		}
	}
	return database.Classify(rows.Err())
}

func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// UserList names the list of users; its filters are q (beginning of the username or display name),
// department (id), role (code), group (key) and enabled (true or false).
var UserList = page.List{Name: "users", Sorts: []string{"username", "-createdAt"}, Filters: []page.Filter{
	{Name: "q", Summary: "how the username or the display name begins"}, {Name: "department", Form: page.ID}, {Name: "role", Summary: "a role code"},
	{Name: "group", Summary: "a group key"}, {Name: "enabled", Form: page.Flag},
}}

// UserFilter selects users; empty fields select all.
type UserFilter struct {
	Prefix     string
	Department engine.ID
	Role       string
	Group      string
	Enabled    *bool
}

func (f UserFilter) query() query {
	q := query{}
	if f.Prefix != "" {
		like := likePrefix(f.Prefix)
		q.where("(u.username LIKE ? OR u.display_name LIKE ?)", like, like)
	}
	q.equalID("u.department_id", f.Department)
	if f.Role != "" {
		q.where("EXISTS (SELECT 1 FROM sys_user_role ur JOIN sys_role r ON r.id = ur.role_id WHERE ur.user_id = u.id AND r.code = ?)", f.Role)
	}
	if f.Group != "" {
		q.where("EXISTS (SELECT 1 FROM sys_user_group ug JOIN sys_group g ON g.id = ug.group_id WHERE ug.user_id = u.id AND g.group_key = ?)", f.Group)
	}
	if f.Enabled != nil {
		q.where("u.enabled = ?", *f.Enabled)
	}
	return q
}

// likePrefix makes a pattern of text as it stands.
func likePrefix(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

// Users reads one page of users, by username or by id (which is the time of creation).
func (s *Store) Users(ctx context.Context, r page.Request, f UserFilter) (page.Page[User], error) {
	p, err := userList(r.Sort).read(ctx, s, f.query(), r)
	if err != nil {
		return p, err
	}
	return p, s.memberships(ctx, p.Items)
}

func userList(sort string) list[User] {
	l := list[User]{columns: userColumns, count: "sys_user u", sort: byName("u.username"), scan: into((*User).fields), key: func(u User) []string { return []string{u.Username} }}
	if sort == "createdAt" {
		l.sort, l.key = byID("u.id"), func(u User) []string { return []string{u.ID.String()} }
	}
	return l
}

// Credentials are what a log-in is checked against.
type Credentials struct {
	ID       engine.ID
	Password string // bcrypt
	Enabled  bool
}

// Credentials reads a user's hash in one statement: ErrNoUser when there is none.
func (s *Store) Credentials(ctx context.Context, username string) (Credentials, error) {
	var c Credentials
	err := s.DB.QueryRow(ctx, []any{&c.ID, &c.Password, &c.Enabled}, `SELECT id, password, enabled FROM sys_user WHERE username = ?`, username)
	return c, absent(err, ErrNoUser)
}

// HasAdmin reports whether anybody who is enabled is SUPER_ADMIN.
func (s *Store) HasAdmin(ctx context.Context) (bool, error) {
	return s.found(ctx, `SELECT 1 FROM sys_role r JOIN sys_user_role ur ON ur.role_id = r.id JOIN sys_user u ON u.id = ur.user_id WHERE r.code = ? AND u.enabled = 1 LIMIT 1`, superAdmin)
}

// UsernameByID returns the username of a user: ErrNoUser when there is none.
func (s *Store) UsernameByID(ctx context.Context, id engine.ID) (string, error) {
	var username string
	err := s.DB.QueryRow(ctx, []any{&username}, `SELECT username FROM sys_user WHERE id = ?`, id[:])
	return username, absent(err, ErrNoUser)
}
