package access

import (
	"context"
	"errors"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// DirectoryPrefix begins the source of an identity in an LDAP directory: ldap:name.
const DirectoryPrefix = "ldap:"

// mostAsked is how many passwords a process asks others about at once.
const mostAsked = 16

// ErrElsewhereBusy: the others are asked about too many passwords.
var ErrElsewhereBusy = fault.New(fault.Busy, "directory_busy", "The directory is asked about too many passwords. Try again shortly.").After(time.Second)

// asks reports whether others may be asked about the password of a name: for who is nobody here, and for whom a directory
// knows. Who is disabled stays out without a question.
func (s *Service) asks(ctx context.Context, username string, here store.Credentials, elsewhere Elsewhere) (bool, error) {
	switch {
	case elsewhere == nil || !validUsername(username):
		return false, nil
	case here.ID.IsZero():
		return true, nil
	case !here.Enabled:
		return false, nil
	}
	return s.store.KnownTo(ctx, here.ID, DirectoryPrefix)
}

// proveElsewhere asks the others, with the delays of every log-in, and lets in whom they know.
func (s *Service) proveElsewhere(ctx context.Context, a attempt, c Attempt, elsewhere Elsewhere) (engine.ID, string, error) {
	select {
	case s.outside <- struct{}{}:
		defer func() { <-s.outside }()
	case <-ctx.Done():
		return engine.ID{}, "", ErrElsewhereBusy
	}
	if err := s.throttle.check(ctx, a); err != nil {
		return engine.ID{}, "", err
	}
	o, w, err := elsewhere(ctx, c.Username, c.Password)
	if errors.Is(err, ErrBadCredentials) {
		s.failed(ctx, a, engine.ID{})
		return engine.ID{}, "", err
	}
	if err != nil {
		return engine.ID{}, "", err
	}
	s.throttle.succeed(ctx, a)
	u, err := s.Admit(ctx, o, w)
	return u.ID, u.Username, err
}
