package access

import (
	"cmp"
	"context"
	"crypto/sha1" //nolint:gosec // what is compared was made with it elsewhere; it is replaced at the first log-in
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Foreigner is a user of another product. Hash is what its password was kept as there, where it is Usable; else
// nobody can log in until an administrator gives a password.
type Foreigner struct {
	ID                                  engine.ID // the same at each takeover; zero: any
	Username, DisplayName, Email, Title string
	DepartmentID                        string
	Roles, Groups                       []string
	Hash                                string
	Usable, Enabled                     bool
	CreatedAt                           time.Time // zero: now

	// Completes is the id that a takeover gives who comes before, from a source that knows less of a person.
	// Zero: whoever has the name stays as he is, and nobody asks whether he is the same.
	Completes engine.ID
}

// The marks of the hashes that Camunda 7 makes: base64 of the digest of password and salt (7.7 and later), or of the
// password alone.
const (
	camundaSHA512 = "{SHA-512}"
	camundaSHA1   = "{SHA}"
)

// CamundaHash keeps a hash of Camunda 7 with its salt in one text; false where a log-in could not be checked by it.
func CamundaHash(hash, salt string) (string, bool) {
	for mark, size := range map[string]int{camundaSHA512: sha512.Size, camundaSHA1: sha1.Size} {
		digest, found := strings.CutPrefix(hash, mark)
		raw, err := base64.StdEncoding.DecodeString(digest)
		if found && err == nil && len(raw) == size && !strings.Contains(salt, "$") && len(hash)+len(salt) < 250 {
			return hash + "$" + salt, true
		}
	}
	return "", false
}

// maxForeignCost is the highest cost at which a hash is believed: comparing takes about a second then.
const maxForeignCost = 14

var bcryptForm = regexp.MustCompile(`^\$2[aby]?\$\d\d\$[./A-Za-z0-9]{53}$`)

// BcryptHash returns a bcrypt hash as a log-in compares it, without the mark that Spring Security may put before
// it; false where a log-in could not be checked by it.
func BcryptHash(hash string) (string, bool) {
	hash = strings.TrimPrefix(hash, "{bcrypt}")
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || cost > maxForeignCost || !bcryptForm.MatchString(hash) {
		return "", false
	}
	return hash, true
}

// foreign reports whether a hash was made by another product.
func foreign(hash string) bool {
	return strings.HasPrefix(hash, camundaSHA512) || strings.HasPrefix(hash, camundaSHA1)
}

// matchesForeign compares a password with a hash of another product.
func matchesForeign(hash, password string) bool {
	kept, salt, _ := strings.Cut(hash, "$")
	mark := camundaSHA512
	var sum []byte
	if strings.HasPrefix(kept, camundaSHA512) {
		made := sha512.Sum512([]byte(password + salt))
		sum = made[:]
	} else {
		made := sha1.Sum([]byte(password + salt)) //nolint:gosec // see the import
		mark, sum = camundaSHA1, made[:]
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(kept, mark))
	return err == nil && subtle.ConstantTimeCompare(raw, sum) == 1
}

// TakeUser makes a user of another product one of this one; where it is only tried nothing is written. Errors:
// ErrInvalid, those of store.CreateUser, and store.ErrUsernameUsed for who is here already: with details where he is
// not the same.
func TakeUser(ctx context.Context, st *store.Store, f Foreigner, try bool) error {
	at := time.Now().UTC().Truncate(time.Millisecond)
	u := store.User{
		ID: f.ID, Username: f.Username, Password: f.Hash, DisplayName: cmp.Or(f.DisplayName, f.Username), Email: f.Email, Title: f.Title,
		Enabled: f.Enabled, TokenVersion: at.UnixMilli(), Version: 1, CreatedAt: at, UpdatedAt: at, Roles: f.Roles, Groups: f.Groups,
	}
	if u.ID.IsZero() {
		u.ID = newID()
	}
	if !f.CreatedAt.IsZero() {
		u.CreatedAt = f.CreatedAt
	}
	if !f.Usable {
		u.Password = store.NoPassword
	}
	var v validation
	v.check(validUsername(u.Username), "/username", "bad_username", "The username has characters that are not allowed.")
	v.person(&u, f.DepartmentID)
	if err := v.err(); err != nil {
		return err
	}
	here, err := st.UserByName(ctx, u.Username)
	switch {
	case err == nil && (f.Completes.IsZero() || here.ID == f.ID):
		return store.ErrUsernameUsed
	case err == nil && (here.ID != f.Completes || here.Version > 1):
		return store.ErrUsernameUsed.With(differences(here, u)...)
	case err == nil && try:
		return nil
	case err == nil:
		return complete(ctx, st, here, u)
	case !errors.Is(err, store.ErrNoUser):
		return err
	case try:
		return nil
	}
	return st.CreateUser(ctx, u, nil, store.Recorded{})
}

// complete gives a user what u says beyond what another takeover knew. He keeps his id and his groups.
func complete(ctx context.Context, st *store.Store, here, u store.User) error {
	u.ID, u.Version, u.Groups, u.DepartmentID = here.ID, here.Version, here.Groups, here.DepartmentID
	return st.UpdateUser(ctx, u, store.UserEffect{Password: u.Password, EndSessions: true})
}

// differences tells which fields of two users differ.
func differences(here, other store.User) (list []fault.Detail) {
	for _, d := range []struct {
		pointer string
		differs bool
	}{
		{"/displayName", here.DisplayName != other.DisplayName}, {"/email", here.Email != other.Email}, {"/enabled", here.Enabled != other.Enabled},
		{"/roles", !slices.Equal(sorted(here.Roles), sorted(other.Roles))},
	} {
		if d.differs {
			list = append(list, fault.Detail{Pointer: d.pointer, Code: "differs", Detail: "it is another one here"})
		}
	}
	return list
}

// TakeRole makes a role of another product one of this one, as TakeUser does. Errors: ErrInvalid,
// store.ErrCodeUsed, store.ErrUnknownPermission.
func TakeRole(ctx context.Context, st *store.Store, r store.Role, try bool) error {
	if err := checkRole(r); err != nil {
		return err
	}
	here, err := st.HasRole(ctx, r.Code)
	return takeNew(here, err, try, func() error { return st.CreateRole(ctx, r, nil, store.Recorded{}) })
}

// TakeGroup makes a group of another product one of this one, as TakeUser does. Errors: ErrInvalid, store.ErrCodeUsed.
func TakeGroup(ctx context.Context, st *store.Store, key, name string, try bool) error {
	g := store.Group{ID: newID(), Key: key, Name: name, Version: 1, CreatedAt: time.Now().UTC().Truncate(time.Millisecond)}
	var v validation
	v.code("/key", g.Key)
	v.name("/name", g.Name)
	if err := v.err(); err != nil {
		return err
	}
	here, err := st.HasGroup(ctx, key)
	return takeNew(here, err, try, func() error { return st.CreateGroup(ctx, g, nil, store.Recorded{}) })
}

// takeNew makes what is not here yet, unless this is a try. here and err are what was found of its code.
func takeNew(here bool, err error, try bool, create func() error) error {
	switch {
	case err != nil:
		return err
	case here:
		return store.ErrCodeUsed
	case try:
		return nil
	}
	return create()
}
