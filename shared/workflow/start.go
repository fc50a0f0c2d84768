package workflow

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// StartRequest is what a caller gives to start a process.
type StartRequest struct {
	BusinessKey string           `json:"businessKey"`
	Variables   engine.Variables `json:"variables"`
	// Form holds the variables against the fields of the start form, and adds the default values of fields
	// that are absent.
	Form bool `json:"form,omitempty"`
	// FormID is the form that was filled in, as in Completion.
	FormID engine.ID `json:"formId,omitzero"`
	// Lenient is as in Completion.
	Lenient bool `json:"-"`
	// OnBehalfOf is the username of who is the starter then, which takes the right WORKFLOW_START_FOR.
	OnBehalfOf string `json:"onBehalfOf,omitempty"`
	// Department is the code of the post in which the starter starts; empty: the main one.
	Department string `json:"department,omitempty"`
}

// Started is the answer to a start: the instance and the tasks that it opened.
type Started struct {
	Instance store.Instance `json:"instance"`
	Tasks    []store.Task   `json:"tasks"`
}

// StartProcess starts the latest version of a process. It returns store.ErrNoDefinition or
// ErrSuspendedDefinition.
func (s *Service) StartProcess(ctx context.Context, call Call, key string, request StartRequest) (json.RawMessage, error) {
	return s.start(ctx, call, beginning{request: request, key: key})
}

// StartDefinition starts one version of a process. It returns store.ErrNoDefinition or
// ErrSuspendedDefinition.
func (s *Service) StartDefinition(ctx context.Context, call Call, id engine.ID, request StartRequest) (json.RawMessage, error) {
	return s.start(ctx, call, beginning{request: request, definition: id})
}

// start is a start that somebody asks for by name.
func (s *Service) start(ctx context.Context, call Call, b beginning) (json.RawMessage, error) {
	if err := checkBusinessKey(b.request.BusinessKey); err != nil {
		return nil, err
	}
	if err := checkVariables(b.request.Variables); err != nil {
		return nil, err
	}
	if err := s.checkStarter(ctx, call.Principal, b.request); err != nil {
		return nil, err
	}
	b.may = func(d *definition) error {
		if call.steward() {
			return nil
		}
		return mayStart(call.Principal, d.process)
	}
	b.answer, b.fill = startedAnswer, s.fillStart
	return s.begin(ctx, call, b)
}

// beginning is how an instance comes into being: by the none start event of the latest version of a
// key or of one definition, or by the start event node, which a message or a timer has triggered and
// which only the latest version has.
type beginning struct {
	request    StartRequest
	key        string
	definition engine.ID
	node       string
	elsewhere  []engine.Instruction    // instead of at a start event
	may        func(*definition) error // nil: nobody is asked
	answer     func(*result) any
	fill       func(context.Context, Call, filling) (engine.Variables, error) // nil: no form is filled in
	status     int                                                            // of the recorded answer; 0 is 201
	origin     engine.ID                                                      // the instance that it is made of; zero: none
	number     string                                                         // that it was given
	hops       int                                                            // instances that started one another by messages before it
	called     engine.ID                                                      // the id that the instance is to have; zero: a new one
	by         *engine.CalledBy
	delivery   *store.Delivery
	timer      *store.StartTimer
}

func (b beginning) load(ctx context.Context, s *Service) (*subject, error) {
	if b.key != "" {
		d, err := s.latestDefinition(ctx, b.key)
		return &subject{definition: d, latest: true}, err
	}
	d, err := s.definition(ctx, b.definition)
	return &subject{definition: d, latest: b.node != ""}, err
}

func (s *Service) begin(ctx context.Context, call Call, b beginning) (json.RawMessage, error) {
	instance, attempts := cmp.Or(b.called, s.newID()), 0
	load := func(ctx context.Context) (*subject, error) { return b.load(ctx, s) }
	return s.Execute(ctx, call, trigger{
		status: cmp.Or(b.status, http.StatusCreated), delivery: b.delivery, timer: b.timer, answer: b.answer,
		load: func(ctx context.Context) (*subject, error) {
			if attempts++; attempts > 1 { // the guard of the batch did not hold: look again
				return s.reload(ctx, load)
			}
			return load(ctx)
		},
		decide: func(sub *subject) (engine.Action, error) {
			if sub.definition.Suspended {
				return nil, ErrSuspendedDefinition
			}
			if b.node != "" && attempts > 1 && !sub.definition.Latest {
				return nil, store.ErrNoDefinition
			}
			variables, err := b.variables(ctx, call, sub.definition, instance)
			if err != nil {
				return nil, err
			}
			if err := s.number(ctx, &b, sub.definition.process); err != nil {
				return nil, err
			}
			start := engine.Start{
				For: b.request.OnBehalfOf, Request: engine.Request{Number: b.number, Department: b.request.Department, OriginID: b.origin},
				Node: b.node, Hops: b.hops, InstanceID: instance, DefinitionID: sub.definition.ID, ProcessVersion: sub.definition.Version,
				BusinessKey: b.request.BusinessKey, CalledBy: b.by, Variables: variables, Form: b.request.Form,
			}
			if len(b.elsewhere) > 0 {
				return engine.StartAt{Start: start, Instructions: b.elsewhere}, nil
			}
			return start, nil
		},
	})
}

// variables are those with which the instance begins, for those who may start it.
func (b beginning) variables(ctx context.Context, call Call, d *definition, instance engine.ID) (engine.Variables, error) {
	if b.may != nil {
		if err := b.may(d); err != nil {
			return nil, err
		}
	}
	if b.fill == nil {
		return b.request.Variables, nil
	}
	return b.fill(ctx, call, filling{
		definition: d, instance: instance, values: b.request.Variables, formID: b.request.FormID, lenient: b.request.Lenient && !b.request.Form,
	})
}

// reload forgets what this process knew of the definition and loads it again.
func (s *Service) reload(ctx context.Context, load func(context.Context) (*subject, error)) (*subject, error) {
	sub, err := load(ctx)
	if err != nil {
		return nil, err
	}
	s.definitions.Invalidate(sub.definition.ID)
	s.latest.Invalidate(sub.definition.Key)
	return load(ctx)
}

// created returns the tasks that a step opened and that are still open.
func created(r *result) []store.Task {
	tasks := []store.Task{}
	for _, c := range r.changes {
		if c.Kind != engine.TaskCreated {
			continue
		}
		if t := r.after.Task(c.Task.ID); t != nil {
			tasks = append(tasks, store.ShowTask(r.after, *t))
		}
	}
	return tasks
}

// Failures of what a caller sends.
var (
	ErrVariableTooLarge = fault.New(fault.TooLarge, "variable_too_large", "A variable is larger than 256 KiB.")
	ErrVariableName     = fault.New(fault.Invalid, "bad_variable_name", "A variable's name has 1 to 255 characters.")
	ErrBusinessKey      = fault.New(fault.Invalid, "bad_business_key", "A business key has at most 255 characters.")
	ErrNotStarter       = fault.New(fault.Forbidden, "not_a_starter", "The process may be started by others only.")
)
