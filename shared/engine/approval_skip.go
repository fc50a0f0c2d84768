package engine

import (
	"encoding/json"
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
)

// administrators is the role that signs where nobody else does and the policy asks for it.
const administrators = "SUPER_ADMIN"

// skippedToken is the token of a signer who is not asked: none has that number, so his instance counts as over.
const skippedToken = -1

// treats reports whether a policy has to know its signers by name before they are asked.
func treats(p *bpmn.Approval) bool {
	return p.Starter != bpmn.StarterSigns || p.Again != bpmn.AgainAsked
}

// treated makes the approval of some users, with what the policy says of the starter among them and of those who have
// approved before. The weights are those of the users as they were named.
func (s *step) treated(t Token, node *bpmn.FlowNode, users []string, why []Why) (*Approval, []Why, error) {
	p := policy(node)
	weights, err := s.weights(t, p, users)
	if err != nil {
		return nil, nil, err
	}
	if p.Starter == bpmn.StarterManager && s.instance.Starter != "" {
		users, weights, why = s.byManager(users, weights, why)
	}
	a := newApproval(p, users, weights)
	for i := range a.Signers {
		x := &a.Signers[i]
		if x.Skipped = s.skips(p, x.User); x.Skipped == "" {
			continue
		}
		x.By, x.Outcome, x.At, x.Token = x.User, Approve, s.now, skippedToken
		why = append(why, because(x.Skipped, map[string]string{"starter": p.Starter, "again": p.Again}, x.User, Approve))
	}
	return a, why, nil
}

// byManager puts the superior of the starter in his place; he himself signs where nobody is above him, and nobody
// signs twice.
func (s *step) byManager(users []string, weights []int64, why []Why) ([]string, []int64, []Why) {
	i := slices.Index(users, s.instance.Starter)
	if i < 0 {
		return users, weights, why
	}
	answer, _ := org{s}.Call(ManagerOf, []expr.Value{s.instance.Starter})
	above, _ := answer.(string)
	why = append(why, because("starter", map[string]string{"starter": bpmn.StarterManager}, s.instance.Starter, above))
	switch {
	case above == "":
		return users, weights, why
	case slices.Contains(users, above):
		if weights != nil {
			weights = slices.Delete(slices.Clone(weights), i, i+1)
		}
		return slices.Delete(slices.Clone(users), i, i+1), weights, why
	}
	users = slices.Clone(users)
	users[i] = above
	return users, weights, why
}

// skips returns why somebody is taken to approve without being asked; empty: he is asked.
func (s *step) skips(p *bpmn.Approval, user string) string {
	switch {
	case p.Starter == bpmn.StarterSkipped && user == s.instance.Starter:
		return "starter"
	case p.Again == bpmn.AgainAsked:
		return ""
	case s.concluded != nil && s.concluded.approvedBy(user):
		return p.Again
	case p.Again == bpmn.AgainConsecutive:
		if last := s.instance.lastPassed(); s.concluded == nil && last != nil && last.Approval.approvedBy(user) {
			return p.Again
		}
	case slices.ContainsFunc(s.instance.Passed, func(x Passed) bool { return x.Approval.approvedBy(user) }):
		return p.Again
	}
	return ""
}

// lastPassed returns the user task that was passed last, or nil.
func (in *Instance) lastPassed() *Passed {
	var last *Passed
	for i := range in.Passed {
		if last == nil || in.Passed[i].Version >= last.Version {
			last = &in.Passed[i]
		}
	}
	return last
}

// approvedBy reports whether it was approved, by a user among others.
func (a *Approval) approvedBy(user string) bool {
	return a != nil && a.Result == Approved && slices.ContainsFunc(a.Signers, func(x Signer) bool { return x.By == user && x.Outcome == Approve })
}

// insteadOfNobody finds who signs where the policy's signers are nobody.
func (s *step) insteadOfNobody(t Token, node *bpmn.FlowNode, why []Why) (*Approval, []Why, error) {
	p, e := policy(node), taskEvaluation{step: s, token: t, why: why}
	var users []string
	switch p.Empty {
	case bpmn.EmptyTransfer:
		users = e.list("emptyTo", p.EmptyTo)
	case bpmn.EmptyAdministrator:
		answer, _ := org{s}.Call(UsersInRole, []expr.Value{administrators})
		if list, _ := answer.([]expr.Value); len(list) > 0 {
			users = []string{expr.String(list[0])}
		}
	}
	return newApproval(p, distinct(users), nil), append(e.why, because("empty", map[string]string{"empty": p.Empty}, node.ID, users)), e.err
}

// because records a decision that a policy has made without an expression: its attribute is the subject.
func because(subject string, policy map[string]string, about string, result any) Why {
	text := policy[subject]
	if text == "" {
		subject = "again"
		text = policy[subject]
	}
	input, _ := json.Marshal(about) // texts and lists of texts always marshal
	made, _ := json.Marshal(result)
	return Why{Subject: subject, Expression: text, Inputs: map[string]json.RawMessage{"signer": input}, Result: made}
}
