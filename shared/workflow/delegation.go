package workflow

import (
	"context"
	"net/http"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// NewDelegation is what a caller gives to let somebody stand in for him from From until before To, or from FirstDay to
// LastDay, that included: days such as 2026-01-31 of the office (DIOM_TZ). Owner is somebody else where an administrator
// says so. Existing hands over at once what is open, too.
type NewDelegation struct {
	Owner       string    `json:"owner,omitempty"`
	Substitute  string    `json:"substitute" api:"required"`
	From        time.Time `json:"from,omitzero"`
	To          time.Time `json:"to,omitzero"`
	FirstDay    string    `json:"firstDay,omitempty"`
	LastDay     string    `json:"lastDay,omitempty"`
	ProcessKeys []string  `json:"processKeys,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Existing    bool      `json:"existing,omitempty"`
}

// DelegationChange changes a delegation; what is absent stays.
type DelegationChange struct {
	Substitute  *string    `json:"substitute"`
	From        *time.Time `json:"from"`
	To          *time.Time `json:"to"`
	FirstDay    *string    `json:"firstDay"`
	LastDay     *string    `json:"lastDay"`
	ProcessKeys *[]string  `json:"processKeys"`
	Reason      *string    `json:"reason"`
}

// Why a delegation is refused.
var (
	ErrNotYourDelegation = fault.New(fault.Forbidden, "not_your_delegation", "The delegation is somebody else's.")
	ErrPeriod            = fault.New(fault.Invalid, "bad_period", "A period begins before it ends, and ends in the future, within two years.")
	ErrDay               = fault.New(fault.Invalid, "bad_day", "A day is one such as 2026-01-31, in the place of a time.")
	ErrSelf              = fault.New(fault.Invalid, "own_substitute", "Nobody stands in for himself.")
	ErrNotBegun          = fault.New(fault.Invalid, "delegation_not_begun", "What is open is handed over once the period has begun.")
	ErrProcessKeys       = fault.New(fault.Invalid, "bad_process_keys", "A delegation has at most 100 process keys, each of 1 to 255 characters.")
)

const (
	longestDelegation = 2 * 366 * 24 * time.Hour
	maxProcessKeys    = 100
	maxReason         = 1000
)

// Delegations lists one's delegations, those in which one stands in, or all, which is for administrators. The list is
// store.DelegationList.
func (s *Service) Delegations(ctx context.Context, p access.Principal, view string, r page.Request) (page.Page[store.Delegation], error) {
	if view == store.EveryDelegation && !p.Can(access.SysUser) {
		return page.Page[store.Delegation]{}, ErrNotYourDelegation
	}
	return s.store.Delegations(ctx, view, p.Username, r)
}

// Delegation returns a delegation to its owner, to who stands in, and to administrators.
func (s *Service) Delegation(ctx context.Context, p access.Principal, id engine.ID) (store.Delegation, error) {
	d, err := s.store.Delegation(ctx, id)
	if err == nil && d.Owner != p.Username && d.Substitute != p.Username && !p.Can(access.SysUser) {
		return store.Delegation{}, ErrNotYourDelegation
	}
	return d, err
}

// Delegate lets somebody stand in for the caller, or for somebody else where the caller is an administrator. Tasks that
// are created in the period go to the substitute, and the one who is away stays their owner. The answer is a
// store.Delegation. Errors: ErrNotYourDelegation, ErrPeriod, ErrSelf, ErrNotBegun, ErrProcessKeys, ErrUnknownUser and
// those of store.CreateDelegation.
func (s *Service) Delegate(ctx context.Context, call Call, n NewDelegation) (store.Delegation, error) {
	now := instant()
	d := store.Delegation{
		ID: newID(), Owner: n.Owner, Substitute: n.Substitute, From: milliseconds(n.From), To: milliseconds(n.To), ProcessKeys: n.ProcessKeys, Reason: n.Reason,
		CreatedBy: call.Principal.Username, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if d.Owner == "" {
		d.Owner = call.Principal.Username
	}
	if err := s.days(&d, n.FirstDay, n.LastDay, !n.From.IsZero(), !n.To.IsZero()); err != nil {
		return d, err
	}
	if err := s.checkDelegation(ctx, call.Principal, &d); err != nil {
		return d, err
	}
	x := store.NewDelegation{Delegation: &d, Idempotency: call.Idempotency, Answer: func(d store.Delegation) (store.Recorded, error) { return recorded(http.StatusCreated, d) }}
	if n.Existing {
		if d.From.After(now) {
			return d, ErrNotBegun.With(fault.Detail{Pointer: "/existing", Code: ErrNotBegun.Code})
		}
		var err error
		if x.Batch, err = transferBatch(call, Transfer{From: d.Owner, To: d.Substitute, KeepOwner: true, Comment: d.Reason}); err != nil {
			return d, err
		}
		x.Of = store.BatchOf{Person: d.Owner, ProcessKeys: d.ProcessKeys}
	}
	if err := s.store.CreateDelegation(ctx, &x); err != nil {
		return d, err
	}
	s.delegations.forget()
	if !d.BatchID.IsZero() {
		s.beginBatch(ctx, *x.Batch)
	}
	return d, nil
}

// days writes the days of the office that are named into the period of a delegation. A day in the place of a time that
// is given, too, is refused. Errors: ErrDay.
func (s *Service) days(d *store.Delegation, first, last string, from, to bool) error {
	location := s.today().Location()
	for _, x := range []struct {
		pointer, day string
		given        bool
		into         *time.Time
		later        int
	}{{"/firstDay", first, from, &d.From, 0}, {"/lastDay", last, to, &d.To, 1}} {
		if x.day == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, x.day, location)
		if err != nil || x.given {
			return ErrDay.With(fault.Detail{Pointer: x.pointer, Code: ErrDay.Code})
		}
		*x.into = day.AddDate(0, 0, x.later).UTC()
	}
	return nil
}

func milliseconds(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// checkDelegation holds what must be true of every delegation, and that the caller may write it.
func (s *Service) checkDelegation(ctx context.Context, p access.Principal, d *store.Delegation) error {
	if d.Owner != p.Username && !p.Can(access.SysUser) {
		return ErrNotYourDelegation
	}
	if d.Substitute == d.Owner {
		return ErrSelf.With(fault.Detail{Pointer: "/substitute", Code: ErrSelf.Code})
	}
	if now := instant(); !d.From.Before(d.To) || !d.To.After(now) || d.To.Sub(now) > longestDelegation || d.From.Year() < 1970 {
		return ErrPeriod.With(fault.Detail{Pointer: "/to", Code: ErrPeriod.Code})
	}
	if d.ProcessKeys == nil {
		d.ProcessKeys = []string{}
	}
	wrong := len(d.ProcessKeys) > maxProcessKeys
	for _, key := range d.ProcessKeys {
		wrong = wrong || key == "" || checkLength("", key, maxWord) != nil
	}
	if wrong {
		return ErrProcessKeys.With(fault.Detail{Pointer: "/processKeys", Code: ErrProcessKeys.Code})
	}
	if err := checkLength("/reason", d.Reason, maxReason); err != nil {
		return err
	}
	return s.active(ctx, "/substitute", d.Substitute)
}

// ChangeDelegation changes a delegation; what was handed over stays so. match is the version that the caller has seen, 0
// for any. Errors: those of Delegate, store.ErrNoDelegation, store.ErrPeopleStale.
func (s *Service) ChangeDelegation(ctx context.Context, call Call, id engine.ID, body DelegationChange, match int64) (store.Delegation, error) {
	d, err := s.store.Delegation(ctx, id)
	if err != nil {
		return d, err
	}
	if d.Owner != call.Principal.Username && !call.Principal.Can(access.SysUser) {
		return d, ErrNotYourDelegation
	}
	if match != 0 && match != d.Version {
		return d, store.ErrPeopleStale
	}
	change(&d.Substitute, body.Substitute)
	change(&d.From, body.From)
	change(&d.To, body.To)
	change(&d.ProcessKeys, body.ProcessKeys)
	change(&d.Reason, body.Reason)
	var first, last string
	change(&first, body.FirstDay)
	change(&last, body.LastDay)
	if err := s.days(&d, first, last, body.From != nil, body.To != nil); err != nil {
		return d, err
	}
	d.From, d.To, d.UpdatedAt = milliseconds(d.From), milliseconds(d.To), instant()
	if err := s.checkDelegation(ctx, call.Principal, &d); err != nil {
		return d, err
	}
	if err := s.store.UpdateDelegation(ctx, d); err != nil {
		return d, err
	}
	s.delegations.forget()
	d.Version++
	return d, nil
}

// EndDelegation removes a delegation: its owner and administrators may. What was handed over stays so.
func (s *Service) EndDelegation(ctx context.Context, call Call, id engine.ID) error {
	d, err := s.store.Delegation(ctx, id)
	if err == nil && d.Owner != call.Principal.Username && !call.Principal.Can(access.SysUser) {
		err = ErrNotYourDelegation
	}
	if err == nil {
		err = s.store.DeleteDelegation(ctx, id)
	}
	s.delegations.forget()
	return err
}
