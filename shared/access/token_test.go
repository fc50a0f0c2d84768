package access

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/store"
)

func testStanding() *standing {
	return (&standing{Principal: Principal{UserID: "u", Username: "lina", Roles: []string{"EMPLOYEE"}, Permissions: []string{"WORKFLOW_TASK"}}, Version: 7, Enabled: true}).complete()
}

// hold keeps a standing record for the length of a test that has no database.
func hold(s *Service, r *standing) {
	s.standings.Set(r.Principal.Username, r)
	s.standings.SetExpiresAfter(r.Principal.Username, time.Hour)
}

// craft signs whatever header and payload say.
func craft(t testing.TB, key ed25519.PrivateKey, header, payload map[string]any) string {
	t.Helper()
	parts := make([]string, 0, 3)
	for _, part := range []map[string]any{header, payload} {
		raw, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(raw))
	}
	text := strings.Join(parts, ".")
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

func TestParse(t *testing.T) {
	t.Parallel()
	s := open(t, testConfig(t), nil, "")
	now := time.Now()
	header := func(changes ...any) map[string]any {
		return with(map[string]any{"alg": "EdDSA", "typ": tokenType, "kid": s.keys.kid}, changes)
	}
	payload := func(changes ...any) map[string]any {
		return with(map[string]any{
			"sub": "lina", "iss": "/diom/test", "aud": audience, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": "j", "ver": 7,
			"roles": []string{"EMPLOYEE"}, "permissions": []string{},
		}, changes)
	}
	sign := func(h, p map[string]any) string { return craft(t, s.keys.private, h, p) }
	good := sign(header(), payload())
	if p, err := s.parse(good); err != nil || p.username != "lina" || p.version != 7 {
		t.Fatalf("the good token: %+v, %v", p, err)
	}
	_, other, _ := ed25519.GenerateKey(rand.Reader)
	public, _ := x509.MarshalPKIXPublicKey(s.keys.private.Public())
	hmac := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(payload()))
	hmac.Header["typ"], hmac.Header["kid"] = tokenType, s.keys.kid
	confused, err := hmac.SignedString(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	if err != nil {
		t.Fatal(err)
	}
	none := strings.Join(strings.Split(sign(header("alg", "none"), payload()), ".")[:2], ".") + "."
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"expired":             {sign(header(), payload("exp", now.Add(-time.Minute).Unix())), ErrTokenExpired},
		"expired and forged":  {craft(t, other, header(), payload("exp", now.Add(-time.Minute).Unix())), ErrTokenInvalid},
		"no expiry":           {sign(header(), payload("exp", nil)), ErrTokenInvalid},
		"other key":           {craft(t, other, header(), payload()), ErrTokenInvalid},
		"none":                {none, ErrTokenInvalid},
		"none with signature": {sign(header("alg", "none"), payload()), ErrTokenInvalid},
		"HS256 by public key": {confused, ErrTokenInvalid},
		"future iat":          {sign(header(), payload("iat", now.Add(time.Hour).Unix())), ErrTokenInvalid},
		"no iat":              {sign(header(), payload("iat", nil)), ErrTokenInvalid},
		"not yet valid":       {sign(header(), payload("nbf", now.Add(time.Hour).Unix())), ErrTokenInvalid},
		"other issuer":        {sign(header(), payload("iss", "/diom/prod")), ErrTokenInvalid},
		"other audience":      {sign(header(), payload("aud", "else")), ErrTokenInvalid},
		"no subject":          {sign(header(), payload("sub", nil)), ErrTokenInvalid},
		"no id":               {sign(header(), payload("jti", nil)), ErrTokenInvalid},
		"unknown kid":         {sign(header("kid", "../../etc/passwd"), payload()), ErrTokenInvalid},
		"no kid":              {sign(header("kid", nil), payload()), ErrTokenInvalid},
		"kid of another type": {sign(header("kid", 1), payload()), ErrTokenInvalid},
		"ID token":            {sign(header("typ", "JWT"), payload()), ErrTokenInvalid},
		"critical extension":  {sign(header("crit", []string{"b64"}), payload()), ErrTokenInvalid},
		"altered last bits":   {alterLast(good), ErrTokenInvalid},
		"altered payload":     {strings.Replace(good, ".", ".e", 1), ErrTokenInvalid},
		"a megabyte of dots":  {strings.Repeat(".", 1<<20), ErrTokenInvalid},
		"too long":            {good + strings.Repeat("A", maxToken), ErrTokenInvalid},
		"empty parts":         {"..", ErrTokenInvalid},
		"blank":               {" ", ErrTokenInvalid},
	} {
		_, err := s.parse(c.token)
		if err == nil || !strings.HasPrefix(err.Error(), c.want.Error()) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if _, err := s.Authenticate(t.Context(), c.token); err == nil {
			t.Errorf("%s is authenticated", name)
		}
	}
	_, err = s.Authenticate(t.Context(), "")
	wantError(t, err, ErrTokenMissing)
}

// with sets name, value pairs; nil removes.
func with(m map[string]any, changes []any) map[string]any {
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == nil {
			delete(m, changes[i].(string))
		} else {
			m[changes[i].(string)] = changes[i+1]
		}
	}
	return m
}

// alterLast changes the unused bits of the last base64 digit: the same bytes to a lenient decoder.
func alterLast(token string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(digits, token[len(token)-1])
	return token[:len(token)-1] + string(digits[last^1])
}

func TestMintIsParsedAndCached(t *testing.T) {
	t.Parallel()
	s := open(t, testConfig(t), nil, "")
	c := &clock{at: time.Now()}
	s.now = c.now
	hold(s, testStanding())
	token, err := s.mint(testStanding(), store.Session{}, c.now())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if p, err := s.Authenticate(t.Context(), token); err != nil || p.Username != "lina" {
			t.Fatalf("%+v, %v", p, err)
		}
	}
	c.add(time.Hour + time.Minute) // the cache must not outlive the token
	_, err = s.verify(token)
	wantError(t, err, ErrTokenExpired)
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	before, after := testConfig(t), testConfig(t)
	old := open(t, before, nil, "")
	token, err := old.mint(testStanding(), store.Session{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	both := ""
	for _, cfg := range []config.Config{after, before} {
		public, err := cfg.Secret(SecretPublic)
		if err != nil {
			t.Fatal(err)
		}
		both += public + "\n"
	}
	write(t, after.SecretsDir, SecretPublic, both)
	s := open(t, after, nil, "")
	if _, err := s.parse(token); err != nil {
		t.Errorf("the old key's token: %v", err)
	}
	set, err := json.Marshal(s.JWKS())
	if err != nil || len(s.JWKS().Keys) != 2 {
		t.Fatalf("%s, %v", set, err)
	}
	reader := testConfig(t)
	if err := os.Remove(filepath.Join(reader.SecretsDir, SecretPrivate)); err != nil {
		t.Fatal(err)
	}
	write(t, reader.SecretsDir, SecretPublic, string(set))
	r := open(t, reader, nil, "")
	if _, err := r.parse(token); err != nil {
		t.Errorf("by JWKS: %v", err)
	}
	if _, err := r.mint(testStanding(), store.Session{}, time.Now()); err == nil {
		t.Error("a process without the private key signs")
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestGenerateKeysIsSafeForTwo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "secrets")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := GenerateKeys(dir); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
	s := open(t, config.Config{SecretsDir: dir, BcryptCost: 4, AccessTokenLife: time.Hour}, nil, "")
	if len(s.keys.public) != 1 || s.internal.first == "" || s.data.first == "" {
		t.Error("the private and the public key are not a pair, or there is no internal or no data key")
	}
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		SecretPrivate: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", SecretPublic: `{"keys":[{"kty":"RSA"}]}`, SecretInternal: "short:key", SecretData: "short:00",
	} {
		cfg := testConfig(t)
		write(t, cfg.SecretsDir, name, text)
		if _, err := New(cfg, nil, nil); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := New(config.Config{SecretsDir: t.TempDir()}, nil, nil); err == nil {
		t.Error("no keys are accepted")
	}
}

func FuzzParse(f *testing.F) {
	s := open(f, testConfig(f), nil, "")
	good, err := s.mint(testStanding(), store.Session{}, time.Now())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, alterLast(good), "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", strings.Repeat(".", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if p, err := s.parse(token); err == nil && (token != good || p.username != "lina") {
			t.Errorf("%q is accepted", token)
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	s := open(b, testConfig(b), nil, "")
	r := testStanding()
	for range 18 { // as many as an administrator has
		r.Principal.Permissions = append(r.Principal.Permissions, "WORKFLOW_SOMETHING")
	}
	token, err := s.mint(r, store.Session{}, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	hold(s, r)
	for b.Loop() {
		if _, err := s.Authenticate(ctx, token); err != nil {
			b.Fatal(err)
		}
	}
}
