package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"hash"
	"strconv"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

const (
	sealBatch = 200
	// sealGrace is how much older than the last sealed row one may be that is sealed after it: ids are made before
	// their transaction commits. What is older was planted.
	sealGrace = 2 * time.Minute
)

// AuditSeal is a row of sys_audit_seal.
type AuditSeal struct {
	Number   int64
	Size     int
	LastID   engine.ID
	SealedAt time.Time
	KeyID    string
	Hash     []byte
}

func (x *AuditSeal) fields() []any {
	return []any{&x.Number, &x.Size, &x.LastID, &x.SealedAt, &x.KeyID, &x.Hash}
}

const sealColumns = `SELECT seal, size, last_id, sealed_at, key_id, hash FROM sys_audit_seal`

// SealKey is the key of a seal; an empty one has no secret.
type SealKey struct {
	ID  string
	Key []byte
}

// sum is the hash of a seal over its rows and the seal before.
func (k SealKey) sum(x AuditSeal, before []byte, rows []Audit) []byte {
	var h hash.Hash
	if len(k.Key) > 0 {
		h = hmac.New(sha256.New, k.Key)
	} else {
		h = sha256.New()
	}
	write := func(texts ...string) {
		for _, text := range texts {
			writeField(h, true, text)
		}
	}
	write(hex.EncodeToString(before), strconv.FormatInt(x.Number, 10), strconv.Itoa(x.Size), x.LastID.String(), x.SealedAt.UTC().Format(time.RFC3339Nano), x.KeyID)
	for _, a := range rows {
		write(a.ID.String(), a.At.UTC().Format(time.RFC3339Nano), a.Actor, a.Token, a.Action, a.ObjectType, a.ObjectID, a.ObjectName, a.Decision)
		writeField(h, a.Before != nil, string(a.Before))
		writeField(h, a.After != nil, string(a.After))
		write(a.Detail, a.Address, a.Trace)
	}
	return h.Sum(nil)
}

// SealAudit seals up to 200 rows of the audit trail that are not sealed yet, the oldest first, and returns how many.
// Any number of processes may do it: of two at once one seals nothing.
func (s *Store) SealAudit(ctx context.Context, key SealKey, now time.Time) (int, error) {
	var n int
	err := s.inClaim(ctx, func(tx *sql.Tx) error {
		n = 0
		last, err := lastSeal(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := unsealed(ctx, tx, last)
		if err != nil || len(rows) == 0 {
			return err
		}
		x := AuditSeal{Number: last.Number + 1, Size: len(rows), LastID: rows[len(rows)-1].ID, SealedAt: now.UTC().Truncate(time.Millisecond), KeyID: key.ID}
		x.Hash = key.sum(x, last.Hash, rows)
		if _, err := tx.ExecContext(ctx, `INSERT INTO sys_audit_seal (seal, size, last_id, sealed_at, key_id, hash) VALUES (?, ?, ?, ?, ?, ?)`,
			x.Number, x.Size, x.LastID[:], x.SealedAt, x.KeyID, x.Hash); err != nil {
			return err
		}
		arguments := []any{x.Number}
		for _, a := range rows {
			arguments = append(arguments, a.ID[:])
		}
		_, err = tx.ExecContext(ctx, `UPDATE sys_audit SET seal = ?`+byIDs(len(rows))+` AND seal IS NULL`, arguments...) //nolint:gosec // constant but for the number of question marks
		n = len(rows)
		return err
	})
	if errors.Is(err, database.ErrDuplicate) || errors.Is(err, database.ErrContention) {
		return 0, nil // another process was faster
	}
	return n, err
}

// lastSeal returns the newest seal; its zero value before the first.
func lastSeal(ctx context.Context, tx *sql.Tx) (AuditSeal, error) {
	var x AuditSeal
	err := tx.QueryRowContext(ctx, sealColumns+` ORDER BY seal DESC LIMIT 1`).Scan(x.fields()...)
	return x, absent(err, nil)
}

func unsealed(ctx context.Context, tx *sql.Tx, last AuditSeal) ([]Audit, error) {
	from := sealable(last)
	rows, err := tx.QueryContext(ctx, `SELECT `+auditColumns+` WHERE seal IS NULL AND id >= ? ORDER BY id LIMIT ?`, from[:], sealBatch)
	return collect(rows, err, into((*Audit).fields))
}

// sealable is the least id that may be sealed after a seal.
func sealable(last AuditSeal) engine.ID {
	if last.Number == 0 {
		return engine.ID{}
	}
	return firstID(timeOf(last.LastID).Add(-sealGrace))
}

// timeOf is when a UUIDv7 was made (RFC 9562 §5.7).
func timeOf(id engine.ID) time.Time {
	var ms int64
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).UTC()
}
