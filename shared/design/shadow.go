package design

import (
	"context"
	"fmt"
	"slices"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// ErrNotReplayable: a shadow run was asked of what is no process.
var ErrNotReplayable = fault.New(fault.Conflict, "design_not_a_process", "Only the design of a process can be run.")

const (
	maxShadows = 100
	maxRows    = 1000 // steps of one instance
)

// ShadowRequest is the body that asks for a shadow run: of how many ended instances, from 1 to 100, and by which
// version of the design, the current one where it is absent. Listeners is as in Publishing.
type ShadowRequest struct {
	Instances int    `json:"instances" api:"required"`
	Version   int64  `json:"version"`
	Listeners string `json:"listeners"`
}

// ShadowReport is what came of a shadow run. Items are the instances that did not take the same way. It names
// instances and flow nodes, and shows no variables: who draws processes may not read everybody's.
type ShadowReport struct {
	Version   int64    `json:"version"`
	Replayed  int      `json:"replayed"`
	Same      int      `json:"same"`
	Different int      `json:"different"`
	Unsure    int      `json:"unsure"`
	Items     []Shadow `json:"items"`
}

// Shadow is an ended instance that was replayed by another version. Where it is different, NodeID is the first
// flow node that it enters and did not before, or does not enter any more, FromNodeID the one that it comes
// from, and ExpectedNodeID where it went. Where it is unsure, Reason says which input is missing, and where.
type Shadow struct {
	InstanceID     engine.ID `json:"instanceId"`
	ProcessVersion int       `json:"processVersion"`
	Verdict        string    `json:"verdict"`
	NodeID         string    `json:"nodeId,omitempty"`
	FromNodeID     string    `json:"fromNodeId,omitempty"`
	ExpectedNodeID string    `json:"expectedNodeId,omitempty"`
	Reason         string    `json:"reason,omitempty"`
}

// The verdicts of a shadow run.
const (
	Same      = "same"
	Different = "different"
	Unsure    = "unsure"
)

// ShadowRun replays the instances of a process that have ended and were started last on a version of its design:
// what people, workers and events brought is brought again, in the same order, and nothing is kept or sent.
// Decisions are those that are deployed now. Errors: ErrInvalid, ErrNotReplayable, store.ErrNoDesign,
// store.ErrNoDesignVersion, and those of Validate.
func (s *Service) ShadowRun(ctx context.Context, call workflow.Call, id engine.ID, in ShadowRequest) (*ShadowReport, error) {
	d, err := s.store.Design(ctx, id)
	if err != nil {
		return nil, err
	}
	var v validation
	v.check(in.Instances >= 1 && in.Instances <= maxShadows, "/instances", "out_of_range", "The number of instances is from 1 to 100.")
	v.check(in.Version >= 0, "/version", "out_of_range", "A version is a number from 1.")
	if err := v.err(); err != nil {
		return nil, err
	}
	if d.Kind != store.DesignBPMN {
		return nil, ErrNotReplayable
	}
	if in.Version > 0 {
		if d, err = s.at(ctx, d, in.Version); err != nil {
			return nil, err
		}
	}
	x, err := s.examine(ctx, call, d, in.Listeners)
	if err != nil {
		return nil, err
	}
	return s.shadows(ctx, d, withKey(x.Processes, d.Key), in.Instances)
}

func (s *Service) shadows(ctx context.Context, d store.Design, p *bpmn.Process, limit int) (*ShadowReport, error) {
	ids, err := s.store.EndedInstances(ctx, d.Key, limit)
	if err != nil {
		return nil, err
	}
	report := &ShadowReport{Version: d.Version, Replayed: len(ids), Items: []Shadow{}}
	decisions := map[engine.DecisionRef]engine.Decision{}
	for _, id := range ids {
		shadow, err := s.shadow(ctx, p, id, decisions)
		if err != nil {
			return nil, fmt.Errorf("shadow of instance %s: %w", id, err)
		}
		switch shadow.Verdict {
		case Same:
			report.Same++
			continue
		case Different:
			report.Different++
		default:
			report.Unsure++
		}
		report.Items = append(report.Items, shadow)
	}
	return report, nil
}

// shadow replays one instance.
func (s *Service) shadow(ctx context.Context, p *bpmn.Process, id engine.ID, decisions map[engine.DecisionRef]engine.Decision) (Shadow, error) {
	shadow := Shadow{InstanceID: id, Verdict: Unsure}
	rows, err := s.store.History(ctx, id, 0, maxRows+1)
	if err != nil {
		return shadow, err
	}
	if len(rows) == 0 || len(rows) > maxRows {
		shadow.Reason = fmt.Sprintf("it has no history of up to %d steps", maxRows)
		return shadow, nil
	}
	if first := rows[0].Changes; len(first) > 0 && first[0].Instance != nil {
		shadow.ProcessVersion = first[0].Instance.ProcessVersion
	}
	returned, err := s.returned(ctx, rows)
	if err != nil {
		return shadow, err
	}
	r := newReplay(p, rows, s.location)
	r.world.Decisions, r.returned = decisions, returned
	r.learn = func(ref engine.DecisionRef) error {
		found, err := s.workflow.Decisions(ctx, ref, engine.ID{})
		decisions[ref] = found
		return err
	}
	r.world.People = map[engine.Question][]string{}
	r.ask = func(q engine.Question) error {
		found, err := s.workflow.People(ctx, q)
		r.world.People[q] = found
		return err
	}
	if err := r.run(); err != nil {
		return shadow, err
	}
	r.judge(&shadow)
	return shadow, nil
}

// returned are the variables with which the instances ended that an instance has called.
func (s *Service) returned(ctx context.Context, rows []store.Row) (map[engine.ID]engine.Variables, error) {
	var ids []engine.ID
	for _, row := range rows {
		for _, c := range row.Changes {
			if c.Kind == engine.CallStarted {
				ids = append(ids, c.Call.ID)
			}
		}
	}
	called, err := s.store.LoadInstances(ctx, ids)
	if err != nil {
		return nil, err
	}
	values := map[engine.ID]engine.Variables{}
	for id, in := range called {
		values[id] = in.Scopes[0].Variables
	}
	return values, nil
}

// visit is the entry of a token into a flow node.
type visit struct{ node, flow string }

// visitsOf adds the visits that changes tell of.
func visitsOf(list []visit, changes []engine.Change) []visit {
	for _, c := range changes {
		if c.Kind == engine.TokenCreated || c.Kind == engine.TokenMoved {
			list = append(list, visit{c.Node, c.Flow})
		}
	}
	return list
}

// judge compares the ways. The order of what happens side by side does not count: it is who comes first, not
// where they go.
func (r *replay) judge(shadow *Shadow) {
	more, less := beyond(r.visits, r.recorded), beyond(r.recorded, r.visits)
	if less != nil {
		shadow.ExpectedNodeID = less.node
	}
	switch {
	case more != nil:
		r.differs(shadow, *more)
	case r.reason != "":
		shadow.Reason, shadow.NodeID = r.reason, r.at
	case less == nil:
		shadow.Verdict = Same
	case r.instance.State.Ended():
		r.differs(shadow, *less)
	default:
		shadow.NodeID, shadow.Reason = r.waiting(), "the instance waits there for what was never recorded"
	}
	if shadow.Verdict != Different {
		shadow.ExpectedNodeID = ""
	}
}

func (r *replay) differs(shadow *Shadow, at visit) {
	shadow.Verdict, shadow.NodeID = Different, at.node
	if flow := r.process.Flow(at.flow); flow != nil {
		shadow.FromNodeID = flow.Source.ID
	}
}

// beyond is the first visit of list that other has not, each counted as often as it is made.
func beyond(list, other []visit) *visit {
	left := map[string]int{}
	for _, v := range other {
		left[v.node]++
	}
	for i := range list {
		if left[list[i].node]--; left[list[i].node] < 0 {
			return &list[i]
		}
	}
	return nil
}

// waiting is a node at which the replayed instance is.
func (r *replay) waiting() string {
	nodes := []string{}
	for _, t := range r.instance.Tokens {
		nodes = append(nodes, t.Node)
	}
	slices.Sort(nodes)
	return append(nodes, "")[0]
}

func newReplay(p *bpmn.Process, rows []store.Row, location *time.Location) *replay {
	r := &replay{process: p, rows: rows, world: engine.World{Location: location, Caller: &engine.Caller{}}, made: map[place][]engine.ID{}, known: map[engine.ID]thing{}}
	seen := map[place]int{}
	for _, row := range rows {
		if row.Command == "cancel" {
			break
		}
		r.recorded = visitsOf(r.recorded, row.Changes)
	}
	for _, row := range rows {
		for _, c := range row.Changes {
			if at, id := made(c); at.kind != "" {
				r.known[id] = thing{at, seen[at]}
				seen[at]++
			}
		}
	}
	return r
}
