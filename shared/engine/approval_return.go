package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
)

// What ReturnTask.To may be besides the id of a node: the first task that the starter has completed, and the
// latest task passed on the way here.
const (
	ToStarter  = "starter"
	ToPrevious = "previous"
)

// AcrossCancel as ReturnTask.Across ends what is on the parallel branches that a return leaves.
const AcrossCancel = "cancel"

// Why a task cannot be returned.
var (
	ErrNotPassed   = fault.New(fault.Conflict, "node_not_passed", "Nobody has passed that node on the way to this task.")
	ErrNowhere     = fault.New(fault.Conflict, "nowhere_to_return", "There is no task before this one to return to.")
	ErrNotUpstream = fault.New(fault.Conflict, "return_not_upstream", "No sequence flow leads from that node to this task.")
	ErrAcross      = fault.New(fault.Conflict, "return_across_branches", `Other branches or instances are under way since that node: they end only with across="cancel".`)
	ErrStrands     = fault.New(fault.Conflict, "return_strands_join", "That node is on a branch that has been joined: a token there would wait at the join for ever.")
)

// ReturnTask sends what is decided at an open task back to a task before it, whose work is done again (退回). The
// task ends, with the votes of the others where there are several signers, and what is in the sub-processes
// that are left.
type ReturnTask struct {
	Task ID
	// To is ToStarter, ToPrevious, or the id of a user task that was passed.
	To string
	// StraightBack lets the token jump back here when the work there is done, unless branches lie between.
	StraightBack bool
	// Across is AcrossCancel, or empty: a return out of parallel branches is refused.
	Across string
	// Compensate undoes what was completed since To, before it is entered again, by the handlers of the activities.
	Compensate bool
	// Keep asks the same signers again when the token comes back; else they are resolved anew.
	Keep    bool
	Comment string
}

// Name is the command's name in the history.
func (ReturnTask) Name() string { return "return" }

func (a ReturnTask) apply(s *step) error {
	task, place, err := s.approvalTask(a.Task, bpmn.AllowReturn)
	if err != nil {
		return err
	}
	way, err := s.wayBack(place, a.To)
	if err != nil {
		return err
	}
	if way.across && a.Across != AcrossCancel {
		return ErrAcross
	}
	var undo []Compensation
	if a.Compensate {
		if undo, err = s.toUndo(way); err != nil {
			return err
		}
	}
	kept := s.keptBy(a, task, way)
	to := way.to
	s.do(Change{Kind: TaskReturned, TaskID: task.ID, Node: task.Node, Assignee: s.command.Actor, Owner: task.Owner, Outcome: to.Node, Comment: a.Comment, At: s.now})
	for _, t := range way.others {
		if s.instance.token(t.Number) != nil {
			s.cancelToken(t, "returned")
		}
	}
	s.cancelToken(way.own, "returned")
	s.do(Change{Kind: NodeReopened, Scope: to.Scope, Names: way.undone})
	if kept != nil {
		s.do(Change{Kind: ReturnKept, Kept: kept})
	}
	s.returnBy(to, undo)
	return nil
}

// keptBy returns what the node of a task shall find when the token comes back, or nil.
func (s *step) keptBy(a ReturnTask, task Task, way *wayBack) *Resumption {
	r := &Resumption{Node: task.Node, Scope: way.to.Scope}
	if a.StraightBack && way.straight {
		r.To = way.to.Node
	}
	t := *s.instance.token(task.Token)
	p, approval := policy(s.node(t)), s.instance.approvalOf(t)
	switch {
	case approval == nil:
	case a.Keep:
		r.Approval = approval.afresh(p)
	case r.To != "" && len(approval.Signers) > 1:
		returner := *s.instance.signing(t)
		returner.User = s.command.Actor
		r.Approval = (&Approval{Signers: []Signer{returner}}).afresh(p)
	}
	if r.To == "" && r.Approval == nil {
		return nil
	}
	return r
}

// afresh returns an approval with the same signers, of whom none has voted.
func (a *Approval) afresh(p *bpmn.Approval) *Approval {
	users, weights := make([]string, len(a.Signers)), make([]int64, len(a.Signers))
	for i, x := range a.Signers {
		users[i], weights[i] = x.User, x.Weight
	}
	again := newApproval(p, users, weights)
	for i, x := range a.Signers {
		if x.Token == skippedToken {
			x.Number, x.After = again.Signers[i].Number, again.Signers[i].After
			again.Signers[i] = x
		}
	}
	return again
}

// approvalTask returns an open task whose policy allows an operation, and the token at its activity as a whole.
func (s *step) approvalTask(id ID, operation string) (Task, Token, error) {
	task, err := s.openTask(id)
	if err != nil {
		return task, Token{}, err
	}
	t := *s.instance.token(task.Token)
	p := policy(s.node(t))
	if p == nil || s.instance.signing(t) == nil {
		return task, t, ErrNoApproval
	}
	if !p.Allows(operation) {
		return task, t, ErrNotAllowed
	}
	return task, *s.instance.body(t), nil
}

// wayBack is how a token comes back to a task that was passed.
type wayBack struct {
	to     Passed
	own    Token   // that ends: at the task, or at what holds the task where to is
	others []Token // that end besides, on other branches
	across bool    // the return needs leave to end them
	// straight says that nothing forks in between.
	straight bool
	undone   []string        // nodes that have to be passed again
	behind   map[string]bool // nodes that a token may come to from to
}

// wayBack finds the way from a task to what To names.
func (s *step) wayBack(from Token, to string) (*wayBack, error) {
	candidates := s.candidates(from, to)
	if len(candidates) == 0 && (to == ToStarter || to == ToPrevious) {
		return nil, ErrNowhere
	}
	if len(candidates) == 0 {
		return nil, ErrNotPassed
	}
	var refused error
	for _, p := range candidates {
		way, err := s.backTo(from, p)
		if err == nil {
			return way, nil
		}
		if refused == nil {
			refused = err
		}
	}
	return nil, refused
}

// candidates lists the passed tasks that a word or a node id may mean, the best first.
func (s *step) candidates(from Token, to string) []Passed {
	var list []Passed
	for around := range s.instance.outward(from.Scope) {
		for _, p := range s.instance.Passed {
			here := p.Node == from.Node && p.Scope == from.Scope
			wanted := to == ToPrevious || to == ToStarter && p.By == s.instance.Starter || p.Node == to
			if p.Scope == around.Number && !here && wanted {
				list = append(list, p)
			}
		}
	}
	switch to {
	case ToStarter:
		slices.SortStableFunc(list, func(a, b Passed) int { return int(a.Version - b.Version) })
		return list[:min(len(list), 1)]
	case ToPrevious:
		slices.SortStableFunc(list, func(a, b Passed) int { return int(b.Version - a.Version) })
	}
	return list
}

// backTo works out what a return to a passed task does, by the structure of the model between.
func (s *step) backTo(from Token, to Passed) (*wayBack, error) {
	way := &wayBack{to: to, own: from, straight: true}
	for way.own.Scope != to.Scope {
		scope := s.instance.scope(way.own.Scope)
		owner := *s.instance.token(scope.Token)
		if owner.Node == way.own.Node { // several instances of a sub-process: all of them end
			way.straight = false
			for _, t := range s.instance.Tokens {
				way.across = way.across || t.Scope == scope.Number && t.Number != way.own.Number
			}
		}
		way.own = owner
	}
	node, target := s.process.Node(way.own.Node), s.process.Node(to.Node)
	if node == nil || target == nil || node.Parent != target.Parent || node == target {
		return nil, ErrNotUpstream
	}
	g := newGraph(s.process, node.Parent)
	return way, s.trace(g, way, g.index[target], g.index[node])
}

// trace looks at what forks between two nodes. A node on the same branches is gone back to alone. One before a
// fork needs leave to end what is on the branches; one on a branch that has been joined is refused.
func (s *step) trace(g *graph, way *wayBack, x, c int) error {
	ahead := g.reach(g.after[x], nil)
	if !ahead[c] {
		return ErrNotUpstream
	}
	between := g.reach(g.after[x], func(i int) bool { return i == c })
	between[x] = true
	for at := range g.nodes {
		if side := g.side(at); side != nil && between[at] && side[c] && !side[x] { // from what an event has begun beside
			way.leave(s.others(way, g, g.reach([]int{at}, nil)), true)
		}
		if !g.forks(at) || at == c {
			continue
		}
		if err := s.cross(g, way, g.fork(at), [3]int{x, c, at}, between[at]); err != nil {
			return err
		}
	}
	way.undone, way.behind = s.undoneBy(g, way.to, x, ahead), map[string]bool{}
	for i, node := range g.nodes {
		way.behind[node.ID] = ahead[i]
	}
	return nil
}

// cross looks at one fork: places are the node to return to, the one of the task, and the fork.
func (s *step) cross(g *graph, way *wayBack, f fork, places [3]int, between bool) error {
	x, c := places[0], places[1]
	live := make([]bool, len(g.nodes))
	for i := range live {
		live[i] = f.region[i] || f.joined[i]
	}
	others := s.others(way, g, live)
	open := f.region[c] && (!f.beyond[c] || len(others) > 0) // else the task is behind the join
	switch {
	case f.region[x] && (!open || !f.together(x, c)):
		return ErrStrands
	case f.region[x] || !between || !g.reach(g.after[places[2]], nil)[c]:
	default:
		// where one way or another is taken and nothing joins, one token may be all there is
		several := g.nodes[places[2]].Element == bpmn.ElementParallelGateway || slices.Contains(f.joined, true)
		way.leave(others, open && several || len(others) > 0)
	}
	return nil
}

// leave notes that branches are left, and whether that ends something.
func (way *wayBack) leave(others []Token, ends bool) {
	way.straight = false
	way.across = way.across || ends
	way.others = append(way.others, others...)
}

// others lists the tokens at some nodes beside the one that returns.
func (s *step) others(way *wayBack, g *graph, at []bool) []Token {
	var list []Token
	for _, t := range s.instance.Tokens {
		i, here := g.index[s.process.Node(t.Node)]
		if here && at[i] && t.Scope == way.to.Scope && t.Number != way.own.Number {
			list = append(list, t)
		}
	}
	return list
}

// undoneBy lists the nodes that have been passed since to, and are behind it.
func (s *step) undoneBy(g *graph, to Passed, x int, ahead []bool) []string {
	var list []string
	for _, p := range s.instance.Passed {
		i, here := g.index[s.process.Node(p.Node)]
		if p.Scope == to.Scope && here && p.Version >= to.Version && (i == x || ahead[i]) {
			list = append(list, p.Node)
		}
	}
	return list
}

// jump lets a token that was returned straight back to its node go to where it came from, and reports whether
// it does.
func (s *step) jump(t Token) bool {
	if len(s.instance.Resumptions) == 0 || s.instance.body(t) != nil {
		return false
	}
	for _, r := range s.instance.Resumptions {
		if r.To != t.Node || r.Scope != t.Scope || r.Going {
			continue
		}
		node := s.process.Node(t.Node)
		level := levelOf(s.process.Node(r.Node), node.Parent)
		if level == nil {
			continue
		}
		r.Going = true
		s.do(Change{Kind: ReturnKept, Kept: &r})
		s.do(Change{Kind: TokenMoved, Token: t.Number, Node: level.ID})
		s.arrive(t.Number)
		return true
	}
	return false
}

// levelOf returns the node that is in a container and is, or holds, another; nil: none.
func levelOf(node, container *bpmn.FlowNode) *bpmn.FlowNode {
	for ; node != nil; node = node.Parent {
		if node.Parent == container {
			return node
		}
	}
	return nil
}

// entrance returns where a token begins in a sub-process that it jumps back into; nil: at the start event.
func (s *step) entrance(t Token, node *bpmn.FlowNode) *bpmn.FlowNode {
	for _, r := range s.instance.Resumptions {
		if !r.Going {
			continue
		}
		for around := range s.instance.outward(t.Scope) {
			if around.Number == r.Scope {
				return levelOf(s.process.Node(r.Node), node)
			}
		}
	}
	return nil
}

// unjump forgets that the token of a node shall jump: what was decided there goes its own way.
func (s *step) unjump(t Token) {
	for _, r := range slices.Clone(s.instance.Resumptions) {
		if r.To == t.Node && r.Scope == t.Scope && !r.Going {
			s.do(Change{Kind: ReturnEnded, Scope: r.Scope, Node: r.Node})
		}
	}
}
