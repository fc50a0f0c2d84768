package access

import (
	"context"
	"encoding/hex"
	"time"

	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// AuditEntry is a row of the audit trail.
type AuditEntry struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	Actor      string    `json:"actor"` // username; system: nobody asked
	Token      string    `json:"token"` // how the API token began that he came with, or empty
	Action     string    `json:"action"`
	ObjectType string    `json:"objectType"`
	ObjectID   string    `json:"objectId"`
	ObjectName string    `json:"objectName"`
	Decision   string    `json:"decision"` // done or refused
	// Before and After are SHA-256 of the object, in hexadecimal digits; empty where it was not there.
	Before  string `json:"before"`
	After   string `json:"after"`
	Detail  string `json:"detail"`
	Address string `json:"address"`
	TraceID string `json:"traceId"`
	// Seal is the number of the seal over the row; null while it is younger than a few seconds.
	Seal *int64 `json:"seal"`
}

// AuditTrail lists what administrators did, the newest first; the list is store.AuditList.
func (s *Service) AuditTrail(ctx context.Context, r page.Request, f store.AuditFilter) (page.Page[AuditEntry], error) {
	p, err := s.store.AuditTrail(ctx, r, f)
	return mapPage(p, err, func(a store.Audit) AuditEntry {
		return AuditEntry{
			ID: a.ID.String(), At: a.At, Actor: a.Actor, Token: a.Token, Action: a.Action, ObjectType: a.ObjectType, ObjectID: a.ObjectID, ObjectName: a.ObjectName,
			Decision: a.Decision, Before: hex.EncodeToString(a.Before), After: hex.EncodeToString(a.After), Detail: a.Detail, Address: a.Address, TraceID: a.Trace, Seal: a.Seal,
		}
	})
}

// sealEvery is how often the audit trail is sealed.
const sealEvery = 5 * time.Second

// SealAuditUntil seals the audit trail again and again, at least once, until end or until ctx is done. Each failure is
// reported.
func (s *Service) SealAuditUntil(ctx context.Context, end time.Time, report func(error)) {
	for first := true; ctx.Err() == nil && (first || time.Now().Before(end)); first = false {
		if err := s.SealAudit(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		timer := time.NewTimer(max(min(sealEvery, time.Until(end)), 0))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// SealAudit seals every row of the audit trail that is not sealed yet.
func (s *Service) SealAudit(ctx context.Context) error {
	for {
		n, err := s.store.SealAudit(ctx, s.sealKey(s.data.first), s.instant())
		if err != nil || n == 0 {
			return err
		}
	}
}

// sealKey is the key of the seals by a data key; without one they have no secret.
func (s *Service) sealKey(id string) store.SealKey {
	return store.SealKey{ID: id, Key: s.data.trail[id]}
}

// VerifyAudit looks for changes, deletions and insertions behind the product's back in the audit trail and tells found of
// each.
func (s *Service) VerifyAudit(ctx context.Context, found func(store.AuditFinding)) (store.AuditVerified, error) {
	return s.store.VerifyAudit(ctx, func(id string) (store.SealKey, bool) {
		k := s.sealKey(id)
		return k, id == "" || k.Key != nil
	}, found)
}
