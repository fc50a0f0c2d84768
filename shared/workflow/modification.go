package workflow

import (
	"context"
	"encoding/json"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// ErrNotOperator: only operators may.
var ErrNotOperator = fault.New(fault.Forbidden, "not_an_operator", "Only operators may do that.")

// maxInstructions bounds what one modification, or one plan of a migration, says.
const maxInstructions = 1000

// Modification is what is started, ended and moved in an instance, in order, as one step. Reason is for
// those who read the timeline.
type Modification struct {
	Reason       string        `json:"reason"`
	Instructions []Instruction `json:"instructions" api:"required"`
}

// Instruction is one thing that a modification does. Type is startBefore or startAfter (nodeId),
// startTransition (flowId), cancel (nodeId or token), or move (fromNodeId or token, to nodeId). The id of a
// multi-instance activity names one instance of it, with #multiInstanceBody behind it the whole. Tokens are
// those of /instances/{id}/activity. AncestorToken is the token at the sub-process in which to start, 0 the
// process itself: needed where several are active, and to enter another one.
type Instruction struct {
	Type           engine.InstructionKind `json:"type" api:"required"`
	NodeID         string                 `json:"nodeId,omitempty"`
	FlowID         string                 `json:"flowId,omitempty"`
	FromNodeID     string                 `json:"fromNodeId,omitempty"`
	Token          int                    `json:"token,omitempty"`
	AncestorToken  *int                   `json:"ancestorToken,omitempty"`
	Variables      engine.Variables       `json:"variables,omitempty"`
	LocalVariables engine.Variables       `json:"localVariables,omitempty"`
}

// ModifyInstance modifies an instance that has not ended, also a suspended one. Operators may. It returns
// engine.ErrModification, which names each instruction that cannot be done; then nothing has changed.
func (s *Service) ModifyInstance(ctx context.Context, call Call, id engine.ID, m Modification) (json.RawMessage, error) {
	return s.operate(ctx, call, id, Operation{Kind: ModifyOperation, Modify: &m})
}

func (m Modification) action() (engine.Action, error) {
	list, err := steps(m.Instructions)
	if err == nil && len(list) == 0 {
		err = engine.ErrModification.With(fault.Detail{Pointer: "/instructions", Code: engine.ErrModification.Code, Detail: "There is no instruction."})
	}
	if err == nil {
		err = checkTexts("", m.Reason)
	}
	return engine.Modify{Instructions: list, Reason: m.Reason}, err
}

func steps(list []Instruction) ([]engine.Instruction, error) {
	if len(list) > maxInstructions {
		return nil, engine.ErrModification.Withf("There are more than %d instructions.", maxInstructions)
	}
	converted := make([]engine.Instruction, 0, len(list))
	for _, i := range list {
		for _, variables := range []engine.Variables{i.Variables, i.LocalVariables} {
			if err := checkVariables(variables); err != nil {
				return nil, err
			}
		}
		converted = append(converted, engine.Instruction{
			Kind: i.Type, Node: i.NodeID, Flow: i.FlowID, From: i.FromNodeID, Token: i.Token, Ancestor: i.AncestorToken,
			Variables: i.Variables, Local: i.LocalVariables,
		})
	}
	return converted, nil
}

// StartElsewhere starts a definition at other places than its start event: the instructions start
// something. Operators may. The errors are those of StartDefinition and ModifyInstance.
func (s *Service) StartElsewhere(ctx context.Context, call Call, definition engine.ID, request StartRequest, list []Instruction) (json.RawMessage, error) {
	if !call.Principal.Can(access.WorkflowOperate) {
		return nil, ErrNotOperator
	}
	instructions, err := steps(list)
	if err != nil {
		return nil, err
	}
	if err := checkBusinessKey(request.BusinessKey); err != nil {
		return nil, err
	}
	if err := checkVariables(request.Variables); err != nil {
		return nil, err
	}
	return s.begin(ctx, call, beginning{request: request, definition: definition, elsewhere: instructions, answer: startedAnswer})
}

func startedAnswer(r *result) any {
	return Started{Instance: store.ShowInstance(r.after), Tasks: created(r)}
}
