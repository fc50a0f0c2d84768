package camunda

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// Incident is a failure that waits for an operator.
type Incident struct {
	ID             string  `json:"id"`
	Definition     string  `json:"processDefinitionId"`
	Instance       string  `json:"processInstanceId"`
	Execution      string  `json:"executionId"`
	Time           Date    `json:"incidentTimestamp"`
	Type           string  `json:"incidentType"`
	Activity       string  `json:"activityId"`
	FailedActivity *string `json:"failedActivityId"`
	Cause          string  `json:"causeIncidentId"`
	Root           string  `json:"rootCauseIncidentId"`
	Configuration  *string `json:"configuration"`
	Message        *string `json:"incidentMessage"`
	Tenant         *string `json:"tenantId"`
	JobDefinition  *string `json:"jobDefinitionId"`
	Annotation     *string `json:"annotation"`

	key string
}

const (
	failedJob      = "failedJob"
	failedExternal = "failedExternalTask"
)

// incidentType tells a worker's failure from the engine's own.
func incidentType(in *engine.Instance, i engine.Incident) string {
	if j := in.Job(i.Job); j != nil && j.Kind == engine.ExternalJob {
		return failedExternal
	}
	return failedJob
}

func (x scene) incidents() []Incident {
	list := make([]Incident, 0, len(x.Incidents))
	for _, i := range x.Incidents {
		id := i.ID.String()
		shown := Incident{
			ID: id, Definition: x.definition(), Instance: x.ID.String(), Execution: ExecutionID(x.ID, i.Token), Time: Date{i.RaisedAt},
			Type: incidentType(x.Instance, i), Activity: i.Node, Cause: id, Root: id, Configuration: &id,
			Message: pointer(i.Message), key: x.ProcessKey,
		}
		if t := x.Token(i.Token); t != nil && x.whole(*t) {
			shown.Activity += multiInstanceBody
		}
		if !i.Job.IsZero() {
			shown.Configuration = pointer(i.Job.String())
		}
		if shown.Type == failedJob { // of external tasks Camunda does not say it
			shown.FailedActivity = pointer(x.failedNode(i))
		}
		if t := x.Timer(i.Job); t != nil {
			shown.Execution = ExecutionID(x.ID, t.Token)
		}
		list = append(list, shown)
	}
	return list
}

// incidents returns the incidents of instances. One of a called instance is an incident of its caller too, at the node
// that calls (Camunda 7 IncidentEntity.createRecursiveIncidents).
func (s *Service) incidents(ctx context.Context, list []scene) (map[engine.ID][]Incident, error) {
	all := make(map[engine.ID][]Incident, len(list))
	var called []engine.ID
	for _, x := range list {
		all[x.ID] = x.incidents()
		for _, call := range x.Calls {
			called = append(called, call.ID)
		}
	}
	if len(called) == 0 {
		return all, nil
	}
	inner, err := s.scenes(ctx, called)
	if err != nil {
		return nil, err
	}
	below, err := s.incidents(ctx, slices.Collect(maps.Values(inner)))
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		for _, call := range x.Calls {
			for _, i := range below[call.ID] {
				all[x.ID] = append(all[x.ID], x.echo(call, i))
			}
		}
	}
	return all, nil
}

// echo is an incident of an instance that x calls, as it is seen at the call.
func (x scene) echo(call engine.Call, i Incident) Incident {
	return Incident{
		ID: x.ID.String() + ":" + i.ID, Definition: x.definition(), Instance: x.ID.String(), Execution: ExecutionID(x.ID, call.Token), Time: i.Time,
		Type: i.Type, Activity: call.Node, FailedActivity: pointer(call.Node), Cause: i.ID, Root: i.Root, key: x.ProcessKey,
	}
}

var incidentSorts = sorts[Incident]{
	"incidentId":          func(a, b Incident) int { return cmp.Compare(a.ID, b.ID) },
	"incidentMessage":     func(a, b Incident) int { return cmp.Compare(textOf(a.Message), textOf(b.Message)) },
	"incidentTimestamp":   func(a, b Incident) int { return a.Time.Compare(b.Time.Time) },
	"incidentType":        func(a, b Incident) int { return cmp.Compare(a.Type, b.Type) },
	"executionId":         func(a, b Incident) int { return cmp.Compare(a.Execution, b.Execution) },
	"activityId":          func(a, b Incident) int { return cmp.Compare(a.Activity, b.Activity) },
	"processInstanceId":   func(a, b Incident) int { return cmp.Compare(a.Instance, b.Instance) },
	"processDefinitionId": func(a, b Incident) int { return cmp.Compare(a.Definition, b.Definition) },
	"causeIncidentId":     func(a, b Incident) int { return cmp.Compare(a.Cause, b.Cause) },
	"rootCauseIncidentId": func(a, b Incident) int { return cmp.Compare(a.Root, b.Root) },
	"configuration":       func(a, b Incident) int { return cmp.Compare(textOf(a.Configuration), textOf(b.Configuration)) },
	"tenantId":            func(Incident, Incident) int { return 0 },
}

// Incidents lists open incidents.
func (s *Service) Incidents(ctx context.Context, p access.Principal, q Query) ([]Incident, int, error) {
	running, err := s.running(ctx, p, q)
	if err != nil {
		return nil, 0, err
	}
	all, err := s.incidents(ctx, running)
	if err != nil {
		return nil, 0, err
	}
	var list []Incident
	for _, x := range running {
		for _, i := range all[x.ID] {
			if q.is("incidentId", i.ID) && q.is("incidentType", i.Type) && q.is("incidentMessage", textOf(i.Message)) && q.like("incidentMessageLike", textOf(i.Message)) &&
				q.in("processDefinitionKeyIn", i.key) && q.is("executionId", i.Execution) && q.is("activityId", i.Activity) && q.is("failedActivityId", textOf(i.FailedActivity)) &&
				q.is("causeIncidentId", i.Cause) && q.is("rootCauseIncidentId", i.Root) && q.is("configuration", textOf(i.Configuration)) &&
				q.before("incidentTimestampBefore", i.Time.Time) && q.after("incidentTimestampAfter", i.Time.Time) && q.unowned() {
				list = append(list, i)
			}
		}
	}
	return finish(q, list, incidentSorts)
}

// Incident returns one open incident.
func (s *Service) Incident(ctx context.Context, p access.Principal, id string) (Incident, error) {
	list, _, err := s.Incidents(ctx, p, Query{values: map[string]any{"incidentId": id}})
	if err == nil && len(list) == 0 {
		err = NotFound("No matching incident with id %s", id)
	}
	if err != nil {
		return Incident{}, err
	}
	return list[0], nil
}

// ResolveIncident refuses to resolve an incident by hand: those of jobs end with their cause, and there are no others.
func (s *Service) ResolveIncident(ctx context.Context, p access.Principal, id string) error {
	i, err := s.Incident(ctx, p, id)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return As(err, http.StatusNotFound, invalidRequest, "")
	case err != nil:
		return err
	}
	return BadRequest("Cannot resolve an incident of type %s", i.Type)
}
