package store

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
)

// AuditFinding is something that is wrong with the audit trail. Rule is a stable word.
type AuditFinding struct {
	Rule   string
	Detail string
}

// AuditVerified is what was looked at.
type AuditVerified struct {
	Seals, Sealed, Unsealed int
	// Head is the newest seal: kept elsewhere, it proves later that nothing was cut off at the end.
	Head AuditSeal
}

// VerifyAudit reads the whole trail and tells found of each change, deletion and insertion behind the product's back.
// key returns the key of a seal, false where it is not known. What nobody can tell is a row that was taken away before
// it was sealed, which takes some seconds, and whether the newest seals were taken away with all their rows.
func (s *Store) VerifyAudit(ctx context.Context, key func(id string) (SealKey, bool), found func(AuditFinding)) (AuditVerified, error) {
	var v AuditVerified
	for {
		rows, err := s.DB.Query(ctx, sealColumns+` WHERE seal > ? ORDER BY seal LIMIT 100`, v.Head.Number)
		seals, err := collect(rows, err, into((*AuditSeal).fields))
		if err != nil || len(seals) == 0 {
			return v, s.verifyUnsealed(ctx, &v, found, err)
		}
		for _, x := range seals {
			if err := s.verifySeal(ctx, x, v.Head, key, found); err != nil {
				return v, err
			}
			v.Seals, v.Sealed, v.Head = v.Seals+1, v.Sealed+x.Size, x
		}
	}
}

func (s *Store) verifySeal(ctx context.Context, x, before AuditSeal, key func(string) (SealKey, bool), found func(AuditFinding)) error {
	rows, err := s.DB.Query(ctx, `SELECT `+auditColumns+` WHERE seal = ? ORDER BY id LIMIT ?`, x.Number, max(x.Size, sealBatch)+1)
	list, err := collect(rows, err, into((*Audit).fields))
	if err != nil {
		return err
	}
	if x.Number != before.Number+1 {
		found(AuditFinding{"audit_seal_missing", fmt.Sprintf("the seals from %d to %d are missing", before.Number+1, x.Number-1)})
		return nil // the chain begins anew, or every later seal would be told
	}
	k, known := key(x.KeyID)
	switch {
	case !known:
		found(AuditFinding{"audit_key_missing", fmt.Sprintf("seal %d was made with the data key %q, which is not here", x.Number, x.KeyID)})
	case len(list) < x.Size:
		found(AuditFinding{"audit_row_deleted", fmt.Sprintf("seal %d is over %d rows; there are %d", x.Number, x.Size, len(list))})
	case len(list) > x.Size:
		found(AuditFinding{"audit_row_inserted", fmt.Sprintf("seal %d is over %d rows; there are %d", x.Number, x.Size, len(list))})
	case !bytes.Equal(k.sum(x, before.Hash, list), x.Hash):
		found(AuditFinding{"audit_row_changed", fmt.Sprintf("seal %d of %s does not fit its rows, or the seal before it", x.Number, x.SealedAt.Format(time.RFC3339))})
	}
	return nil
}

// verifyUnsealed looks at the rows without a seal and at those whose seal is none.
func (s *Store) verifyUnsealed(ctx context.Context, v *AuditVerified, found func(AuditFinding), err error) error {
	if err != nil {
		return err
	}
	least, after := sealable(v.Head), engine.ID{}
	for {
		rows, err := s.DB.Query(ctx, `SELECT `+auditColumns+` WHERE (seal IS NULL OR seal > ? OR seal < 1) AND id > ? ORDER BY id LIMIT 500`, v.Head.Number, after[:])
		list, err := collect(rows, err, into((*Audit).fields))
		if err != nil || len(list) == 0 {
			return err
		}
		for _, a := range list {
			after = a.ID
			drift := a.At.Sub(timeOf(a.ID)).Abs()
			switch {
			case a.Seal != nil:
				found(AuditFinding{"audit_seal_missing", fmt.Sprintf("row %s has the seal %d, which there is not", a.ID, *a.Seal)})
			case bytes.Compare(a.ID[:], least[:]) < 0 || drift > time.Minute:
				found(AuditFinding{"audit_row_inserted", fmt.Sprintf("row %s of %s has no seal although later ones have, or an id of another time", a.ID, a.At.Format(time.RFC3339))})
			default:
				v.Unsealed++
			}
		}
	}
}

// HasAuditSeal reports whether there is a seal with a number and a hash.
func (s *Store) HasAuditSeal(ctx context.Context, number int64, hash []byte) (bool, error) {
	return s.found(ctx, `SELECT 1 FROM sys_audit_seal WHERE seal = ? AND hash = ?`, number, hash)
}
