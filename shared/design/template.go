package design

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

const (
	maxTemplates = 200 // of one person
	maxDrafts    = 100 // likewise
	maxValues    = 256 << 10
)

// ErrValues: the values of a template or draft are too many.
var ErrValues = fault.New(fault.TooLarge, "values_too_large", "The values of a form have more than 256 KiB.")

// NewTemplate is the body that keeps the values of a start form as a template: for oneself, or for everybody.
type NewTemplate struct {
	Name        string           `json:"name" api:"required"`
	Description string           `json:"description"`
	ProcessKey  string           `json:"processKey" api:"required"`
	Public      bool             `json:"public"`
	Values      engine.Variables `json:"values" api:"required"`
}

// TemplateChange is the body that changes a template; what is absent stays. New values are for the latest
// version of the process.
type TemplateChange struct {
	Name        *string           `json:"name"`
	Description *string           `json:"description"`
	Public      *bool             `json:"public"`
	Values      *engine.Variables `json:"values"`
}

// Templates lists the principal's templates or the public ones; the list is store.TemplateList.
func (s *Service) Templates(ctx context.Context, p access.Principal, r page.Request) (page.Page[store.Template], error) {
	f := store.TemplateFilter{Owner: p.Username, Public: r.Filters.Get("view") == "public", ProcessKey: r.Filters.Get("processKey")}
	return s.store.Templates(ctx, f, r)
}

// Template returns a template that is the principal's own or public: store.ErrNoTemplate for any other.
func (s *Service) Template(ctx context.Context, p access.Principal, id engine.ID) (store.Template, error) {
	return s.store.Template(ctx, id, p.Username)
}

func checkTemplate(t store.Template) error {
	var v validation
	v.name("/name", t.Name)
	v.text("/description", t.Description, maxText)
	v.key("/processKey", t.ProcessKey)
	v.check(t.Values != nil, "/values", "required", "The field is required.")
	if err := v.err(); err != nil {
		return err
	}
	return checkValues(t.Values)
}

// checkValues holds the limits of variables, one by one and together.
func checkValues(values engine.Variables) error {
	if err := workflow.CheckVariables(values); err != nil {
		return err
	}
	raw, err := json.Marshal(values)
	if err == nil && len(raw) > maxValues {
		err = ErrValues
	}
	return err
}

// CreateTemplate keeps a template for a process that the caller may start. Errors: ErrInvalid, ErrValues,
// store.ErrNoDefinition, workflow.ErrNotStarter, store.ErrTooMany, store.ErrRepeated.
func (s *Service) CreateTemplate(ctx context.Context, call workflow.Call, in NewTemplate) (store.Template, error) {
	now := s.instant()
	t := store.Template{
		ID: newID(), Name: in.Name, Description: in.Description, ProcessKey: in.ProcessKey, Owner: call.Principal.Username, Public: in.Public,
		Version: 1, CreatedAt: now, UpdatedAt: now, Values: in.Values,
	}
	if err := checkTemplate(t); err != nil {
		return t, err
	}
	var err error
	if t.DefinitionID, err = s.startable(ctx, call, t.ProcessKey); err != nil {
		return t, err
	}
	answer, err := recorded(http.StatusCreated, t)
	if err != nil {
		return t, err
	}
	if err := s.store.CreateTemplate(ctx, t, maxTemplates, call.Idempotency, answer); err != nil {
		return t, fmt.Errorf("template of %s: %w", t.ProcessKey, err)
	}
	return t, nil
}

// startable returns the latest version of a process that the caller may start.
func (s *Service) startable(ctx context.Context, call workflow.Call, key string) (engine.ID, error) {
	f, err := s.workflow.StartForm(ctx, call.Principal, key)
	if err != nil {
		return engine.ID{}, err
	}
	return engine.ParseID(f.DefinitionID)
}

// UpdateTemplate changes a template of the caller's that still has the version match. Errors: those of
// CreateTemplate, store.ErrNoTemplate, store.ErrPeopleStale.
func (s *Service) UpdateTemplate(ctx context.Context, call workflow.Call, id engine.ID, in TemplateChange, match int64) (store.Template, error) {
	t, err := s.store.Template(ctx, id, call.Principal.Username)
	switch {
	case err != nil:
		return t, err
	case t.Owner != call.Principal.Username:
		return t, ErrNotOwner
	case match != 0 && match != t.Version:
		return t, store.ErrPeopleStale
	}
	set(&t.Name, in.Name)
	set(&t.Description, in.Description)
	set(&t.Public, in.Public)
	set(&t.Values, in.Values)
	if err := checkTemplate(t); err != nil {
		return t, err
	}
	if in.Values != nil {
		if t.DefinitionID, err = s.startable(ctx, call, t.ProcessKey); err != nil {
			return t, err
		}
		t.Outdated = false
	}
	t.UpdatedAt = s.instant()
	if err := s.store.UpdateTemplate(ctx, t); err != nil {
		return t, fmt.Errorf("template %s: %w", id, err)
	}
	t.Version++
	return t, nil
}

// ErrNotOwner: a public template is changed by its owner alone.
var ErrNotOwner = fault.New(fault.Forbidden, "not_template_owner", "The template is somebody else's.")

// UseTemplate counts that somebody fills in a form with a template, and returns it: store.ErrNoTemplate when it
// is neither the caller's own nor public.
func (s *Service) UseTemplate(ctx context.Context, call workflow.Call, id engine.ID) (store.Template, error) {
	var used store.Template
	err := s.store.UseTemplate(ctx, id, call.Principal.Username, call.Idempotency, func(t store.Template) (store.Recorded, error) {
		used = t
		return recorded(http.StatusOK, t)
	})
	return used, err
}

// DeleteTemplate removes a template of the caller's that still has the version match. Errors:
// store.ErrNoTemplate, ErrNotOwner, store.ErrPeopleStale.
func (s *Service) DeleteTemplate(ctx context.Context, p access.Principal, id engine.ID, match int64) error {
	t, err := s.store.Template(ctx, id, p.Username)
	switch {
	case err != nil:
		return err
	case t.Owner != p.Username:
		return ErrNotOwner
	}
	return s.store.DeleteTemplate(ctx, id, p.Username, match)
}
