// Package tasklist answers what people look at: their tasks, instances, definitions and incidents, as
// pages of lists. Visibility is part of every query.
package tasklist

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

// The lists with the sort columns and the filters that they allow.
var (
	TaskList = page.List{Name: "tasks", Sorts: []string{"-createdAt", "priority", "dueAt"}, Filters: []page.Filter{
		{Name: "view", Values: words(store.Todo, store.Claimable, store.Done, store.Started, store.Copied, store.InScope, store.All), Summary: "whose: without it todo; scope is what one's roles let one see; all is for operators and auditors"},
		{Name: "processKey"}, ofInstance, {Name: "unread", Form: page.Flag, Summary: "true leaves out, of copied ones, what one has opened"},
	}}
	InstanceList = page.List{Name: "instances", Sorts: []string{"-startedAt"}, Filters: []page.Filter{
		{Name: "view", Values: words(mine, department, inScope, everybody), Summary: "whose: mine, of the departments that one heads, in the data scope of one's roles, or all, which is for operators and auditors"},
		{Name: "processKey"}, {Name: "businessKey"}, {Name: "number", Summary: "of a request"}, {Name: "definitionId", Form: page.ID}, {Name: "state", Values: store.States()},
		{Name: "starter", Summary: "a username"},
		{Name: "parentInstanceId", Form: page.ID, Summary: "those that this instance has called"},
	}}
	DefinitionList = page.List{Name: "definitions", Sorts: []string{"-deployedAt"}, Filters: []page.Filter{
		{Name: "key"}, {Name: "latest", Form: page.Flag, Summary: "true leaves out what has a later version"},
		{Name: "categoryId", Form: page.ID, Summary: "those whose design is in this category"},
		{Name: "startable", Form: page.Flag, Summary: "true leaves out what the caller may not start or is not offered; pages may be shorter then"},
	}}
	DecisionList = page.List{Name: "decisions", Sorts: []string{"-deployedAt"}, Filters: []page.Filter{
		{Name: "key"}, {Name: "latest", Form: page.Flag, Summary: "true leaves out what has a later version"},
	}}
	IncidentList = page.List{Name: "incidents", Sorts: []string{"-raisedAt"}, Filters: []page.Filter{
		ofInstance, {Name: "processKey"}, {Name: "resolved", Form: page.Flag, Summary: "true lists resolved ones too"},
	}}
	JobList = page.List{Name: "jobs", Sorts: []string{"-createdAt"}, Filters: []page.Filter{
		ofInstance, {Name: "processKey"}, {Name: "topic"}, {Name: "kind", Values: words(engine.ExternalJob, engine.BeforeJob, engine.AfterJob)},
	}}
	TimerList = page.List{Name: "timers", Sorts: []string{"-createdAt"}, Filters: []page.Filter{ofInstance, {Name: "processKey"}}}
)

var ofInstance = page.Filter{Name: "instanceId", Form: page.ID}

// ErrFilter: a filter has a value that it does not take.
var ErrFilter = fault.New(fault.Malformed, "bad_filter", "A filter has a value that it does not take.")

// Service answers lists. It is safe for concurrent use.
type Service struct {
	store    *store.Store
	settings *setting.Live
	location *time.Location
}

// New returns a Service.
func New(st *store.Store, o Options) *Service {
	if o.Location == nil {
		o.Location = time.UTC
	}
	return &Service{store: st, settings: o.Settings, location: o.Location}
}

// Tasks returns a page of the principal's tasks, of the view that q names: todo (the default),
// claimable, done, started or copied. Those who see all may ask for all.
func (s *Service) Tasks(ctx context.Context, p access.Principal, q url.Values, r page.Request) (page.Page[store.Task], error) {
	f, err := s.taskFilter(ctx, p, q)
	if err != nil {
		return page.Page[store.Task]{}, err
	}
	return s.store.Tasks(ctx, f, r)
}

// taskFilter is what the parameters of TaskList mean to a principal.
func (s *Service) taskFilter(ctx context.Context, p access.Principal, q url.Values) (store.TaskFilter, error) {
	f := store.TaskFilter{View: store.View(q.Get("view")), Username: p.Username, Identities: p.Identities(), ProcessKey: q.Get("processKey"), Unread: q.Get("unread") == "true"}
	if f.View == "" {
		f.View = store.Todo
	}
	allowed := []store.View{store.Todo, store.Claimable, store.Done, store.Started, store.Copied, store.InScope}
	if p.SeesAll() {
		allowed = append(allowed, store.All)
	}
	if !slices.Contains(allowed, f.View) {
		return f, badFilter("view", allowed)
	}
	var err error
	if f.InstanceID, err = idFilter(q, "instanceId"); err != nil || f.View != store.InScope {
		return f, err
	}
	all, err := s.store.SeesEverything(ctx, p.Username)
	if all {
		f.View, f.Open = store.All, true
	}
	return f, err
}

// view is whose instances a list shows.
type view string

const (
	mine       view = "mine"
	department view = "department" // of the departments that one heads, and below
	inScope    view = "scope"      // that the data scope of one's roles shows
	everybody  view = "all"
)

// Instances returns a page of instances, of the view that q names: mine, department, or all, which is for
// those who see all and what they get without a name; others get mine.
func (s *Service) Instances(ctx context.Context, p access.Principal, q url.Values, r page.Request) (page.Page[store.Instance], error) {
	f, err := s.instanceFilter(ctx, p, q)
	if err != nil {
		return page.Page[store.Instance]{}, err
	}
	return s.store.Instances(ctx, f, r)
}

// instanceFilter is what the parameters of InstanceList mean to a principal.
func (s *Service) instanceFilter(ctx context.Context, p access.Principal, q url.Values) (store.InstanceFilter, error) {
	f := store.InstanceFilter{ProcessKey: q.Get("processKey"), BusinessKey: q.Get("businessKey"), Starter: q.Get("starter"), Number: q.Get("number")}
	if err := whose(&f, p, view(q.Get("view"))); err != nil {
		return f, err
	}
	var err error
	if f.DefinitionID, err = idFilter(q, "definitionId"); err != nil {
		return f, err
	}
	f.State, _ = store.StateCode(q.Get("state")) // InstanceList names the states
	if f.ParentID, err = idFilter(q, "parentInstanceId"); err != nil || f.Scope == "" {
		return f, err
	}
	all, err := s.store.SeesEverything(ctx, p.Username)
	if all {
		f.Scope = ""
	}
	return f, err
}

// whose limits a list of instances to a view.
func whose(f *store.InstanceFilter, p access.Principal, v view) error {
	allowed, usual := []view{mine, department, inScope}, mine
	if p.SeesAll() {
		allowed, usual = append(allowed, everybody), everybody
	}
	switch v = cmp.Or(v, usual); {
	case !slices.Contains(allowed, v):
		return badFilter("view", allowed)
	case v == department:
		f.Head = p.Username
	case v == inScope:
		f.Scope = p.Username
	case v == mine && f.Starter != "" && f.Starter != p.Username:
		return ErrOthers
	case v == mine:
		f.Starter = p.Username
	}
	return nil
}

// ErrOthers: the list of other people's instances is for operators and auditors.
var ErrOthers = fault.New(fault.Forbidden, "not_your_instances", "Other people's instances are for operators and auditors.")

// Definitions returns a page of definitions, of one key or only the latest of each if q says so.
func (s *Service) Definitions(ctx context.Context, q url.Values, r page.Request) (page.Page[store.Definition], error) {
	f := store.DefinitionFilter{Key: q.Get("key"), Latest: q.Get("latest") == "true" || q.Get("startable") == "true"}
	var err error
	if f.CategoryID, err = idFilter(q, "categoryId"); err != nil {
		return page.Page[store.Definition]{}, err
	}
	return s.store.Definitions(ctx, f, r)
}

// Definition returns a definition and the bytes of its model.
func (s *Service) Definition(ctx context.Context, id engine.ID) (store.Definition, []byte, error) {
	return s.store.Definition(ctx, id)
}

// Decisions returns a page of decisions, of one key or only the latest of each if q says so.
func (s *Service) Decisions(ctx context.Context, q url.Values, r page.Request) (page.Page[store.DeployedDecision], error) {
	return s.store.Decisions(ctx, store.DefinitionFilter{Key: q.Get("key"), Latest: q.Get("latest") == "true"}, r)
}

// Decision returns a decision and the bytes of its DMN file.
func (s *Service) Decision(ctx context.Context, id engine.ID) (store.DeployedDecision, []byte, error) {
	return s.store.Decision(ctx, id)
}

// Incidents returns a page of open incidents, or also of resolved ones if q says so.
func (s *Service) Incidents(ctx context.Context, q url.Values, r page.Request) (page.Page[store.Incident], error) {
	f := store.IncidentFilter{ProcessKey: q.Get("processKey"), Resolved: q.Get("resolved") == "true"}
	var err error
	if f.InstanceID, err = idFilter(q, "instanceId"); err != nil {
		return page.Page[store.Incident]{}, err
	}
	return s.store.Incidents(ctx, f, r)
}

// Jobs returns a page of open jobs: those that wait for workers and asynchronous continuations.
func (s *Service) Jobs(ctx context.Context, q url.Values, r page.Request) (page.Page[store.Job], error) {
	f := store.JobFilter{ProcessKey: q.Get("processKey"), Topic: q.Get("topic"), Kind: engine.JobKind(q.Get("kind"))}
	var err error
	if f.InstanceID, err = idFilter(q, "instanceId"); err != nil {
		return page.Page[store.Job]{}, err
	}
	return s.store.Jobs(ctx, f, r)
}

// Timers returns a page of timers that are not over: of instances and of start events.
func (s *Service) Timers(ctx context.Context, q url.Values, r page.Request) (page.Page[store.Timer], error) {
	f := store.TimerFilter{ProcessKey: q.Get("processKey")}
	var err error
	if f.InstanceID, err = idFilter(q, "instanceId"); err != nil {
		return page.Page[store.Timer]{}, err
	}
	return s.store.Timers(ctx, f, r)
}

func idFilter(q url.Values, name string) (engine.ID, error) {
	text := q.Get(name)
	if text == "" {
		return engine.ID{}, nil
	}
	id, err := engine.ParseID(text)
	if err != nil {
		return id, ErrFilter.Withf("%s is not an id.", name).With(fault.Detail{Pointer: "/" + name, Code: ErrFilter.Code})
	}
	return id, nil
}

func badFilter[T ~string](name string, values []T) error {
	return ErrFilter.Withf("%s is one of %s.", name, strings.Join(words(values...), ", ")).With(fault.Detail{Pointer: "/" + name, Code: ErrFilter.Code})
}

func words[T ~string](values ...T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}
