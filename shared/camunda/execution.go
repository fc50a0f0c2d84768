package camunda

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/workflow"
)

func sortedNames(v engine.Variables) []string { return slices.Sorted(maps.Keys(v)) }

// Execution is a token, or a process instance as a whole.
type Execution struct {
	ID       string  `json:"id"`
	Instance string  `json:"processInstanceId"`
	Ended    bool    `json:"ended"`
	Tenant   *string `json:"tenantId"`

	scene scene
	token *engine.Token
}

var executionSorts = sorts[Execution]{
	"instanceId":    func(a, b Execution) int { return cmp.Compare(a.Instance, b.Instance) },
	"definitionKey": func(a, b Execution) int { return cmp.Compare(a.scene.ProcessKey, b.scene.ProcessKey) },
	"definitionId":  func(a, b Execution) int { return cmp.Compare(a.scene.definition(), b.scene.definition()) },
	"tenantId":      func(Execution, Execution) int { return 0 },
}

// Executions lists the executions of running instances: each of them as a whole, and each token.
func (s *Service) Executions(ctx context.Context, p access.Principal, q Query) ([]Execution, int, error) {
	variables, err := q.conditions("variables")
	if err != nil {
		return nil, 0, err
	}
	ofProcess, err := q.conditions("processVariables")
	if err != nil {
		return nil, 0, err
	}
	if key := q.Text("businessKey"); key != "" {
		q = q.with("processInstanceBusinessKey", key)
	}
	running, err := s.running(ctx, p, q)
	if err != nil {
		return nil, 0, err
	}
	var list []Execution
	for _, x := range running {
		if !ofProcess.hold(x.Scopes[0].Variables) || !q.holds("active", x.State == engine.Active) || !q.holds("suspended", x.State == engine.Suspended) {
			continue
		}
		for _, e := range x.executions() {
			if q.wantsExecution(e) && variables.hold(e.own()) {
				list = append(list, e)
			}
		}
	}
	return finish(q, list, executionSorts)
}

func (x scene) executions() []Execution {
	list := []Execution{{ID: x.ID.String(), Instance: x.ID.String(), scene: x}}
	for i := range x.Tokens {
		list = append(list, Execution{ID: ExecutionID(x.ID, x.Tokens[i].Number), Instance: x.ID.String(), scene: x, token: &x.Tokens[i]})
	}
	return list
}

// own are the variables of an execution: of its own scope, or of the process where it has none.
func (e Execution) own() engine.Variables {
	if e.token != nil {
		if own := e.scene.Own(e.token.Number); own != nil {
			return own.Variables
		}
	}
	return e.scene.Scopes[0].Variables
}

func (q Query) wantsExecution(e Execution) bool {
	node, number := "", 0
	if e.token != nil {
		node, number = e.token.Node, e.token.Number
	}
	return q.is("executionId", e.ID) && q.is("activityId", node) && q.wantsEvent(e, number) && q.wantsIncident(e, number) && q.unowned()
}

// wantsEvent holds the filters by what an execution waits for.
func (q Query) wantsEvent(e Execution, token int) bool {
	for name, signal := range map[string]bool{"messageEventSubscriptionName": false, "signalEventSubscriptionName": true} {
		if q.Has(name) && !slices.ContainsFunc(e.scene.Subscriptions, func(s engine.Subscription) bool {
			return e.scene.Waiter(s) == token && s.Signal == signal && s.Message == q.Text(name)
		}) {
			return false
		}
	}
	return !q.Flag("messageEventSubscriptions") || slices.ContainsFunc(e.scene.Subscriptions, func(s engine.Subscription) bool {
		return e.scene.Waiter(s) == token && !s.Signal && !s.Condition && s.Message != ""
	})
}

func (q Query) wantsIncident(e Execution, token int) bool {
	if !q.Has("incidentId") && !q.Has("incidentType") && !q.Has("incidentMessage") && !q.Has("incidentMessageLike") {
		return true
	}
	return slices.ContainsFunc(e.scene.Incidents, func(i engine.Incident) bool {
		return i.Token == token && q.is("incidentId", i.ID.String()) && q.is("incidentType", incidentType(e.scene.Instance, i)) &&
			q.is("incidentMessage", i.Message) && q.like("incidentMessageLike", i.Message)
	})
}

// execution finds what an id of an execution names: a token, or 0 for the instance as a whole.
func (s *Service) execution(ctx context.Context, p access.Principal, id string) (scene, int, error) {
	gone := NotFound("Execution with id %s does not exist", id)
	instance, token, err := ParseExecutionID(id)
	if err != nil {
		return scene{}, 0, gone
	}
	x, err := s.scene(ctx, p, instance)
	if err != nil {
		return x, 0, Unknowns(err, gone)
	}
	if x.State.Ended() || token > 0 && x.Token(token) == nil {
		return x, 0, gone
	}
	return x, token, nil
}

// Execution returns one execution.
func (s *Service) Execution(ctx context.Context, p access.Principal, id string) (Execution, error) {
	x, _, err := s.execution(ctx, p, id)
	if err != nil {
		return Execution{}, err
	}
	return Execution{ID: id, Instance: x.ID.String()}, nil
}

// SignalExecution lets a token go on that waits for it. The instance as a whole stands for its only token.
func (s *Service) SignalExecution(ctx context.Context, call workflow.Call, id string, variables Variables) error {
	x, token, err := s.execution(ctx, call.Principal, id)
	if err != nil {
		return Unknown(err, 400, "Cannot signal execution "+id+": ")
	}
	if token == 0 && len(x.Tokens) == 1 {
		token = x.Tokens[0].Number
	}
	action := engine.SignalToken{Token: token}
	if action.Variables, call.Types, err = variables.Read(); err != nil {
		return As(err, 400, restException, "Cannot signal execution "+id+": ")
	}
	call.Strict = true
	_, err = s.workflow.SignalToken(ctx, call, x.ID, action)
	return err
}
