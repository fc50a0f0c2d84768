package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/fault"
)

// SignatureHeader carries the signature of an internal request: v1,keyid,seconds,nonce,mac. The mac
// is the HMAC-SHA-256, in hexadecimal, of these lines: v1, key id, method, path with query, SHA-256 of
// the body in hexadecimal, Unix seconds, nonce.
const SignatureHeader = "X-Diom-Signature"

const signatureAge = 5 * time.Minute

// Why an internal route refuses a request.
var (
	ErrSignatureMissing = fault.New(fault.Unauthorized, "signature_missing", "The route is for other functions only.")
	ErrSignatureInvalid = fault.New(fault.Unauthorized, "signature_invalid", "The signature of the request is not valid.")
	ErrSignatureStale   = fault.New(fault.Unauthorized, "signature_stale", "The signature of the request is too old or ahead of time.")
	ErrSignatureReplay  = fault.New(fault.Unauthorized, "signature_replayed", "The request has been made before.")
)

var errNoInternalKey = errors.New("secret " + SecretInternal + ": no key")

// internalKeys are the live keys; the first signs. During a rotation there are two.
type internalKeys struct {
	first string
	byID  map[string][]byte
}

// loadInternalKeys reads lines of the form keyid:secret; a secret has 32 characters or more.
func loadInternalKeys(cfg config.Config) (internalKeys, error) {
	k := internalKeys{byID: map[string][]byte{}}
	text, err := cfg.Secret(SecretInternal)
	if err != nil {
		return k, err
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		id, secret, ok := strings.Cut(line, ":")
		if !ok || id == "" || strings.Contains(id, ",") || len(secret) < 32 {
			return k, fmt.Errorf("secret %s: a line is keyid:secret, the secret of 32 characters or more", SecretInternal)
		}
		if k.first == "" {
			k.first = id
		}
		k.byID[id] = []byte(secret)
	}
	return k, nil
}

// signed is what a signature is made over.
type signed struct {
	key, method, target string
	body                []byte
	seconds, nonce      string
}

// sum is the mac over a request.
func (k internalKeys) sum(r signed) []byte {
	hash := sha256.Sum256(r.body)
	mac := hmac.New(sha256.New, k.byID[r.key])
	for _, part := range []string{"v1", r.key, r.method, r.target, hex.EncodeToString(hash[:]), r.seconds, r.nonce} {
		mac.Write([]byte(part + "\n"))
	}
	return mac.Sum(nil)
}

// SignInternal sets the signature of a request to an internal route. target is the path with the
// query as the function sees it, without a platform's prefix.
func (s *Service) SignInternal(header http.Header, method, target string, body []byte) error {
	k := s.internal
	if k.first == "" {
		return errNoInternalKey
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails, crypto/rand
	nonce, seconds := hex.EncodeToString(random), strconv.FormatInt(s.now().Unix(), 10)
	mac := k.sum(signed{k.first, method, target, body, seconds, nonce})
	header.Set(SignatureHeader, strings.Join([]string{"v1", k.first, seconds, nonce, hex.EncodeToString(mac)}, ","))
	return nil
}

// VerifyInternal checks the signature of a request to an internal route. A signature counts once
// within its five minutes: in all replicas while Redis answers, else in this process.
func (s *Service) VerifyInternal(ctx context.Context, header http.Header, method, target string, body []byte) error {
	value := header.Get(SignatureHeader)
	if value == "" {
		return ErrSignatureMissing
	}
	parts := strings.Split(value[:min(len(value), 512)], ",")
	if len(parts) != 5 || parts[0] != "v1" || len(parts[3]) > 64 || s.internal.byID[parts[1]] == nil {
		return ErrSignatureInvalid
	}
	mac, err := hex.DecodeString(parts[4])
	if err != nil || !hmac.Equal(mac, s.internal.sum(signed{parts[1], method, target, body, parts[2], parts[3]})) {
		return ErrSignatureInvalid
	}
	seconds, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return ErrSignatureInvalid
	}
	if s.now().Sub(time.Unix(seconds, 0)).Abs() > signatureAge {
		return ErrSignatureStale
	}
	if !s.firstUse(ctx, parts[1]+":"+parts[3]) {
		return ErrSignatureReplay
	}
	return nil
}

// firstUse remembers a nonce for as long as its signature may be valid. The process remembers too,
// so that a Redis that went away opens no gap for what it saw itself.
func (s *Service) firstUse(ctx context.Context, nonce string) bool {
	const life = 2*signatureAge + time.Minute
	if !s.nonces.mark(nonce, life, s.now()) {
		return false
	}
	first, err := s.cache.SetNX(ctx, "diom:nonce:"+nonce, []byte{'1'}, life)
	return err != nil || first
}
