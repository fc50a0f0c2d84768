package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/google/uuid"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

const (
	// refreshGrace is how long a refresh token that was exchanged may be exchanged once more: two tabs
	// of a browser share the cookie and may refresh at the same moment. Within it a stolen token is not
	// told from a second tab; after it, its use ends the log-in.
	refreshGrace = 10 * time.Second
	// sessionLimit is the longest that one log-in may be refreshed.
	sessionLimit = 30 * 24 * time.Hour
)

// Why a log-in is refused.
var (
	ErrBadCredentials = fault.New(fault.Unauthorized, "bad_credentials", "The username or the password is wrong.")
	ErrWrongPassword  = fault.New(fault.Invalid, "wrong_password", "The present password is wrong.")
	ErrInvalid        = fault.New(fault.Invalid, "invalid_fields", "Some fields are not valid.")
)

// Profile is a user as the user itself sees it.
type Profile struct {
	ID          string   `json:"id"`
	Username    string   `json:"username"`
	DisplayName string   `json:"displayName"`
	Department  string   `json:"department"`
	Roles       []string `json:"roles"`
	Groups      []string `json:"groups"`
	Permissions []string `json:"permissions"`
	// MustChangePassword says that every other request is refused until the password has been changed.
	MustChangePassword bool `json:"mustChangePassword"`
}

// Login is the answer to a log-in. The refresh token goes into a cookie, never into the body.
type Login struct {
	AccessToken string  `json:"accessToken"`
	TokenType   string  `json:"tokenType"`
	ExpiresIn   int     `json:"expiresIn"` // seconds
	User        Profile `json:"user"`

	Refresh     string        `json:"-"`
	RefreshLife time.Duration `json:"-"`
}

// ProfileOf returns the profile of a principal.
func ProfileOf(p Principal) Profile {
	return Profile{
		ID: p.UserID, Username: p.Username, DisplayName: p.DisplayName, Department: p.Department,
		Roles: p.Roles, Groups: p.Groups, Permissions: p.Permissions, MustChangePassword: p.MustChange,
	}
}

// Elsewhere asks others than the product about a password: whose it is, and how he is let in. ErrBadCredentials says
// nobody's; any other error that nobody can tell.
type Elsewhere func(ctx context.Context, username, password string) (Outsider, Welcome, error)

// Login checks a password and opens a session. address is the caller's IP address. An unknown user, a
// wrong password and a disabled user are one error, ErrBadCredentials, after the same work. Others:
// ErrLoginDelayed, ErrHashingBusy (both with RetryAfter) and the database's.
func (s *Service) Login(ctx context.Context, username, password, address string) (Login, error) {
	return s.LoginBy(ctx, Attempt{username, password, address}, nil)
}

// LoginBy is Login that asks elsewhere, too, about who has no account here and about whom a directory knows: everybody
// else logs in with what is kept here alone, so that nobody in a directory becomes one of them by his name. Errors: those
// of Login, of elsewhere and of Admit.
func (s *Service) LoginBy(ctx context.Context, c Attempt, elsewhere Elsewhere) (Login, error) {
	if c.Username == "" || c.Password == "" {
		return Login{}, ErrInvalid.With(missing("/username", c.Username)...).With(missing("/password", c.Password)...)
	}
	id, username, err := s.proveBy(ctx, c, elsewhere)
	if err != nil {
		return Login{}, err
	}
	return s.begin(ctx, id, username)
}

// Attempt is one attempt to log in with a password. Address is the caller's IP address.
type Attempt struct{ Username, Password, Address string }

func missing(pointer, value string) []fault.Detail {
	if value != "" {
		return nil
	}
	return []fault.Detail{{Pointer: pointer, Code: "required", Detail: "The field is required."}}
}

// prove returns the id of the enabled user whose password it is.
func (s *Service) prove(ctx context.Context, username, password, address string) (engine.ID, error) {
	id, _, err := s.proveBy(ctx, Attempt{username, password, address}, nil)
	return id, err
}

// proveBy returns the enabled user whose password it is, here or elsewhere. The delay is looked at twice: before
// the queue, so that it costs nothing, and in the slot, so that of many attempts at once those behind
// the failed ones are refused.
func (s *Service) proveBy(ctx context.Context, c Attempt, elsewhere Elsewhere) (engine.ID, string, error) {
	_ = s.Settings.Now(ctx) // the cost of hashes is one of them
	a := attemptOf(c.Username, c.Address)
	if err := s.throttle.check(ctx, a); err != nil {
		return engine.ID{}, "", err
	}
	if len(c.Password) > maxPassword { // bcrypt would compare the first 72 bytes alone
		s.throttle.fail(ctx, a)
		return engine.ID{}, "", ErrBadCredentials
	}
	here, err := s.credentials(ctx, c.Username)
	if err != nil {
		return engine.ID{}, "", err
	}
	asks, err := s.asks(ctx, c.Username, here, elsewhere)
	if err != nil {
		return engine.ID{}, "", err
	}
	err = s.compare(ctx, a, here, c.Password, !asks)
	if asks && errors.Is(err, ErrBadCredentials) {
		return s.proveElsewhere(ctx, a, c, elsewhere)
	}
	return here.ID, c.Username, err
}

// credentials reads what a log-in is checked against; nothing for an unknown user.
func (s *Service) credentials(ctx context.Context, username string) (store.Credentials, error) {
	if !validUsername(username) { // MySQL compares 'admin ' equal to 'admin'
		return store.Credentials{}, nil
	}
	c, err := s.store.Credentials(ctx, username)
	if errors.Is(err, store.ErrNoUser) {
		return store.Credentials{}, nil
	}
	return c, err
}

// compare asks the hash, and makes it anew where it is outdated. A failure counts where it is final.
func (s *Service) compare(ctx context.Context, a attempt, c store.Credentials, password string, final bool) error {
	var upgraded string
	err := s.hasher.inSlot(ctx, func() error {
		if err := s.throttle.check(ctx, a); err != nil {
			return err
		}
		if !s.hasher.matches(c.Password, password) || !c.Enabled {
			if final {
				s.failed(ctx, a, c.ID)
			}
			return ErrBadCredentials
		}
		var err error
		if s.hasher.outdated(c.Password) {
			upgraded, err = s.hasher.hashNow(password)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.throttle.succeed(ctx, a)
	if upgraded != "" {
		err = s.store.UpgradeHash(ctx, c.ID, c.Password, upgraded)
	}
	return err
}

// begin opens a session for a user who has proved to be one.
func (s *Service) begin(ctx context.Context, id engine.ID, username string) (Login, error) {
	x, token := s.newSession(ctx)
	x.FamilyID, x.UserID, x.StartedAt = x.ID, id, x.CreatedAt
	if err := s.store.CreateSession(ctx, x); err != nil {
		return Login{}, err
	}
	return s.grant(ctx, username, x, token)
}

// grant signs the access token of a session with the rights as they are now.
func (s *Service) grant(ctx context.Context, username string, x store.Session, token string) (Login, error) {
	r, err := s.readStanding(ctx, username)
	if err != nil {
		return Login{}, err
	}
	if !r.Enabled {
		return Login{}, store.ErrNoSession
	}
	_ = s.Settings.Now(ctx)
	now := s.now()
	signed, err := s.mint(r, x, now)
	if err != nil {
		return Login{}, err
	}
	return Login{
		AccessToken: signed, TokenType: "Bearer", ExpiresIn: int(s.accessLife(x, now).Round(time.Second) / time.Second), User: ProfileOf(s.person(r)),
		Refresh: token, RefreshLife: x.ExpiresAt.Sub(x.CreatedAt),
	}, nil
}

// newSession makes a refresh token of 256 random bits and the row that keeps its hash, with where ctx says
// that the caller is.
func (s *Service) newSession(ctx context.Context) (store.Session, string) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails, crypto/rand
	token := base64.RawURLEncoding.EncodeToString(random)
	now := s.instant()
	who := store.ActorOf(ctx)
	return store.Session{
		ID: newID(), Hash: sha256.Sum256([]byte(token)), CreatedAt: now, ExpiresAt: now.Add(s.cfg.RefreshTokenLife), Address: who.Address, Device: who.Device,
	}, token
}

func newID() engine.ID { return engine.ID(uuid.Must(uuid.NewV7())) }

// Refresh exchanges a refresh token for an access token and the next refresh token. Errors:
// store.ErrNoSession, store.ErrSessionReuse.
func (s *Service) Refresh(ctx context.Context, token string) (Login, error) {
	if token == "" || len(token) > 128 {
		return Login{}, store.ErrNoSession
	}
	next, text := s.newSession(ctx)
	x, err := s.store.RotateSession(ctx, sha256.Sum256([]byte(token)), next, refreshGrace, sessionLimit)
	if err != nil {
		return Login{}, err
	}
	username, err := s.store.UsernameByID(ctx, x.UserID)
	if errors.Is(err, store.ErrNoUser) {
		return Login{}, store.ErrNoSession
	}
	if err != nil {
		return Login{}, err
	}
	return s.grant(ctx, username, x, text)
}

// Logout ends the log-in that a refresh token belongs to; an unknown token is no error. Its access
// tokens end within two seconds.
func (s *Service) Logout(ctx context.Context, token string) error {
	if token == "" || len(token) > 128 {
		return nil
	}
	user, err := s.store.EndSession(ctx, sha256.Sum256([]byte(token)), s.instant())
	if err != nil || user.IsZero() {
		return err
	}
	return s.forgetUser(ctx, user)
}
