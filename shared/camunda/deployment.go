package camunda

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Link leads to a thing.
type Link struct {
	Method string `json:"method"`
	Href   string `json:"href"`
	Rel    string `json:"rel"`
}

func self(base, path string) []Link { return []Link{{"GET", base + Root + path, "self"}} }

// Deployment is a set of files that were deployed together.
type Deployment struct {
	ID     string  `json:"id"`
	Name   *string `json:"name"`
	Source *string `json:"source"`
	Time   Date    `json:"deploymentTime"`
	Tenant *string `json:"tenantId"`
}

// Deployed is the answer to a deployment.
type Deployed struct {
	Links []Link `json:"links"`
	Deployment
	Definitions  map[string]Definition         `json:"deployedProcessDefinitions"`
	Cases        map[string]any                `json:"deployedCaseDefinitions"`
	Decisions    map[string]DecisionDefinition `json:"deployedDecisionDefinitions"`
	Requirements map[string]any                `json:"deployedDecisionRequirementsDefinitions"`
}

func showDeployment(d store.Deployment) Deployment {
	return Deployment{ID: d.ID.String(), Name: pointer(d.Name), Source: pointer(d.Source), Time: Date{d.DeployedAt}}
}

var deploymentSorts = sorts[Deployment]{
	"id":             func(a, b Deployment) int { return cmp.Compare(a.ID, b.ID) },
	"name":           func(a, b Deployment) int { return cmp.Compare(textOf(a.Name), textOf(b.Name)) },
	"deploymentTime": func(a, b Deployment) int { return a.Time.Compare(b.Time.Time) },
	"tenantId":       func(Deployment, Deployment) int { return 0 },
}

// Deploy deploys files and describes what came of it. base is the address of the product as the caller
// knows it.
func (s *Service) Deploy(ctx context.Context, call workflow.Call, request workflow.DeploymentRequest, base string) (Deployed, error) {
	raw, err := s.workflow.Deploy(ctx, call, request)
	if err != nil {
		return Deployed{}, err
	}
	var made workflow.DeploymentAnswer
	if err := json.Unmarshal(raw, &made); err != nil {
		return Deployed{}, err
	}
	d, err := s.deployment(ctx, made.ID)
	if err != nil {
		return Deployed{}, err
	}
	answer := Deployed{Links: self(base, "/deployment/"+d.ID), Deployment: d}
	for _, f := range made.Definitions {
		_, process, err := s.workflow.Model(ctx, f.ID)
		if err != nil {
			return answer, err
		}
		if answer.Definitions == nil {
			answer.Definitions = map[string]Definition{}
		}
		shown := showDefinition(f, process)
		answer.Definitions[shown.ID] = shown
	}
	for _, f := range made.Decisions {
		if answer.Decisions == nil {
			answer.Decisions = map[string]DecisionDefinition{}
		}
		shown := showDecision(f)
		answer.Decisions[shown.ID] = shown
	}
	return answer, nil
}

// FileKind is the kind of a file of a deployment by its name: a model, a decision, a form, or another one.
func FileKind(name string) string {
	name = strings.ToLower(name)
	switch {
	case hasSuffix(name, ".bpmn", ".bpmn20.xml"):
		return store.ModelFile
	case hasSuffix(name, ".dmn", ".dmn11.xml", ".dmn10.xml"):
		return "dmn"
	case hasSuffix(name, ".form"):
		return "form"
	}
	return "file"
}

func hasSuffix(name string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

func (s *Service) deployment(ctx context.Context, id engine.ID) (Deployment, error) {
	list, err := s.store.Deployments(ctx, store.DeploymentFilter{ID: id}, 1)
	if err == nil && len(list) == 0 {
		err = NotFound("Deployment with id '%s' does not exist", id)
	}
	if err != nil {
		return Deployment{}, err
	}
	return showDeployment(list[0]), nil
}

// Deployment returns one deployment.
func (s *Service) Deployment(ctx context.Context, id string) (Deployment, error) {
	parsed, err := engine.ParseID(id)
	if err != nil {
		return Deployment{}, NotFound("Deployment with id '%s' does not exist", id)
	}
	return s.deployment(ctx, parsed)
}

// Deployments lists deployments.
func (s *Service) Deployments(ctx context.Context, _ access.Principal, q Query) ([]Deployment, int, error) {
	rows, err := s.store.Deployments(ctx, store.DeploymentFilter{Name: q.Text("name")}, most)
	if err != nil {
		return nil, 0, err
	}
	var list []Deployment
	for _, row := range slices.Backward(rows) {
		d := showDeployment(row)
		if q.is("id", d.ID) && q.like("nameLike", row.Name) && q.is("source", row.Source) && q.holds("withoutSource", row.Source == "") &&
			q.before("before", row.DeployedAt) && q.after("after", row.DeployedAt) && q.unowned() {
			list = append(list, d)
		}
	}
	return finish(q, list, deploymentSorts)
}

// Resource is a file of a deployment.
type Resource struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	DeploymentID string `json:"deploymentId"`
}

// resourceID names a file of a deployment: the product knows it by its name.
func resourceID(deployment engine.ID, name string) string {
	sum := sha256.Sum256(append(deployment[:], name...))
	return engine.ID(sum[:16]).String()
}

// Resources lists the files of a deployment.
func (s *Service) Resources(ctx context.Context, deployment string) ([]Resource, error) {
	id, err := engine.ParseID(deployment)
	if err != nil {
		return nil, NotFound("Deployment resources for deployment id '%s' do not exist.", deployment)
	}
	files, err := s.store.Resources(ctx, id)
	if err == nil && len(files) == 0 {
		err = NotFound("Deployment resources for deployment id '%s' do not exist.", deployment)
	}
	list := make([]Resource, 0, len(files))
	for _, f := range files {
		list = append(list, Resource{resourceID(id, f.Name), f.Name, deployment})
	}
	return list, err
}

// Resource returns a file of a deployment by its id.
func (s *Service) Resource(ctx context.Context, deployment, id string) (Resource, error) {
	list, err := s.Resources(ctx, deployment)
	if err != nil {
		return Resource{}, err
	}
	for _, f := range list {
		if f.ID == id {
			return f, nil
		}
	}
	return Resource{}, NotFound("Deployment resource with resource id '%s' for deployment id '%s' does not exist.", id, deployment)
}

// ResourceContent returns the bytes of a file of a deployment.
func (s *Service) ResourceContent(ctx context.Context, deployment, id string) ([]byte, string, error) {
	f, err := s.Resource(ctx, deployment, id)
	if err != nil {
		return nil, "", err
	}
	parsed, err := engine.ParseID(deployment)
	if err != nil {
		return nil, "", err
	}
	content, err := s.store.Resource(ctx, parsed, f.Name)
	return content, f.Name, err
}

// DeleteDeployment deletes a deployment with its definitions, and with their instances when it cascades.
func (s *Service) DeleteDeployment(ctx context.Context, call workflow.Call, id string, cascade bool) error {
	gone := NotFound("Deployment with id '%s' do not exist", id)
	parsed, err := engine.ParseID(id)
	if err != nil {
		return gone
	}
	return Unknowns(s.workflow.DeleteDeployment(ctx, call, parsed, cascade), gone)
}

// DeleteDefinition deletes one definition, or all versions of a key.
func (s *Service) DeleteDefinition(ctx context.Context, call workflow.Call, id, key string, cascade bool) error {
	if key == "" {
		d, _, err := s.FindDefinition(ctx, id, "")
		if err != nil {
			return err
		}
		return s.workflow.DeleteDefinition(ctx, call, d.ID, cascade)
	}
	versions, err := s.store.Definitions(ctx, store.DefinitionFilter{Key: key}, all(""))
	if err == nil && len(versions.Items) == 0 {
		err = NotFound("No process definition found with key '%s'", key)
	}
	for _, d := range versions.Items {
		if err == nil {
			err = s.workflow.DeleteDefinition(ctx, call, d.ID, cascade)
		}
	}
	return err
}
