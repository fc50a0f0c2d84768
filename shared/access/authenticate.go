package access

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

// standingLife is how long a standing record is believed, first in Redis, then in the process: less
// than two seconds together.
const standingLife = 900 * time.Millisecond

// standing is what a user is and may do at the moment.
type standing struct {
	Principal Principal
	Version   int64
	Enabled   bool

	MustChange bool        // the password, before anything else
	PasswordAt time.Time   // when it was given; zero when that is not known
	Ended      []engine.ID // log-ins that ended while a token of theirs may still live
}

// Authenticate returns the principal of an access token or an API token (the text after "Bearer "). Errors:
// ErrTokenMissing, ErrTokenInvalid, ErrTokenExpired, ErrTokenRevoked, or the database's.
func (s *Service) Authenticate(ctx context.Context, bearer string) (Principal, error) {
	switch {
	case bearer == "":
		return Principal{}, ErrTokenMissing
	case isMachine(bearer):
		return s.authenticateMachine(ctx, bearer)
	}
	proven, err := s.verify(bearer)
	if err != nil {
		return Principal{}, err
	}
	r, err := s.standing(ctx, proven.username)
	if err != nil {
		return Principal{}, err
	}
	if !r.Enabled || r.Version != proven.version || slices.Contains(r.Ended, proven.session) {
		return Principal{}, ErrTokenRevoked
	}
	p := s.person(r)
	p.Session = proven.session
	return p, nil
}

// person is the principal of somebody who came with his password, or with what he was given for it.
func (s *Service) person(r *standing) Principal {
	p := r.Principal
	p.MustChange = r.MustChange || s.aged(r.PasswordAt)
	return p
}

// aged reports whether a password that was given at a time has had its time.
func (s *Service) aged(at time.Time) bool {
	most := s.Settings.Known().Duration(setting.MaxAge)
	return most > 0 && !at.IsZero() && s.now().Sub(at) >= most
}

// verify checks the signature once in a few seconds for each token, the expiry every time.
func (s *Service) verify(bearer string) (proof, error) {
	if len(bearer) > maxToken {
		return proof{}, ErrTokenInvalid
	}
	var text [2 << 10]byte // on the stack: a conversion would allocate
	key := sha256.Sum256(append(text[:0], bearer...))
	proven, known := s.verified.GetIfPresent(key)
	if !known {
		var err error
		if proven, err = s.parse(bearer); err != nil {
			return proof{}, err
		}
		s.verified.Set(key, proven)
	}
	if s.now().UnixNano() >= proven.expires {
		return proof{}, ErrTokenExpired
	}
	return proven, nil
}

// standing returns the record of a user from the process, Redis or MySQL, in this order. A user who
// does not exist has a record that is not enabled.
func (s *Service) standing(ctx context.Context, username string) (*standing, error) {
	if r, ok := s.standings.GetIfPresent(username); ok {
		return r, nil
	}
	return s.standings.Get(ctx, username, otter.LoaderFunc[string, *standing](s.loadStanding))
}

func standingKey(username string) string { return "diom:standing:" + username }

// loadStanding runs once for all requests that wait for the same user, so that it must not end with
// the first one's context.
func (s *Service) loadStanding(ctx context.Context, username string) (*standing, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if raw, err := s.cache.Get(ctx, standingKey(username)); err == nil {
		var r standing
		if json.Unmarshal(raw, &r) == nil && r.Principal.Username == username {
			return r.complete(), nil
		}
	}
	r, err := s.readStanding(ctx, username)
	if err != nil {
		return nil, err
	}
	if raw, err := json.Marshal(r); err == nil {
		_ = s.cache.Set(ctx, standingKey(username), raw, standingLife) // without Redis MySQL is asked again
	}
	return r, nil
}

// readStanding reads the record from MySQL.
func (s *Service) readStanding(ctx context.Context, username string) (*standing, error) {
	row, err := s.store.Standing(ctx, username)
	if errors.Is(err, store.ErrNoUser) {
		return &standing{Principal: Principal{Username: username}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("standing of %s: %w", username, err)
	}
	return (&standing{
		Principal: Principal{
			UserID: row.ID.String(), Username: row.Username, DisplayName: row.DisplayName, Department: row.Department,
			Roles: row.Roles, Groups: row.Groups, Permissions: row.Permissions,
		},
		Version: row.TokenVersion, Enabled: row.Enabled, MustChange: row.MustChange, PasswordAt: row.PasswordAt, Ended: row.Ended,
	}).complete(), nil
}

func (r *standing) complete() *standing {
	r.Principal.identities = identities(r.Principal.Groups, r.Principal.Roles)
	return r
}

// forgetUser drops the standing record of a user by id; one that is no more has none.
func (s *Service) forgetUser(ctx context.Context, id engine.ID) error {
	username, err := s.store.UsernameByID(ctx, id)
	if errors.Is(err, store.ErrNoUser) {
		return nil
	}
	if err == nil {
		s.forget(ctx, username)
	}
	return err
}

// forget drops the standing records of users after a change: at once here and in Redis, within
// standingLife in other processes.
func (s *Service) forget(ctx context.Context, usernames ...string) {
	names := make([]string, 0, len(usernames))
	for _, username := range usernames {
		s.standings.Invalidate(username)
		names = append(names, standingKey(username))
	}
	if len(names) > 0 {
		_ = s.cache.Delete(context.WithoutCancel(ctx), names...) // the records end by themselves
	}
}
