package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

const (
	// apiTokenMark begins every API token, so that people and scanners of repositories recognise one.
	apiTokenMark   = "diom_"
	apiTokenPrefix = len(apiTokenMark) + 6
	// usedEvery is how exactly it is known when a token was used last.
	usedEvery     = 5 * time.Minute
	usualTokenAge = 90 * 24 * time.Hour
	mostTokenAge  = 366 * 24 * time.Hour
	mostTokens    = 50 // living ones of a user
)

// ErrManyTokens: a user has as many living API tokens as there may be.
var ErrManyTokens = fault.New(fault.Conflict, "too_many_api_tokens", "You have 50 API tokens that are valid; revoke one first.")

// APIToken is how a machine proves that it acts for a user, as lists show it.
type APIToken struct {
	ID          string     `json:"id"`
	Username    string     `json:"username"`
	Name        string     `json:"name"`
	Prefix      string     `json:"prefix"` // how the token begins
	Permissions []string   `json:"permissions"`
	CreatedAt   time.Time  `json:"createdAt"`
	ExpiresAt   time.Time  `json:"expiresAt"`
	RevokedAt   *time.Time `json:"revokedAt"`
	// LastUsedAt is exact to five minutes.
	LastUsedAt *time.Time `json:"lastUsedAt"`
	// Token is the token itself, in the answer that makes it and never again.
	Token string `json:"token,omitempty"`
}

// NewAPIToken is the body that makes an API token. The permissions are among the caller's own; the token never may more
// than its owner does at the time. Without expiresAt it is valid for 90 days; a year is the most.
type NewAPIToken struct {
	Name        string     `json:"name" api:"required"`
	Permissions []string   `json:"permissions" api:"required"`
	ExpiresAt   *time.Time `json:"expiresAt"`
}

func apiTokenOf(t store.APIToken) APIToken {
	return APIToken{
		ID: t.ID.String(), Username: t.Username, Name: t.Name, Prefix: t.Prefix, Permissions: sorted(t.Permissions),
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, RevokedAt: t.RevokedAt, LastUsedAt: t.LastUsedAt,
	}
}

// APITokens lists the tokens of a user, by default the caller's own; the list is store.TokenList. Errors: ErrOthers.
func (s *Service) APITokens(ctx context.Context, p Principal, r page.Request, user engine.ID) (page.Page[APIToken], error) {
	user, err := own(p, user)
	if err != nil {
		return page.Page[APIToken]{}, err
	}
	list, err := s.store.APITokens(ctx, r, user)
	return mapPage(list, err, apiTokenOf)
}

// CreateAPIToken makes a token for the caller. Errors: ErrInvalid, ErrNotGranted, ErrNeedsLogin, ErrManyTokens.
func (s *Service) CreateAPIToken(ctx context.Context, p Principal, in NewAPIToken) (APIToken, error) {
	if p.Token != "" { // else one that was stolen could make others that outlive it
		return APIToken{}, ErrNeedsLogin
	}
	user, err := engine.ParseID(p.UserID)
	if err != nil {
		return APIToken{}, err
	}
	now := s.instant()
	t := store.APIToken{
		ID: newID(), UserID: user, Username: p.Username, Name: in.Name, Permissions: sorted(in.Permissions), CreatedAt: now, ExpiresAt: now.Add(usualTokenAge),
	}
	if in.ExpiresAt != nil {
		t.ExpiresAt = in.ExpiresAt.UTC().Truncate(time.Millisecond)
	}
	var v validation
	v.name("/name", in.Name)
	v.set("/permissions", in.Permissions)
	v.check(len(in.Permissions) > 0, "/permissions", "required", "The field is required.")
	v.check(t.ExpiresAt.After(now) && t.ExpiresAt.Before(now.Add(mostTokenAge)), "/expiresAt", "bad_expiry", "The token ends in the future, and within a year.")
	if err := v.err(); err != nil {
		return APIToken{}, err
	}
	if err := s.grantable(ctx, p, t.Permissions); err != nil {
		return APIToken{}, err
	}
	token := apiTokenMark + rand.Text() + rand.Text()
	t.Prefix, t.Hash = token[:apiTokenPrefix], sha256.Sum256([]byte(token))
	if err := s.store.CreateAPIToken(ctx, t, mostTokens, ErrManyTokens); err != nil {
		return APIToken{}, fmt.Errorf("API token %s: %w", t.Name, err)
	}
	made := apiTokenOf(t)
	made.Token = token
	return made, nil
}

// grantable refuses permissions that there are not, or that the caller has not.
func (s *Service) grantable(ctx context.Context, p Principal, codes []string) error {
	all, err := s.store.Permissions(ctx)
	if err != nil {
		return err
	}
	for i, code := range codes {
		if !slices.ContainsFunc(all, func(x store.Permission) bool { return x.Code == code }) {
			return store.ErrUnknownPermission.With(fault.Detail{
				Pointer: fmt.Sprintf("/permissions/%d", i), Code: store.ErrUnknownPermission.Code, Detail: store.ErrUnknownPermission.Message, Name: code,
			})
		}
	}
	if !p.covers(codes) {
		return ErrNotGranted
	}
	return nil
}

// RevokeAPIToken ends a token within two seconds. Errors: store.ErrNoToken, which another's is, too, for who does not
// administer users; ErrNeedsLogin, ErrNotGranted.
func (s *Service) RevokeAPIToken(ctx context.Context, p Principal, id engine.ID) error {
	t, err := s.store.APIToken(ctx, id)
	if err != nil {
		return err
	}
	if t.UserID.String() != p.UserID && !p.Can(SysUser) {
		return store.ErrNoToken
	}
	if err := s.mayEnd(ctx, p, t.UserID); err != nil {
		return err
	}
	if err := s.store.RevokeAPIToken(ctx, id, s.instant()); err != nil {
		return err
	}
	s.machines.InvalidateAll()
	return nil
}

// machine is what an API token says. It is believed for less than two seconds, as a standing record is.
type machine struct {
	username    string
	prefix      string
	permissions []string
	expires     time.Time
	revoked     bool
}

// authenticateMachine returns the principal of an API token: the owner, who may of what he may what the token says.
func (s *Service) authenticateMachine(ctx context.Context, bearer string) (Principal, error) {
	if len(bearer) > maxToken {
		return Principal{}, ErrTokenInvalid
	}
	m, err := s.machines.Get(ctx, sha256.Sum256([]byte(bearer)), otter.LoaderFunc[[32]byte, machine](s.loadMachine))
	switch {
	case errors.Is(err, store.ErrNoToken):
		return Principal{}, ErrTokenInvalid
	case err != nil:
		return Principal{}, err
	case m.revoked:
		return Principal{}, ErrTokenRevoked
	case !s.now().Before(m.expires):
		return Principal{}, ErrTokenExpired
	}
	r, err := s.standing(ctx, m.username)
	if err != nil {
		return Principal{}, err
	}
	if !r.Enabled {
		return Principal{}, ErrTokenRevoked
	}
	p := r.Principal
	p.Permissions = slices.DeleteFunc(slices.Clone(m.permissions), func(code string) bool { return !r.Principal.Can(Permission(code)) })
	p.Token = m.prefix
	return p, nil
}

// loadMachine reads a token, and notes its use from time to time.
func (s *Service) loadMachine(ctx context.Context, hash [32]byte) (machine, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second) // others wait for it, too
	defer cancel()
	t, err := s.store.APITokenByHash(ctx, hash)
	if err != nil {
		return machine{}, err
	}
	m := machine{username: t.Username, prefix: t.Prefix, permissions: t.Permissions, expires: t.ExpiresAt, revoked: t.RevokedAt != nil}
	now := s.instant()
	if !m.revoked && now.Before(m.expires) && (t.LastUsedAt == nil || now.Sub(*t.LastUsedAt) >= usedEvery) {
		_ = s.store.UseAPIToken(ctx, t.ID, now, now.Add(-usedEvery)) // the next use notes it
	}
	return m, nil
}

// isMachine reports whether a text is written as an API token is.
func isMachine(bearer string) bool { return strings.HasPrefix(bearer, apiTokenMark) }
