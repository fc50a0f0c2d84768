package engine

import (
	"cmp"
	"slices"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

// A user task with an approval policy is a multi-instance activity over its signers: an instance for each,
// which ends with his vote. Who signs, in which order, and the votes are in the scope of the activity as a
// whole, and so end with it. The rest is cancelled as soon as the result is certain.

// The outcomes that a vote may have; none is Approve.
const (
	Approve = "approve"
	Reject  = "reject"
	Abstain = "abstain"
)

// The results of an approval.
const (
	Approved = "approved"
	Rejected = "rejected"
)

// Approval is who signs and what they have said so far. It is never changed in place.
type Approval struct {
	Signers []Signer `json:"signers"`
	// Last is the number of the signer added last; numbers are not given twice.
	Last int `json:"last"`
	// Result is Approved or Rejected once it is certain.
	Result string `json:"result,omitempty"`
}

// Signer is one who signs, and his vote.
type Signer struct {
	Number int `json:"number"`
	// User is a username; empty: whoever the task is assigned or offered to by the model.
	User string `json:"user,omitempty"`
	// Weight is what his vote counts; 1 unless the policy gives weights.
	Weight int64 `json:"weight"`
	// After are the numbers of those who must have voted before he is asked.
	After []int `json:"after,omitempty"`
	// Token is that of his instance, also when it is gone; 0: he is not asked yet.
	Token   int    `json:"token,omitempty"`
	AddedBy string `json:"addedBy,omitempty"`
	// Skipped is why he is taken to approve without being asked; empty: he is asked.
	Skipped string `json:"skipped,omitempty"`

	// The vote: By is who gave it, empty while there is none, and Task the task that he completed.
	By      string    `json:"by,omitempty"`
	Task    ID        `json:"task,omitzero"`
	Outcome string    `json:"outcome,omitempty"`
	Comment string    `json:"comment,omitempty"` // cut; the history has all of it
	At      time.Time `json:"at,omitzero"`
}

// maxVoteComment is how many characters of a comment a vote holds.
const maxVoteComment = 200

// Failures of approvals.
var (
	ErrNoApproval = fault.New(fault.Conflict, "no_approval_policy", "The task has no approval policy.")
	ErrNotAllowed = fault.New(fault.Conflict, "operation_not_allowed", "The approval policy of the task does not allow this.")
	ErrOutcome    = fault.New(fault.Invalid, "bad_outcome", "The outcome of a vote is approve, reject or abstain.")
)

func (a *Approval) clone() *Approval {
	c := *a
	c.Signers = slices.Clone(a.Signers)
	for i := range c.Signers {
		c.Signers[i].After = slices.Clone(c.Signers[i].After)
	}
	return &c
}

// at returns the index of the signer whose instance a token is, or -1.
func (a *Approval) at(token int) int {
	return slices.IndexFunc(a.Signers, func(x Signer) bool { return x.Token == token })
}

// unasked returns a copy in which nobody has been asked who has not voted.
func (a *Approval) unasked() *Approval {
	c := a.clone()
	c.Result = ""
	for i := range c.Signers {
		if c.Signers[i].By == "" {
			c.Signers[i].Token = 0
		}
	}
	return c
}

// policy returns the approval policy of a node, or nil.
func policy(node *bpmn.FlowNode) *bpmn.Approval {
	if node == nil || node.UserTask == nil {
		return nil
	}
	return node.UserTask.Approval
}

// approvalOf returns what is decided where a token is an instance, or nil.
func (in *Instance) approvalOf(t Token) *Approval {
	if in.body(t) == nil {
		return nil
	}
	return in.scope(t.Scope).Approval
}

// signing returns the signer whose instance a token is, or nil.
func (in *Instance) signing(t Token) *Signer {
	a := in.approvalOf(t)
	if a == nil {
		return nil
	}
	if i := a.at(t.Number); i >= 0 {
		return &a.Signers[i]
	}
	return nil
}

// over reports whether a signer was asked and his instance has ended.
func (in *Instance) over(x Signer) bool { return x.Token != 0 && in.token(x.Token) == nil }

// enterApproval asks the signers of a user task, those first who wait for nobody.
func enterApproval(s *step, t Token, node *bpmn.FlowNode) error {
	p := policy(node)
	approval, why, err := s.signers(t, node)
	if err == nil && len(approval.Signers) == 0 {
		approval, why, err = s.insteadOfNobody(t, node, why)
	}
	if err != nil {
		return err
	}
	if len(approval.Signers) == 0 {
		return s.nobody(t, node, why)
	}
	if len(approval.Signers) > p.MaxSigners {
		return &dataError{"too_many_signers", "more than " + expr.String(int64(p.MaxSigners)) + " would sign " + node.ID}
	}
	if err := s.room(len(approval.Signers)); err != nil {
		return err
	}
	s.resume(t)
	s.ask(t, approval, Change{Reason: "opened", Why: why})
	return nil
}

// nobody is what becomes of an approval without signers.
func (s *step) nobody(t Token, node *bpmn.FlowNode, why []Why) error {
	result := Rejected
	switch policy(node).Empty {
	case bpmn.EmptyApprove:
		result = Approved
	case bpmn.EmptyReject:
	default:
		return &dataError{"no_signers", "nobody signs " + node.ID}
	}
	s.resume(t)
	s.conclude(t, &Approval{Signers: []Signer{}, Result: result}, Change{Reason: "opened", Why: why})
	s.finish(t)
	return nil
}

// ask makes an approval the state of its activity: it ends where the result is certain, else those are asked
// whose turn it is. c says what has happened.
func (s *step) ask(body Token, a *Approval, c Change) {
	if a.Result = s.instance.verdict(policy(s.process.Node(body.Node)), a); a.Result != "" {
		s.conclude(body, a, c)
		return
	}
	begin := s.instance.due(a)
	for n, i := range begin {
		a.Signers[i].Token = s.instance.LastToken + 1 + n
	}
	s.approve(body, a, c)
	for _, i := range begin {
		s.askOne(body, a.Signers[i])
	}
	s.countSigners(body, a)
}

// due lists the signers who are not asked yet and wait for nobody.
func (in *Instance) due(a *Approval) []int {
	var list []int
	for i, x := range a.Signers {
		waits := slices.ContainsFunc(a.Signers, func(y Signer) bool { return slices.Contains(x.After, y.Number) && !in.over(y) })
		if x.Token == 0 && !waits {
			list = append(list, i)
		}
	}
	return list
}

// approve records the state of an approval.
func (s *step) approve(body Token, a *Approval, c Change) {
	c.Kind, c.Scope, c.Node, c.Approval = ApprovalChanged, s.instance.owned(body.Number).Number, body.Node, a
	s.do(c)
}

// askOne begins the instance of a signer.
func (s *step) askOne(body Token, x Signer) {
	node, inside := s.process.Node(body.Node), s.instance.owned(body.Number).Number
	own := Variables{bpmn.LoopCounter: int64(x.Number - 1)}
	if x.User != "" {
		own[node.MultiInstance.ElementVariable] = x.User
	}
	s.create(inside, node.ID, "")
	s.do(Change{Kind: ScopeOpened, Scope: s.instance.LastScope + 1, Parent: inside, Token: s.instance.LastToken, Node: node.ID, Variables: own})
}

// countSigners sets the counters of the activity (BPMN 2.0.2 §13.3.6); who is not asked yet is an instance, too.
func (s *step) countSigners(body Token, a *Approval) {
	active, completed := int64(0), int64(0)
	for _, x := range a.Signers {
		switch {
		case s.instance.over(x):
			completed++
		case x.Token != 0:
			active++
		}
	}
	s.do(Change{Kind: VariablesSet, Scope: s.instance.owned(body.Number).Number, Variables: Variables{
		bpmn.NumberOfInstances: int64(len(a.Signers)), bpmn.NumberOfActiveInstances: active, bpmn.NumberOfCompletedInstances: completed,
	}})
}

// conclude ends an approval whose result is certain: the others are not asked any more, and conditions behind
// the task may read what came of it. settle lets the activity go on.
func (s *step) conclude(body Token, a *Approval, c Change) {
	s.approve(body, a, c)
	s.countSigners(body, a)
	s.cancelScope(s.instance.owned(body.Number).Number, "completed")
	node := s.process.Node(body.Node)
	if a.Result == Rejected {
		s.unjump(body)
	}
	s.concluded = a
	s.setVariables(body.Scope, Variables{policy(node).Result: a.outcome(node.ID)})
	s.inform(body, node, a.lastVote())
}

// outcome is the variable in which conditions read what was decided.
func (a *Approval) outcome(node string) expr.Value {
	votes := []expr.Value{}
	counted := map[string]int64{Approve: 0, Reject: 0, Abstain: 0}
	for _, x := range a.Signers {
		if x.By == "" {
			continue
		}
		counted[x.Outcome]++
		vote := map[string]expr.Value{
			"user": x.By, "outcome": x.Outcome, "comment": x.Comment, "at": x.At.Format(time.RFC3339Nano), "weight": x.Weight,
		}
		if x.Skipped != "" {
			vote["skipped"] = x.Skipped
		}
		votes = append(votes, vote)
	}
	return map[string]expr.Value{
		"node": node, "result": a.Result, "signers": int64(len(a.Signers)), "votes": votes,
		"approvals": counted[Approve], "rejections": counted[Reject], "abstentions": counted[Abstain],
	}
}

// vote records what a signer says when he completes his task; nothing happens where none is asked for.
func (s *step) vote(task Task, a CompleteTask) error {
	t := *s.instance.token(task.Token)
	p := policy(s.node(t))
	approval := s.instance.approvalOf(t)
	if p == nil || approval == nil || approval.at(t.Number) < 0 {
		return nil
	}
	outcome := a.Outcome
	if outcome == "" {
		outcome = Approve
	}
	if !slices.Contains([]string{Approve, Reject, Abstain}, outcome) {
		return ErrOutcome.With(fault.Detail{Pointer: "/outcome", Code: ErrOutcome.Code})
	}
	approval = approval.clone()
	x := &approval.Signers[approval.at(t.Number)]
	x.By, x.Task, x.Outcome, x.Comment, x.At = s.command.Actor, task.ID, outcome, cut(a.Comment, maxVoteComment), s.now
	if a.Via == TimedOut { // nobody has voted: it counts as the vote of who should have
		x.By, x.Skipped = cmp.Or(task.Assignee, x.User, TimedOut), TimedOut
	}
	s.approve(*s.instance.body(t), approval, Change{Reason: "voted", TaskID: task.ID})
	return nil
}

func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}

// endSigner ends the instance of a signer, whose vote counts now, and reports whether it is one.
func (s *step) endSigner(body, t Token) bool {
	approval := s.instance.approvalOf(t)
	if approval == nil || policy(s.process.Node(t.Node)) == nil {
		return false
	}
	s.consume(t, nil)
	s.ask(body, approval.clone(), Change{Reason: "counted"})
	return true
}
