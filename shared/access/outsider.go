package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Why somebody whom others vouch for is not let in.
var (
	ErrNoAccount       = fault.New(fault.Forbidden, "no_account", "You are known there, and have no account here. Ask an administrator.")
	ErrAccountExists   = fault.New(fault.Conflict, "account_exists", "Somebody here has this name, and is not linked with you. Ask an administrator.")
	ErrAccountDisabled = fault.New(fault.Forbidden, "account_disabled", "The account is disabled.")
	ErrBadOutsider     = fault.New(fault.Invalid, "bad_identity", "What is told of you cannot be an account here.")
)

// Outsider is somebody whom a source vouches for. Source and Subject are who he is for good; the rest is what the source
// says of him at the moment, empty where it says nothing.
type Outsider struct {
	Source, Subject string
	Username        string
	DisplayName     string
	Email           string
	EmailVerified   bool
	Title           string
	Department      string   // code of one of ours
	Roles           []string // codes
	Managed         []string // the roles that the source decides about: who has one of them not in Roles loses it
}

// known reports whether a source says who it is of whom it speaks.
func (o Outsider) known() bool {
	return o.Source != "" && o.Subject != "" && len(o.Source) <= maxName && len(o.Subject) <= maxName
}

// The ways in which an account that is here becomes an outsider's.
const (
	LinkNever    = "never"
	LinkUsername = "username"
	LinkEmail    = "email" // the source has verified it, and one account has it
)

// Welcome says how a source's people are let in.
type Welcome struct {
	Create bool     // who has no account gets one
	Link   string   // LinkNever, LinkUsername or LinkEmail
	Roles  []string // of new accounts
}

// SignIn opens a session for somebody whom others vouch for. Errors: those of Admit.
func (s *Service) SignIn(ctx context.Context, o Outsider, w Welcome) (Login, error) {
	u, err := s.Admit(ctx, o, w)
	if err != nil {
		return Login{}, err
	}
	return s.begin(ctx, u.ID, u.Username)
}

// Admit returns the account of an outsider, brought up to date with what his source says. He is known by source and
// subject; an account without them becomes his, or is made, where the Welcome says so. Nobody becomes SUPER_ADMIN so.
// Errors: ErrNoAccount, ErrAccountExists, ErrAccountDisabled, ErrBadOutsider.
func (s *Service) Admit(ctx context.Context, o Outsider, w Welcome) (store.User, error) {
	if !o.known() {
		return store.User{}, ErrBadOutsider
	}
	ctx = store.WithActor(ctx, outsideActor(ctx, o.Source))
	u, err := s.store.UserByIdentity(ctx, o.Source, o.Subject)
	if errors.Is(err, store.ErrNoUser) {
		u, err = s.welcome(ctx, o, w)
		if errors.Is(err, store.ErrIdentityUsed) || errors.Is(err, ErrAccountExists) { // his other log-in was faster
			if other, again := s.store.UserByIdentity(ctx, o.Source, o.Subject); again == nil {
				u, err = other, nil
			}
		}
	}
	if err != nil {
		return u, err
	}
	if !u.Enabled {
		return u, ErrAccountDisabled
	}
	return s.follow(ctx, u, o)
}

// outsideActor is who the trail says it was: the source, from where the caller is.
func outsideActor(ctx context.Context, source string) store.Actor {
	a := store.ActorOf(ctx)
	a.Name = source
	return a
}

// welcome links an account, or makes one.
func (s *Service) welcome(ctx context.Context, o Outsider, w Welcome) (store.User, error) {
	u, err := s.linkable(ctx, o, w.Link)
	if err == nil {
		err = s.store.LinkUser(ctx, store.Identity{Source: o.Source, Kind: store.IdentityUser, Subject: o.Subject, ObjectID: u.ID, CreatedAt: s.instant()})
		return u, err
	}
	if !errors.Is(err, store.ErrNoUser) {
		return u, err
	}
	if !w.Create {
		return u, ErrNoAccount
	}
	return s.CreateOutsider(ctx, o, w.Roles)
}

// linkable finds the account that becomes the outsider's: store.ErrNoUser where there is none. An administrator of
// everything is linked by hand alone: his account would be only as safe as the source.
func (s *Service) linkable(ctx context.Context, o Outsider, by string) (store.User, error) {
	u, err := store.User{}, error(store.ErrNoUser)
	switch by {
	case LinkUsername:
		if validUsername(o.Username) {
			u, err = s.store.UserByName(ctx, o.Username)
		}
	case LinkEmail:
		u, err = s.byEmail(ctx, o)
	}
	if err == nil && slices.Contains(u.Roles, SuperAdmin) {
		return store.User{}, ErrAccountExists
	}
	return u, err
}

// byEmail finds the one account with an address that the source has verified. The database takes é for e, so that both
// are compared once more, letters of ASCII alone.
func (s *Service) byEmail(ctx context.Context, o Outsider) (store.User, error) {
	if !o.EmailVerified || o.Email == "" || !ValidEmail(o.Email) || strings.ContainsFunc(o.Email, func(r rune) bool { return r > 127 }) {
		return store.User{}, store.ErrNoUser
	}
	found, err := s.store.UsersByEmail(ctx, o.Email)
	if err != nil {
		return store.User{}, err
	}
	found = slices.DeleteFunc(found, func(u store.User) bool { return strings.ToLower(u.Email) != strings.ToLower(o.Email) }) //nolint:staticcheck // EqualFold knows more letters than ASCII's
	if len(found) != 1 {
		return store.User{}, store.ErrNoUser
	}
	return found[0], nil
}

// CreateOutsider makes the account of an outsider, which has no password. Errors: ErrAccountExists, ErrBadOutsider with
// details, store.ErrUnknownRole.
func (s *Service) CreateOutsider(ctx context.Context, o Outsider, roles []string) (store.User, error) {
	now := s.instant()
	u := store.User{
		ID: newID(), Username: o.Username, Password: store.NoPassword, DisplayName: cmp.Or(o.DisplayName, o.Username), Email: o.Email, Title: o.Title,
		Enabled: true, TokenVersion: now.UnixMilli(), Version: 1, CreatedAt: now, UpdatedAt: now, Roles: union(roles, o.Roles), Groups: []string{},
	}
	department, err := s.departmentCalled(ctx, o.Department)
	if err != nil {
		return u, err
	}
	var v validation
	v.check(validUsername(u.Username), "/username", "bad_username", "A username begins with a letter or digit and has up to 64 letters, digits and . _ - @.")
	v.person(&u, idText(department.ID))
	v.check(!slices.Contains(u.Roles, SuperAdmin), "/roles", ErrNotGranted.Code, "Nobody becomes "+SuperAdmin+" by what others say.")
	if len(v.details) > 0 {
		return u, ErrBadOutsider.With(v.details...)
	}
	u.Department = department.Name
	err = s.store.CreateLinkedUser(ctx, u, store.Identity{Source: o.Source, Kind: store.IdentityUser, Subject: o.Subject, ObjectID: u.ID, CreatedAt: now})
	if errors.Is(err, store.ErrUsernameUsed) {
		return u, ErrAccountExists
	}
	if err != nil {
		return u, fmt.Errorf("user %s: %w", u.Username, err)
	}
	s.forget(ctx, u.Username)
	return u, nil
}

// departmentCalled finds a department by its code; one that is not here is none.
func (s *Service) departmentCalled(ctx context.Context, code string) (store.Department, error) {
	if code == "" {
		return store.Department{}, nil
	}
	d, err := s.store.DepartmentByCode(ctx, code)
	if errors.Is(err, store.ErrNoDepartment) {
		return store.Department{}, nil
	}
	return d, err
}

// follow writes what the source says now, where that is something else. What cannot be written here stays as it is.
func (s *Service) follow(ctx context.Context, u store.User, o Outsider) (store.User, error) {
	department, err := s.departmentCalled(ctx, o.Department)
	if err != nil {
		return u, err
	}
	next := u
	next.DisplayName, next.Title = cmp.Or(o.DisplayName, u.DisplayName), cmp.Or(o.Title, u.Title)
	if ValidEmail(o.Email) {
		next.Email = cmp.Or(o.Email, u.Email)
	}
	if !department.ID.IsZero() {
		next.DepartmentID = department.ID
	}
	next.Roles = rolesAfter(u.Roles, o)
	var v validation
	v.person(&next, idText(next.DepartmentID))
	if same(u, next) || v.err() != nil {
		return u, nil //nolint:nilerr // what cannot be an account's leaves him as he is
	}
	next.UpdatedAt = s.instant()
	err = s.store.UpdateUser(ctx, next, store.UserEffect{})
	if errors.Is(err, store.ErrPeopleStale) || errors.Is(err, store.ErrUnknownRole) { // his other log-in was faster; the role was deleted
		return u, nil
	}
	if err != nil {
		return u, fmt.Errorf("user %s: %w", u.Username, err)
	}
	s.forget(ctx, u.Username)
	next.Version++
	return next, nil
}

// rolesAfter are the roles that somebody has once his source has spoken: of those that it manages what it says.
func rolesAfter(now []string, o Outsider) []string {
	kept := slices.DeleteFunc(slices.Clone(now), func(code string) bool { return code != SuperAdmin && slices.Contains(o.Managed, code) })
	return union(kept, slices.DeleteFunc(slices.Clone(o.Roles), func(code string) bool { return code == SuperAdmin }))
}

// union is two lists of names as one, sorted, none twice.
func union(a, b []string) []string {
	all := slices.Concat([]string{}, a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// same reports whether nothing of what a source says would change.
func same(a, b store.User) bool {
	return a.DisplayName == b.DisplayName && a.Title == b.Title && a.Email == b.Email && a.DepartmentID == b.DepartmentID && a.Enabled == b.Enabled &&
		slices.Equal(sorted(a.Roles), sorted(b.Roles))
}

// EndLoginsOf ends every log-in of the user whom a source calls subject; access tokens end within two seconds. Nobody is
// no error.
func (s *Service) EndLoginsOf(ctx context.Context, source, subject string) error {
	u, err := s.store.UserByIdentity(ctx, source, subject)
	if errors.Is(err, store.ErrNoUser) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx = store.WithActor(ctx, outsideActor(ctx, source))
	if err := s.store.EndLogins(ctx, u.ID, store.Session{}.ID, s.instant()); err != nil {
		return err
	}
	s.forget(ctx, u.Username)
	return nil
}

// FirstUse reports whether a text is seen for the first time in some minutes: in all replicas while Redis answers, else
// in this process.
func (s *Service) FirstUse(ctx context.Context, text string) bool { return s.firstUse(ctx, text) }

// Welcome links or makes the account of an outsider who has none, as Admit does, and opens nothing.
func (s *Service) Welcome(ctx context.Context, o Outsider, w Welcome) (store.User, error) {
	return s.welcome(ctx, o, w)
}

// Follow writes what a directory says of a user, where that is something else; left says that it found him gone or there
// again. Whoever is disabled so is logged out everywhere within two seconds. Errors: ErrInvalid, store.ErrPeopleStale,
// ErrLastAdmin.
func (s *Service) Follow(ctx context.Context, now, next store.User, left *store.Leaving) error {
	if same(now, next) && left == nil {
		return nil
	}
	var v validation
	v.person(&next, idText(next.DepartmentID))
	if err := v.err(); err != nil {
		return err
	}
	next.UpdatedAt = s.instant()
	if err := s.store.UpdateUser(ctx, next, store.UserEffect{EndSessions: now.Enabled && !next.Enabled, Left: left}); err != nil {
		return fmt.Errorf("user %s: %w", now.Username, err)
	}
	s.forget(ctx, now.Username)
	return nil
}

// NewID makes the id of a new row.
func NewID() engine.ID { return newID() }

// Foresee says what Welcome would do: whether an account that is here becomes the outsider's. Errors: those of Welcome.
func (s *Service) Foresee(ctx context.Context, o Outsider, w Welcome) (linked bool, err error) {
	_, err = s.linkable(ctx, o, w.Link)
	switch {
	case err == nil:
		return true, nil
	case !errors.Is(err, store.ErrNoUser):
		return false, err
	case !w.Create:
		return false, ErrNoAccount
	case !validUsername(o.Username):
		return false, ErrBadOutsider.With(fault.Detail{Pointer: "/username", Code: "bad_username", Detail: "Its username is none here."})
	}
	_, err = s.store.UserByName(ctx, o.Username)
	if errors.Is(err, store.ErrNoUser) {
		return false, nil
	}
	if err == nil {
		err = ErrAccountExists
	}
	return false, err
}
