package store

import (
	"context"
	"database/sql"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrIdentityUsed: the source knows this person, or this account, under another name already.
var ErrIdentityUsed = fault.New(fault.Conflict, "identity_taken", "The account is linked with another identity of this source, or the identity with another account.")

// The kinds of what a source names.
const (
	IdentityUser       = "user"
	IdentityDepartment = "department"
)

// Identity is a row of sys_identity: what a source calls a user or a department of ours.
type Identity struct {
	Source    string // the issuer of an OpenID provider, or kind:name of a directory; 255 characters at most, as Subject
	Kind      string
	Subject   string
	ObjectID  engine.ID
	CreatedAt time.Time
	LeftAt    *time.Time // when a run found that the person was gone, nil while he is there
}

const identityColumns = `source, kind, subject, object_id, created_at, left_at FROM sys_identity`

func (x *Identity) fields() []any {
	return []any{&x.Source, &x.Kind, &x.Subject, &x.ObjectID, &x.CreatedAt, &x.LeftAt}
}

func (x *Identity) insert(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO sys_identity (source, kind, subject, object_id, created_at) VALUES (?, ?, ?, ?, ?)`,
		x.Source, x.Kind, x.Subject, x.ObjectID[:], x.CreatedAt)
	return taken(err, ErrIdentityUsed)
}

// UserByIdentity returns the user whom a source calls subject: ErrNoUser when there is none.
func (s *Store) UserByIdentity(ctx context.Context, source, subject string) (User, error) {
	return s.oneUser(ctx, `SELECT `+userColumns+`JOIN sys_identity i ON i.object_id = u.id WHERE i.source = ? AND i.kind = 'user' AND i.subject = ?`, source, subject)
}

// UsersByEmail returns up to two users who have a mail address, in small or capital letters.
func (s *Store) UsersByEmail(ctx context.Context, email string) ([]User, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+userColumns+`WHERE u.email = ? ORDER BY u.id LIMIT 2`, email)
	found, err := collect(rows, err, into((*User).fields))
	if err != nil {
		return nil, err
	}
	return found, s.memberships(ctx, found)
}

// KnownTo reports whether one of the sources that begin with a prefix, such as ldap:, has an identity for a user.
func (s *Store) KnownTo(ctx context.Context, user engine.ID, prefix string) (bool, error) {
	return s.found(ctx, `SELECT 1 FROM sys_identity WHERE object_id = ? AND kind = 'user' AND source LIKE ? LIMIT 1`, user[:], likePrefix(prefix))
}

// Identities returns all that a source names.
func (s *Store) Identities(ctx context.Context, source string) ([]Identity, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+identityColumns+` WHERE source = ?`, source)
	return collect(rows, err, into((*Identity).fields))
}

// UsersOf returns the users whom a source knows, by id.
func (s *Store) UsersOf(ctx context.Context, source string) ([]User, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+userColumns+`JOIN sys_identity i ON i.object_id = u.id WHERE i.source = ? AND i.kind = 'user' ORDER BY u.id`, source)
	found, err := collect(rows, err, into((*User).fields))
	if err != nil {
		return nil, err
	}
	for from := 0; from < len(found); from += 500 {
		if err := s.memberships(ctx, found[from:min(from+500, len(found))]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// UserPost is a post of a user beside the main one.
type UserPost struct {
	UserID     engine.ID
	Department engine.ID
}

// PostsOfSource returns the posts, beside the main ones, of the users whom a source knows.
func (s *Store) PostsOfSource(ctx context.Context, source string) ([]UserPost, error) {
	rows, err := s.DB.Query(ctx, `SELECT p.user_id, p.department_id FROM sys_identity i JOIN sys_user_post p ON p.user_id = i.object_id WHERE i.source = ? AND i.kind = 'user'`, source)
	return collect(rows, err, into(func(p *UserPost) []any { return []any{&p.UserID, &p.Department} }))
}

// DepartmentsOf returns the departments that a source knows.
func (s *Store) DepartmentsOf(ctx context.Context, source string) ([]Department, error) {
	rows, err := s.DB.Query(ctx, `SELECT d.id, d.code, d.name, d.parent_id, d.head, d.version, d.created_at FROM sys_identity i JOIN sys_department d ON d.id = i.object_id
WHERE i.source = ? AND i.kind = 'department' ORDER BY d.id`, source)
	return collect(rows, err, into((*Department).fields))
}

// DepartmentByCode returns a department: ErrNoDepartment when there is none.
func (s *Store) DepartmentByCode(ctx context.Context, code string) (Department, error) {
	var d Department
	err := s.DB.QueryRow(ctx, d.fields(), `SELECT `+departmentColumns+` WHERE code = ?`, code)
	return d, absent(err, ErrNoDepartment)
}

// Why a user keeps what a source calls him.
var (
	ErrNoIdentity   = fault.New(fault.NotFound, "identity_not_found", "The account is not linked with this source.")
	ErrLastIdentity = fault.New(fault.Conflict, "last_identity", "The account has no password: without this link nobody could log in to it.")
)

// IdentitiesOf returns what sources call a user, the oldest first.
func (s *Store) IdentitiesOf(ctx context.Context, user engine.ID) ([]Identity, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+identityColumns+` WHERE object_id = ? AND kind = 'user' ORDER BY created_at, source`, user[:])
	return collect(rows, err, into((*Identity).fields))
}

// UnlinkUser removes what a source calls a user. Errors: ErrNoUser, ErrNoIdentity, ErrLastIdentity.
func (s *Store) UnlinkUser(ctx context.Context, user engine.ID, source string) error {
	return s.inAudited(ctx, act{"user.unlink", kindUser, user}, func(tx *sql.Tx) error {
		var password string
		if err := tx.QueryRowContext(ctx, `SELECT password FROM sys_user WHERE id = ? FOR UPDATE`, user[:]).Scan(&password); err != nil {
			return absent(err, ErrNoUser)
		}
		var all, those int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(IF(source = ?, 1, NULL)) FROM sys_identity WHERE object_id = ? AND kind = 'user'`, source, user[:]).Scan(&all, &those); err != nil {
			return err
		}
		switch {
		case those == 0:
			return ErrNoIdentity
		case all == 1 && password == NoPassword:
			return ErrLastIdentity
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM sys_identity WHERE object_id = ? AND source = ? AND kind = 'user'`, user[:], source)
		return err
	})
}

// CreateLinkedUser inserts a user together with what a source calls him. Errors: those of CreateUser, ErrIdentityUsed.
func (s *Store) CreateLinkedUser(ctx context.Context, u User, x Identity) error {
	return s.inAudited(ctx, act{"user.create", kindUser, u.ID}, func(tx *sql.Tx) error {
		if err := insertUser(ctx, tx, u); err != nil {
			return err
		}
		return x.insert(ctx, tx)
	})
}

// LinkUser says what a source calls a user who is there. Errors: ErrIdentityUsed.
func (s *Store) LinkUser(ctx context.Context, x Identity) error {
	return s.inAudited(ctx, act{"user.link", kindUser, x.ObjectID}, func(tx *sql.Tx) error { return x.insert(ctx, tx) })
}

// CreateLinkedDepartment inserts a department together with what a source calls it. Errors: those of CreateDepartment,
// ErrIdentityUsed.
func (s *Store) CreateLinkedDepartment(ctx context.Context, d Department, x Identity) error {
	return s.inAudited(ctx, act{"department.create", kindDepartment, d.ID}, func(tx *sql.Tx) error {
		if err := insertDepartment(ctx, tx, d); err != nil {
			return err
		}
		return x.insert(ctx, tx)
	})
}

// forgetIdentities removes what sources call something that is deleted.
func forgetIdentities(ctx context.Context, tx *sql.Tx, id engine.ID) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM sys_identity WHERE object_id = ?`, id[:])
	return err
}

// Leaving says in an update of a user that a source found him gone, or there again where At is nil.
type Leaving struct {
	Source string
	At     *time.Time
}

func (l *Leaving) write(ctx context.Context, tx *sql.Tx, user engine.ID) error {
	_, err := tx.ExecContext(ctx, `UPDATE sys_identity SET left_at = ? WHERE object_id = ? AND source = ? AND kind = 'user'`, l.At, user[:], l.Source)
	return err
}
