package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// ID is a UUID, version 7 (RFC 9562): 16 bytes in the database, the canonical text in JSON.
type ID [16]byte

// ErrID: a text is not a UUID in its canonical form.
var ErrID = errors.New("not a UUID")

// ParseID reads the canonical form, 8-4-4-4-12 hexadecimal digits.
func ParseID(text string) (ID, error) {
	var id ID
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, ErrID
	}
	digits := text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return ID{}, ErrID
	}
	return id, nil
}

// String returns the canonical form.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[:], id[:4])
	hex.Encode(b[9:], id[4:6])
	hex.Encode(b[14:], id[6:8])
	hex.Encode(b[19:], id[8:10])
	hex.Encode(b[24:], id[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// IsZero reports whether id is the zero value, which names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText returns the canonical form.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the canonical form.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	*id = parsed
	return err
}

// Scan reads a BINARY(16) column; NULL is the zero value.
func (id *ID) Scan(source any) error {
	raw, ok := source.([]byte)
	if source == nil {
		*id = ID{}
		return nil
	}
	if !ok || len(raw) != len(id) {
		return ErrID
	}
	copy(id[:], raw)
	return nil
}

// Derive returns the n-th id (from 1) that a command makes: the time of the seed with its sequence within
// the millisecond, then n, then bits of a hash of both. The same seed gives the same ids again; ids sort
// by their commands, those of one command by n.
func (id ID) Derive(n int) ID {
	var in [24]byte
	copy(in[:], id[:])
	binary.BigEndian.PutUint64(in[16:], uint64(n))
	hash := sha256.Sum256(in[:])
	out := id
	out[6] = 0x70 | out[6]&0x0f
	binary.BigEndian.PutUint16(out[8:], 0x8000|uint16(n&0x3fff))
	copy(out[10:], hash[:6])
	return out
}
