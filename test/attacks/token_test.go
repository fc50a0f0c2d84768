package attacks

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/test/producttest"
)

const demoPassword = access.DemoPassword

// forger makes access tokens out of one that is valid.
type forger struct {
	header, claims object
	key            ed25519.PrivateKey // the product's own, for tokens that are wrong in another way
	public         []byte
	parts          []string
}

func newForger(r *rig) *forger {
	text, err := os.ReadFile(filepath.Join(r.secrets, access.SecretPrivate))
	if err != nil {
		r.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		r.Fatal(err)
	}
	public, err := os.ReadFile(filepath.Join(r.secrets, access.SecretPublic))
	if err != nil {
		r.Fatal(err)
	}
	f := &forger{key: key.(ed25519.PrivateKey), public: public, parts: strings.Split(r.tokens["admin"], ".")}
	for i, into := range []*object{&f.header, &f.claims} {
		raw, err := base64.RawURLEncoding.DecodeString(f.parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			r.Fatalf("%v: %s", err, raw)
		}
	}
	return f
}

func encode(v any) string {
	raw, _ := json.Marshal(v) // plain values
	return base64.RawURLEncoding.EncodeToString(raw)
}

// with returns a copy with one field changed; nil takes it out.
func with(o object, name string, v any) object {
	o = maps.Clone(o)
	if o[name] = v; v == nil {
		delete(o, name)
	}
	return o
}

func (f *forger) signed(header, claims object, key ed25519.PrivateKey) string {
	text := encode(header) + "." + encode(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

func (f *forger) hashed(header object, secret []byte) string {
	text := encode(header) + "." + encode(f.claims)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// forged returns tokens by what is wrong with them.
func (f *forger) forged() map[string]string {
	_, other, _ := ed25519.GenerateKey(rand.Reader) // never fails, crypto/rand
	body := f.parts[1]
	tokens := map[string]string{
		"no signature": f.parts[0] + "." + body + ".", "two parts": f.parts[0] + "." + body, "four parts": strings.Join(f.parts, ".") + ".x", "empty parts": "..",
		"another key": f.signed(f.header, f.claims, other), "signature of another token": f.parts[0] + "." + encode(with(f.claims, "sub", "chenjing")) + "." + f.parts[2],
		"longer than any": strings.Join(f.parts, ".") + strings.Repeat("A", 9000), "padding": strings.Join(f.parts, ".") + "==", "standard alphabet": f.parts[0] + "." + body + "." + strings.Repeat("+/", 43),
		"line feed": f.parts[0] + "." + body + "." + f.parts[2][:40] + f.parts[2][41:], "changed payload": f.parts[0] + "." + body[:len(body)-2] + "AA." + f.parts[2],
		"HS256 with the public key": f.hashed(with(f.header, "alg", "HS256"), f.public), "HS512": f.hashed(with(f.header, "alg", "HS512"), f.public), "HS256, empty secret": f.hashed(with(f.header, "alg", "HS256"), nil),
		"secret": f.hashed(with(f.header, "alg", "HS256"), []byte("secret")),
	}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "ES256", "RS256", "PS256", "EdDSA ", "eddsa", "A128KW"} {
		tokens["alg "+alg] = encode(with(f.header, "alg", alg)) + "." + body + "."
		tokens["alg "+alg+", signed"] = f.signed(with(f.header, "alg", alg), f.claims, other)
	}
	for _, kid := range []any{"", "../../../../dev/null", "/etc/passwd", "' OR 1=1 -- ", "http://evil.example/key", "x", nil, 0, []string{"a"}, true, strings.Repeat("k", 4000)} {
		raw, _ := json.Marshal(kid) // plain values
		tokens["kid "+string(raw)] = f.signed(with(f.header, "kid", kid), f.claims, other)
	}
	jwk := object{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(other.Public().(ed25519.PublicKey))}
	tokens["own jwk"] = f.signed(with(f.header, "jwk", jwk), f.claims, other)
	tokens["own jku"] = f.signed(with(f.header, "jku", "http://127.0.0.1/jwks"), f.claims, other)
	tokens["own x5u"] = f.signed(with(f.header, "x5u", "http://127.0.0.1/x5u"), f.claims, other)
	tokens["crit"] = f.signed(with(f.header, "crit", []string{"b64"}), f.claims, f.key)
	tokens["typ JWT"] = f.signed(with(f.header, "typ", "JWT"), f.claims, f.key)
	tokens["no typ"] = f.signed(with(f.header, "typ", nil), f.claims, f.key)
	now := time.Now().Unix()
	for name, claim := range map[string][2]any{
		"expired": {"exp", now - 3600}, "no exp": {"exp", nil}, "exp as text": {"exp", "never"}, "not yet": {"nbf", now + 3600}, "of the future": {"iat", now + 3600}, "no iat": {"iat", nil},
		"other aud": {"aud", "another"}, "no aud": {"aud", nil}, "other iss": {"iss", "/diom/another"}, "no iss": {"iss", nil}, "no sub": {"sub", nil}, "empty sub": {"sub", ""},
		"nobody": {"sub", "nobody"}, "no jti": {"jti", nil}, "old version": {"ver", 1}, "next version": {"ver", now * 2000}, "sub of a list": {"sub", []string{"admin"}}, "session": {"sid", "x"},
	} {
		tokens[name] = f.signed(f.header, with(f.claims, claim[0].(string), claim[1]), f.key)
	}
	return tokens
}

// forgedTokens asks who it is with tokens that the product has not made, or has not made like this.
var forgedTokens = class{"jwt", func(r *rig) []attack {
	var all []attack
	for name, token := range newForger(r).forged() {
		all = append(all, request(name, call{token, "GET", "/auth/userinfo", nil}, refused(http.StatusUnauthorized, http.StatusRequestHeaderFieldsTooLarge)))
	}
	whole := strings.ReplaceAll(r.tokens["admin"], "\n", "")
	for name, headers := range map[string][]string{
		"in the query": {"Authorization", ""}, "as Basic": {"Authorization", "Basic " + whole}, "Token": {"Authorization", "Token " + whole}, "cookie": {"Authorization", "", "Cookie", "access_token=" + whole + "; token=" + whole},
		"X-User": {"Authorization", "", "X-User", "admin", "X-Username", "admin", "X-Roles", "SUPER_ADMIN", "Remote-User", "admin"}, "Basic of a name": {"Authorization", "Basic YWRtaW46"},
	} {
		all = append(all, request(name, call{"", "GET", "/auth/userinfo", nil}, func(a producttest.Answer) string { return refused(http.StatusUnauthorized)(a) }, headers...))
	}
	return all
}, answering(http.StatusOK, `{"username":"admin"}`)}
