package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"diom.io/workflow/shared/store"
)

// maxSigned bounds a signed text that is looked at, in bytes.
const maxSigned = 512

// SignText returns a text with the signature of what it is for, in the characters of a URL, made with the first of
// the live internal keys. The error says that there is none.
func (s *Service) SignText(purpose string, text []byte) (string, error) {
	if s.internal.first == "" {
		return "", errNoInternalKey
	}
	id, encode := s.internal.first, base64.RawURLEncoding.EncodeToString
	return strings.Join([]string{encode([]byte(id)), encode(text), encode(s.internal.mac(id, purpose, text))}, "."), nil
}

// VerifyText returns the text that SignText signed for the same purpose. It returns store.ErrNoTaskLink.
func (s *Service) VerifyText(purpose, signed string) ([]byte, error) {
	parts := strings.Split(signed[:min(len(signed), maxSigned)], ".")
	if len(parts) != 3 {
		return nil, store.ErrNoTaskLink
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return nil, store.ErrNoTaskLink
		}
	}
	id := string(raw[0])
	if s.internal.byID[id] == nil || !hmac.Equal(raw[2], s.internal.mac(id, purpose, raw[1])) {
		return nil, store.ErrNoTaskLink
	}
	return raw[1], nil
}

// mac is over a text for a purpose; no request and no event begins like it.
func (k internalKeys) mac(id, purpose string, text []byte) []byte {
	h := hmac.New(sha256.New, k.byID[id])
	h.Write([]byte("text\n" + id + "\n" + purpose + "\n"))
	h.Write(text)
	return h.Sum(nil)
}

// PrincipalOf returns what a user is and may do at the moment: ErrTokenRevoked where he is not there or not enabled.
// Who calls it has another proof than an access token that it is he.
func (s *Service) PrincipalOf(ctx context.Context, username string) (Principal, error) {
	r, err := s.standing(ctx, username)
	if err != nil {
		return Principal{}, err
	}
	if !r.Enabled {
		return Principal{}, ErrTokenRevoked
	}
	return r.Principal, nil
}
