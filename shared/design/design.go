// Package design holds the use cases of those who draw processes, decisions and forms: designs with all of their
// versions, what a version would change, and the templates and drafts of start forms.
package design

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Service holds the use cases. It is safe for concurrent use.
type Service struct {
	store    *store.Store
	workflow *workflow.Service
	location *time.Location

	// Clock tells when something is created or changed; nil is that of the machine. It is set before the first use.
	Clock func() time.Time
}

// New returns a Service. location is in which models read dates without a zone.
func New(st *store.Store, w *workflow.Service, location *time.Location) *Service {
	return &Service{store: st, workflow: w, location: location}
}

// NewDesign is the body that creates a design: its kind, which is bpmn, dmn or form, and the key of the process,
// of one of the decisions, or of the form. An empty content is drawn later.
type NewDesign struct {
	Kind        string `json:"kind" api:"required"`
	Key         string `json:"key" api:"required"`
	Name        string `json:"name" api:"required"`
	Description string `json:"description"`
	CategoryID  string `json:"categoryId"`
	Content     string `json:"content"`
	Comment     string `json:"comment"` // of this version
}

// Change is the body that changes a design; what is absent stays. An empty categoryId takes it out of its
// category.
type Change struct {
	Name        *string `json:"name"`
	Description *string `json:"description"`
	CategoryID  *string `json:"categoryId"`
	Content     *string `json:"content"`
	Deprecated  *bool   `json:"deprecated"` // it is not to be used any more, or again
	Comment     string  `json:"comment"`    // of this version
}

// Rollback is the body that gives a design the content that it had in a version.
type Rollback struct {
	Version int64  `json:"version" api:"required"`
	Comment string `json:"comment"` // of the new version
}

// Designs lists designs without their content; the list is store.DesignList.
func (s *Service) Designs(ctx context.Context, r page.Request) (page.Page[store.Design], error) {
	f := store.DesignFilter{Kind: r.Filters.Get("kind"), Key: r.Filters.Get("key"), State: r.Filters.Get("state")}
	f.CategoryID = filterID(r, "categoryId")
	return s.store.Designs(ctx, f, r)
}

// filterID is the id that a checked filter has, zero without one.
func filterID(r page.Request, name string) engine.ID {
	id, err := engine.ParseID(r.Filters.Get(name))
	if err != nil {
		return engine.ID{}
	}
	return id
}

// Design returns a design with its content: store.ErrNoDesign when there is none.
func (s *Service) Design(ctx context.Context, id engine.ID) (store.Design, error) {
	return s.store.Design(ctx, id)
}

// Versions lists the versions of a design, without their content; the list is store.DesignVersionList. It
// returns store.ErrNoDesign.
func (s *Service) Versions(ctx context.Context, id engine.ID, r page.Request) (page.Page[store.DesignVersion], error) {
	return s.store.DesignVersions(ctx, id, r)
}

// Version returns one version of a design with its content: store.ErrNoDesignVersion when there is none.
func (s *Service) Version(ctx context.Context, id engine.ID, version int64) (store.DesignVersion, error) {
	return s.store.DesignVersion(ctx, id, version)
}

// Create makes a design. Errors: ErrInvalid, store.ErrDesignUsed, store.ErrUnknownCategory, store.ErrRepeated.
func (s *Service) Create(ctx context.Context, call workflow.Call, in NewDesign) (store.Design, error) {
	now, who := s.instant(), call.Principal.Username
	d := store.Design{
		ID: newID(), Kind: in.Kind, Key: in.Key, Name: in.Name, Description: in.Description, State: store.DesignDraft, Version: 1,
		CreatedBy: who, CreatedAt: now, UpdatedBy: who, UpdatedAt: now, Content: in.Content,
	}
	var v validation
	v.kind("/kind", d.Kind)
	v.key("/key", d.Key)
	d.CategoryID = v.category("/categoryId", in.CategoryID)
	v.design(d, in.Comment)
	if err := v.err(); err != nil {
		return d, err
	}
	answer, err := recorded(http.StatusCreated, d)
	if err != nil {
		return d, err
	}
	if err := s.store.CreateDesign(ctx, d, in.Comment, call.Idempotency, answer); err != nil {
		return d, fmt.Errorf("design %s: %w", d.Key, err)
	}
	return d, nil
}

// Update changes a design that still has the version match. Errors: ErrInvalid, store.ErrNoDesign,
// store.ErrPeopleStale, store.ErrUnknownCategory.
func (s *Service) Update(ctx context.Context, call workflow.Call, id engine.ID, in Change, match int64) (store.Design, error) {
	c := store.DesignChange{ID: id, Match: match, Action: store.DesignUpdated, Comment: in.Comment, By: call.Principal.Username, At: s.instant()}
	switch {
	case in.Deprecated == nil:
	case *in.Deprecated:
		c.Action = store.DesignRetired
	default:
		c.Action = store.DesignRestored
	}
	c.Change = func(d *store.Design) error {
		var v validation
		in.into(d, &v)
		v.design(*d, in.Comment)
		return v.err()
	}
	return s.change(ctx, c, nil)
}

func (in Change) into(d *store.Design, v *validation) {
	set(&d.Name, in.Name)
	set(&d.Description, in.Description)
	set(&d.Content, in.Content)
	if in.CategoryID != nil {
		d.CategoryID = v.category("/categoryId", *in.CategoryID)
	}
	switch {
	case in.Deprecated == nil:
	case *in.Deprecated:
		d.State = store.DesignDeprecated
	case d.PublishedVersion > 0:
		d.State = store.DesignPublished
	default:
		d.State = store.DesignDraft
	}
}

// Rollback gives a design that still has the version match the content of an earlier version, as a new one.
// Errors: ErrInvalid, store.ErrNoDesign, store.ErrPeopleStale, store.ErrNoDesignVersion, store.ErrRepeated.
func (s *Service) Rollback(ctx context.Context, call workflow.Call, id engine.ID, in Rollback, match int64) (store.Design, error) {
	if _, err := s.store.Design(ctx, id); err != nil {
		return store.Design{}, err
	}
	var v validation
	v.text("/comment", in.Comment, maxText)
	v.check(in.Version > 0, "/version", "out_of_range", "A version is a number from 1.")
	if err := v.err(); err != nil {
		return store.Design{}, err
	}
	c := store.DesignChange{
		ID: id, Match: match, Action: store.DesignRolledBack, Comment: in.Comment, By: call.Principal.Username, At: s.instant(), Rollback: in.Version,
	}
	return s.change(ctx, c, call.Idempotency)
}

func (s *Service) change(ctx context.Context, c store.DesignChange, i *store.Idempotency) (store.Design, error) {
	var after store.Design
	err := s.store.ChangeDesign(ctx, c, i, func(d store.Design) (store.Recorded, error) {
		after = d
		return recorded(http.StatusOK, d)
	})
	if err != nil {
		return after, fmt.Errorf("design %s: %w", c.ID, err)
	}
	return after, nil
}

// Delete removes a design that still has the version match. What it has deployed stays deployed. Errors:
// store.ErrNoDesign, store.ErrPeopleStale.
func (s *Service) Delete(ctx context.Context, id engine.ID, match int64) error {
	return s.store.DeleteDesign(ctx, id, match)
}

func set[T any](at *T, value *T) {
	if value != nil {
		*at = *value
	}
}

// newID returns a fresh UUIDv7.
func newID() engine.ID { return engine.ID(uuid.Must(uuid.NewV7())) }

// instant is the present as a DATETIME(3) column keeps it.
func (s *Service) instant() time.Time {
	now := time.Now
	if s.Clock != nil {
		now = s.Clock
	}
	return now().UTC().Truncate(time.Millisecond)
}

// recorded is the answer that a repeat of the request gets, in the very bytes of the first one: no HTML escapes and
// a line end, as the adapter writes them.
func recorded(status int, answer any) (store.Recorded, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(answer)
	return store.Recorded{Status: status, Body: body.Bytes()}, err
}
