package e2e_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/test/producttest"
)

// key reads one of the product's key files: the private key and the bytes of the public file.
func (s *session) keys() (ed25519.PrivateKey, []byte) {
	s.Helper()
	private, err := os.ReadFile(filepath.Join(s.secrets, access.SecretPrivate))
	if err != nil {
		s.Fatal(err)
	}
	public, err := os.ReadFile(filepath.Join(s.secrets, access.SecretPublic))
	if err != nil {
		s.Fatal(err)
	}
	block, _ := pem.Decode(private)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		s.Fatal(err)
	}
	return key.(ed25519.PrivateKey), public
}

// forge signs the claims of a real token, changed, by another method or key.
func forge(s *session, real string, method jwt.SigningMethod, key any, change func(header, claims map[string]any)) string {
	s.Helper()
	claims := jwt.MapClaims{}
	parsed, _, err := jwt.NewParser().ParseUnverified(real, claims)
	if err != nil {
		s.Fatal(err)
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"], token.Header["typ"] = parsed.Header["kid"], parsed.Header["typ"]
	if change != nil {
		change(token.Header, claims)
	}
	text, err := token.SignedString(key)
	if err != nil {
		s.Fatal(err)
	}
	return text
}

func refusedTokens(s *session) {
	real := s.tokens["lina"]
	own, public := s.keys()
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		s.Fatal(err)
	}
	ed, hs := jwt.SigningMethodEdDSA, jwt.SigningMethodHS256
	change := func(name string, value any) func(_, claims map[string]any) {
		return func(_, claims map[string]any) { claims[name] = value }
	}
	parts := strings.Split(real, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		s.Fatal(err)
	}
	admin := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"lina"`, `"admin"`, 1)))
	raw := own.Public().(ed25519.PublicKey)
	for name, c := range map[string]struct{ token, code string }{
		"missing":                 {"", "token_missing"},
		"garbage":                 {"garbage", "token_invalid"},
		"three dots":              {"...", "token_invalid"},
		"the payload of admin":    {parts[0] + "." + admin + "." + parts[2], "token_invalid"},
		"without its signature":   {parts[0] + "." + parts[1] + ".", "token_invalid"},
		"expired":                 {forge(s, real, ed, own, change("exp", time.Now().Add(-time.Hour).Unix())), "token_expired"},
		"never expires":           {forge(s, real, ed, own, func(_, c map[string]any) { delete(c, "exp") }), "token_invalid"},
		"of tomorrow":             {forge(s, real, ed, own, change("iat", time.Now().Add(24*time.Hour).Unix())), "token_invalid"},
		"of another key":          {forge(s, real, ed, other, nil), "token_invalid"},
		"expired, of another key": {forge(s, real, ed, other, change("exp", time.Now().Add(-time.Hour).Unix())), "token_invalid"},
		"of another kid":          {forge(s, real, ed, own, func(h, _ map[string]any) { h["kid"] = "../../etc/passwd" }), "token_invalid"},
		"of another type":         {forge(s, real, ed, own, func(h, _ map[string]any) { h["typ"] = "JWT" }), "token_invalid"},
		"of another audience":     {forge(s, real, ed, own, change("aud", "other")), "token_invalid"},
		"of another issuer":       {forge(s, real, ed, own, change("iss", "/other")), "token_invalid"},
		"of an old version":       {forge(s, real, ed, own, change("ver", 1)), "token_revoked"},
		"of nobody":               {forge(s, real, ed, own, change("sub", "nobody")), "token_revoked"},
		"without a subject":       {forge(s, real, ed, own, change("sub", "")), "token_invalid"},
		"none":                    {forge(s, real, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil), "token_invalid"},
		"HS256, the key's bytes":  {forge(s, real, hs, []byte(raw), nil), "token_invalid"},
		"HS256, the key's file":   {forge(s, real, hs, public, nil), "token_invalid"},
		"HS256, the file's text":  {forge(s, real, hs, []byte(strings.TrimSpace(string(public))), nil), "token_invalid"},
		"of 20 kB":                {forge(s, real, ed, own, change("roles", []string{strings.Repeat("x", 20<<10)})), "token_invalid"},
	} {
		s.sub(name, func(s *session) {
			client, task := s.client.With(c.token), s.memo("lina")
			for _, call := range [][2]string{{http.MethodGet, "/api/v1/tasks"}, {http.MethodPost, taskPath(task, "/complete")}} {
				s.refused(http.StatusUnauthorized, c.code, "", func() producttest.Answer {
					answer, err := client.Send(call[0], call[1], "{}")
					if err != nil {
						s.Fatal(err)
					}
					return answer
				})
			}
		})
	}
	if answer, err := s.client.With(forge(s, real, ed, own, nil)).Send(http.MethodGet, "/api/v1/tasks", nil); err != nil || answer.Status != http.StatusOK {
		s.Errorf("the unchanged token: %d, %v", answer.Status, err)
	}
}

func refusedLogIns(s *session) {
	path := "/api/v1/auth/login"
	body := func(username, password string) map[string]string {
		return map[string]string{"username": username, "password": password}
	}
	nobody := "nobody-" + strings.ToLower(rand.Text()[:8])
	s.refuse([]refusal{
		{name: "wrong password", path: path, body: body("zhaolei", "wrong-password"), status: 401, code: "bad_credentials"},
		{name: "unknown user", path: path, body: body(nobody, access.DemoPassword), status: 401, code: "bad_credentials"},
		{name: "trailing space", path: path, body: body("admin ", access.DemoPassword), status: 401, code: "bad_credentials"},
		{name: "other case", path: path, body: body("ADMIN", access.DemoPassword), status: 401, code: "bad_credentials"},
		{name: "long password", path: path, body: body(nobody, strings.Repeat("x", 100)), status: 401, code: "bad_credentials"},
		{name: "quote", path: path, body: body("' OR 1=1 -- ", access.DemoPassword), status: 401, code: "bad_credentials"},
		{name: "no password", path: path, body: body("admin", ""), status: 422, code: "invalid_fields", detail: "required"},
		{name: "wrong type", path: path, body: `{"username": ["admin"], "password": 1}`, status: 422, code: "bad_type"},
		{name: "unknown field", path: path, body: `{"username": "admin", "password": "x", "admin": true}`, status: 400, code: "bad_json", detail: "unknown_field"},
		{name: "large", path: path, body: body("admin", strings.Repeat("x", 1<<20)), status: 413, code: "body_too_large"},
		{name: "refresh without a cookie", path: "/auth/refresh", headers: []string{"X-Requested-With", "test"}, status: 401, code: "refresh_invalid"},
		{name: "refresh from another site", path: "/auth/refresh", status: 403, code: "cross_site"},
	})
	var text [2]string
	for i, name := range []string{"zhaolei", nobody} {
		problem, err := s.send("", http.MethodPost, path, body(name, "wrong-password")).Problem()
		if err != nil {
			s.Fatal(err)
		}
		text[i] = problem.Title + problem.Detail
	}
	if text[0] != text[1] {
		s.Errorf("an unknown user is told from a wrong password: %q", text)
	}
}
