package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
)

// The reasons for which an operator's command is refused.
var (
	ErrNoToken      = fault.New(fault.NotFound, "token_not_found", "The instance has no such token.")
	ErrModification = fault.New(fault.Invalid, "bad_modification", "The instance cannot be modified in this way.")
)

// InstructionKind says what an instruction of Modify does.
type InstructionKind string

// The kinds of instruction: enter a node, go on behind it, go along a sequence flow; end what is at a node
// or one token; and both at once.
const (
	StartBefore     InstructionKind = "startBefore"
	StartAfter      InstructionKind = "startAfter"
	StartTransition InstructionKind = "startTransition"
	CancelTokens    InstructionKind = "cancel"
	MoveTokens      InstructionKind = "move"
)

// WholeSuffix behind the id of a multi-instance activity names the activity as a whole. The id alone names
// one instance of it, where an instruction starts something (Camunda 7's ids of activities).
const WholeSuffix = "#multiInstanceBody"

// Instruction is one thing that Modify does.
type Instruction struct {
	Kind InstructionKind
	// Node is what is started, or of CancelTokens what is ended, or of MoveTokens where to. Flow is the
	// sequence flow of StartTransition.
	Node, Flow string
	// From is the node whose tokens MoveTokens takes. Token is the one token that is ended or moved; 0:
	// each one at the node.
	From  string
	Token int
	// Ancestor is the token at the sub-process in which to start; 0 is the process itself, nil lets the
	// engine find the one that there is. What is missing in between is entered anew.
	Ancestor *int
	// Variables are set where the token begins, as the work of a task sets them; Local are its own.
	Variables, Local Variables
}

// Modify moves, ends and starts tokens: each instruction in turn, up to where every token waits. A
// suspended instance may be modified. When an instruction has ended the last token, and none starts
// another, the instance ends cancelled (Camunda 7 ModifyProcessInstanceCmd).
type Modify struct {
	Instructions []Instruction
	Reason       string
}

// Name is the command's name in the history.
func (Modify) Name() string { return "modify" }

func (a Modify) apply(s *step) error {
	if s.instance.State.Ended() {
		return ErrEnded
	}
	return s.modify(a.Instructions, a.Reason, slices.Clone(s.instance.Subscriptions))
}

// StartAt creates an instance that begins at other places than its start event, as a restart does (Camunda
// 7 RestartProcessInstancesCmd, and startInstructions).
type StartAt struct {
	Start
	Instructions []Instruction // that start something
	Reason       string
}

// Name is the command's name in the history.
func (StartAt) Name() string { return "start-at" }

func (a StartAt) apply(s *step) error {
	for n, i := range a.Instructions {
		if i.Kind == CancelTokens || i.Kind == MoveTokens {
			return misguided(n, fmt.Errorf("nothing is active yet that %s could end", i.Kind))
		}
	}
	a.born(s, a.BusinessKey)
	if len(a.Variables) > 0 {
		s.do(Change{Kind: VariablesSet, Variables: a.Variables})
	}
	if err := s.watch(0, nil); err != nil {
		return ErrModification.Withf("The process cannot wait for what starts its event sub-processes: %s", err)
	}
	return s.modify(a.Instructions, a.Reason, nil)
}

// modify does the instructions. known are the subscriptions whose conditions need no look.
func (s *step) modify(list []Instruction, reason string, known []Subscription) error {
	if len(list) == 0 {
		return ErrModification.Withf("There is no instruction.")
	}
	given := reason
	reason = cmp.Or(reason, "modified") // what ends here has not ended by itself
	emptied := false
	for n, i := range list {
		before := len(s.instance.Tokens)
		if err := s.instruct(i, reason); err != nil {
			return misguided(n, err)
		}
		if left := len(s.instance.Tokens); left > 0 {
			emptied = false
		} else if before > 0 {
			emptied = true
		}
		s.discover(known)
		s.advance()
		known = slices.Clone(s.instance.Subscriptions)
	}
	switch {
	case len(s.instance.Tokens) > 0:
	case emptied:
		return Cancel{Reason: given}.apply(s)
	default:
		s.settle()
	}
	return nil
}

// misguided is the refusal of an instruction.
func misguided(n int, err error) error {
	return ErrModification.With(fault.Detail{Pointer: fmt.Sprintf("/instructions/%d", n), Code: ErrModification.Code, Detail: err.Error()})
}

// advance lets tokens move as far as they come, also in a suspended instance. It does not end the instance.
func (s *step) advance() {
	s.operating = true
	s.run()
	s.operating = false
}

// instruct does one instruction. An error says what is wrong with it.
func (s *step) instruct(i Instruction, reason string) error {
	switch i.Kind {
	case CancelTokens:
		tokens, err := s.selected(i.Node, i.Token)
		if err != nil {
			return err
		}
		for _, t := range tokens {
			s.withdraw(t, reason)
		}
		return nil
	case MoveTokens:
		return s.relocate(i, reason)
	case StartBefore:
		node, instance, err := s.named(i.Node)
		if err != nil {
			return err
		}
		return s.startBefore(i, node, instance, 0)
	case StartAfter:
		node, instance, err := s.named(i.Node)
		if err != nil {
			return err
		}
		if instance {
			return fmt.Errorf("one instance of %s has no outgoing sequence flow", node.ID)
		}
		if len(node.Outgoing) != 1 {
			return fmt.Errorf("%s has %d outgoing sequence flows, not one", node.ID, len(node.Outgoing))
		}
		return s.startAlong(i, node.Outgoing[0])
	case StartTransition:
		flow := s.process.Flow(i.Flow)
		if flow == nil {
			return fmt.Errorf("there is no sequence flow %q", i.Flow)
		}
		return s.startAlong(i, flow)
	}
	return fmt.Errorf("there is no instruction %q", i.Kind)
}

// named returns the node of an id; instance means one instance of a multi-instance activity.
func (s *step) named(id string) (node *bpmn.FlowNode, instance bool, err error) {
	plain, whole := strings.CutSuffix(id, WholeSuffix)
	node = s.process.Node(plain)
	if node == nil || whole && node.MultiInstance == nil {
		return nil, false, fmt.Errorf("there is no flow node %q", id)
	}
	return node, node.MultiInstance != nil && !whole, nil
}

// selected returns the token with a number, or each one at a node that is not inside of another there.
func (s *step) selected(id string, number int) ([]Token, error) {
	if number != 0 {
		token := s.instance.token(number)
		if token == nil {
			return nil, fmt.Errorf("there is no token %d", number)
		}
		return []Token{*token}, nil
	}
	plain, _ := strings.CutSuffix(id, WholeSuffix)
	if s.process.Node(plain) == nil {
		return nil, fmt.Errorf("there is no flow node %q", id)
	}
	var list []Token
	for _, t := range s.instance.Tokens {
		if t.Node == plain && s.instance.body(t) == nil {
			list = append(list, t)
		}
	}
	return list, nil
}

// relocate starts a token at another node for each that it ends, within the sub-processes that both are in.
func (s *step) relocate(i Instruction, reason string) error {
	node, instance, err := s.named(i.Node)
	if err != nil {
		return err
	}
	tokens, err := s.selected(i.From, i.Token)
	if err == nil && len(tokens) == 0 {
		err = fmt.Errorf("nothing is at %s", i.From)
	}
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if s.instance.token(t.Number) == nil {
			continue // an earlier start has interrupted it
		}
		if err := s.startBefore(i, node, instance, t.Number); err != nil {
			return err
		}
		if now := s.instance.token(t.Number); now != nil { // the start may have interrupted it
			s.withdraw(*now, reason)
		}
	}
	return nil
}

// withdraw ends a token with all that is inside, and what it was the last one in, up to the process (Camunda
// 7 AbstractInstanceCancellationCmd). The output parameters count, as wherever an activity is interrupted.
func (s *step) withdraw(t Token, reason string) {
	instance := s.instance.body(t) != nil
	s.cancelToken(t, reason)
	if t.Scope == 0 {
		return
	}
	if !s.inhabited(t.Scope) {
		s.withdraw(*s.instance.token(s.instance.scope(t.Scope).Token), reason)
		return
	}
	if active, ok := whole(s.instance.scope(t.Scope).Variables[bpmn.NumberOfActiveInstances]); instance && ok {
		s.do(Change{Kind: VariablesSet, Scope: t.Scope, Variables: Variables{bpmn.NumberOfActiveInstances: active - 1}})
	}
}
