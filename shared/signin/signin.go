// Package signin lets people in whom others vouch for: OpenID providers (OpenID Connect Core 1.0, authorization code
// flow with PKCE) and LDAP directories. It ends in the same session as a password of ours.
//
// What a browser brings back from a provider is believed only with what it took along: a cookie with a random key, of
// which state, nonce and the PKCE verifier are made. So nothing is kept of a sign-in that nobody ends, nobody is signed in
// with an answer that somebody else has begun, and an answer of one provider is none of another.
package signin

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/directory"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/identity"
)

// Why a sign-in fails.
var (
	ErrNoProvider          = fault.New(fault.NotFound, "provider_not_found", "There is no provider of sign-ins with this name.")
	ErrSignInLost          = fault.New(fault.Unauthorized, "sign_in_lost", "The sign-in has taken too long, or began in another browser. Begin again.")
	ErrSignInState         = fault.New(fault.Unauthorized, "sign_in_state", "The answer does not belong to this sign-in. Begin again.")
	ErrSignInRefused       = fault.New(fault.Unauthorized, "sign_in_refused", "The provider has not signed you in, or what it says cannot be believed.")
	ErrProviderUnavailable = fault.New(fault.Unavailable, "provider_unavailable", "The provider of the sign-in does not answer. Try again, or log in with a password.").Elsewhere().After(5 * time.Second)
	ErrBadReturn           = fault.New(fault.Malformed, "bad_return_path", "The sign-in may lead back to a path of this product alone.")
	ErrBadLogoutToken      = fault.New(fault.Malformed, "bad_logout_token", "The logout token is not one of this provider, or was used before.")
)

// Service is safe for concurrent use.
type Service struct {
	people    *access.Service
	public    string // where people reach the product, without a slash at the end
	providers []*provider
	ldap      []identity.LDAP
	now       func() time.Time
}

// New returns the service for what the secret file says. The error says what is wrong with the file.
func New(cfg config.Config, people *access.Service) (*Service, error) {
	vouching, err := identity.Load(cfg)
	if err != nil {
		return nil, err
	}
	s := &Service{people: people, public: strings.TrimSuffix(cfg.PublicURL, "/"), now: time.Now}
	for _, p := range vouching.OIDC {
		made, err := newProvider(p, s.callback(p.Name))
		if err != nil {
			return nil, err
		}
		s.providers = append(s.providers, made)
	}
	for _, l := range vouching.LDAP {
		if l.SignsIn() {
			s.ldap = append(s.ldap, l)
		}
	}
	return s, nil
}

// Nobody is a service that lets in who has a password of ours alone.
func Nobody(people *access.Service) *Service { return &Service{people: people, now: time.Now} }

// LogoutToken reads the form by which a provider ends log-ins; empty: there is no token in it.
func LogoutToken(form []byte) string {
	values, err := url.ParseQuery(string(form))
	if err != nil {
		return ""
	}
	return values.Get("logout_token")
}

// callback is where a provider sends people back to.
func (s *Service) callback(name string) string {
	return s.public + "/api/v1/auth/oidc/" + name + "/callback"
}

// Method is one way to sign in, for the log-in page.
type Method struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`  // password, ldap or oidc
	Label string `json:"label"` // what people read
	// Start is where the browser goes for oidc, with return= and a path of the product; empty for the others, whose
	// password goes to /auth/login.
	Start string `json:"start"`
	// End is where the browser goes after a log-out here, to log out at the provider too; empty for others than oidc.
	End string `json:"end,omitempty"`
}

// Methods are all ways to sign in.
type Methods struct {
	Items []Method `json:"items"`
}

// Methods returns the ways to sign in: a password of ours always, for whoever has one.
func (s *Service) Methods() Methods {
	out := Methods{Items: []Method{{Name: "password", Kind: "password", Label: "password"}}}
	for _, l := range s.ldap {
		out.Items = append(out.Items, Method{Name: l.Name, Kind: "ldap", Label: l.Label})
	}
	if s.public == "" {
		return out // nobody could be sent back
	}
	for _, p := range s.providers {
		out.Items = append(out.Items, Method{Name: p.conf.Name, Kind: "oidc", Label: p.conf.Label, Start: "/api/v1/auth/oidc/" + p.conf.Name + "/start", End: "/api/v1/auth/oidc/" + p.conf.Name + "/end"})
	}
	return out
}

func (s *Service) provider(name string) (*provider, error) {
	for _, p := range s.providers {
		if p.conf.Name == name && s.public != "" {
			return p, nil
		}
	}
	return nil, ErrNoProvider
}

// relative reports whether a path leads to a page of this product and nowhere else, whoever reads it.
func relative(path string) bool {
	if len(path) > 1000 || !strings.HasPrefix(path, "/") || strings.Contains(path, "//") || strings.ContainsAny(path, "\\") {
		return false
	}
	u, err := url.Parse(path)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && u.Opaque == ""
}

// Login is a log-in with a password that a directory may know.
func (s *Service) Login(ctx context.Context, c access.Attempt) (access.Login, error) {
	if len(s.ldap) == 0 {
		return s.people.LoginBy(ctx, c, nil)
	}
	return s.people.LoginBy(ctx, c, s.askDirectories)
}

// askDirectories asks one directory after the other. A directory that does not answer is told only where no other one
// knows the password.
func (s *Service) askDirectories(ctx context.Context, username, password string) (access.Outsider, access.Welcome, error) {
	var silent error
	for _, l := range s.ldap {
		who, err := directory.Authenticate(ctx, l, username, password)
		switch {
		case err == nil:
			return outsider(l.Source(), l.Accounts, who), welcome(l.Accounts), nil
		case !errors.Is(err, access.ErrBadCredentials):
			silent = err
		}
	}
	if silent != nil {
		return access.Outsider{}, access.Welcome{}, silent
	}
	return access.Outsider{}, access.Welcome{}, access.ErrBadCredentials
}

func welcome(a identity.Accounts) access.Welcome {
	return access.Welcome{Create: a.Create, Link: a.Link, Roles: a.DefaultRoles}
}

// outsider is a person of a directory in the words of package access.
func outsider(source string, a identity.Accounts, who directory.Entry) access.Outsider {
	o := access.Outsider{
		Source: source, Subject: who.ID, Username: who.Username, DisplayName: who.DisplayName, Email: who.Email, EmailVerified: true, Title: who.Title,
		Department: called(a.Departments, who.Department),
	}
	o.Roles, o.Managed = roles(a.Roles, who.Roles)
	return o
}

// called is what a name of the source means here: itself where nothing is said of it.
func called(names map[string]string, name string) string {
	if code, found := names[name]; found {
		return code
	}
	return name
}

// roles are those that the source's names mean, and all that it could mean.
func roles(names map[string]string, has []string) (given, managed []string) {
	for _, role := range names {
		managed = append(managed, role)
	}
	for _, name := range has {
		if role := names[name]; role != "" {
			given = append(given, role)
		}
	}
	return given, managed
}
