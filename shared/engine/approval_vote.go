package engine

import (
	"strings"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
)

// maxWeight bounds the weight of one signer.
const maxWeight = 1_000_000

// tally is what an approval's votes come to. open is what may still be given; who abstains, or has ended without
// a vote, counts neither for nor against.
type tally struct{ yes, no, open int64 }

func (in *Instance) tally(p *bpmn.Approval, a *Approval) tally {
	var sum tally
	for _, x := range a.Signers {
		weight := int64(1)
		if p.Mode == bpmn.ApprovalWeighted {
			weight = x.Weight
		}
		switch {
		case x.By == "" && !in.over(x):
			sum.open += weight
		case x.Outcome == Approve:
			sum.yes += weight
		case x.Outcome == Reject:
			sum.no += weight
		}
	}
	return sum
}

// verdict returns the result that is certain, whatever those say who have not voted; empty: none is.
func (in *Instance) verdict(p *bpmn.Approval, a *Approval) string {
	if p == nil {
		return ""
	}
	n := in.tally(p, a)
	var approved bool
	rejected := p.Veto && n.no > 0
	switch p.Mode {
	case bpmn.ApprovalAny:
		approved = n.yes > 0
	case bpmn.ApprovalRatio, bpmn.ApprovalWeighted:
		approved = n.yes > 0 && n.yes*100 >= int64(p.Ratio)*(n.yes+n.no+n.open) && (!p.Veto || n.open == 0)
		rejected = rejected || (n.yes+n.open)*100 < int64(p.Ratio)*(n.yes+n.no+n.open)
	case bpmn.ApprovalVeto:
		approved, rejected = n.open == 0, n.no > 0
	default:
		approved, rejected = n.open == 0 && n.yes > 0, n.no > 0
	}
	switch {
	case rejected:
		return Rejected
	case approved:
		return Approved
	case n.open == 0 && !in.pending(a):
		return Rejected
	}
	return ""
}

// pending reports whether somebody has yet to vote, were it with the weight 0.
func (in *Instance) pending(a *Approval) bool {
	for _, x := range a.Signers {
		if x.By == "" && !in.over(x) {
			return true
		}
	}
	return false
}

// signers finds out who signs: those whom a return or a withdrawal has kept, else those whom the policy, the
// marker or the task itself names, each once. Nothing is changed.
func (s *step) signers(t Token, node *bpmn.FlowNode) (*Approval, []Why, error) {
	if kept := s.instance.resumption(t); kept != nil && kept.Approval != nil {
		return kept.Approval.clone(), nil, nil
	}
	p, e := policy(node), taskEvaluation{step: s, token: t}
	var users []string
	switch {
	case p.Signers != nil:
		users = e.list("signers", p.Signers)
	case node.MultiInstance.Collection != nil:
		list, err := s.collection(t, node.MultiInstance)
		if err != nil {
			return nil, nil, err
		}
		for _, item := range list {
			users = append(users, strings.TrimSpace(expr.String(item)))
		}
	case treats(p) && node.UserTask.Assignee != nil:
		users = e.list("assignee", node.UserTask.Assignee)
	default:
		return newApproval(p, []string{""}, nil), nil, nil
	}
	if e.err != nil {
		return nil, nil, e.err
	}
	return s.treated(t, node, distinct(users), e.why)
}

func distinct(users []string) []string {
	seen, list := map[string]bool{"": true}, make([]string, 0, len(users))
	for _, user := range users {
		if !seen[user] {
			seen[user] = true
			list = append(list, user)
		}
	}
	return list
}

func newApproval(p *bpmn.Approval, users []string, weights []int64) *Approval {
	a := &Approval{Signers: make([]Signer, 0, len(users)), Last: len(users)}
	for i, user := range users {
		x := Signer{Number: i + 1, User: user, Weight: 1}
		if weights != nil {
			x.Weight = weights[i]
		}
		if p.Mode == bpmn.ApprovalSequential && i > 0 {
			x.After = []int{i}
		}
		a.Signers = append(a.Signers, x)
	}
	return a
}

// weights returns what the votes of some users count; nil: 1 each.
func (s *step) weights(t Token, p *bpmn.Approval, users []string) ([]int64, error) {
	if p.Weights == nil {
		return nil, nil
	}
	value, err := p.Weights.Evaluate(s.environment(t, nil))
	if err != nil {
		return nil, err
	}
	byName, _ := value.(map[string]expr.Value)
	inOrder, ordered := value.([]expr.Value)
	if byName == nil && !ordered || ordered && len(inOrder) != len(users) {
		return nil, &dataError{"bad_weights", "the weights of " + t.Node + " are neither by username nor a list as long as that of the signers"}
	}
	list := make([]int64, len(users))
	for i, user := range users {
		given, found := byName[user]
		if ordered {
			given, found = inOrder[i], true
		}
		list[i] = 1
		if !found {
			continue
		}
		n, ok := whole(given)
		if !ok || n < 0 || n > maxWeight {
			return nil, &dataError{"bad_weights", "the weight of " + user + " is not a whole number from 0 to 1000000"}
		}
		list[i] = n
	}
	return list, nil
}
