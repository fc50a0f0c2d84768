package design

import (
	"context"
	"fmt"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// NewDraft is the body that keeps a form that is not filled in yet: the start form of the latest version of a process, or
// with taskId the form of a task, which names its process itself.
type NewDraft struct {
	Name       string           `json:"name"`
	ProcessKey string           `json:"processKey"`
	TaskID     engine.ID        `json:"taskId,omitzero"`
	Values     engine.Variables `json:"values" api:"required"`
}

// DraftChange is the body that changes a draft; what is absent stays. New values bind it to the form as it is now.
type DraftChange struct {
	Name   *string           `json:"name"`
	Values *engine.Variables `json:"values"`
}

// Drafts lists the principal's drafts; the list is store.DraftList.
func (s *Service) Drafts(ctx context.Context, p access.Principal, r page.Request) (page.Page[store.Draft], error) {
	f := store.DraftFilter{ProcessKey: r.Filters.Get("processKey")}
	if task := r.Filters.Get("taskId"); task != "" {
		id, err := engine.ParseID(task)
		if err != nil { // what is malformed is the id of nothing
			id = newID()
		}
		f.TaskID = id
	}
	return s.store.Drafts(ctx, p.Username, f, r)
}

// Draft returns a draft of the principal's with what became of its form since, or store.ErrNoDraft.
func (s *Service) Draft(ctx context.Context, p access.Principal, id engine.ID) (store.Draft, error) {
	d, err := s.store.Draft(ctx, id, p.Username)
	if err != nil {
		return d, err
	}
	now, err := s.filledIn(ctx, p, d)
	if kind := fault.KindOf(err); err != nil && (kind == fault.NotFound || kind == fault.Forbidden) {
		d.FormChanged = true // it cannot be filled in any more, but its values can be read
		return d, nil
	}
	if err == nil {
		d.FormChanged, d.Vanished, err = s.workflow.FormDrift(ctx, d.FormID, now.Filled)
	}
	return d, err
}

// filledIn is the form that a draft is for, as it is now, with the definition of a start form.
func (s *Service) filledIn(ctx context.Context, p access.Principal, d store.Draft) (*workflow.StartForm, error) {
	if d.TaskID.IsZero() {
		return s.workflow.StartForm(ctx, p, d.ProcessKey)
	}
	f, err := s.workflow.TaskForm(ctx, p, d.TaskID)
	if err != nil {
		return nil, err
	}
	return &workflow.StartForm{ProcessKey: f.ProcessKey, Filled: f.Filled}, nil
}

func checkDraft(d store.Draft) error {
	var v validation
	v.text("/name", d.Name, maxName)
	if d.TaskID.IsZero() {
		v.key("/processKey", d.ProcessKey)
	}
	v.check(d.Values != nil, "/values", "required", "The field is required.")
	if err := v.err(); err != nil {
		return err
	}
	return checkValues(d.Values)
}

// bind binds a draft to the form that is filled in there now.
func (s *Service) bind(ctx context.Context, p access.Principal, d *store.Draft) error {
	f, err := s.filledIn(ctx, p, *d)
	if err != nil {
		return err
	}
	d.ProcessKey, d.FormID = f.ProcessKey, engine.ID{}
	if f.Form != nil {
		d.FormID = f.Form.ID
	}
	if d.TaskID.IsZero() {
		d.DefinitionID, err = engine.ParseID(f.DefinitionID)
	}
	d.Outdated, d.FormChanged, d.Vanished = false, false, nil
	return err
}

// CreateDraft keeps a draft for a process that the caller may start, or a task that he may see. Errors: ErrInvalid,
// ErrValues, store.ErrNoDefinition, workflow.ErrNotStarter, store.ErrNoTask, workflow.ErrNotYours, store.ErrTooMany,
// store.ErrRepeated.
func (s *Service) CreateDraft(ctx context.Context, call workflow.Call, in NewDraft) (store.Draft, error) {
	now := s.instant()
	d := store.Draft{ID: newID(), Name: in.Name, ProcessKey: in.ProcessKey, TaskID: in.TaskID, Owner: call.Principal.Username, Version: 1, CreatedAt: now, UpdatedAt: now, Values: in.Values}
	if err := checkDraft(d); err != nil {
		return d, err
	}
	if err := s.bind(ctx, call.Principal, &d); err != nil {
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
	d, err := s.Draft(ctx, call.Principal, id)
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
		if err := s.bind(ctx, call.Principal, &d); err != nil {
			return d, err
		}
	}
	d.UpdatedAt = s.instant()
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
