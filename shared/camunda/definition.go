package camunda

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// Definition is a process definition.
type Definition struct {
	ID                string  `json:"id"`
	Key               string  `json:"key"`
	Category          *string `json:"category"`
	Description       *string `json:"description"`
	Name              *string `json:"name"`
	Version           int     `json:"version"`
	Resource          string  `json:"resource"`
	DeploymentID      string  `json:"deploymentId"`
	Diagram           *string `json:"diagram"`
	Suspended         bool    `json:"suspended"`
	TenantID          *string `json:"tenantId"`
	VersionTag        *string `json:"versionTag"`
	HistoryTimeToLive *int    `json:"historyTimeToLive"`
	Startable         bool    `json:"startableInTasklist"`

	row store.Definition
}

func showDefinition(d store.Definition, process *bpmn.Process) Definition {
	shown := Definition{
		ID: DefinitionID(d.Key, d.Version, d.ID), Key: d.Key, Version: d.Version, Resource: d.Resource, DeploymentID: d.DeploymentID.String(),
		Suspended: d.Suspended, VersionTag: pointer(d.VersionTag), Startable: true, row: d,
	}
	if process != nil {
		shown.Description, shown.Name = pointer(process.Documentation), pointer(process.Name)
		if days, err := strconv.Atoi(strings.Trim(process.HistoryTimeToLive, "PD")); err == nil {
			shown.HistoryTimeToLive = &days
		}
	}
	return shown
}

var definitionSorts = sorts[Definition]{
	"id":             func(a, b Definition) int { return cmp.Compare(a.ID, b.ID) },
	"key":            func(a, b Definition) int { return cmp.Compare(a.Key, b.Key) },
	"name":           func(a, b Definition) int { return cmp.Compare(textOf(a.Name), textOf(b.Name)) },
	"version":        func(a, b Definition) int { return cmp.Compare(a.Version, b.Version) },
	"deploymentId":   func(a, b Definition) int { return cmp.Compare(a.DeploymentID, b.DeploymentID) },
	"deployTime":     func(a, b Definition) int { return a.row.DeployedAt.Compare(b.row.DeployedAt) },
	"versionTag":     func(a, b Definition) int { return cmp.Compare(textOf(a.VersionTag), textOf(b.VersionTag)) },
	"category":       func(Definition, Definition) int { return 0 },
	"tenantId":       func(Definition, Definition) int { return 0 },
	"deploymentTime": func(a, b Definition) int { return a.row.DeployedAt.Compare(b.row.DeployedAt) },
}

// Definitions lists process definitions.
func (s *Service) Definitions(ctx context.Context, _ access.Principal, q Query) ([]Definition, int, error) {
	rows, err := s.store.Definitions(ctx, store.DefinitionFilter{Key: q.Text("key"), Latest: q.Flag("latestVersion") || q.Flag("latest")}, page.Request{Limit: most})
	if err != nil {
		return nil, 0, err
	}
	var list []Definition
	for _, d := range rows.Items {
		_, process, err := s.workflow.Model(ctx, d.ID)
		if err != nil {
			return nil, 0, err
		}
		if shown := showDefinition(d, process); q.wantsDefinition(shown) {
			list = append(list, shown)
		}
	}
	return finish(q, list, definitionSorts)
}

func (q Query) wantsDefinition(d Definition) bool {
	return q.is("processDefinitionId", d.ID) && q.in("processDefinitionIdIn", d.ID) && q.in("keysIn", d.Key) && q.like("keyLike", d.Key) &&
		q.is("name", textOf(d.Name)) && q.like("nameLike", textOf(d.Name)) && q.is("deploymentId", d.DeploymentID) &&
		q.is("version", strconv.Itoa(d.Version)) && q.is("resourceName", d.Resource) && q.like("resourceNameLike", d.Resource) &&
		q.is("versionTag", textOf(d.VersionTag)) && q.like("versionTagLike", textOf(d.VersionTag)) && q.holds("withoutVersionTag", d.VersionTag == nil) &&
		q.holds("suspended", d.Suspended) && q.holds("active", !d.Suspended) && q.around("deployed", d.row.DeployedAt) && q.unowned()
}

// unowned reports whether a query is not about a tenant: the product has none.
func (q Query) unowned() bool { return !q.Has("tenantIdIn") && !q.Has("tenantId") }

// FindDefinition returns the row of a definition: by id, or the latest version of a key.
func (s *Service) FindDefinition(ctx context.Context, id, key string) (store.Definition, []byte, error) {
	if key != "" {
		d, content, err := s.store.LatestDefinition(ctx, key)
		return d, content, missing(err, "No matching process definition with key: %s and no tenant-id", key)
	}
	parsed, err := ParseDefinitionID(id)
	if err != nil {
		return store.Definition{}, nil, NotFound("No matching definition with id %s", id)
	}
	d, content, err := s.store.Definition(ctx, parsed)
	return d, content, missing(err, "No matching definition with id %s", id)
}

// missing words that something is not there.
func missing(err error, format string, arguments ...any) error {
	return Unknowns(err, NotFound(format, arguments...))
}

// Definition returns one process definition.
func (s *Service) Definition(ctx context.Context, id, key string) (Definition, error) {
	d, _, err := s.FindDefinition(ctx, id, key)
	if err != nil {
		return Definition{}, err
	}
	_, process, err := s.workflow.Model(ctx, d.ID)
	return showDefinition(d, process), err
}

// Diagram is the model of a definition.
type Diagram struct {
	ID  string `json:"id"`
	XML string `json:"bpmn20Xml"`
}

// XML returns the model of a definition.
func (s *Service) XML(ctx context.Context, id, key string) (Diagram, error) {
	d, content, err := s.FindDefinition(ctx, id, key)
	return Diagram{DefinitionID(d.Key, d.Version, d.ID), string(content)}, err
}

// Statistics are the instances of a definition.
type Statistics struct {
	ID         string          `json:"id"`
	Instances  int             `json:"instances"`
	FailedJobs int             `json:"failedJobs"`
	Incidents  []IncidentCount `json:"incidents"`
	Definition *Definition     `json:"definition,omitempty"`
}

// IncidentCount counts the incidents of a type.
type IncidentCount struct {
	Type  string `json:"incidentType"`
	Count int    `json:"incidentCount"`
}

func (x *Statistics) count(incident engine.Incident, in *engine.Instance) {
	if x.Incidents == nil {
		x.Incidents = []IncidentCount{}
	}
	kind := incidentType(in, incident)
	if kind == failedJob {
		x.FailedJobs++
	}
	for i := range x.Incidents {
		if x.Incidents[i].Type == kind {
			x.Incidents[i].Count++
			return
		}
	}
	x.Incidents = append(x.Incidents, IncidentCount{kind, 1})
}

// DefinitionStatistics counts the running instances of every definition.
func (s *Service) DefinitionStatistics(ctx context.Context, p access.Principal, q Query) ([]Statistics, error) {
	definitions, _, err := s.Definitions(ctx, p, Query{values: map[string]any{}})
	if err != nil {
		return nil, err
	}
	list, at := make([]Statistics, 0, len(definitions)), map[string]int{}
	for i := range definitions {
		d := &definitions[i]
		at[d.ID] = len(list)
		list = append(list, Statistics{ID: d.ID, Incidents: []IncidentCount{}, Definition: d})
	}
	running, err := s.running(ctx, p, q)
	if err != nil {
		return nil, err
	}
	for _, x := range running {
		if i, ok := at[x.definition()]; ok {
			list[i].Instances++
			for _, incident := range x.Incidents {
				list[i].count(incident, x.Instance)
			}
		}
	}
	return list, nil
}

// ActivityStatistics counts the tokens at each node of a definition.
func (s *Service) ActivityStatistics(ctx context.Context, p access.Principal, id, key string) ([]Statistics, error) {
	d, _, err := s.FindDefinition(ctx, id, key)
	if err != nil {
		return nil, err
	}
	running, err := s.running(ctx, p, Query{values: map[string]any{"processDefinitionId": d.ID.String()}})
	if err != nil {
		return nil, err
	}
	list, at := []Statistics{}, map[string]int{}
	entry := func(node string) *Statistics {
		if _, known := at[node]; !known {
			at[node] = len(list)
			list = append(list, Statistics{ID: node, Incidents: []IncidentCount{}})
		}
		return &list[at[node]]
	}
	for _, x := range running {
		for _, t := range x.Tokens {
			entry(t.Node).Instances++
		}
		for _, incident := range x.Incidents {
			entry(incident.Node).count(incident, x.Instance)
		}
	}
	return list, nil
}

// Unknowns gives the failure that something is not there another form.
func Unknowns(err error, other *Error) error {
	if err == nil || errors.Is(err, other) || Failure(err).Status != http.StatusNotFound {
		return err
	}
	other.cause = err
	return other
}
