package access

import (
	"context"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// ErrNeedsLogin: what a person decides about his own account is not for an API token.
var ErrNeedsLogin = fault.New(fault.Forbidden, "login_needed", "This needs a log-in; an API token will not do.")

// Session is a log-in that lives.
type Session struct {
	ID        string    `json:"id"`
	Username  string    `json:"username"`
	Device    string    `json:"device"`    // the User-Agent of who logged in or refreshed last
	Address   string    `json:"address"`   // and the IP address
	CreatedAt time.Time `json:"createdAt"` // when the password was given
	// LastUsedAt is when its access token was renewed last.
	LastUsedAt time.Time `json:"lastUsedAt"`
	ExpiresAt  time.Time `json:"expiresAt"`
	Current    bool      `json:"current"` // it is the one that asks
}

// Sessions lists the log-ins of a user, by default the caller's own; the list is store.LoginList. Those of others are
// for administrators of users. Errors: ErrOthers.
func (s *Service) Sessions(ctx context.Context, p Principal, r page.Request, user engine.ID) (page.Page[Session], error) {
	user, err := own(p, user)
	if err != nil {
		return page.Page[Session]{}, err
	}
	list, err := s.store.Logins(ctx, r, user, s.instant())
	return mapPage(list, err, func(x store.Login) Session {
		return Session{
			ID: x.ID.String(), Username: x.Username, Device: x.Device, Address: x.Address, CreatedAt: x.StartedAt, LastUsedAt: x.UsedAt,
			ExpiresAt: x.ExpiresAt, Current: x.ID == p.Session,
		}
	})
}

// ErrOthers: only who administers users sees and ends what is another's.
var ErrOthers = fault.New(fault.Forbidden, "not_yours", "It belongs to somebody else; only administrators of users may do this.")

// own returns the user who is meant, the caller where none is named.
func own(p Principal, user engine.ID) (engine.ID, error) {
	self, err := engine.ParseID(p.UserID)
	switch {
	case err != nil:
		return user, err
	case user.IsZero() || user == self:
		return self, nil
	case !p.Can(SysUser):
		return user, ErrOthers
	}
	return user, nil
}

// mayEnd reports whether the caller may end what belongs to a user: what is his own, or, as an administrator, what is
// of somebody who may no more than he.
func (s *Service) mayEnd(ctx context.Context, p Principal, user engine.ID) error {
	if p.Token != "" {
		return ErrNeedsLogin
	}
	if _, err := own(p, user); err != nil || user.String() == p.UserID {
		return err
	}
	u, err := s.store.UserByID(ctx, user)
	if err != nil {
		return err
	}
	return s.mayGrant(ctx, p, u.Roles)
}

// EndSession ends a log-in; its access tokens end within two seconds. Errors: store.ErrNoLogin, which another's is, too,
// for who does not administer users; ErrNeedsLogin, ErrNotGranted.
func (s *Service) EndSession(ctx context.Context, p Principal, id engine.ID) error {
	now := s.instant()
	user, username, err := s.store.LoginOwner(ctx, id, now)
	if err != nil {
		return err
	}
	if user.String() != p.UserID && !p.Can(SysUser) {
		return store.ErrNoLogin
	}
	if err := s.mayEnd(ctx, p, user); err != nil {
		return err
	}
	if err := s.store.EndLogin(ctx, id, now); err != nil {
		return err
	}
	s.forget(ctx, username)
	return nil
}

// EndedSessions is the body that ends all log-ins: of a user, by default one's own, and whether the one that asks goes on.
type EndedSessions struct {
	User        string `json:"user"` // id
	KeepCurrent bool   `json:"keepCurrent"`
}

// EndSessions ends every log-in of a user; access tokens end within two seconds. Errors: ErrInvalid, store.ErrNoUser,
// ErrOthers, ErrNeedsLogin, ErrNotGranted.
func (s *Service) EndSessions(ctx context.Context, p Principal, in EndedSessions) error {
	var v validation
	user := v.id("/user", in.User, store.ErrNoUser)
	if err := v.err(); err != nil {
		return err
	}
	user, err := own(p, user)
	if err != nil {
		return err
	}
	if err := s.mayEnd(ctx, p, user); err != nil {
		return err
	}
	username, err := s.store.UsernameByID(ctx, user)
	if err != nil {
		return err
	}
	var keep engine.ID
	if in.KeepCurrent {
		keep = p.Session
	}
	if err := s.store.EndLogins(ctx, user, keep, s.instant()); err != nil {
		return err
	}
	s.forget(ctx, username)
	return nil
}
