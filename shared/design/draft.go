package design

import (
	"context"
	"fmt"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// NewDraft is the body that keeps a start form that is not filled in yet. It is bound to the latest version of
// the process.
type NewDraft struct {
	Name       string           `json:"name"`
	ProcessKey string           `json:"processKey" api:"required"`
	Values     engine.Variables `json:"values" api:"required"`
}

// DraftChange is the body that changes a draft; what is absent stays. New values bind it to the latest version
// of the process.
type DraftChange struct {
	Name   *string           `json:"name"`
	Values *engine.Variables `json:"values"`
}

// Drafts lists the principal's drafts; the list is store.DraftList.
func (s *Service) Drafts(ctx context.Context, p access.Principal, r page.Request) (page.Page[store.Draft], error) {
	return s.store.Drafts(ctx, p.Username, r.Filters.Get("processKey"), r)
}

// Draft returns a draft of the principal's, or store.ErrNoDraft.
func (s *Service) Draft(ctx context.Context, p access.Principal, id engine.ID) (store.Draft, error) {
	return s.store.Draft(ctx, id, p.Username)
}

func checkDraft(d store.Draft) error {
	var v validation
	v.text("/name", d.Name, maxName)
	v.key("/processKey", d.ProcessKey)
	v.check(d.Values != nil, "/values", "required", "The field is required.")
	if err := v.err(); err != nil {
		return err
	}
	return checkValues(d.Values)
}

// CreateDraft keeps a draft for a process that the caller may start. Errors: ErrInvalid, ErrValues,
// store.ErrNoDefinition, workflow.ErrNotStarter, store.ErrTooMany, store.ErrRepeated.
func (s *Service) CreateDraft(ctx context.Context, call workflow.Call, in NewDraft) (store.Draft, error) {
	now := instant()
	d := store.Draft{ID: newID(), Name: in.Name, ProcessKey: in.ProcessKey, Owner: call.Principal.Username, Version: 1, CreatedAt: now, UpdatedAt: now, Values: in.Values}
	if err := checkDraft(d); err != nil {
		return d, err
	}
	var err error
	if d.DefinitionID, err = s.startable(ctx, call, d.ProcessKey); err != nil {
		return d, err
	}
	answer, err := recorded(http.StatusCreated, d)
	if err != nil {
		return d, err
	}
	if err := s.store.CreateDraft(ctx, d, maxDrafts, call.Idempotency, answer); err != nil {
		return d, fmt.Errorf("draft of %s: %w", d.ProcessKey, err)
	}
	return d, nil
}

// UpdateDraft changes a draft of the caller's that still has the version match. Errors: those of CreateDraft,
// store.ErrNoDraft, store.ErrPeopleStale.
func (s *Service) UpdateDraft(ctx context.Context, call workflow.Call, id engine.ID, in DraftChange, match int64) (store.Draft, error) {
	d, err := s.store.Draft(ctx, id, call.Principal.Username)
	if err != nil {
		return d, err
	}
	if match != 0 && match != d.Version {
		return d, store.ErrPeopleStale
	}
	set(&d.Name, in.Name)
	set(&d.Values, in.Values)
	if err := checkDraft(d); err != nil {
		return d, err
	}
	if in.Values != nil {
		if d.DefinitionID, err = s.startable(ctx, call, d.ProcessKey); err != nil {
			return d, err
		}
		d.Outdated = false
	}
	d.UpdatedAt = instant()
	if err := s.store.UpdateDraft(ctx, d); err != nil {
		return d, fmt.Errorf("draft %s: %w", id, err)
	}
	d.Version++
	return d, nil
}

// DeleteDraft removes a draft of the principal's that still has the version match. Errors: store.ErrNoDraft,
// store.ErrPeopleStale.
func (s *Service) DeleteDraft(ctx context.Context, p access.Principal, id engine.ID, match int64) error {
	return s.store.DeleteDraft(ctx, id, p.Username, match)
}
