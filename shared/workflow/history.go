package workflow

import (
	"context"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// HistoryPage is a stretch of an instance's history in the order of its steps. Next is the seq to
// continue after, absent at the end.
type HistoryPage struct {
	Items []store.Row `json:"items"`
	Next  *int64      `json:"nextAfter,omitempty"`
}

// maxHistory bounds what the views folded from the history read.
const maxHistory = 10_000

// History returns up to limit steps of an instance after seq, without the values of fields that are hidden from the caller.
func (s *Service) History(ctx context.Context, p access.Principal, id engine.ID, after int64, limit int) (*HistoryPage, error) {
	in, err := s.instance(ctx, p, id)
	if err != nil {
		return nil, err
	}
	hidden, err := s.HiddenFields(ctx, p, in)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.History(ctx, id, after, limit+1)
	if err != nil {
		return nil, err
	}
	ConcealRows(rows, hidden)
	h := &HistoryPage{Items: rows}
	if len(rows) > limit {
		h.Items = rows[:limit]
		h.Next = &rows[limit-1].Seq
	}
	return h, nil
}

// ErrHistoryTooLong: the folded view would read too many steps.
var ErrHistoryTooLong = fault.New(fault.TooLarge, "history_too_long", "The instance has more than 10,000 steps; read its history page by page.")

func (s *Service) rows(ctx context.Context, p access.Principal, id engine.ID) ([]store.Row, error) {
	page, err := s.History(ctx, p, id, 0, maxHistory)
	if err != nil {
		return nil, err
	}
	if page.Next != nil {
		return nil, ErrHistoryTooLong
	}
	return page.Items, nil
}

// Activity is one visit of a token to a flow node.
type Activity struct {
	Token     int        `json:"token"`
	NodeID    string     `json:"nodeId"`
	FlowID    string     `json:"flowId,omitempty"` // the sequence flow by which the token came
	Undoes    bool       `json:"undoes,omitempty"` // it compensates an activity: a handler, or a completed activity while it is undone
	EnteredAt time.Time  `json:"enteredAt"`
	LeftAt    *time.Time `json:"leftAt"`
	// CalledInstanceID is the instance that a call activity has called; the last one, where it was retried.
	CalledInstanceID engine.ID `json:"calledInstanceId,omitzero"`
}

// Activity returns the visits to flow nodes in the order in which they began.
func (s *Service) Activity(ctx context.Context, p access.Principal, id engine.ID) ([]Activity, error) {
	rows, err := s.rows(ctx, p, id)
	if err != nil {
		return nil, err
	}
	return visits(rows), nil
}

// visits folds the rows of one instance into its visits to flow nodes.
func visits(rows []store.Row) []Activity {
	visits := []Activity{}
	at := map[int]int{} // token → index of its visit
	undoes := map[int]bool{}
	leave := func(token int, when time.Time) {
		if i, ok := at[token]; ok {
			visits[i].LeftAt = &when
		}
	}
	for _, row := range rows {
		for _, c := range row.Changes {
			switch c.Kind {
			case engine.CompensationStarted:
				undoes[c.Token] = true
			case engine.TokenMoved, engine.TokenCreated:
				leave(c.Token, row.At)
				at[c.Token] = len(visits)
				visits = append(visits, Activity{Token: c.Token, NodeID: c.Node, FlowID: c.Flow, Undoes: c.Undoes || undoes[c.Token], EnteredAt: row.At})
			case engine.TokenMigrated: // the visit goes on under another name
				if i, ok := at[c.Token]; ok {
					visits[i].NodeID = c.Node
				}
			case engine.TokenConsumed:
				leave(c.Token, row.At)
			case engine.CallStarted:
				visits[at[c.Call.Token]].CalledInstanceID = c.Call.ID
			}
		}
	}
	return visits
}

// TimelineEntry is one thing that people see of an instance's course.
type TimelineEntry struct {
	At       time.Time   `json:"at"`
	Actor    string      `json:"actor"`
	Kind     engine.Kind `json:"kind"`
	NodeID   string      `json:"nodeId,omitempty"`
	TaskID   engine.ID   `json:"taskId,omitzero"`
	TaskName string      `json:"taskName,omitempty"`
	Assignee string      `json:"assignee,omitempty"`
	Outcome  string      `json:"outcome,omitempty"`
	Comment  string      `json:"comment,omitempty"`
	Reason   string      `json:"reason,omitempty"`
	// Users are the signers that were added or removed, or who was sent a copy.
	Users []string `json:"users,omitempty"`
}

// Timeline returns what happened to the instance and its tasks, with outcomes and comments.
func (s *Service) Timeline(ctx context.Context, p access.Principal, id engine.ID) ([]TimelineEntry, error) {
	rows, err := s.rows(ctx, p, id)
	if err != nil {
		return nil, err
	}
	entries := []TimelineEntry{}
	names := map[engine.ID]string{}
	for _, row := range rows {
		for _, c := range row.Changes {
			e := TimelineEntry{At: row.At, Actor: row.Actor, Kind: c.Kind, NodeID: c.Node, TaskID: c.TaskID, Assignee: c.Assignee, Outcome: c.Outcome, Comment: c.Comment, Reason: c.Reason}
			switch c.Kind {
			case engine.VariablesSet, engine.TokenCreated, engine.TokenMoved, engine.TokenConsumed, engine.ScopeOpened, engine.ScopeClosed,
				engine.TimerCreated, engine.TimerCancelled, engine.SubscriptionOpened, engine.SubscriptionClosed, engine.JobCancelled,
				engine.CompensationRecorded,
				engine.CallKept, engine.CallTaken, engine.CallReturned, engine.CallMoved, engine.CallerMoved,
				engine.VariablesRemoved, engine.TokenMigrated, engine.EventMigrated,
				engine.NodePassed, engine.NodeReopened, engine.ReturnKept, engine.ReturnEnded:
				continue
			case engine.ApprovalChanged:
				if e.Users = c.Names; len(e.Users) == 0 { // a vote is told by its task
					continue
				}
			case engine.TaskCopied:
				e.Users = c.Names
			case engine.CallStarted:
				e.NodeID = c.Call.Node
			case engine.JobCreated:
				e.NodeID = c.Job.Node
			case engine.TaskCreated:
				names[c.Task.ID] = c.Task.Name
				e.TaskID, e.NodeID, e.Assignee = c.Task.ID, c.Task.Node, c.Task.Assignee
			case engine.IncidentRaised:
				e.NodeID, e.Reason = c.Incident.Node, c.Incident.Message
			}
			e.TaskName = names[e.TaskID]
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// Decision is one evaluation that decided something: the sequence flow that was taken, whether the
// other instances of an activity are needed, that a conditional event happens, or who a task is for.
type Decision struct {
	At     time.Time    `json:"at"`
	NodeID string       `json:"nodeId"`
	FlowID string       `json:"flowId,omitempty"` // the flow that was taken
	TaskID engine.ID    `json:"taskId,omitzero"`
	Why    []engine.Why `json:"why"`
}

// Why returns the recorded evaluations of an instance in order.
func (s *Service) Why(ctx context.Context, p access.Principal, id engine.ID) ([]Decision, error) {
	rows, err := s.rows(ctx, p, id)
	if err != nil {
		return nil, err
	}
	decisions := []Decision{}
	at := map[int]string{} // token → the node it is at
	for _, row := range rows {
		for _, c := range row.Changes {
			node := at[c.Token]
			if c.Kind == engine.TokenCreated || c.Kind == engine.TokenMoved || c.Kind == engine.TokenMigrated {
				at[c.Token] = c.Node
			}
			if len(c.Why) > 0 {
				decisions = append(decisions, decisionWhy(row.At, node, c))
			}
		}
	}
	return decisions, nil
}

// decisionWhy is the one that a change tells of; node is where its token was before.
func decisionWhy(at time.Time, node string, c engine.Change) Decision {
	d := Decision{At: at, NodeID: node, FlowID: c.Flow, Why: c.Why}
	if c.Kind == engine.ConditionMet || c.Kind == engine.ApprovalChanged {
		d.NodeID = c.Node
	}
	if c.Task != nil {
		d.NodeID, d.TaskID = c.Task.Node, c.Task.ID
	}
	return d
}
