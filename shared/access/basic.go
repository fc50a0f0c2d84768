package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/config"
)

const (
	// pairLife is how long a name and a password that belong together are believed without asking the
	// hash again: bcrypt is slow on purpose, and Basic sends them with every request.
	pairLife = time.Minute
	maxPairs = 1000
)

// pairs are the names with passwords that were right a moment ago. A wrong one is never among them. The
// keys are hashes with a salt of this process, so that no password is kept.
type pairs struct {
	salt  [32]byte
	known *otter.Cache[[32]byte, pair]
}

// pair is whose password it was, at which version of the user's log-ins: a new password, and whatever else
// ends them, makes another one.
type pair struct {
	username string
	version  int64
}

func newPairs() (*pairs, error) {
	p := &pairs{}
	_, _ = rand.Read(p.salt[:]) // never fails, crypto/rand
	var err error
	p.known, err = otter.New(&otter.Options[[32]byte, pair]{MaximumSize: maxPairs, ExpiryCalculator: otter.ExpiryCreating[[32]byte, pair](pairLife)})
	if err != nil {
		return nil, fmt.Errorf("password cache: %w", err)
	}
	return p, nil
}

func (p *pairs) key(username, password string) [32]byte {
	h := sha256.New()
	h.Write(p.salt[:])
	fmt.Fprintf(h, "%d\n%s\n%s", len(username), username, password)
	return [32]byte(h.Sum(nil))
}

// AuthenticateHeader returns the principal of an Authorization header: Bearer with an access token or Basic
// with a name and a password (RFC 7617). Without a header it is DIOM_ENGINE_REST_ANONYMOUS_USER, if that
// is set. address is the caller's IP address. Errors: those of Authenticate and of Login.
func (s *Service) AuthenticateHeader(ctx context.Context, header, address string) (Principal, error) {
	scheme, credentials, _ := strings.Cut(strings.TrimSpace(header), " ")
	switch {
	case header == "" && s.cfg.EngineRestUser != "":
		return s.named(ctx, s.cfg.EngineRestUser)
	case strings.EqualFold(scheme, "Basic"):
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials))
		username, password, found := strings.Cut(string(raw), ":")
		if err != nil || !found {
			return Principal{}, ErrBadCredentials
		}
		return s.AuthenticatePassword(ctx, username, password, address)
	case strings.EqualFold(scheme, "Bearer"):
		return s.Authenticate(ctx, strings.TrimSpace(credentials))
	}
	return Principal{}, ErrTokenMissing
}

// AuthenticatePassword returns the principal of a name and a password. A pair that was right is believed for
// a minute while the user is enabled and has no other password. Errors: those of Login.
func (s *Service) AuthenticatePassword(ctx context.Context, username, password, address string) (Principal, error) {
	if username == "" || password == "" {
		return Principal{}, ErrBadCredentials
	}
	key := s.pairs.key(username, password)
	for range 2 { // the second time after a pair that is no more
		known, err := s.pairs.known.Get(ctx, key, otter.LoaderFunc[[32]byte, pair](func(ctx context.Context, _ [32]byte) (pair, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second) // others wait for it, too
			defer cancel()
			return s.provePair(ctx, username, password, address)
		}))
		if err != nil {
			return Principal{}, err
		}
		r, err := s.standing(ctx, known.username)
		if err != nil {
			return Principal{}, err
		}
		if r.Enabled && r.Version == known.version {
			return s.person(r), nil
		}
		s.pairs.known.Invalidate(key)
	}
	return Principal{}, ErrBadCredentials
}

// provePair asks the hash. The version is read before it: a password that changes meanwhile is another.
func (s *Service) provePair(ctx context.Context, username, password, address string) (pair, error) {
	r, err := s.readStanding(ctx, username)
	if err != nil {
		return pair{}, err
	}
	if _, err := s.prove(ctx, username, password, address); err != nil {
		return pair{}, err
	}
	return pair{username, r.Version}, nil
}

// named returns the principal of an enabled user who has proved nothing: see config.EngineRestUser.
func (s *Service) named(ctx context.Context, username string) (Principal, error) {
	r, err := s.standing(ctx, username)
	if err != nil {
		return Principal{}, err
	}
	if !r.Enabled {
		return Principal{}, ErrTokenMissing
	}
	return r.Principal, nil
}

// ErrAnonymous: anybody who reaches the process could do what the named user may.
var ErrAnonymous = errors.New("DIOM_ENGINE_REST_ANONYMOUS_USER is set and the process can be reached from other machines; set DIOM_ENGINE_REST_ANONYMOUS_ANYWHERE=true if that is meant")

// checkAnonymous refuses callers without a name where other machines can reach the process.
func checkAnonymous(cfg config.Config) error {
	if cfg.EngineRestUser == "" || cfg.EngineRestAnywhere || cfg.Loopback() {
		return nil
	}
	return ErrAnonymous
}
