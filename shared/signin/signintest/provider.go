// Package signintest is an OpenID provider for tests: it has keys of its own and does what it is told to do wrong.
package signintest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Client is the id that a provider knows the product by, and ClientSecret what it proves that with.
const (
	Client       = "diom"
	ClientSecret = "a secret of the provider"
)

// Provider is a provider that lives as long as its test.
type Provider struct {
	URL string
	// Claims are what it says of whoever signs in.
	Claims jwt.MapClaims
	// UserInfo is what it says at that endpoint alone.
	UserInfo jwt.MapClaims
	// Change spoils the claims of a token before it is signed; Sign signs it in another way. Nil is right.
	Change func(jwt.MapClaims)
	Sign   func(jwt.MapClaims) string
	// Reuses lets a code count for ever, and Careless whatever the verifier is.
	Reuses, Careless bool
	// Issuer is what its metadata say, where that is a lie. TellsIssuer names it in each answer.
	Issuer      string
	TellsIssuer bool
	// EndSession is where people log out, where that is possible.
	EndSession string

	t     *testing.T
	mu    sync.Mutex
	codes map[string]url.Values
	key   *ecdsa.PrivateKey
	kid   int
	// Fetched counts how often the keys were asked for.
	Fetched int
}

// New starts a provider.
func New(t *testing.T) *Provider {
	t.Helper()
	p := &Provider{t: t, codes: map[string]url.Values{}, Claims: jwt.MapClaims{"sub": "u-1", "preferred_username": "mei", "name": "梅", "email": "mei@corp.example", "email_verified": true}}
	p.Rotate()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.metadata)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { write(w, p.UserInfo) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Rotate gives the provider another key; the one before is gone.
func (p *Provider) Rotate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		p.t.Fatal(err)
	}
	p.kid++
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (p *Provider) metadata(w http.ResponseWriter, _ *http.Request) {
	issuer := p.Issuer
	if issuer == "" {
		issuer = p.URL
	}
	about := map[string]any{
		"issuer": issuer, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"ES256", "none", "HS256"}, "authorization_response_iss_parameter_supported": p.TellsIssuer,
	}
	if p.EndSession != "" {
		about["end_session_endpoint"] = p.EndSession
	}
	if p.UserInfo != nil {
		about["userinfo_endpoint"] = p.URL + "/userinfo"
	}
	write(w, about)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Fetched++
	point, err := p.key.PublicKey.Bytes()
	if err != nil {
		p.t.Error(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	write(w, map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": strconv.Itoa(p.kid), "x": text(point[1:33]), "y": text(point[33:])}}})
}

// Approve is the person who signs in at the page where the browser was sent, and returns what it is sent back with.
func (p *Provider) Approve(location string) url.Values {
	p.t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		p.t.Fatal(err)
	}
	asked := u.Query()
	if asked.Get("client_id") != Client || asked.Get("response_type") != "code" || asked.Get("code_challenge_method") != "S256" || asked.Get("nonce") == "" {
		p.t.Errorf("asked for %s", location)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := "code-" + strconv.Itoa(len(p.codes))
	p.codes[code] = asked
	answer := url.Values{"code": {code}, "state": {asked.Get("state")}}
	if p.TellsIssuer {
		answer.Set("iss", p.URL)
	}
	return answer
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	asked, found := p.codes[r.PostFormValue("code")]
	if !p.Reuses {
		p.codes[r.PostFormValue("code")] = nil
	}
	p.mu.Unlock()
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	verified := p.Careless || asked.Get("code_challenge") == base64.RawURLEncoding.EncodeToString(challenge[:])
	_, secret, _ := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret)
	if !found || asked == nil || !verified || secret != ClientSecret || r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		write(w, map[string]string{"error": "invalid_grant"})
		return
	}
	claims := maps.Clone(p.Claims)
	claims["iss"], claims["aud"], claims["nonce"] = p.URL, Client, asked.Get("nonce")
	claims["iat"], claims["exp"] = time.Now().Unix(), time.Now().Add(time.Minute).Unix()
	write(w, map[string]any{"access_token": "an access token", "token_type": "Bearer", "expires_in": 60, "id_token": p.Token(claims)})
}

// Token signs claims, spoilt as the test says.
func (p *Provider) Token(claims jwt.MapClaims) string {
	if p.Change != nil {
		p.Change(claims)
	}
	if p.Sign != nil {
		return p.Sign(claims)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["kid"] = strconv.Itoa(p.kid)
	signed, err := token.SignedString(p.key)
	if err != nil {
		p.t.Error(err)
	}
	return signed
}

// Key is the key that signs at the moment.
func (p *Provider) Key() *ecdsa.PrivateKey { return p.key }
