package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"diom.io/workflow/shared/egress"
	"diom.io/workflow/shared/identity"
)

const (
	// discoveryLife is how long what a provider says of itself is believed. Keys are asked for anew whenever a token is
	// signed with one that is not known.
	discoveryLife = time.Hour
	// silence is how long a provider that does not answer is not asked again.
	silence   = 5 * time.Second
	maxAnswer = 1 << 20 // bytes
)

// provider is an OpenID provider and what it says of itself.
type provider struct {
	conf     identity.Provider
	redirect string
	client   *http.Client

	mu      sync.Mutex
	known   *discovered
	knownAt time.Time
	silent  error // why it was not asked last time, until it is asked again
	askedAt time.Time
}

// discovered is what a provider's metadata say (OpenID Connect Discovery 1.0 §4).
type discovered struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	oauth    oauth2.Config
	// tellsIssuer says that each answer names its issuer (RFC 9207 §3).
	tellsIssuer bool
	// endSession is where people log out there; nil where they cannot (RP-Initiated Logout 1.0 §2.1).
	endSession *url.URL
}

func newProvider(conf identity.Provider, redirect string) (*provider, error) {
	guard, err := egress.New(conf.Allow)
	if err != nil {
		return nil, fmt.Errorf("oidc %s: %w", conf.Name, err)
	}
	client := guard.Client(false)
	client.Timeout = identity.Timeout
	client.Transport = bounded{client.Transport}
	return &provider{conf: conf, redirect: redirect, client: client}, nil
}

// bounded reads no more of an answer than one can be.
type bounded struct{ http.RoundTripper }

// RoundTrip sends a request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = body{io.LimitReader(response.Body, maxAnswer), response.Body}
	}
	return response, err
}

type body struct {
	io.Reader
	io.Closer
}

// discover returns what the provider says of itself, asked for once an hour. An earlier answer does where it is silent.
func (p *provider) discover(ctx context.Context, now time.Time) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil && now.Sub(p.knownAt) < discoveryLife {
		return p.known, nil
	}
	if p.silent != nil && now.Sub(p.askedAt) < silence {
		return nil, p.silent
	}
	p.askedAt = now
	d, err := p.ask(ctx)
	switch {
	case err == nil:
		p.known, p.knownAt, p.silent = d, now, nil
	case p.known == nil:
		p.silent = unavailable(err)
	}
	return p.known, p.silent
}

// ask reads the metadata.
func (p *provider) ask(ctx context.Context) (*discovered, error) {
	// The keys are asked for later, when the caller's context is over.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.conf.Issuer)
	if err != nil {
		return nil, err
	}
	var says struct {
		TellsIssuer bool   `json:"authorization_response_iss_parameter_supported"`
		EndSession  string `json:"end_session_endpoint"`
	}
	if err := found.Claims(&says); err != nil {
		return nil, err
	}
	return &discovered{
		provider: found, tellsIssuer: says.TellsIssuer, endSession: ending(says.EndSession, p.conf.Issuer),
		verifier: found.VerifierContext(oidc.ClientContext(context.WithoutCancel(ctx), p.client), &oidc.Config{ClientID: p.conf.ClientID, SupportedSigningAlgs: p.conf.Algorithms}),
		oauth: oauth2.Config{
			ClientID: p.conf.ClientID, ClientSecret: p.conf.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: p.redirect, Scopes: p.conf.Scopes,
		},
	}, nil
}

func unavailable(err error) error {
	return fmt.Errorf("%w: %s", ErrProviderUnavailable, egress.Reason(err))
}

// exchange gives the code for tokens. A provider that refuses the code is ErrSignInRefused.
func (p *provider) exchange(ctx context.Context, d *discovered, code, verifier string) (*oauth2.Token, error) {
	token, err := d.oauth.Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError:
		return nil, fmt.Errorf("%w: status %d", ErrSignInRefused, refused.Response.StatusCode)
	case err != nil:
		return nil, unavailable(err)
	}
	return token, nil
}
