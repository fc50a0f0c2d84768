package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

const (
	maxImported       = 500 // users of a table
	maxImportProblems = 100 // that are told
)

// ErrImport: a table of users has problems.
var ErrImport = fault.New(fault.Invalid, "bad_import", "The table has problems; nothing is changed.")

// Import is the body that takes users over from a table. CSV (RFC 4180, UTF-8) is the table: its first row names the
// columns username, displayName, email, title, department (code), roles (codes), groups (keys) and enabled, in any
// order; all but username may be missing. An empty cell says nothing.
type Import struct {
	CSV string `json:"csv" api:"required"`
	// Password is the first one of new accounts, which each must change. Without it they have none, and log in once an
	// administrator, or who vouches for them, lets them.
	Password string `json:"password"`
	// DryRun changes nothing and tells what would be.
	DryRun bool `json:"dryRun"`
}

// ImportReport says what became, or would become, of each row.
type ImportReport struct {
	DryRun    bool          `json:"dryRun"`
	Created   int           `json:"created"`
	Updated   int           `json:"updated"`
	Unchanged int           `json:"unchanged"`
	Rows      []ImportedRow `json:"rows"`
}

// ImportedRow is one row: its line in the file, and created, updated or unchanged.
type ImportedRow struct {
	Line     int    `json:"line"`
	Username string `json:"username"`
	Action   string `json:"action"`
}

// What becomes of a row.
const (
	rowCreated   = "created"
	rowUpdated   = "updated"
	rowUnchanged = "unchanged"
)

// importing is one import while it is read.
type importing struct {
	service       *Service
	principal     Principal
	password      string
	rules         *setting.Values
	roles, groups map[string]bool
	departments   map[string]engine.ID
	seen          map[string]bool
	problems      []fault.Detail
	users         []importedUser
}

// importedUser is a row with the account as it was, if there was one, and as it shall be.
type importedUser struct {
	ImportedRow
	was, user store.User
}

// ImportUsers makes and changes accounts by a table. Each is known by its username: what is there already is changed
// where the table says something else, so that a table may be imported again. All rows are checked before the first
// is written. Errors: ErrImport with a detail for each problem, and those of CreateUser and UpdateUser where somebody
// else was faster; the rows before are written then, and a repetition goes on.
func (s *Service) ImportUsers(ctx context.Context, p Principal, in Import) (ImportReport, error) {
	lines, err := readImport(in.CSV)
	if err != nil {
		return ImportReport{}, err
	}
	i := importing{service: s, principal: p, password: in.Password, rules: s.Settings.Now(ctx), departments: map[string]engine.ID{}, seen: map[string]bool{}}
	if err := i.know(ctx); err != nil {
		return ImportReport{}, err
	}
	for n, line := range lines {
		if err := i.read(ctx, fmt.Sprintf("/rows/%d", n), line); err != nil {
			return ImportReport{}, err
		}
		if len(i.problems) >= maxImportProblems {
			break
		}
	}
	if len(i.problems) > 0 {
		return ImportReport{}, ErrImport.With(i.problems[:min(len(i.problems), maxImportProblems)]...)
	}
	if !in.DryRun {
		if err := i.write(ctx); err != nil {
			return ImportReport{}, err
		}
	}
	return i.report(in.DryRun), nil
}

// know reads what rows may name.
func (i *importing) know(ctx context.Context) error {
	units, err := i.service.Units(ctx)
	i.roles, i.groups = map[string]bool{}, map[string]bool{}
	for _, u := range units.Roles {
		i.roles[u.Code] = true
	}
	for _, u := range units.Groups {
		i.groups[u.Code] = true
	}
	return err
}

// read makes an account of a row, or problems. The error is one of the database.
func (i *importing) read(ctx context.Context, pointer string, line importLine) error {
	var v validation
	name := line.cells["username"]
	v.check(validUsername(name), "/username", "bad_username", "A username begins with a letter or digit and has up to 64 letters, digits and . _ - @.")
	v.check(!i.seen[name], "/username", "repeated", "The table has this username twice.")
	i.seen[name] = true
	row := importedUser{ImportedRow: ImportedRow{line.line, name, rowUpdated}}
	if len(v.details) == 0 {
		if err := i.account(ctx, &v, &row, line.cells); err != nil {
			return err
		}
	}
	for _, d := range v.details {
		d.Pointer, d.Line = pointer+d.Pointer, line.line
		i.problems = append(i.problems, d)
	}
	i.users = append(i.users, row)
	return nil
}

func (i *importing) account(ctx context.Context, v *validation, row *importedUser, cells map[string]string) error {
	var err error
	row.was, err = i.service.store.UserByName(ctx, row.Username)
	row.user = row.was
	switch {
	case errors.Is(err, store.ErrNoUser):
		row.Action, row.user = rowCreated, i.fresh(v, row.Username)
	case err != nil:
		return err
	}
	if err := i.fill(ctx, v, &row.user, cells); err != nil {
		return err
	}
	if row.Action == rowUpdated && same(row.was, row.user) && slices.Equal(sorted(row.was.Groups), sorted(row.user.Groups)) {
		row.Action = rowUnchanged
		return nil
	}
	for _, roles := range [][]string{row.was.Roles, row.user.Roles} { // nobody changes who may more than oneself
		err := i.service.mayGrant(ctx, i.principal, roles)
		if err != nil && !errors.Is(err, ErrNotGranted) {
			return err
		}
		if err != nil {
			v.check(false, "/roles", ErrNotGranted.Code, ErrNotGranted.Message)
			break
		}
	}
	return nil
}

// fresh is a new account.
func (i *importing) fresh(v *validation, username string) store.User {
	now := i.service.instant()
	if i.password != "" {
		v.details = append(v.details, checkPassword(i.rules, "/password", i.password, username)...)
	}
	return store.User{
		ID: newID(), Username: username, DisplayName: username, Password: store.NoPassword, Enabled: true, MustChange: i.password != "",
		TokenVersion: now.UnixMilli(), Version: 1, CreatedAt: now, UpdatedAt: now, Roles: []string{}, Groups: []string{},
	}
}

// fill writes what the cells of a row say into an account.
func (i *importing) fill(ctx context.Context, v *validation, u *store.User, cells map[string]string) error {
	for column, field := range map[string]*string{"displayName": &u.DisplayName, "email": &u.Email, "title": &u.Title} {
		if cell := cells[column]; cell != "" {
			*field = cell
		}
	}
	for column, field := range map[string]*[]string{"roles": &u.Roles, "groups": &u.Groups} {
		if cell := cells[column]; cell != "" {
			*field = importList(cell)
		}
	}
	if cell := cells["enabled"]; cell != "" {
		is, known := importFlag(cell)
		v.check(known, "/enabled", "bad_flag", "The cell is true or false.")
		u.Enabled = is
	}
	for n, code := range u.Roles {
		v.check(i.roles[code], fmt.Sprintf("/roles/%d", n), store.ErrUnknownRole.Code, store.ErrUnknownRole.Message)
	}
	for n, key := range u.Groups {
		v.check(i.groups[key], fmt.Sprintf("/groups/%d", n), store.ErrUnknownGroup.Code, store.ErrUnknownGroup.Message)
	}
	if err := i.department(ctx, v, u, cells["department"]); err != nil {
		return err
	}
	v.person(u, idText(u.DepartmentID))
	return nil
}

// department reads the code of a department; each is looked for once.
func (i *importing) department(ctx context.Context, v *validation, u *store.User, code string) error {
	if code == "" {
		return nil
	}
	id, asked := i.departments[code]
	if !asked {
		d, err := i.service.store.DepartmentByCode(ctx, code)
		if err != nil && !errors.Is(err, store.ErrNoDepartment) {
			return err
		}
		id = d.ID
		i.departments[code] = id
	}
	v.check(!id.IsZero(), "/department", store.ErrUnknownDepartment.Code, store.ErrUnknownDepartment.Message)
	u.DepartmentID = id
	return nil
}

// write makes what was read true, one account after the other.
func (i *importing) write(ctx context.Context) error {
	hash := ""
	for n := range i.users {
		row, u := &i.users[n], i.users[n].user
		var err error
		switch {
		case row.Action == rowUnchanged:
			continue
		case row.Action == rowUpdated:
			u.UpdatedAt = i.service.instant()
			err = i.service.store.UpdateUser(ctx, u, store.UserEffect{EndSessions: row.was.Enabled && !u.Enabled})
		default:
			if hash, err = i.hashed(ctx, hash); err != nil {
				return err
			}
			u.Password = cmp.Or(hash, u.Password)
			err = i.service.store.CreateUser(ctx, u, nil, store.Recorded{})
		}
		if err != nil {
			return fmt.Errorf("line %d, user %s: %w", row.Line, u.Username, err)
		}
		i.service.forget(ctx, u.Username)
	}
	return nil
}

// hashed returns the hash of the password that all new accounts get, which is made once; "" where there is none.
func (i *importing) hashed(ctx context.Context, known string) (string, error) {
	if known != "" || i.password == "" {
		return known, nil
	}
	return i.service.hasher.hash(ctx, i.password)
}

func (i *importing) report(dry bool) ImportReport {
	r := ImportReport{DryRun: dry, Rows: []ImportedRow{}}
	for _, u := range i.users {
		switch u.Action {
		case rowCreated:
			r.Created++
		case rowUpdated:
			r.Updated++
		default:
			r.Unchanged++
		}
		r.Rows = append(r.Rows, u.ImportedRow)
	}
	return r
}
