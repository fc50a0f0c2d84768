package access

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"diom.io/workflow/shared/config"
)

// The secret files. Only login gets the private one.
const (
	SecretPrivate  = "diom-jwt-private"
	SecretPublic   = "diom-jwt-public"
	SecretInternal = "diom-internal-key"
)

// keys are the fixed set of keys: public ones by kid, and in login the one that signs.
type keys struct {
	public  map[string]ed25519.PublicKey
	order   []string
	private ed25519.PrivateKey
	kid     string
}

// JWK is one key of a set (RFC 7517, RFC 8037).
type JWK struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	KeyID     string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// JWKS is a set of public keys.
type JWKS struct {
	Keys []JWK `json:"keys"`
}

// thumbprint is the key id: RFC 7638 over the members of RFC 8037 §2.
func thumbprint(key ed25519.PublicKey) string {
	x := base64.RawURLEncoding.EncodeToString(key)
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (k *keys) add(key ed25519.PublicKey) {
	kid := thumbprint(key)
	if _, known := k.public[kid]; !known {
		k.public[kid] = key
		k.order = append(k.order, kid)
	}
}

func loadKeys(cfg config.Config) (keys, error) {
	k := keys{public: map[string]ed25519.PublicKey{}}
	private, err := cfg.Secret(SecretPrivate)
	if err != nil {
		return k, err
	}
	if private != "" {
		if k.private, err = parsePrivate([]byte(private)); err != nil {
			return k, fmt.Errorf("secret %s: %w", SecretPrivate, err)
		}
		public := k.private.Public().(ed25519.PublicKey)
		k.kid = thumbprint(public)
		k.add(public)
	}
	public, err := cfg.Secret(SecretPublic)
	if err != nil {
		return k, err
	}
	if err := k.parsePublic(public); err != nil {
		return k, fmt.Errorf("secret %s: %w", SecretPublic, err)
	}
	if len(k.public) == 0 {
		return k, fmt.Errorf("secret %s: no key", SecretPublic)
	}
	return k, nil
}

var errKey = errors.New("not an Ed25519 key")

func parsePrivate(text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errKey
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errKey
	}
	return key, nil
}

// parsePublic adds the keys of a JWKS or of PEM blocks; two are live during a rotation.
func (k *keys) parsePublic(text string) error {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return k.parseSet(text)
	}
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return err
		}
		key, ok := parsed.(ed25519.PublicKey)
		if !ok {
			return errKey
		}
		k.add(key)
	}
	return nil
}

func (k *keys) parseSet(text string) error {
	var set JWKS
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return err
	}
	for _, jwk := range set.Keys {
		x, err := base64.RawURLEncoding.Strict().DecodeString(jwk.X)
		if err != nil || jwk.KeyType != "OKP" || jwk.Curve != "Ed25519" || len(x) != ed25519.PublicKeySize {
			return errKey
		}
		k.add(ed25519.PublicKey(x))
	}
	return nil
}

// JWKS returns the public keys by which access tokens are checked.
func (s *Service) JWKS() JWKS {
	set := JWKS{Keys: []JWK{}}
	for _, kid := range s.keys.order {
		set.Keys = append(set.Keys, JWK{
			KeyType: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(s.keys.public[kid]),
			KeyID: kid, Use: "sig", Algorithm: "EdDSA",
		})
	}
	return set
}

// GenerateKeys makes the secret files that are missing in dir, for a local run: the key pair of the
// access tokens, the key of the internal routes and the one that seals data, readable by the owner
// alone. Files that exist stay; of two processes that start at once one makes a file and both use it.
func GenerateKeys(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	_, fresh, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(fresh)
	if err != nil {
		return err
	}
	text, err := create(dir, SecretPrivate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		return err
	}
	private, err := parsePrivate(text)
	if err != nil {
		return fmt.Errorf("secret %s: %w", SecretPrivate, err)
	}
	if der, err = x509.MarshalPKIXPublicKey(private.Public()); err != nil {
		return err
	}
	if _, err = create(dir, SecretPublic, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})); err != nil {
		return err
	}
	for _, name := range []string{SecretInternal, SecretData} {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret) // never fails, crypto/rand
		if _, err = create(dir, name, []byte("local:"+hex.EncodeToString(secret)+"\n")); err != nil {
			return err
		}
	}
	return nil
}

// create writes a file that appears whole or not at all, and never over another one; it returns what
// the file holds now.
func create(dir, name string, content []byte) ([]byte, error) {
	path := filepath.Join(dir, name)
	if held, err := os.ReadFile(path); err == nil || !errors.Is(err, fs.ErrNotExist) { //nolint:gosec // a fixed name in the secrets directory
		return held, err
	}
	temporary, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(content)
	if e := temporary.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // a fixed name in the secrets directory
}
