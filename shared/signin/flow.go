package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"diom.io/workflow/shared/access"
)

// Life is how long somebody may take at the provider.
const Life = 10 * time.Minute

// skew is how far the clocks of a provider and ours may be apart.
const skew = 2 * time.Minute

// ticket is what the browser takes along, in a cookie that no script reads. Whoever has it has begun the sign-in.
type ticket struct {
	Key      []byte `json:"k"`
	Provider string `json:"p"`
	Return   string `json:"r"`
	Expires  int64  `json:"e"` // seconds
	// Link is signed: who has begun to link his account, in which session. Empty: somebody signs in.
	Link string `json:"l,omitempty"`
}

// part makes one of the texts of a sign-in: they tell nothing of each other and of the key.
func (t ticket) part(name string) string {
	mac := hmac.New(sha256.New, t.Key)
	_, _ = fmt.Fprintf(mac, "%s\n%s", name, t.Provider) // a hash takes everything
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (t ticket) encode() (string, error) {
	raw, err := json.Marshal(t)
	return base64.RawURLEncoding.EncodeToString(raw), err
}

func readTicket(text string) (ticket, bool) {
	var t ticket
	raw, err := base64.RawURLEncoding.DecodeString(text)
	return t, err == nil && json.Unmarshal(raw, &t) == nil && len(t.Key) == sha256.Size
}

// Begun is a sign-in that has begun: where the browser goes, and what it takes along as a cookie.
type Begun struct{ Location, Cookie string }

// Begin sends somebody to a provider; returnTo is the path where he wants to be then, / where it is empty. Errors:
// ErrNoProvider, ErrBadReturn, ErrProviderUnavailable.
func (s *Service) Begin(ctx context.Context, name, returnTo string) (Begun, error) {
	return s.begin(ctx, name, returnTo, nil)
}

// begin is Begin for one who signs in, or, where sign is given, for one who has and links his account: it signs
// that.
func (s *Service) begin(ctx context.Context, name, returnTo string, sign func(ticket) (string, error)) (Begun, error) {
	p, err := s.provider(name)
	if err != nil {
		return Begun{}, err
	}
	if returnTo == "" {
		returnTo = "/"
	}
	if !relative(returnTo) {
		return Begun{}, ErrBadReturn
	}
	d, err := p.discover(ctx, s.now())
	if err != nil {
		return Begun{}, err
	}
	t := ticket{Key: make([]byte, sha256.Size), Provider: name, Return: returnTo, Expires: s.now().Add(Life).Unix()}
	_, _ = rand.Read(t.Key) // never fails, crypto/rand
	if sign != nil {
		if t.Link, err = sign(t); err != nil {
			return Begun{}, err
		}
	}
	cookie, err := t.encode()
	return Begun{
		Location: d.oauth.AuthCodeURL(t.part("state"), oidc.Nonce(t.part("nonce")), oauth2.S256ChallengeOption(t.part("verifier"))), Cookie: cookie,
	}, err
}

// End takes what a provider has sent the browser back with, and opens a session, or links the account of who has begun
// so, which opens none: the zero Login. It returns where the person wants to be.
// Errors: ErrNoProvider, ErrSignInLost, ErrSignInState, ErrSignInRefused, ErrProviderUnavailable, those of access.Admit and
// access.LinkIdentity.
func (s *Service) End(ctx context.Context, name string, answer url.Values, cookie string) (access.Login, string, error) {
	p, err := s.provider(name)
	if err != nil {
		return access.Login{}, "", err
	}
	t, ok := readTicket(cookie)
	if !ok || s.now().Unix() >= t.Expires {
		return access.Login{}, "", ErrSignInLost
	}
	d, err := p.discover(ctx, s.now())
	if err != nil {
		return access.Login{}, "", err
	}
	if err := belongs(t, p, d, answer); err != nil {
		return access.Login{}, "", err
	}
	token, err := p.exchange(ctx, d, answer.Get("code"), t.part("verifier"))
	if err != nil {
		return access.Login{}, "", err
	}
	claims, err := s.believe(ctx, p, d, token, t.part("nonce"))
	if err != nil {
		return access.Login{}, "", err
	}
	if !s.people.FirstUse(ctx, "sign-in:"+t.part("state")) {
		return access.Login{}, "", ErrSignInState
	}
	if t.Link != "" {
		return access.Login{}, t.Return, s.link(ctx, t, claims.outsider(p.conf))
	}
	session, err := s.people.SignIn(ctx, claims.outsider(p.conf), welcome(p.conf.Accounts))
	return session, t.Return, err
}

// belongs reports whether an answer is that to the sign-in of the ticket: of the same provider, with its state, and with
// its issuer where it names one (RFC 9207 §2.4).
func belongs(t ticket, p *provider, d *discovered, answer url.Values) error {
	state := answer.Get("state")
	if t.Provider != p.conf.Name || subtle.ConstantTimeCompare([]byte(state), []byte(t.part("state"))) != 1 || !relative(t.Return) {
		return ErrSignInState
	}
	if issuer := answer.Get("iss"); issuer != p.conf.Issuer && (issuer != "" || d.tellsIssuer) {
		return ErrSignInState
	}
	if answer.Get("error") != "" || answer.Get("code") == "" {
		return ErrSignInRefused
	}
	return nil
}

// believe checks an ID token (OpenID Connect Core 1.0 §3.1.3.7) and reads the claims, those of UserInfo too where the
// token lacks some.
func (s *Service) believe(ctx context.Context, p *provider, d *discovered, token *oauth2.Token, nonce string) (claims, error) {
	raw, _ := token.Extra("id_token").(string)
	id, err := d.verifier.Verify(oidc.ClientContext(ctx, p.client), raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignInRefused, err)
	}
	c := claims{}
	if err := id.Claims(&c); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignInRefused, err)
	}
	switch {
	case nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		return nil, fmt.Errorf("%w: another nonce", ErrSignInRefused)
	case id.IssuedAt.After(s.now().Add(skew)):
		return nil, fmt.Errorf("%w: issued in the future", ErrSignInRefused)
	case len(id.Audience) > 1 && c.text("azp") == "", c.text("azp") != "" && c.text("azp") != p.conf.ClientID:
		return nil, fmt.Errorf("%w: another authorized party", ErrSignInRefused)
	case id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil:
		return nil, fmt.Errorf("%w: another access token", ErrSignInRefused)
	}
	c["iss"], c["sub"] = id.Issuer, id.Subject
	if c.complete(p.conf.Claims) || d.provider.UserInfoEndpoint() == "" {
		return c, nil
	}
	info, err := d.provider.UserInfo(oidc.ClientContext(ctx, p.client), oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, unavailable(err)
	}
	more := claims{}
	if err := info.Claims(&more); err != nil || info.Subject != id.Subject {
		return nil, fmt.Errorf("%w: the information is about somebody else", ErrSignInRefused)
	}
	return c.with(more), nil
}

// EndLogins takes a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6) and ends every log-in of the person whom
// it names by sub. Errors: ErrNoProvider, ErrBadLogoutToken, ErrProviderUnavailable.
func (s *Service) EndLogins(ctx context.Context, name, raw string) error {
	p, err := s.provider(name)
	if err != nil {
		return err
	}
	d, err := p.discover(ctx, s.now())
	if err != nil {
		return err
	}
	token, err := d.verifier.Verify(oidc.ClientContext(ctx, p.client), raw)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadLogoutToken, err)
	}
	c := claims{}
	if err := token.Claims(&c); err != nil {
		return fmt.Errorf("%w: %w", ErrBadLogoutToken, err)
	}
	events, _ := c["events"].(map[string]any)
	_, is := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
	old := token.IssuedAt.Before(s.now().Add(-Life)) || token.IssuedAt.After(s.now().Add(skew))
	if !is || c["nonce"] != nil || token.Subject == "" || c.text("jti") == "" || old || !s.people.FirstUse(ctx, "logout:"+token.Issuer+"\n"+c.text("jti")) {
		return ErrBadLogoutToken
	}
	return s.people.EndLoginsOf(ctx, token.Issuer, token.Subject)
}
