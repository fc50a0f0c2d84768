package access

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/engine"
)

// SecretData is the secret file of the keys that seal sensitive columns.
const SecretData = "diom-data-key"

// A sealed value is sealVersion, the length of the key's id and the id, the record's own key sealed
// with the key of that id, and the value sealed with the record's key. Each is AES-256-GCM with a random
// nonce before it, so that the master key seals short random texts only.
const (
	sealVersion = 1
	recordKey   = 32
	sealedKey   = recordKey + 28 // nonce 12, tag 16
)

// Why a value cannot be sealed or opened.
var (
	errNoDataKey = errors.New("secret " + SecretData + ": no key")
	errSealed    = errors.New("sealed value: damaged, or not from this place")
)

// dataKeys are the live keys; the first seals. During a rotation there are two.
type dataKeys struct {
	first string
	byID  map[string]cipher.AEAD
	trail map[string][]byte // keys of the seals over the audit trail
}

// loadDataKeys reads lines of the form keyid:key, the key 64 hexadecimal digits.
func loadDataKeys(cfg config.Config) (dataKeys, error) {
	k := dataKeys{byID: map[string]cipher.AEAD{}, trail: map[string][]byte{}}
	text, err := cfg.Secret(SecretData)
	if err != nil {
		return k, err
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		id, digits, _ := strings.Cut(line, ":")
		key, err := hex.DecodeString(digits)
		if err != nil || id == "" || len(id) > 255 || len(key) != recordKey {
			return k, fmt.Errorf("secret %s: a line is keyid:key, the key of 64 hexadecimal digits", SecretData)
		}
		if k.first == "" {
			k.first = id
		}
		if k.byID[id], err = aead(key); err != nil {
			return k, err
		}
		if k.trail[id], err = hkdf.Key(sha256.New, key, nil, "diom audit trail", sha256.Size); err != nil {
			return k, err
		}
	}
	return k, nil
}

func aead(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Place is where a sealed value belongs: a column of one row. A value opens nowhere else.
type Place struct {
	Table string
	ID    engine.ID
	Field string
}

func (p Place) bytes() []byte { return []byte(p.Table + "|" + p.ID.String() + "|" + p.Field) }

// Seal encrypts a value for its place, with a key of its own that is sealed with the first of the live
// data keys. The error says that there is none.
func (s *Service) Seal(p Place, value []byte) ([]byte, error) {
	master := s.data.byID[s.data.first]
	if master == nil {
		return nil, errNoDataKey
	}
	key := make([]byte, recordKey)
	_, _ = rand.Read(key) // never fails, crypto/rand
	record, err := aead(key)
	if err != nil {
		return nil, err
	}
	sealed := append([]byte{sealVersion, byte(len(s.data.first))}, s.data.first...)
	sealed = master.Seal(sealed, nil, key, p.bytes())      //nolint:gosec // this AEAD draws its nonce itself
	return record.Seal(sealed, nil, value, p.bytes()), nil //nolint:gosec // likewise
}

// Open decrypts a value that Seal made for the same place. The error says that its key is not among the
// live ones, or that it was changed or moved.
func (s *Service) Open(p Place, sealed []byte) ([]byte, error) {
	id, rest, ok := sealedWith(sealed)
	if !ok {
		return nil, errSealed
	}
	master := s.data.byID[id]
	if master == nil {
		return nil, fmt.Errorf("%w: it is sealed with the key %q", errNoDataKey, id)
	}
	key, err := master.Open(nil, nil, rest[:sealedKey], p.bytes())
	if err != nil {
		return nil, errSealed
	}
	record, err := aead(key)
	if err != nil {
		return nil, err
	}
	value, err := record.Open(nil, nil, rest[sealedKey:], p.bytes())
	if err != nil {
		return nil, errSealed
	}
	return value, nil
}

// sealedWith returns the id of the data key that a value is sealed with, and what follows it.
func sealedWith(sealed []byte) (id string, rest []byte, ok bool) {
	if len(sealed) < 2 || sealed[0] != sealVersion || len(sealed) < 2+int(sealed[1])+sealedKey {
		return "", nil, false
	}
	return string(sealed[2 : 2+int(sealed[1])]), sealed[2+int(sealed[1]):], true
}
