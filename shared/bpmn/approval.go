package bpmn

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"diom.io/workflow/shared/expr"
)

// ApprovalMode says how the votes of a user task's signers make one result.
type ApprovalMode string

// The modes: every signer must approve, at once or one after the other; one is enough; a share of the signers,
// or of their weights; nobody may reject.
const (
	ApprovalAll        ApprovalMode = "all"
	ApprovalSequential ApprovalMode = "sequential"
	ApprovalAny        ApprovalMode = "any"
	ApprovalRatio      ApprovalMode = "ratio"
	ApprovalWeighted   ApprovalMode = "weighted"
	ApprovalVeto       ApprovalMode = "veto"
)

// What an approval is that nobody is asked for: EmptyTransfer asks those of EmptyTo, EmptyAdministrator the
// administrators of the installation.
const (
	EmptyIncident      = "incident"
	EmptyApprove       = "approve"
	EmptyReject        = "reject"
	EmptyTransfer      = "transfer"
	EmptyAdministrator = "administrator"
)

// What becomes of a signer who is the starter: he signs, he has approved by starting, or his superior signs.
const (
	StarterSigns   = "self"
	StarterSkipped = "skip"
	StarterManager = "manager"
)

// What becomes of a signer who has approved already: he signs again, or he is taken to approve where it was at the
// task that was passed last, or at any that was passed.
const (
	AgainAsked       = "ask"
	AgainConsecutive = "consecutive"
	AgainPassed      = "passed"
)

// The operations that a policy may allow.
const (
	AllowReturn        = "return"
	AllowWithdraw      = "withdraw"
	AllowAddSigners    = "add-signers"
	AllowRemoveSigners = "remove-signers"
)

var approvalOperations = []string{AllowReturn, AllowWithdraw, AllowAddSigners, AllowRemoveSigners}

const (
	// MaxSigners is how many signers one approval may have.
	MaxSigners = 100
	// usualSigners is how many signers it may have when the policy says nothing.
	usualSigners = 20
)

// The variables of an approval unless the model names others: what an instance is for, and what came of it.
const (
	SignerVariable   = "signer"
	ApprovalVariable = "approval"
)

// Approval is the policy of diom:approval on a user task, which is then done once for each of its signers as a
// multi-instance activity is.
type Approval struct {
	Mode ApprovalMode
	// Ratio is the percentage of signers or weights that must approve, 1 to 100.
	Ratio int
	// Veto makes one rejection decide in every mode.
	Veto bool
	// Signers gives a list of usernames or a text with commas; nil: those of the collection of the task's
	// multi-instance marker, else whoever the task itself is assigned or offered to.
	Signers *expr.Expression
	// Weights gives the weights by username, or a list in the order of the signers; nil: all have 1.
	Weights *expr.Expression
	// Result names the variable that tells conditions behind the task what was decided.
	Result string
	// Empty is what happens without signers, EmptyTo who signs then where it is EmptyTransfer.
	Empty   string
	EmptyTo *expr.Expression
	// Starter and Again say what becomes of a signer who is the starter, and of one who has approved before.
	Starter string
	Again   string
	// MaxSigners bounds the signers, those that were added among them.
	MaxSigners int
	// Bulk lets a signer complete many such tasks at once.
	Bulk bool
	// Allowed are the operations that the signers may do, in order.
	Allowed []string
}

// Allows reports whether a signer may do an operation.
func (a *Approval) Allows(operation string) bool { return slices.Contains(a.Allowed, operation) }

// text is the policy as a text in which every difference shows; empty: none.
func (a *Approval) text() string {
	if a == nil {
		return ""
	}
	return fmt.Sprintf("%s %d%% veto=%t signers=%s weights=%s result=%s empty=%s emptyTo=%s starter=%s again=%s max=%d bulk=%t allow=%s", a.Mode, a.Ratio,
		a.Veto, sourceOf(a.Signers), sourceOf(a.Weights), a.Result, a.Empty, sourceOf(a.EmptyTo), a.Starter, a.Again, a.MaxSigners, a.Bulk,
		strings.Join(a.Allowed, ","))
}

// Approves reports whether a user task of the process has an approval policy.
func (p *Process) Approves() bool { return p.approves }

// StarterWithdraws reports whether the starter of an instance may take it back: unless diom:approval of the
// process has withdraw="never".
func (p *Process) StarterWithdraws() bool { return !p.keepsRequests }

// approvalRules are those about diom:approval.
var approvalRules = map[string]Rule{
	ruleApproval: {
		Reason: "the approval policy cannot be understood, or does not fit the task",
		Fix:    "Correct the attribute named; docs/approvals.md lists all of them.",
	},
	ruleRequest: {
		Reason: "the numbers or summaries of requests cannot be understood",
		Fix:    "Give a number such as QJ-{yyyyMMdd}-{seq:4} and a summary with expressions, once for a process.",
	},
	ruleTimeout: {
		Reason: "what happens when a task takes too long cannot be understood",
		Fix:    "Correct the attribute named; docs/approvals.md lists all of them.",
	},
	ruleCopy: {
		Reason: "it is not clear who is told when the task is decided",
		Fix:    "Give usernames or an expression once: in the attribute copyTo of diom:approval, or in the attribute to of diom:copy.",
	},
}

// approvalPolicy returns the element of a user task or a process, or nil.
func (r *reader) approvalPolicy(n *node, s subject) *node {
	var found *node
	for _, e := range n.extensions() {
		if e.local != "approval" || e.space != spaceDIOM {
			continue
		}
		if found != nil {
			s.line = e.line
			r.add(ruleApproval, s, "there is a second approval policy")
		}
		found = e
	}
	return found
}

// approval reads the policy of a user task; nil: it has none.
func (r *reader) approval(n *node, s subject) *Approval {
	e := r.approvalPolicy(n, s)
	if e == nil {
		return nil
	}
	s.line = e.line
	a := &Approval{
		Mode: ApprovalMode(e.attr("mode")), Ratio: 100, Veto: e.flag("veto"), Bulk: e.flag("bulk"), Result: e.attr("result"), Empty: e.attr("empty"),
		Signers: r.expression(s, "attribute signers", e.raw("signers")), Weights: r.expression(s, "attribute weights", e.raw("weights")),
		EmptyTo: r.expression(s, "attribute emptyTo", e.raw("emptyTo")), Starter: e.attr("starter"), Again: e.attr("again"),
		MaxSigners: r.atMost(e, s, "maxSigners", MaxSigners, usualSigners),
	}
	a.defaults()
	r.approvalWords(e, s, a)
	if a.Mode == ApprovalRatio || a.Mode == ApprovalWeighted {
		a.Ratio = r.atMost(e, s, "ratio", 100, 50)
	}
	a.Allowed = r.allowed(e, s)
	return a
}

func (a *Approval) defaults() {
	if a.Result == "" {
		a.Result = ApprovalVariable
	}
	a.Empty = cmp.Or(a.Empty, EmptyIncident)
	a.Starter, a.Again = cmp.Or(a.Starter, StarterSigns), cmp.Or(a.Again, AgainAsked)
	if a.Mode == "" {
		a.Mode = ApprovalAll
	}
}

// approvalWords checks the attributes that have one of some words, and that none is written in vain.
func (r *reader) approvalWords(e *node, s subject, a *Approval) {
	known := []string{"mode", "ratio", "veto", "signers", "weights", "result", "empty", "maxSigners", "allow", "copyTo", "bulk", "emptyTo", "starter", "again"}
	for _, x := range e.attributes {
		if x.space == "" && !slices.Contains(known, x.local) {
			r.add(ruleApproval, s, "there is no attribute %s", clip(x.local))
		}
	}
	if !slices.Contains([]ApprovalMode{ApprovalAll, ApprovalSequential, ApprovalAny, ApprovalRatio, ApprovalWeighted, ApprovalVeto}, a.Mode) {
		r.add(ruleApproval, s, "the mode %q is none of all, sequential, any, ratio, weighted and veto", clip(string(a.Mode)))
	}
	r.approvalPeople(s, a)
	if !isNCName(a.Result) {
		r.add(ruleApproval, s, "the result %q is not the name of a variable", clip(a.Result))
	}
	if e.attr("ratio") != "" && a.Mode != ApprovalRatio && a.Mode != ApprovalWeighted {
		r.add(ruleApproval, s, "the attribute ratio belongs to the modes ratio and weighted")
	}
	if a.Weights != nil && a.Mode != ApprovalWeighted {
		r.add(ruleApproval, s, "the attribute weights belongs to the mode weighted")
	}
}

// approvalPeople checks what becomes of nobody, of the starter and of who has approved before.
func (r *reader) approvalPeople(s subject, a *Approval) {
	for _, x := range []struct {
		name, value string
		allowed     []string
	}{
		{"empty", a.Empty, []string{EmptyIncident, EmptyApprove, EmptyReject, EmptyTransfer, EmptyAdministrator}},
		{"starter", a.Starter, []string{StarterSigns, StarterSkipped, StarterManager}},
		{"again", a.Again, []string{AgainAsked, AgainConsecutive, AgainPassed}},
	} {
		if !slices.Contains(x.allowed, x.value) {
			r.add(ruleApproval, s, "the attribute %s is %q, none of %s", x.name, clip(x.value), strings.Join(x.allowed, ", "))
		}
	}
	if (a.Empty == EmptyTransfer) != (a.EmptyTo != nil) {
		r.add(ruleApproval, s, `empty="transfer" and the attribute emptyTo, who signs then, belong together`)
	}
}

// atMost reads a whole number from 1 on.
func (r *reader) atMost(e *node, s subject, name string, most, usual int) int {
	text := e.attr(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		r.add(ruleApproval, s, "the attribute %s is %q, not a whole number from 1 to %d", name, clip(text), most)
	}
	return n
}

// allowed reads which operations the signers may do: all of them where nothing is said, none for "none".
func (r *reader) allowed(e *node, s subject) []string {
	text := e.attr("allow")
	if text == "" {
		return approvalOperations
	}
	var list []string
	for _, word := range strings.Fields(strings.ReplaceAll(text, ",", " ")) {
		switch {
		case slices.Contains(approvalOperations, word):
			list = append(list, word)
		case word != "none":
			r.add(ruleApproval, s, "the operation %q is none of %s", clip(word), strings.Join(approvalOperations, ", "))
		}
	}
	return list
}

// signing lays several instances around a user task with an approval policy: one for each signer. A marker of
// the model gives the collection only, the policy decides when it is done.
func (r *reader) signing(p *draft, n *node, f *FlowNode) {
	if f.UserTask == nil || f.UserTask.Approval == nil {
		return
	}
	p.process.approves = true
	s, a, m := f.subject(), f.UserTask.Approval, f.MultiInstance
	switch {
	case m == nil:
		if len(f.Outputs) > 0 {
			r.add(ruleMappingPlace, s, "a task with an approval policy cannot have output parameters: each signer would overwrite those of the others")
		}
		r.lay(&node{line: n.line}, f, s, &MultiInstance{ElementVariable: SignerVariable})
		return
	case m.Loop != nil || m.Collection == nil || m.Cardinality != nil || m.Condition != nil:
		r.add(ruleApproval, s, "the marker of a task with an approval policy has a collection and nothing else: the policy decides when it is done")
	case a.Signers != nil:
		r.add(ruleApproval, s, "the signers are given twice: by the policy and by the collection of the marker")
	}
	if m.Sequential && a.Mode == ApprovalAll {
		a.Mode = ApprovalSequential
	}
	m.Sequential = false // the engine keeps the order by itself
	if m.ElementVariable == "" {
		m.ElementVariable = SignerVariable
	}
}

// requests reads the policy of a process: whether a starter may take his request back.
func (r *reader) requests(n *node, p *Process, s subject) {
	e := r.approvalPolicy(n, s)
	if e == nil {
		return
	}
	s.line = e.line
	switch word := e.attr("withdraw"); word {
	case "", "starter":
	case "never":
		p.keepsRequests = true
	default:
		r.add(ruleApproval, s, "the attribute withdraw is %q, not starter or never", clip(word))
	}
}
