package access

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// ErrNotConfirmed: a request to erase does not name whom it erases.
var ErrNotConfirmed = fault.New(fault.Invalid, "erasure_not_confirmed", "confirm must be the username of the account that is erased.")

// EraseRequest is the body that erases a person's data: it cannot be undone. Confirm is the username once more.
type EraseRequest struct {
	Confirm string `json:"confirm" api:"required"`
	Reason  string `json:"reason" api:"required"`
}

// EraseUser takes name, mail, title and identities out of an account that is disabled, deletes what is the person's
// alone, and begins to take name and mail out of what has ended; ticking goes on with that. The username stays: it is
// by what history and the audit trail name who did what. Errors: ErrNotConfirmed, ErrInvalid with details, ErrNotGranted,
// store.ErrNoUser, store.ErrUserEnabled, store.ErrUserHeld, store.ErrUserErased.
func (s *Service) EraseUser(ctx context.Context, p Principal, id engine.ID, in EraseRequest) (store.Erasure, error) {
	u, err := s.store.UserByID(ctx, id)
	if err != nil {
		return store.Erasure{}, err
	}
	if err := s.mayGrant(ctx, p, u.Roles); err != nil {
		return store.Erasure{}, err
	}
	if in.Confirm != u.Username {
		return store.Erasure{}, ErrNotConfirmed.With(fault.Detail{Pointer: "/confirm", Code: ErrNotConfirmed.Code})
	}
	var v validation
	v.check(strings.TrimSpace(in.Reason) != "", "/reason", "required", "The field is required.")
	v.text("/reason", in.Reason, maxText)
	if err := v.err(); err != nil {
		return store.Erasure{}, err
	}
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails, crypto/rand
	e := store.Erasure{UserID: id, Username: u.Username, Pseudonym: "erased-" + hex.EncodeToString(random), Reason: in.Reason, AskedBy: p.Username, AskedAt: s.instant()}
	if err := s.store.EraseUser(ctx, e); err != nil {
		return store.Erasure{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	s.forget(ctx, u.Username)
	return e, nil
}

// Erasures lists the requests to erase people's data; the list is store.ErasureList.
func (s *Service) Erasures(ctx context.Context, r page.Request) (page.Page[store.Erasure], error) {
	return s.store.Erasures(ctx, r)
}
