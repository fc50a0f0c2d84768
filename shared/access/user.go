package access

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

// ErrNotGranted: the change gives, or touches, rights that the caller has not.
var ErrNotGranted = fault.New(fault.Forbidden, "not_granted", "You cannot give or take rights that you do not have yourself.")

// User is a user as an administrator sees it.
type User struct {
	ID           string   `json:"id"`
	Username     string   `json:"username"`
	DisplayName  string   `json:"displayName"`
	Email        string   `json:"email"`
	Title        string   `json:"title"`
	DepartmentID string   `json:"departmentId"`
	Department   string   `json:"department"`
	Roles        []string `json:"roles"`
	Groups       []string `json:"groups"`
	Enabled      bool     `json:"enabled"`
	// MustChangePassword says that the user may do nothing before the password is another one.
	MustChangePassword bool      `json:"mustChangePassword"`
	Version            int64     `json:"version"`
	CreatedAt          time.Time `json:"createdAt"`
	UpdatedAt          time.Time `json:"updatedAt"`
}

// NewUser is the body that creates a user. Enabled is true where it is absent; without roles the user
// can do nothing but log in. Where mustChangePassword is absent it is the setting password.must_change.
type NewUser struct {
	Username     string   `json:"username" api:"required"`
	Password     string   `json:"password" api:"required"`
	DisplayName  string   `json:"displayName"`
	Email        string   `json:"email"`
	Title        string   `json:"title"`
	DepartmentID string   `json:"departmentId"`
	Roles        []string `json:"roles"`
	Groups       []string `json:"groups"`
	Enabled      *bool    `json:"enabled"`

	MustChangePassword *bool `json:"mustChangePassword"`
}

// UserChange is the body that changes a user: what is absent stays, an empty departmentId takes the
// user out of its department. The username, by which models and history name a person, never changes. With a
// password, an absent mustChangePassword is the setting password.must_change.
type UserChange struct {
	DisplayName  *string   `json:"displayName"`
	Email        *string   `json:"email"`
	Title        *string   `json:"title"`
	DepartmentID *string   `json:"departmentId"`
	Roles        *[]string `json:"roles"`
	Groups       *[]string `json:"groups"`
	Enabled      *bool     `json:"enabled"`
	Password     *string   `json:"password"`

	MustChangePassword *bool `json:"mustChangePassword"`
}

func idText(id engine.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func userOf(u store.User) User {
	return User{
		ID: u.ID.String(), Username: u.Username, DisplayName: u.DisplayName, Email: u.Email, Title: u.Title,
		DepartmentID: idText(u.DepartmentID), Department: u.Department, Roles: sorted(u.Roles), Groups: sorted(u.Groups), Enabled: u.Enabled,
		MustChangePassword: u.MustChange, Version: u.Version, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
}

// mapPage turns a page of rows into a page of answers.
func mapPage[A, B any](p page.Page[A], err error, to func(A) B) (page.Page[B], error) {
	out := page.Page[B]{Items: make([]B, 0, len(p.Items)), NextCursor: p.NextCursor, PrevCursor: p.PrevCursor, Total: p.Total}
	for _, item := range p.Items {
		out.Items = append(out.Items, to(item))
	}
	return out, err
}

// Users lists users; the list is store.UserList.
func (s *Service) Users(ctx context.Context, r page.Request, f store.UserFilter) (page.Page[User], error) {
	p, err := s.store.Users(ctx, r, f)
	return mapPage(p, err, userOf)
}

// User returns a user: store.ErrNoUser when there is none.
func (s *Service) User(ctx context.Context, id engine.ID) (User, error) {
	u, err := s.store.UserByID(ctx, id)
	return userOf(u), err
}

// CreateUser makes a user. Errors: ErrInvalid with details, ErrNotGranted, store.ErrUsernameUsed,
// store.ErrUnknownRole, ErrUnknownGroup, ErrUnknownDepartment, ErrRepeated.
func (s *Service) CreateUser(ctx context.Context, p Principal, in NewUser, i *store.Idempotency) (User, error) {
	now, rules := s.instant(), s.Settings.Now(ctx)
	u := store.User{
		ID: newID(), Username: in.Username, DisplayName: in.DisplayName, Email: in.Email, Title: in.Title,
		Enabled: in.Enabled == nil || *in.Enabled, TokenVersion: now.UnixMilli(), Version: 1, CreatedAt: now, UpdatedAt: now,
		Roles: in.Roles, Groups: in.Groups, MustChange: rules.Flag(setting.MustChange),
	}
	set(&u.MustChange, in.MustChangePassword)
	if u.DisplayName == "" {
		u.DisplayName = u.Username
	}
	var v validation
	v.check(validUsername(u.Username), "/username", "bad_username", "A username begins with a letter or digit and has up to 64 letters, digits and . _ - @.")
	v.person(&u, in.DepartmentID)
	v.details = append(v.details, checkPassword(rules, "/password", in.Password, in.Username)...)
	if err := v.err(); err != nil {
		return User{}, err
	}
	if err := s.mayGrant(ctx, p, u.Roles); err != nil {
		return User{}, err
	}
	if err := s.nameDepartment(ctx, &u); err != nil {
		return User{}, err
	}
	var err error
	if u.Password, err = s.hasher.hash(ctx, in.Password); err != nil {
		return User{}, err
	}
	made := userOf(u)
	answer, err := created(made)
	if err != nil {
		return User{}, err
	}
	if err := s.store.CreateUser(ctx, u, i, answer); err != nil {
		return User{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	s.forget(ctx, u.Username)
	return made, nil
}

// created is the recorded answer of a POST that made something, in the very bytes that the first
// answer has: no HTML escapes and a line end, as the adapter writes them.
func created(answer any) (store.Recorded, error) { return recorded(http.StatusCreated, answer) }

// Accepted is the recorded answer of a POST that is done later, likewise.
func Accepted(answer any) (store.Recorded, error) { return recorded(http.StatusAccepted, answer) }

func recorded(status int, answer any) (store.Recorded, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(answer)
	return store.Recorded{Status: status, Body: body.Bytes()}, err
}

// sorted is a list as answers show it.
func sorted(list []string) []string {
	out := append([]string{}, list...)
	slices.Sort(out)
	return out
}

// mayGrant refuses roles whose permissions the caller does not have.
func (s *Service) mayGrant(ctx context.Context, p Principal, roles []string) error {
	if p.IsSuper() {
		return nil
	}
	permissions, err := s.store.PermissionsOfRoles(ctx, roles)
	if err != nil {
		return err
	}
	if slices.Contains(roles, SuperAdmin) || !p.covers(permissions) {
		return ErrNotGranted
	}
	if p.SeesAll() {
		return nil
	}
	wide, err := s.store.WidensScope(ctx, roles)
	if err == nil && wide {
		return ErrNotGranted
	}
	return err
}

// nameDepartment fills the department's name for the answer; the transaction checks it again.
func (s *Service) nameDepartment(ctx context.Context, u *store.User) error {
	u.Department = ""
	if u.DepartmentID.IsZero() {
		return nil
	}
	d, err := s.store.DepartmentByID(ctx, u.DepartmentID)
	if fault.KindOf(err) == fault.NotFound {
		return store.ErrUnknownDepartment.With(fault.Detail{Pointer: "/departmentId", Code: store.ErrUnknownDepartment.Code, Detail: store.ErrUnknownDepartment.Message})
	}
	u.Department = d.Name
	return err
}

// UpdateUser changes a user. match is the version that the caller has seen, 0 for any. Whoever is
// disabled or gets a new password is logged out everywhere; changed rights hold within two seconds.
// Errors: those of CreateUser, store.ErrNoUser, ErrPeopleStale, ErrLastAdmin.
func (s *Service) UpdateUser(ctx context.Context, p Principal, id engine.ID, in UserChange, match int64) (User, error) {
	u, err := s.store.UserByID(ctx, id)
	if err != nil {
		return User{}, err
	}
	if err := matches(match, u.Version); err != nil {
		return User{}, err
	}
	if err := s.mayGrant(ctx, p, u.Roles); err != nil { // nobody changes who may more than oneself
		return User{}, err
	}
	effect, err := s.apply(ctx, &u, in)
	if err != nil {
		return User{}, err
	}
	if err := s.mayGrant(ctx, p, u.Roles); err != nil {
		return User{}, err
	}
	if err := s.nameDepartment(ctx, &u); err != nil {
		return User{}, err
	}
	if err := s.store.UpdateUser(ctx, u, effect); err != nil {
		return User{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	s.forget(ctx, u.Username)
	u.Version++
	return userOf(u), nil
}

// apply writes the present fields of a change into u and checks the result.
func (s *Service) apply(ctx context.Context, u *store.User, in UserChange) (store.UserEffect, error) {
	department, was := idText(u.DepartmentID), u.Enabled
	set(&u.DisplayName, in.DisplayName)
	set(&u.Email, in.Email)
	set(&u.Title, in.Title)
	set(&u.Enabled, in.Enabled)
	set(&department, in.DepartmentID)
	set(&u.Roles, in.Roles)
	set(&u.Groups, in.Groups)
	u.UpdatedAt = s.instant()
	rules := s.Settings.Now(ctx)
	var v validation
	v.person(u, department)
	if in.Password != nil {
		u.MustChange = rules.Flag(setting.MustChange)
		v.details = append(v.details, checkPassword(rules, "/password", *in.Password, u.Username)...)
	}
	if err := v.err(); err != nil {
		return store.UserEffect{}, err
	}
	set(&u.MustChange, in.MustChangePassword)
	effect := store.UserEffect{EndSessions: in.Password != nil || was && !u.Enabled, MustChange: &u.MustChange}
	var err error
	if in.Password != nil {
		effect.Password, err = s.hasher.hash(ctx, *in.Password)
	}
	return effect, err
}

// matches compares the version that a caller has seen, 0 for any, with what is there: else
// store.ErrPeopleStale.
func matches(match, version int64) error {
	if match != 0 && match != version {
		return store.ErrPeopleStale
	}
	return nil
}

// set overwrites a field where the change names it.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// DeleteUser removes a user. Errors: store.ErrNoUser, ErrLastAdmin, ErrUserHeld, ErrNotGranted.
func (s *Service) DeleteUser(ctx context.Context, p Principal, id engine.ID) error {
	u, err := s.store.UserByID(ctx, id)
	if err != nil {
		return err
	}
	if err := s.mayGrant(ctx, p, u.Roles); err != nil {
		return err
	}
	if err := s.store.DeleteUser(ctx, id); err != nil {
		return fmt.Errorf("user %s: %w", u.Username, err)
	}
	s.forget(ctx, u.Username)
	return nil
}
