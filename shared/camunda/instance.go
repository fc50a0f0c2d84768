package camunda

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Instance is a process instance.
type Instance struct {
	Links         []Link  `json:"links"`
	ID            string  `json:"id"`
	Definition    string  `json:"definitionId"`
	DefinitionKey string  `json:"definitionKey"`
	BusinessKey   *string `json:"businessKey"`
	CaseInstance  *string `json:"caseInstanceId"`
	Ended         bool    `json:"ended"`
	Suspended     bool    `json:"suspended"`
	Tenant        *string `json:"tenantId"`
	Variables     Values  `json:"variables,omitempty"`
}

func showInstance(i store.Instance) Instance {
	return Instance{
		Links: []Link{}, ID: i.ID.String(), Definition: DefinitionID(i.ProcessKey, i.ProcessVersion, i.DefinitionID), DefinitionKey: i.ProcessKey,
		BusinessKey: i.BusinessKey, Ended: i.State.Ended(), Suspended: i.State == engine.Suspended,
	}
}

var instanceSorts = sorts[Instance]{
	"instanceId":    func(a, b Instance) int { return cmp.Compare(a.ID, b.ID) },
	"definitionKey": func(a, b Instance) int { return cmp.Compare(a.DefinitionKey, b.DefinitionKey) },
	"definitionId":  func(a, b Instance) int { return cmp.Compare(a.Definition, b.Definition) },
	"businessKey":   func(a, b Instance) int { return cmp.Compare(textOf(a.BusinessKey), textOf(b.BusinessKey)) },
	"tenantId":      func(Instance, Instance) int { return 0 },
}

// Instances lists running process instances.
func (s *Service) Instances(ctx context.Context, p access.Principal, q Query) ([]Instance, int, error) {
	list, err := either(q, func(i Instance) string { return i.ID }, func(q Query) ([]Instance, error) { return s.shownInstances(ctx, p, q) })
	if err != nil {
		return nil, 0, err
	}
	return finish(q, list, instanceSorts)
}

func (s *Service) shownInstances(ctx context.Context, p access.Principal, q Query) ([]Instance, error) {
	conditions, err := q.conditions("variables")
	if err != nil {
		return nil, err
	}
	rows, err := s.instances(ctx, p, q, store.InstanceFilter{Running: true, BusinessKey: q.Text("businessKey")})
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(row store.Instance) bool { return !q.wantsInstance(row) })
	scenes := map[engine.ID]scene{}
	if len(conditions) > 0 || q.deep() {
		ids := make([]engine.ID, len(rows))
		for i, row := range rows {
			ids[i] = row.ID
		}
		if scenes, err = s.scenes(ctx, ids); err != nil {
			return nil, err
		}
	}
	incidents, err := s.incidents(ctx, slices.Collect(maps.Values(scenes)))
	if err != nil {
		return nil, err
	}
	var list []Instance
	for _, row := range rows {
		if x, loaded := scenes[row.ID]; !loaded || conditions.hold(x.Scopes[0].Variables) && q.wantsScene(x, incidents[x.ID]) {
			list = append(list, showInstance(row))
		}
	}
	return list, nil
}

func (q Query) wantsInstance(i store.Instance) bool {
	return q.in("processInstanceIds", i.ID.String()) && q.in("processDefinitionKeyIn", i.ProcessKey) && q.notIn("processDefinitionKeyNotIn", i.ProcessKey) &&
		q.like("businessKeyLike", textOf(i.BusinessKey)) && q.holds("active", i.State == engine.Active) && q.holds("suspended", i.State == engine.Suspended) &&
		q.holds("rootProcessInstances", i.ParentID == nil) && !q.Has("superCaseInstance") && !q.Has("caseInstanceId") && q.unowned()
}

// deep reports whether a query of instances is about what is in them.
func (q Query) deep() bool {
	for _, name := range []string{"withIncident", "incidentId", "incidentType", "incidentMessage", "incidentMessageLike", "activityIdIn"} {
		if q.Has(name) {
			return true
		}
	}
	return false
}

func (q Query) wantsScene(x scene, incidents []Incident) bool {
	if q.Has("activityIdIn") {
		found := false
		for _, t := range x.Tokens {
			found = found || q.in("activityIdIn", t.Node)
		}
		if !found {
			return false
		}
	}
	if !q.Flag("withIncident") && !q.Has("incidentId") && !q.Has("incidentType") && !q.Has("incidentMessage") && !q.Has("incidentMessageLike") {
		return true
	}
	return slices.ContainsFunc(incidents, func(i Incident) bool {
		return q.is("incidentId", i.ID) && q.is("incidentType", i.Type) && q.is("incidentMessage", textOf(i.Message)) && q.like("incidentMessageLike", textOf(i.Message))
	})
}

// runningScene loads an instance that runs and that the principal may see.
func (s *Service) runningScene(ctx context.Context, p access.Principal, id string) (scene, error) {
	gone := NotFound("Process instance with id %s does not exist", id)
	parsed, err := engine.ParseID(id)
	if err != nil {
		return scene{}, gone
	}
	x, err := s.scene(ctx, p, parsed)
	if err == nil && x.State.Ended() {
		err = gone
	}
	return x, Unknowns(err, gone)
}

// Instance returns one running process instance.
func (s *Service) Instance(ctx context.Context, p access.Principal, id string) (Instance, error) {
	x, err := s.runningScene(ctx, p, id)
	if err != nil {
		return Instance{}, err
	}
	return showInstance(store.ShowInstance(x.Instance)), nil
}

// StartRequest is the body of a start.
type StartRequest struct {
	ID   string `json:"-"` // of the definition, or
	Key  string `json:"-"` // of the process
	Base string `json:"-"` // the address of the product as the caller knows it
	Form bool   `json:"-"` // the variables are those of the start form

	BusinessKey  string         `json:"businessKey"`
	Variables    Variables      `json:"variables"`
	Instructions []*Instruction `json:"startInstructions"`
	Return       bool           `json:"withVariablesInReturn"`
	Skips
}

// Skips says what a command passes over.
type Skips struct {
	SkipListeners bool `json:"skipCustomListeners"`
	SkipMappings  bool `json:"skipIoMappings"`
}

// Start starts an instance of the definition with the id, or of the latest of the key.
func (s *Service) Start(ctx context.Context, call workflow.Call, body StartRequest) (Instance, error) {
	d, _, err := s.FindDefinition(ctx, body.ID, body.Key)
	if err != nil && body.Key != "" {
		err = As(err, http.StatusNotFound, restException, "")
	}
	if err != nil {
		return Instance{}, err
	}
	request := workflow.StartRequest{BusinessKey: body.BusinessKey, Form: body.Form, Lenient: !body.Form}
	if request.Variables, call.Types, err = body.Variables.Read(); err != nil {
		return Instance{}, As(err, 400, invalidRequest, "Cannot instantiate process definition "+DefinitionID(d.Key, d.Version, d.ID)+": ")
	}
	elsewhere, types, err := readInstructions(body.Instructions)
	if err != nil {
		return Instance{}, err
	}
	maps.Copy(call.Types, types)
	call.Strict, call.Steward, call.SkipListeners, call.SkipMappings = true, true, body.SkipListeners, body.SkipMappings
	if len(body.Instructions) == 0 && (body.SkipListeners || body.SkipMappings) {
		return Instance{}, failed(engineRefuses("Skipping of listeners or input/output mappings is only possible with start instructions"), "Cannot instantiate process definition "+DefinitionID(d.Key, d.Version, d.ID)+": ")
	}
	raw, err := s.begin(ctx, call, d.ID, request, elsewhere)
	if err != nil {
		return Instance{}, formFailed(err, "Cannot instantiate process definition "+DefinitionID(d.Key, d.Version, d.ID)+": ")
	}
	var started workflow.Started
	if err := json.Unmarshal(raw, &started); err != nil {
		return Instance{}, err
	}
	return s.started(ctx, started.Instance.ID, body.Return, body.Base)
}

// begin starts an instance at its start event, or where the instructions say.
func (s *Service) begin(ctx context.Context, call workflow.Call, definition engine.ID, request workflow.StartRequest, elsewhere []workflow.Instruction) (json.RawMessage, error) {
	if len(elsewhere) == 0 {
		return s.workflow.StartDefinition(ctx, call, definition, request)
	}
	return s.workflow.StartElsewhere(ctx, call, definition, request, elsewhere)
}

// started shows an instance as it is after all that its start has caused.
func (s *Service) started(ctx context.Context, id engine.ID, variables bool, base string) (Instance, error) {
	in, err := s.store.LoadInstance(ctx, id)
	if err != nil {
		return Instance{}, err
	}
	shown := showInstance(store.ShowInstance(in))
	shown.Links = self(base, "/process-instance/"+shown.ID)
	if variables {
		shown.Variables = ShowAll(in.Scopes[0].Variables, in.Scopes[0].Types, false)
	}
	return shown, nil
}

// Delete ends a running instance.
func (s *Service) Delete(ctx context.Context, call workflow.Call, id, reason string, q Query) error {
	x, err := s.runningScene(ctx, call.Principal, id)
	if err != nil {
		if Failure(err).Status == 404 && q.Has("failIfNotExists") && !q.Flag("failIfNotExists") {
			return nil
		}
		return err
	}
	call.Strict, call.SkipListeners, call.SkipMappings = true, q.Flag("skipCustomListeners"), q.Flag("skipIoMappings")
	_, err = s.workflow.CancelInstance(ctx, call, x.ID, reason)
	return err
}

// Suspension is the body that suspends or resumes.
type Suspension struct {
	Suspended    bool   `json:"suspended"`
	Instances    bool   `json:"includeProcessInstances"`
	Key          string `json:"processDefinitionKey"`
	Definition   string `json:"processDefinitionId"`
	ExecutionDue Date   `json:"executionDate"`
}

// Suspend suspends or resumes an instance; that it is so already is no error.
func (s *Service) Suspend(ctx context.Context, call workflow.Call, id string, suspended bool) error {
	x, err := s.runningScene(ctx, call.Principal, id)
	if err != nil {
		if Failure(err).Status == http.StatusNotFound {
			return nil // Camunda updates what there is
		}
		return err
	}
	return s.suspend(ctx, call, x.ID, x.State, suspended)
}

func (s *Service) suspend(ctx context.Context, call workflow.Call, id engine.ID, state engine.State, suspended bool) (err error) {
	switch {
	case suspended && state == engine.Active:
		_, err = s.workflow.SuspendInstance(ctx, call, id, "")
	case !suspended && state == engine.Suspended:
		_, err = s.workflow.ResumeInstance(ctx, call, id, "")
	}
	return err
}

// SuspendInstances suspends or resumes the running instances that a query finds.
func (s *Service) SuspendInstances(ctx context.Context, call workflow.Call, q Query, suspended bool) error {
	rows, err := s.instances(ctx, call.Principal, q, store.InstanceFilter{Running: true})
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := s.suspend(ctx, call, row.ID, row.State, suspended); err != nil {
			return err
		}
	}
	return nil
}

// versions returns one definition, none where there is none, or all versions of a key.
func (s *Service) versions(ctx context.Context, id, key string) ([]store.Definition, error) {
	if key == "" {
		d, _, err := s.FindDefinition(ctx, id, "")
		if err != nil && Failure(err).Status == http.StatusNotFound {
			return nil, nil // as with instances
		}
		return []store.Definition{d}, err
	}
	rows, err := s.store.Definitions(ctx, store.DefinitionFilter{Key: key}, all(""))
	if err == nil && len(rows.Items) == 0 {
		err = &Error{Status: http.StatusNotFound, Type: restException, Message: "No matching process definition with key: " + key}
	}
	return rows.Items, err
}

// SuspendDefinition suspends or resumes one definition, or all versions of a key, with or without their
// instances.
func (s *Service) SuspendDefinition(ctx context.Context, call workflow.Call, id, key string, body Suspension) error {
	if !body.ExecutionDue.IsZero() {
		return NotImplemented("executionDate")
	}
	found, err := s.versions(ctx, id, key)
	if err != nil {
		return err
	}
	for _, d := range found {
		if _, err := s.workflow.SetDefinitionSuspended(ctx, call, d.ID, body.Suspended); err != nil {
			return err
		}
		if !body.Instances {
			continue
		}
		q := Query{values: map[string]any{"processDefinitionId": d.ID.String()}}
		if err := s.SuspendInstances(ctx, call, q, body.Suspended); err != nil {
			return err
		}
	}
	return nil
}
