package tasklist

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// ErrSavedFilter: the saved filter breaks a rule; there is a detail for each problem.
var ErrSavedFilter = fault.New(fault.Invalid, "bad_saved_filter", "The saved filter has problems.")

// maxSavedFilters is how many one person keeps, and maxSavedName the characters of a name.
const (
	maxSavedFilters = 100
	maxSavedName    = 100
)

// saveable are the lists whose filters can be saved.
var saveable = map[string]page.List{
	TaskList.Name: TaskList, InstanceList.Name: InstanceList, DefinitionList.Name: DefinitionList, IncidentList.Name: IncidentList,
	JobList.Name: JobList, TimerList.Name: TimerList, DecisionList.Name: DecisionList,
}

// searchable are those of them that take a condition, too.
var searchable = map[string]store.SearchFields{TaskList.Name: store.TaskFields, InstanceList.Name: store.InstanceFields}

// NewSavedFilter is the body that saves a filter: for which list, under which name, and what it asks for. It is
// private, or shared with a role or a group that one has, or with a department.
type NewSavedFilter struct {
	List       string            `json:"list" api:"required"`
	Name       string            `json:"name" api:"required"`
	Role       string            `json:"role"`
	Department string            `json:"department"`
	Parameters map[string]string `json:"parameters"`
	Condition  *Condition        `json:"condition"`
	Sort       string            `json:"sort"`
	Position   int               `json:"position"`
	Preferred  bool              `json:"preferred"`
}

// SavedFilterChange is the body that changes a saved filter; what is absent stays, an empty role or department
// ends the sharing, and null as condition takes it away.
type SavedFilterChange struct {
	Name       *string            `json:"name"`
	Role       *string            `json:"role"`
	Department *string            `json:"department"`
	Parameters *map[string]string `json:"parameters"`
	Condition  json.RawMessage    `json:"condition"`
	Sort       *string            `json:"sort"`
	Position   *int               `json:"position"`
	Preferred  *bool              `json:"preferred"`
}

func reads(p access.Principal, list string) store.SavedFilterReader {
	return store.SavedFilterReader{Username: p.Username, Identities: p.Identities(), List: list}
}

// SavedFilters returns a page of the filters that the principal sees: his own and those that are shared with him.
func (s *Service) SavedFilters(ctx context.Context, p access.Principal, r page.Request) (page.Page[store.SavedFilter], error) {
	return s.store.SavedFilters(ctx, reads(p, r.Filters.Get("list")), r)
}

// SavedFilter returns a filter that the principal sees: store.ErrNoSavedFilter for any other.
func (s *Service) SavedFilter(ctx context.Context, p access.Principal, id engine.ID) (store.SavedFilter, error) {
	return s.store.SavedFilter(ctx, id, reads(p, ""))
}

// SaveFilter keeps a filter. Errors: ErrSavedFilter, store.ErrSavedFilterUsed, store.ErrTooMany, store.ErrRepeated.
func (s *Service) SaveFilter(ctx context.Context, p access.Principal, body NewSavedFilter, i *store.Idempotency) (store.SavedFilter, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	f := store.SavedFilter{
		ID: engine.ID(uuid.Must(uuid.NewV7())), Owner: p.Username, List: body.List, Name: body.Name, Role: body.Role, Department: body.Department,
		SavedContent: store.SavedContent{Parameters: body.Parameters, Sort: body.Sort}, Position: body.Position, Preferred: body.Preferred,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	raw, err := json.Marshal(body.Condition)
	if err != nil {
		return f, err
	}
	f.Condition = raw
	if err := s.checkSaved(ctx, p, &f); err != nil {
		return f, err
	}
	var answer bytes.Buffer
	encoder := json.NewEncoder(&answer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(f); err != nil {
		return f, err
	}
	return f, s.store.CreateSavedFilter(ctx, f, maxSavedFilters, i, store.Recorded{Status: http.StatusCreated, Body: answer.Bytes()})
}

// ChangeSavedFilter changes one of the principal's own filters. match is the version that he has seen, 0 for any.
// Errors: those of SaveFilter, store.ErrNoSavedFilter, store.ErrPeopleStale.
func (s *Service) ChangeSavedFilter(ctx context.Context, p access.Principal, id engine.ID, body SavedFilterChange, match int64) (store.SavedFilter, error) {
	f, err := s.store.SavedFilter(ctx, id, reads(p, ""))
	if err != nil {
		return f, err
	}
	if f.Owner != p.Username {
		return f, store.ErrNoSavedFilter
	}
	if match != 0 && match != f.Version {
		return f, store.ErrPeopleStale
	}
	set(&f.Name, body.Name)
	set(&f.Role, body.Role)
	set(&f.Department, body.Department)
	set(&f.Parameters, body.Parameters)
	if len(body.Condition) > 0 {
		f.Condition = body.Condition
	}
	set(&f.Sort, body.Sort)
	set(&f.Position, body.Position)
	set(&f.Preferred, body.Preferred)
	if err := s.checkSaved(ctx, p, &f); err != nil {
		return f, err
	}
	f.UpdatedAt = time.Now().UTC().Truncate(time.Millisecond)
	if err := s.store.UpdateSavedFilter(ctx, f); err != nil {
		return f, err
	}
	f.Version++
	return f, nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// DeleteSavedFilter removes one of the principal's own filters. Errors: store.ErrNoSavedFilter,
// store.ErrPeopleStale.
func (s *Service) DeleteSavedFilter(ctx context.Context, p access.Principal, id engine.ID, match int64) error {
	return s.store.DeleteSavedFilter(ctx, id, p.Username, match)
}

// checkSaved holds the rules of a saved filter: what it asks for is what its list takes.
func (s *Service) checkSaved(ctx context.Context, p access.Principal, f *store.SavedFilter) error {
	var problems []fault.Detail
	check := func(ok bool, pointer, code, detail string) {
		if !ok {
			problems = append(problems, fault.Detail{Pointer: pointer, Code: code, Detail: detail})
		}
	}
	if f.Parameters == nil {
		f.Parameters = map[string]string{}
	}
	named := f.Name != "" && utf8.RuneCountInString(f.Name) <= maxSavedName && strings.TrimSpace(f.Name) == f.Name && !strings.ContainsFunc(f.Name, unicode.IsControl)
	check(named, "/name", "bad_text", "The name has 1 to 100 characters, no control characters, and no blanks at its ends.")
	check(f.Position >= 0 && f.Position <= 1_000_000, "/position", "bad_position", "The position is a number from 0 to 1,000,000.")
	check(f.Role == "" || f.Department == "", "/department", "two_audiences", "A filter is shared with a role or a department, not with both.")
	check(f.Role == "" || p.SeesAll() || slices.Contains(p.Identities(), f.Role), "/role", "not_yours", "Share it with a role or a group that you have.")
	if f.Department != "" {
		within, err := s.store.InDepartment(ctx, p.Username, f.Department)
		if err != nil {
			return err
		}
		check(within || p.SeesAll(), "/department", "not_yours", "Share it with your own department.")
	}
	list, known := saveable[f.List]
	check(known, "/list", "unknown_list", "The lists are "+strings.Join(slices.Sorted(maps.Keys(saveable)), ", ")+".")
	if known {
		problems = append(problems, asks(f, list, p.Username)...)
	}
	if len(problems) > 0 {
		return ErrSavedFilter.With(problems...)
	}
	return nil
}

// asks are the problems of what a filter asks its list for.
func asks(f *store.SavedFilter, list page.List, who string) []fault.Detail {
	in := Search{Parameters: f.Parameters, Sort: f.Sort}
	fields, takes := searchable[f.List]
	if text := bytes.TrimSpace(f.Condition); len(text) > 0 && !bytes.Equal(text, []byte("null")) {
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&in.Condition); err != nil || !takes {
			return []fault.Detail{{Pointer: "/condition", Code: "bad_condition", Detail: "The list takes no such condition."}}
		}
	} else {
		f.Condition = json.RawMessage("null")
	}
	_, _, err := in.read(list, fields, access.Principal{Username: who})
	if wrong := fault.From(err); wrong != nil {
		return wrong.Details
	}
	return nil
}
