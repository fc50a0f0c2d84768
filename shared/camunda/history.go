package camunda

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// PastInstance is a process instance of the history, running ones among them.
type PastInstance struct {
	ID                string  `json:"id"`
	BusinessKey       *string `json:"businessKey"`
	Definition        string  `json:"processDefinitionId"`
	DefinitionKey     string  `json:"processDefinitionKey"`
	DefinitionName    *string `json:"processDefinitionName"`
	DefinitionVersion int     `json:"processDefinitionVersion"`
	Start             Date    `json:"startTime"`
	End               Date    `json:"endTime"`
	Removal           Date    `json:"removalTime"`
	Duration          *int64  `json:"durationInMillis"`
	StartUser         *string `json:"startUserId"`
	StartActivity     *string `json:"startActivityId"`
	DeleteReason      *string `json:"deleteReason"`
	Root              string  `json:"rootProcessInstanceId"`
	Super             *string `json:"superProcessInstanceId"`
	SuperCase         *string `json:"superCaseInstanceId"`
	Case              *string `json:"caseInstanceId"`
	Tenant            *string `json:"tenantId"`
	State             string  `json:"state"`
	Restarted         *string `json:"restartedProcessInstanceId"`
}

// states are the words for the states of instances.
var states = map[engine.State]string{
	engine.Active: "ACTIVE", engine.Suspended: "SUSPENDED", engine.Completed: "COMPLETED", engine.Cancelled: "EXTERNALLY_TERMINATED",
}

func millis(from, to Date) *int64 {
	if to.IsZero() {
		return nil
	}
	n := to.Sub(from.Time).Milliseconds()
	return &n
}

func showPast(i store.Instance) PastInstance {
	id := i.ID.String()
	shown := PastInstance{
		ID: id, BusinessKey: i.BusinessKey, Definition: DefinitionID(i.ProcessKey, i.ProcessVersion, i.DefinitionID), DefinitionKey: i.ProcessKey,
		DefinitionVersion: i.ProcessVersion, Start: Date{i.StartedAt}, End: date(i.EndedAt), StartUser: pointer(i.Starter), Root: i.RootID.String(), State: states[i.State],
	}
	if i.ParentID != nil {
		shown.Super = pointer(i.ParentID.String())
	}
	shown.Duration = millis(shown.Start, shown.End)
	return shown
}

var pastSorts = sorts[PastInstance]{
	"instanceId":        func(a, b PastInstance) int { return cmp.Compare(a.ID, b.ID) },
	"definitionId":      func(a, b PastInstance) int { return cmp.Compare(a.Definition, b.Definition) },
	"definitionKey":     func(a, b PastInstance) int { return cmp.Compare(a.DefinitionKey, b.DefinitionKey) },
	"definitionName":    func(a, b PastInstance) int { return cmp.Compare(textOf(a.DefinitionName), textOf(b.DefinitionName)) },
	"definitionVersion": func(a, b PastInstance) int { return cmp.Compare(a.DefinitionVersion, b.DefinitionVersion) },
	"businessKey":       func(a, b PastInstance) int { return cmp.Compare(textOf(a.BusinessKey), textOf(b.BusinessKey)) },
	"startTime":         func(a, b PastInstance) int { return a.Start.Compare(b.Start.Time) },
	"endTime":           func(a, b PastInstance) int { return a.End.Compare(b.End.Time) },
	"duration":          func(a, b PastInstance) int { return compareNumbers(a.Duration, b.Duration) },
	"tenantId":          func(PastInstance, PastInstance) int { return 0 },
}

func compareNumbers(a, b *int64) int {
	if a == nil || b == nil {
		return cmp.Compare(btoi(a != nil), btoi(b != nil))
	}
	return cmp.Compare(*a, *b)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// PastInstances lists the process instances of the history.
func (s *Service) PastInstances(ctx context.Context, p access.Principal, q Query) ([]PastInstance, int, error) {
	list, err := either(q, func(i PastInstance) string { return i.ID }, func(q Query) ([]PastInstance, error) { return s.pastInstances(ctx, p, q) })
	if err != nil {
		return nil, 0, err
	}
	items, total, err := finish(q, list, pastSorts)
	for i := range items {
		if err := s.complete(ctx, &items[i]); err != nil {
			return nil, 0, err
		}
	}
	return items, total, err
}

func (s *Service) pastInstances(ctx context.Context, p access.Principal, q Query) ([]PastInstance, error) {
	conditions, err := q.conditions("variables")
	if err != nil {
		return nil, err
	}
	if err := q.checkDates(); err != nil {
		return nil, err
	}
	rows, err := s.instances(ctx, p, q, store.InstanceFilter{BusinessKey: q.Text("processInstanceBusinessKey")})
	if err != nil {
		return nil, err
	}
	var list []PastInstance
	for _, row := range rows {
		shown := showPast(row)
		if !q.wantsPast(shown) {
			continue
		}
		wanted, err := s.wantsInside(ctx, p, q, row.ID, conditions)
		if err != nil {
			return nil, err
		}
		if wanted {
			list = append(list, shown)
		}
	}
	return list, nil
}

var insideFilters = []string{
	"processDefinitionName", "processDefinitionNameLike", "executedActivityIdIn", "activeActivityIdIn", "executedActivityBefore", "executedActivityAfter", "executedJobBefore", "executedJobAfter",
}

// wantsInside holds the filters of a query by what is in an instance.
func (s *Service) wantsInside(ctx context.Context, p access.Principal, q Query, id engine.ID, list conditions) (bool, error) {
	if len(list) == 0 && !q.asksIncidents() && !slices.ContainsFunc(insideFilters, q.Has) {
		return true, nil
	}
	x, err := s.scene(ctx, p, id)
	if err != nil {
		return false, err
	}
	return list.hold(x.Scopes[0].Variables) && q.is("processDefinitionName", x.process.Name) && q.like("processDefinitionNameLike", x.process.Name) && s.withIncidents(ctx, q, x) && s.passed(ctx, q, x), nil
}

// complete adds what the row of an instance does not say.
func (s *Service) complete(ctx context.Context, i *PastInstance) error {
	id, err := engine.ParseID(i.ID)
	if err != nil {
		return err
	}
	definition, err := ParseDefinitionID(i.Definition)
	if err != nil {
		return err
	}
	_, process, err := s.workflow.Model(ctx, definition)
	if err != nil {
		return err
	}
	i.DefinitionName = pointer(process.Name)
	first, err := s.firstChange(ctx, id, 0, engine.TokenCreated)
	if err != nil {
		return err
	}
	if first != nil {
		i.StartActivity = pointer(first.Node)
	}
	if i.State != states[engine.Cancelled] {
		return nil
	}
	in, err := s.store.LoadInstance(ctx, id)
	if err != nil {
		return err
	}
	last, err := s.firstChange(ctx, id, in.Version-1, engine.InstanceCancelled)
	if last != nil {
		i.DeleteReason = pointer(last.Reason)
	}
	return err
}

// firstChange returns the first change of a kind in the history row behind one, or nil.
func (s *Service) firstChange(ctx context.Context, id engine.ID, after int64, kind engine.Kind) (*engine.Change, error) {
	rows, err := s.store.History(ctx, id, after, 1)
	for _, row := range rows {
		for n := range row.Changes {
			if row.Changes[n].Kind == kind {
				return &row.Changes[n], err
			}
		}
	}
	return nil, err
}

// passed holds the filters by what has happened in an instance.
func (s *Service) passed(ctx context.Context, q Query, x scene) bool {
	if !slices.ContainsFunc(insideFilters, q.Has) {
		return true
	}
	past, err := s.past(ctx, x, nil)
	return err == nil && slices.ContainsFunc(past.activities, func(a PastActivity) bool {
		return q.in("executedActivityIdIn", a.Activity) && (!q.Has("activeActivityIdIn") || a.End.IsZero() && q.in("activeActivityIdIn", a.Activity)) &&
			q.before("executedActivityBefore", a.Start.Time) && q.after("executedActivityAfter", a.Start.Time)
	}) && (!q.Has("executedJobBefore") && !q.Has("executedJobAfter") || slices.ContainsFunc(past.engineJobs(), func(j PastEngineJob) bool {
		return q.before("executedJobBefore", j.Time.Time) && q.after("executedJobAfter", j.Time.Time)
	}))
}

func (q Query) wantsPast(i PastInstance) bool {
	return q.in("processInstanceIds", i.ID) && q.notIn("processInstanceIdNotIn", i.ID) && q.in("processDefinitionKeyIn", i.DefinitionKey) && q.notIn("processDefinitionKeyNotIn", i.DefinitionKey) &&
		q.in("processInstanceBusinessKeyIn", textOf(i.BusinessKey)) && q.like("processInstanceBusinessKeyLike", textOf(i.BusinessKey)) &&
		q.holds("finished", !i.End.IsZero()) && q.holds("unfinished", i.End.IsZero()) && q.holds("active", i.State == "ACTIVE") && q.holds("suspended", i.State == "SUSPENDED") &&
		q.holds("completed", i.State == "COMPLETED") && q.holds("externallyTerminated", i.State == "EXTERNALLY_TERMINATED") && q.holds("internallyTerminated", false) &&
		q.is("startedBy", textOf(i.StartUser)) && q.before("startedBefore", i.Start.Time) && q.after("startedAfter", i.Start.Time) &&
		q.before("finishedBefore", i.End.Time) && q.after("finishedAfter", i.End.Time) && q.is("rootProcessInstanceId", i.Root) &&
		q.holds("rootProcessInstances", i.Super == nil) && q.unowned()
}

// PastInstance returns one process instance of the history.
func (s *Service) PastInstance(ctx context.Context, p access.Principal, id string) (PastInstance, error) {
	list, _, err := s.PastInstances(ctx, p, Query{values: map[string]any{"processInstanceId": id}})
	if err == nil && len(list) == 0 {
		err = NotFound("Historic process instance with id %s does not exist", id)
	}
	if err != nil {
		return PastInstance{}, err
	}
	return list[0], nil
}

// DeletePastInstance removes an instance that has ended, with its history. With failIfNotExists=false it is no
// error that there is none.
func (s *Service) DeletePastInstance(ctx context.Context, call workflow.Call, id string, q Query) error {
	parsed, err := engine.ParseID(id)
	if err == nil {
		_, err = s.workflow.DeleteInstance(ctx, call, parsed)
	} else {
		err = store.ErrNoInstance
	}
	switch {
	case errors.Is(err, store.ErrNoInstance) && q.Has("failIfNotExists") && !q.Flag("failIfNotExists"):
		return nil
	case errors.Is(err, store.ErrNoInstance), errors.Is(err, store.ErrNotEnded):
		return NotFound("Historic process instance with id %s does not exist", id)
	}
	return err
}

// pastScenes loads the instances that a query of the history is about, ended ones too.
func (s *Service) pastScenes(ctx context.Context, p access.Principal, q Query) ([]scene, error) {
	if ids := q.List("processInstanceIdIn"); len(ids) == 1 {
		q = q.with("processInstanceId", ids[0])
	}
	rows, err := s.instances(ctx, p, q, store.InstanceFilter{})
	if err != nil {
		return nil, err
	}
	ids := make([]engine.ID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	found, err := s.scenes(ctx, ids)
	list := make([]scene, 0, len(found))
	for _, id := range ids {
		if x, ok := found[id]; ok && q.in("processInstanceIdIn", id.String()) {
			list = append(list, x)
		}
	}
	return list, err
}

// part is one kind of things of the history: where they are, which are wanted, and their order.
type part[T any] struct {
	of    func(*past) []T
	wants func(T) bool
	by    sorts[T]
}

// history lists things of the history of all instances that a query is about.
func history[T any](ctx context.Context, s *Service, p access.Principal, q Query, look part[T]) ([]T, int, error) {
	list, err := gather(ctx, s, p, q, look)
	if err != nil {
		return nil, 0, err
	}
	return finish(q, list, look.by)
}

// gather finds them all, in the order of their instances.
func gather[T any](ctx context.Context, s *Service, p access.Principal, q Query, look part[T]) ([]T, error) {
	scenes, err := s.pastScenes(ctx, p, q)
	if err != nil {
		return nil, err
	}
	var list []T
	for _, x := range scenes {
		hidden, err := s.workflow.HiddenFields(ctx, p, x.Instance)
		if err != nil {
			return nil, err
		}
		folded, err := s.past(ctx, x, hidden)
		if err != nil {
			return nil, err
		}
		for _, one := range look.of(folded) {
			if look.wants(one) {
				list = append(list, one)
			}
		}
	}
	return list, nil
}

// ended reports whether a time is within the parameters finished and unfinished.
func (q Query) ended(at time.Time) bool {
	return q.holds("finished", !at.IsZero()) && q.holds("unfinished", at.IsZero())
}
