package camunda

import (
	"context"
	"errors"
	"net/http"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/workflow"
)

// Message is the body that correlates a message.
type Message struct {
	Name          string    `json:"messageName"`
	BusinessKey   string    `json:"businessKey"`
	Keys          Variables `json:"correlationKeys"`
	LocalKeys     Variables `json:"localCorrelationKeys"`
	Variables     Variables `json:"processVariables"`
	Local         Variables `json:"processVariablesLocal"`
	Triggered     Variables `json:"processVariablesToTriggeredScope"`
	Instance      string    `json:"processInstanceId"`
	Tenant        string    `json:"tenantId"`
	All           bool      `json:"all"`
	Result        bool      `json:"resultEnabled"`
	WithValues    bool      `json:"variablesInResultEnabled"`
	WithoutTenant bool      `json:"withoutTenantId"`
}

// check refuses what Camunda refuses before it looks for whoever waits.
func (body Message) check() error {
	switch {
	case body.Name == "":
		return &Error{Status: http.StatusBadRequest, Type: invalidRequest, Message: "No message name supplied"}
	case body.Tenant != "" && body.WithoutTenant:
		return BadRequest("Parameter 'tenantId' cannot be used together with parameter 'withoutTenantId'.")
	case body.WithValues && !body.Result:
		return BadRequest("Parameter 'variablesInResultEnabled' cannot be used without 'resultEnabled' set to true.")
	case body.Instance != "" && (body.WithoutTenant || body.Tenant != ""):
		return &Error{Status: http.StatusBadRequest, Type: "BadUserRequestException", Message: "Cannot specify a tenant-id when correlating by process instance"}
	}
	return nil
}

// Correlated is what became of a message.
type Correlated struct {
	Type      string     `json:"resultType"`
	Execution *Execution `json:"execution"`
	Instance  *Instance  `json:"processInstance"`
	Variables Values     `json:"variables,omitempty"`
}

// Correlate delivers a message.
func (s *Service) Correlate(ctx context.Context, call workflow.Call, body Message, base string) ([]Correlated, error) {
	if err := body.check(); err != nil {
		return nil, err
	}
	m := workflow.Message{Name: body.Name, BusinessKey: body.BusinessKey, All: body.All, Local: engine.Variables{}, Starts: true}
	for _, part := range []struct {
		from Variables
		to   *engine.Variables
	}{{body.Keys, &m.CorrelationKeys}, {body.LocalKeys, &m.LocalKeys}, {body.Variables, &m.Variables}} {
		values, types, err := part.from.Read()
		if err != nil {
			return nil, As(err, http.StatusBadRequest, invalidRequest, "Cannot deliver message: ")
		}
		*part.to = values
		if part.to == &m.Variables {
			call.Types = types
		}
	}
	if err := body.addLocal(&m, call.Types); err != nil {
		return nil, err
	}
	if body.Instance != "" {
		id, err := engine.ParseID(body.Instance)
		if err != nil {
			return nil, mismatching(body.Name, err)
		}
		m.InstanceID = id
	}
	call.Strict = true
	c, err := s.workflow.Correlate(ctx, call, m, nil)
	switch {
	case errors.Is(err, workflow.ErrNoSubscription) && body.All:
		c = &workflow.Correlation{}
	case errors.Is(err, workflow.ErrNoSubscription) || errors.Is(err, workflow.ErrAmbiguous):
		return nil, mismatching(body.Name, err)
	case err != nil:
		return nil, err
	}
	if !body.Result {
		return nil, nil
	}
	return s.correlated(ctx, c, body.WithValues, base)
}

// addLocal adds the variables that are for the scope of the event alone, and those for what it triggers.
func (body Message) addLocal(m *workflow.Message, types engine.Types) error {
	for i, from := range []Variables{body.Local, body.Triggered} {
		values, more, err := from.Read()
		if err != nil {
			return As(err, http.StatusBadRequest, restException, "")
		}
		for name, value := range values {
			if i == 0 {
				m.Local[name] = value
			} else {
				m.Variables[name] = value
			}
			if more[name] != "" {
				types[name] = more[name]
			}
		}
	}
	return nil
}

// unheard says why a message was not correlated, where nobody waits in Camunda's words.
func unheard(cause error) string {
	if errors.Is(cause, workflow.ErrNoSubscription) {
		return "No process definition or execution matches the parameters"
	}
	return Failure(cause).Message
}

func mismatching(name string, cause error) *Error {
	return &Error{Status: http.StatusBadRequest, Type: restException, Message: "org.camunda.bpm.engine.MismatchingMessageCorrelationException: Cannot correlate message '" + name + "': " + unheard(cause), cause: cause}
}

func (s *Service) correlated(ctx context.Context, c *workflow.Correlation, variables bool, base string) ([]Correlated, error) {
	list := make([]Correlated, 0, len(c.Results))
	for _, r := range c.Results {
		one := Correlated{Type: "Execution"}
		in, err := s.store.LoadInstance(ctx, r.InstanceID)
		if err != nil {
			return nil, err
		}
		if r.Started {
			shown, err := s.started(ctx, r.InstanceID, false, base)
			if err != nil {
				return nil, err
			}
			one.Type, one.Instance = "ProcessDefinition", &shown
		} else {
			one.Execution = &Execution{ID: ExecutionID(r.InstanceID, r.Token), Instance: r.InstanceID.String(), Ended: true}
		}
		if variables {
			one.Variables = ShowAll(in.Scopes[0].Variables, in.Scopes[0].Types, false)
		}
		list = append(list, one)
	}
	return list, nil
}

// Signal is the body that throws a signal.
type Signal struct {
	Name      string    `json:"name"`
	Execution string    `json:"executionId"`
	Variables Variables `json:"variables"`
	Tenant    string    `json:"tenantId"`
}

// Throw throws a signal to everybody who waits for it, or to one execution.
func (s *Service) Throw(ctx context.Context, call workflow.Call, body Signal) error {
	if body.Name == "" {
		return BadRequest("No signal name given")
	}
	values, types, err := body.Variables.Read()
	if err != nil {
		return As(err, http.StatusBadRequest, restException, "")
	}
	call.Types, call.Strict = types, true
	if body.Execution == "" {
		_, err = s.workflow.ThrowSignal(ctx, call, body.Name, values)
		return err
	}
	instance, token, err := ParseExecutionID(body.Execution)
	if err == nil {
		err = s.workflow.SignalTo(ctx, call, workflow.Message{Name: body.Name, InstanceID: instance, Token: token, Variables: values})
	}
	if err != nil {
		return As(err, http.StatusInternalServerError, restException, "Cannot find execution with id '"+body.Execution+"' that waits for the signal '"+body.Name+"': ")
	}
	return nil
}

// Trigger delivers a message to one execution.
func (s *Service) Trigger(ctx context.Context, call workflow.Call, id, message string, variables Variables) error {
	x, token, err := s.execution(ctx, call.Principal, id)
	if err != nil {
		return Unknown(err, http.StatusInternalServerError, "Cannot trigger message "+message+" for execution "+id+": ")
	}
	m := workflow.Message{Name: message, InstanceID: x.ID, Token: token}
	if m.Variables, call.Types, err = variables.Read(); err != nil {
		return As(err, http.StatusBadRequest, restException, "")
	}
	call.Strict = true
	_, err = s.workflow.Correlate(ctx, call, m, nil)
	if err != nil {
		return As(err, http.StatusInternalServerError, restException, "Cannot trigger message "+message+" for execution "+id+": ")
	}
	return nil
}
