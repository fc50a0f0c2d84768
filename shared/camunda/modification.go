package camunda

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/workflow"
)

// InstanceModification is the body that modifies an instance.
type InstanceModification struct {
	Annotation   string         `json:"annotation"`
	Instructions []*Instruction `json:"instructions"`
	Skips
}

// Instruction is one step of a modification, of a restart or of a start elsewhere.
type Instruction struct {
	Type               string    `json:"type"`
	Activity           string    `json:"activityId"`
	Transition         string    `json:"transitionId"`
	ActivityInstance   string    `json:"activityInstanceId"`
	TransitionInstance string    `json:"transitionInstanceId"`
	Ancestor           string    `json:"ancestorActivityInstanceId"`
	Variables          Variables `json:"variables"`
}

// instructionKinds are the product's words for Camunda's.
var instructionKinds = map[string]engine.InstructionKind{
	"cancel": engine.CancelTokens, "startBeforeActivity": engine.StartBefore, "startAfterActivity": engine.StartAfter, "startTransition": engine.StartTransition,
}

// Modify starts and ends activities of a running instance.
func (s *Service) Modify(ctx context.Context, call workflow.Call, id string, body InstanceModification) error {
	list, types, err := readInstructions(body.Instructions)
	if err != nil {
		return err
	}
	x, err := s.runningScene(ctx, call.Principal, id)
	if err != nil {
		return As(err, http.StatusInternalServerError, engineException, "Process instance '"+id+"' cannot be modified: ")
	}
	if x.State == engine.Suspended {
		return onSuspended(engine.ErrSuspended)
	}
	call.Types, call.Strict, call.SkipListeners, call.SkipMappings = types, true, body.SkipListeners, body.SkipMappings
	m := workflow.Modification{Reason: excerpt.Cut(body.Annotation, 255)}
	for n, i := range list {
		m.Instructions = append(m.Instructions, x.instructions(i, body.Instructions[n].ActivityInstance == id)...)
	}
	if len(m.Instructions) == 0 {
		return nil
	}
	_, err = s.workflow.ModifyInstance(ctx, call, x.ID, m)
	switch {
	case errors.Is(err, engine.ErrModification) && !strings.Contains(Failure(err).Message, "outgoing sequence flow"):
		return As(err, http.StatusBadRequest, notValid, "Cannot modify process instance '"+id+"': ")
	case err != nil:
		return As(err, http.StatusInternalServerError, engineException, "Cannot modify process instance '"+id+"': ")
	}
	return nil
}

// instructions are what one of Camunda's is here: none where it cancels an activity that the model does not have,
// one for each token of the process where it is about the instance as a whole.
func (x scene) instructions(i workflow.Instruction, whole bool) (list []workflow.Instruction) {
	unknown := i.NodeID != "" && x.process.Node(strings.TrimSuffix(i.NodeID, engine.WholeSuffix)) == nil
	switch {
	case i.Type == engine.CancelTokens && unknown:
		return nil
	case !whole:
		return []workflow.Instruction{i}
	}
	for _, t := range x.Tokens {
		if t.Scope == 0 {
			list = append(list, workflow.Instruction{Type: engine.CancelTokens, Token: t.Number})
		}
	}
	return list
}

// readInstructions reads the steps, and the types of all their variables by name.
func readInstructions(list []*Instruction) ([]workflow.Instruction, engine.Types, error) {
	read, types := make([]workflow.Instruction, 0, len(list)), engine.Types{}
	for _, i := range list {
		if i == nil {
			return nil, nil, BadRequest("An instruction is null")
		}
		one, more, err := i.read()
		if err != nil {
			return nil, nil, err
		}
		for name, kind := range more {
			types[name] = kind
		}
		read = append(read, one)
	}
	return read, types, nil
}

func (i *Instruction) read() (one workflow.Instruction, types engine.Types, err error) {
	one.Type = instructionKinds[i.Type]
	one.NodeID, one.FlowID = i.Activity, i.Transition
	switch one.Type {
	case "":
		return one, nil, BadRequest("For instruction type '%s': no such type", i.Type)
	case engine.CancelTokens:
		one.FlowID = ""
		if err = i.readCancelled(&one); err != nil {
			return one, nil, err
		}
	case engine.StartTransition:
		if one.NodeID = ""; i.Transition == "" {
			return one, nil, BadRequest("For instruction type 'startTransition': 'transitionId' must be set")
		}
	default:
		if one.FlowID = ""; i.Activity == "" {
			return one, nil, BadRequest("For instruction type '%s': 'activityId' must be set", i.Type)
		}
	}
	if i.Ancestor != "" {
		_, _, token, err := ParseActivityInstanceID(i.Ancestor)
		if err != nil {
			return one, nil, &Error{Status: http.StatusBadRequest, Type: notValid, Message: "Ancestor activity instance '" + i.Ancestor + "' does not exist"}
		}
		one.AncestorToken = &token
	}
	values, types, err := i.Variables.Read()
	if err != nil {
		return one, nil, As(err, http.StatusBadRequest, restException, "")
	}
	one.Variables, one.LocalVariables = i.separate(values)
	return one, types, nil
}

// separate parts the variables of the process from those of the activity alone.
func (i *Instruction) separate(values engine.Variables) (around, local engine.Variables) {
	around, local = engine.Variables{}, engine.Variables{}
	for name, value := range values {
		if i.Variables[name] != nil && i.Variables[name].Local {
			local[name] = value
		} else {
			around[name] = value
		}
	}
	return around, local
}

// readCancelled reads what a cancellation is about: an activity, or one instance of it.
func (i *Instruction) readCancelled(one *workflow.Instruction) error {
	given := i.ActivityInstance
	if given == "" {
		given = i.TransitionInstance
	}
	switch {
	case given == "" && i.Activity == "", given != "" && i.Activity != "", i.ActivityInstance != "" && i.TransitionInstance != "":
		return BadRequest("For instruction type 'cancel': exactly one, 'activityId', 'activityInstanceId', or 'transitionInstanceId', must be set")
	case given == "":
		return nil
	}
	_, _, token, err := ParseActivityInstanceID(given)
	if err != nil {
		return &Error{Status: http.StatusBadRequest, Type: notValid, Message: "Cannot perform instruction: Cancel: Activity instance '" + given + "' does not exist"}
	}
	one.Token = token
	return nil
}

// Restart is the body that starts ended instances anew.
type Restart struct {
	Instances          []string       `json:"processInstanceIds"`
	Query              map[string]any `json:"historicProcessInstanceQuery"`
	Initial            bool           `json:"initialVariables"`
	WithoutBusinessKey bool           `json:"withoutBusinessKey"`
	Instructions       []*Instruction `json:"instructions"`
}

// Restart starts ended instances anew with a definition, each by itself.
func (s *Service) Restart(ctx context.Context, call workflow.Call, definition string, body Restart) error {
	r, ids, err := s.restarts(ctx, call.Principal, definition, body)
	if err != nil {
		return err
	}
	_, types, err := readInstructions(body.Instructions)
	if err != nil {
		return err
	}
	call.Types, call.Strict = types, true
	for _, id := range ids {
		if _, err := s.workflow.RestartInstance(ctx, call, id, r); err != nil {
			return As(err, http.StatusBadRequest, invalidRequest, "Cannot restart process instance '"+id.String()+"': ")
		}
	}
	return nil
}

// restarts reads which instances are to be started anew, and how.
func (s *Service) restarts(ctx context.Context, p access.Principal, definition string, body Restart) (r workflow.Restart, ids []engine.ID, err error) {
	list, _, err := readInstructions(body.Instructions)
	if err != nil {
		return r, nil, err
	}
	if len(list) == 0 {
		return r, nil, BadRequest("Restart instructions cannot be empty")
	}
	d, _, err := s.FindDefinition(ctx, definition, "")
	if err != nil {
		return r, nil, As(err, http.StatusBadRequest, invalidRequest, "")
	}
	ids, err = s.meant(ctx, p, BatchBody{Instances: body.Instances, HistoricQuery: body.Query})
	return workflow.Restart{DefinitionID: d.ID, InitialVariables: body.Initial, WithoutBusinessKey: body.WithoutBusinessKey, Instructions: list}, ids, err
}
