package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// ErrNoTask: there is no such task.
var ErrNoTask = fault.New(fault.NotFound, "task_not_found", "There is no such task.")

// Task is a user task as the API shows it.
type Task struct {
	ID              engine.ID  `json:"id"`
	InstanceID      engine.ID  `json:"instanceId"`
	ProcessKey      string     `json:"processKey"`
	NodeID          string     `json:"nodeId"`
	Name            string     `json:"name"`
	State           TaskState  `json:"state"`
	Assignee        *string    `json:"assignee"`
	Owner           *string    `json:"owner"`
	CandidateUsers  []string   `json:"candidateUsers"`
	CandidateGroups []string   `json:"candidateGroups"`
	Priority        int        `json:"priority"`
	FormKey         *string    `json:"formKey"`
	DueAt           *time.Time `json:"dueAt"`
	FollowUpAt      *time.Time `json:"followUpAt"`
	CreatedAt       time.Time  `json:"createdAt"`
	EndedAt         *time.Time `json:"endedAt"`
	EndedBy         *string    `json:"endedBy"`
	Version         int64      `json:"version"`
	// Copy is the note of the copy in the list of what others have sent one.
	Copy *CopyNote `json:"copy,omitempty"`
}

// ShowTask returns an open task of in as the API shows it.
func ShowTask(in *engine.Instance, t engine.Task) Task {
	return Task{
		ID: t.ID, InstanceID: in.ID, ProcessKey: in.ProcessKey, NodeID: t.Node, Name: t.Name, State: openTask,
		Assignee: pointer(t.Assignee), Owner: pointer(t.Owner), CandidateUsers: orEmpty(t.CandidateUsers),
		CandidateGroups: orEmpty(t.CandidateGroups), Priority: t.Priority, FormKey: pointer(t.FormKey),
		DueAt: pointer(t.DueAt), FollowUpAt: pointer(t.FollowUpAt), CreatedAt: t.CreatedAt, Version: t.Version,
	}
}

// Completed returns t as it is shown once user has completed it.
func (t Task) Completed(user string, at time.Time, version int64) Task {
	t.State, t.Assignee, t.EndedBy, t.EndedAt, t.Version = completedTask, &user, &user, &at, version
	return t
}

// Cancelled returns t as it is shown once a step of user has ended it otherwise.
func (t Task) Cancelled(user string, at time.Time, version int64) Task {
	t.State, t.EndedBy, t.EndedAt, t.Version = cancelledTask, &user, &at, version
	return t
}

// Open reports whether the task waits for somebody.
func (t Task) Open() bool { return t.State == openTask }

// IsFor reports whether the task is the user's own, and whether it is offered to the user or one of
// the identities (group keys, role codes).
func (t Task) IsFor(username string, identities []string) (own, offered bool) {
	own = t.Assignee != nil && *t.Assignee == username
	offered = slices.Contains(t.CandidateUsers, username) ||
		slices.ContainsFunc(t.CandidateGroups, func(g string) bool { return slices.Contains(identities, g) })
	return own, offered
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

const taskColumns = `t.id, t.instance_id, t.process_key, t.node_id, t.name, t.state, t.assignee, t.owner, t.candidates, t.priority,
 t.form_key, t.due_at, t.follow_up_at, t.created_at, t.ended_at, t.ended_by, t.version`

// taskRow scans taskColumns.
type taskRow struct {
	Task
	state      int
	candidates sql.NullString
}

func (r *taskRow) destinations() []any {
	return []any{&r.ID, &r.InstanceID, &r.ProcessKey, &r.NodeID, &r.Name, &r.state, &r.Assignee, &r.Owner, &r.candidates, &r.Priority,
		&r.FormKey, &r.DueAt, &r.FollowUpAt, &r.CreatedAt, &r.EndedAt, &r.EndedBy, &r.Version}
}

func (r *taskRow) task() (Task, error) {
	var c candidateList
	if r.candidates.Valid {
		if err := json.Unmarshal([]byte(r.candidates.String), &c); err != nil {
			return r.Task, fmt.Errorf("task %s: %w", r.ID, err)
		}
	}
	r.State, r.CandidateUsers, r.CandidateGroups = taskStates[r.state], orEmpty(c.Users), orEmpty(c.Groups)
	return r.Task, nil
}

func scanTask(rows *sql.Rows) (Task, error) {
	var r taskRow
	if err := rows.Scan(r.destinations()...); err != nil {
		return r.Task, err
	}
	return r.task()
}

// Task returns a task, ended ones too, or ErrNoTask.
func (s *Store) Task(ctx context.Context, id engine.ID) (Task, error) {
	var r taskRow
	err := s.DB.QueryRow(database.ToShow(ctx), r.destinations(), `SELECT `+taskColumns+` FROM workflow_task t WHERE t.id = ?`, id[:])
	if errors.Is(err, sql.ErrNoRows) {
		return Task{}, ErrNoTask
	}
	if err != nil {
		return Task{}, fmt.Errorf("task %s: %w", id, err)
	}
	return r.task()
}

// LoadByTask returns a task and the state of its instance in one round trip, or ErrNoTask.
func (s *Store) LoadByTask(ctx context.Context, id engine.ID) (Task, *engine.Instance, error) {
	var r taskRow
	var body []byte
	err := s.DB.QueryRow(database.ToShow(ctx), append(r.destinations(), &body),
		`SELECT `+taskColumns+`, i.body FROM workflow_task t JOIN workflow_instance i ON i.id = t.instance_id WHERE t.id = ?`, id[:])
	if errors.Is(err, sql.ErrNoRows) {
		return Task{}, nil, ErrNoTask
	}
	if err != nil {
		return Task{}, nil, fmt.Errorf("task %s: %w", id, err)
	}
	task, err := r.task()
	if err != nil {
		return Task{}, nil, err
	}
	in, err := s.decodeInstance(task.InstanceID, body)
	return task, in, err
}

// View selects whose tasks a list shows.
type View string

// The views of a person's tasks. All is for operators.
const (
	Todo      View = "todo"      // assigned to the person and open
	Claimable View = "claimable" // offered to the person, claimed by nobody
	Done      View = "done"      // completed by the person
	Started   View = "started"   // open, of instances that the person started
	Copied    View = "copied"    // open or not, of which the person was sent a copy
	InScope   View = "scope"     // open, of instances that the data scope of the person's roles shows
	All       View = "all"
)

// TaskFilter narrows a list of tasks; zero fields do not.
type TaskFilter struct {
	View       View
	Username   string
	Identities []string // group keys and role codes of the person
	ProcessKey string
	InstanceID engine.ID
	Open       bool // of All: those that wait for somebody
	Unread     bool // of Copied: those that the person has not opened
}

// taskSorts maps the sort names of the API to columns.
var taskSorts = map[string]string{
	"createdAt": "t.id",
	"priority":  "t.priority",
	"dueAt":     "IFNULL(t.due_at, '9999-12-31 00:00:00.000')",
}

// Tasks lists tasks.
func (s *Store) Tasks(ctx context.Context, f TaskFilter, r page.Request) (page.Page[Task], error) {
	l, q := f.list(r.Sort)
	return l.read(ctx, s, q, r)
}

func (f TaskFilter) list(sort string) (list[Task], query) {
	from, q := f.query()
	l := list[Task]{
		columns: taskColumns + " FROM " + from, count: from, scan: scanTask,
		sort: order{column: taskSorts[sort], id: "t.id", unique: sort == "createdAt"},
		key:  func(t Task) []string { return append(taskKey(t, sort), t.ID.String()) },
	}
	if f.View == Copied {
		l.columns, l.scan = taskColumns+copyColumns+" FROM "+from, scanCopied
		if l.sort.unique {
			l.sort = byID("c.task_id") // the column of its key
		}
	}
	return l, q
}

func taskKey(t Task, sort string) []string {
	switch sort {
	case "priority":
		return []string{strconv.Itoa(t.Priority)}
	case "dueAt":
		if t.DueAt == nil {
			return []string{"9999-12-31 00:00:00.000"}
		}
		return []string{t.DueAt.UTC().Format("2006-01-02 15:04:05.000")}
	}
	return nil
}

func (f TaskFilter) query() (string, query) {
	from, q := `workflow_task t`, query{}
	switch f.View {
	case Todo:
		q.where("t.assignee = ? AND t.state = ?", f.Username, taskOpen)
	case Done:
		q.where("t.ended_by = ? AND t.state = ?", f.Username, taskCompleted)
	case Copied:
		from = `workflow_copy c JOIN workflow_task t ON t.id = c.task_id`
		q.where("c.username = ?", f.Username)
		if f.Unread {
			q.where("c.read_at IS NULL")
		}
	case Started:
		from = `workflow_instance i JOIN workflow_task t ON t.instance_id = i.id`
		q.where("i.starter = ? AND t.state = ?", f.Username, taskOpen)
	case InScope:
		from = `workflow_instance i JOIN workflow_task t ON t.instance_id = i.id`
		q.inScope("i.starter", f.Username)
		q.where("t.state = ?", taskOpen)
	case Claimable:
		arguments := []any{"u:" + f.Username}
		for _, identity := range f.Identities {
			arguments = append(arguments, "g:"+identity)
		}
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(arguments)), ", ")
		q.where("t.id IN (SELECT c.task_id FROM workflow_task_candidate c WHERE c.identity IN ("+marks+"))", arguments...)
		q.where("t.assignee IS NULL AND t.state = ?", taskOpen)
	}
	if f.Open && f.View == All {
		q.where("t.state = ?", taskOpen)
	}
	q.equal("t.process_key", f.ProcessKey)
	q.equalID("t.instance_id", f.InstanceID)
	return from, q
}

// InstanceTasks returns up to limit tasks of an instance in the order of their creation.
func (s *Store) InstanceTasks(ctx context.Context, id engine.ID, limit int) ([]Task, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+taskColumns+` FROM workflow_task t WHERE t.instance_id = ? ORDER BY t.id LIMIT ?`, id[:], limit)
	list, err := collect(rows, err, scanTask)
	if err != nil {
		return nil, fmt.Errorf("tasks of %s: %w", id, err)
	}
	return list, nil
}

// TakesPart reports whether a person has, had, or is offered a task of an instance.
func (s *Store) TakesPart(ctx context.Context, id engine.ID, username string, identities []string) (bool, error) {
	tasks, err := s.InstanceTasks(ctx, id, maxCount)
	for _, t := range tasks {
		own, offered := t.IsFor(username, identities)
		if own || offered || t.EndedBy != nil && *t.EndedBy == username || t.Owner != nil && *t.Owner == username {
			return true, err
		}
	}
	return false, err
}

// ProcessesOf counts the processes that tasks are of, by their keys. Those that are not there count nothing.
func (s *Store) ProcessesOf(ctx context.Context, ids []engine.ID) (int, error) {
	n := 0
	err := s.DB.QueryRow(ctx, []any{&n}, `SELECT COUNT(DISTINCT process_key) FROM workflow_task WHERE id IN (`+placeholders(len(ids))+`)`, arguments16(ids)...)
	return n, err
}
