package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// ErrNoInstance: there is no such instance, or the caller may not see it.
var ErrNoInstance = fault.New(fault.NotFound, "instance_not_found", "There is no such process instance.")

// Instance is a process instance as the API shows it.
type Instance struct {
	ID             engine.ID    `json:"id"`
	DefinitionID   engine.ID    `json:"definitionId"`
	ProcessKey     string       `json:"processKey"`
	ProcessVersion int          `json:"processVersion"`
	BusinessKey    *string      `json:"businessKey"`
	State          engine.State `json:"state"`
	Starter        string       `json:"starter"`
	StartedAt      time.Time    `json:"startedAt"`
	EndedAt        *time.Time   `json:"endedAt"`
	Version        int64        `json:"version"`

	// ParentID is the instance that called it by the call activity ParentNodeID, RootID the outermost of those
	// that called one another: itself where nobody did.
	ParentID     *engine.ID `json:"parentInstanceId"`
	ParentNodeID *string    `json:"parentNodeId"`
	RootID       engine.ID  `json:"rootInstanceId"`

	// Number and Summary are what people know it by. Department is the code of the post in which its starter has
	// started, StartedBy who did it for him, OriginID the instance that it was made of.
	Number     *string    `json:"number,omitempty"`
	Summary    *string    `json:"summary,omitempty"`
	Department *string    `json:"department,omitempty"`
	StartedBy  *string    `json:"startedBy,omitempty"`
	OriginID   *engine.ID `json:"originInstanceId,omitempty"`
}

// destinations are the fields in the order of instanceColumns, with the code of the state.
func (i *Instance) destinations(state *int) []any {
	return []any{&i.ID, &i.DefinitionID, &i.ProcessKey, &i.ProcessVersion, &i.BusinessKey, state, &i.Starter, &i.StartedAt, &i.EndedAt, &i.Version,
		&i.ParentID, &i.ParentNodeID, &i.RootID, &i.Number, &i.Summary, &i.Department, &i.StartedBy, &i.OriginID}
}

// ShowInstance returns in as the API shows it.
func ShowInstance(in *engine.Instance) Instance {
	return Instance{
		ID: in.ID, DefinitionID: in.DefinitionID, ProcessKey: in.ProcessKey, ProcessVersion: in.ProcessVersion,
		BusinessKey: pointer(in.BusinessKey), State: in.State, Starter: in.Starter, StartedAt: in.StartedAt,
		EndedAt: pointer(in.EndedAt), Version: in.Version,
		ParentID: pointer(in.ParentID), ParentNodeID: pointer(in.ParentNode), RootID: in.Root(),
		Number: pointer(in.Number), Summary: pointer(in.Summary), Department: pointer(in.Department), StartedBy: pointer(in.StartedBy),
		OriginID: pointer(in.OriginID),
	}
}

// pointer returns nil for a zero value.
func pointer[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// LoadInstance returns the state of an instance, or ErrNoInstance.
func (s *Store) LoadInstance(ctx context.Context, id engine.ID) (*engine.Instance, error) {
	var body []byte
	err := s.DB.QueryRow(database.ToShow(ctx), []any{&body}, `SELECT body FROM workflow_instance WHERE id = ?`, id[:])
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoInstance
	}
	if err != nil {
		return nil, fmt.Errorf("instance %s: %w", id, err)
	}
	return s.decodeInstance(id, body)
}

// LoadInstances returns the states of those of the instances that are there, by their ids.
func (s *Store) LoadInstances(ctx context.Context, ids []engine.ID) (map[engine.ID]*engine.Instance, error) {
	found := make(map[engine.ID]*engine.Instance, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	rows, err := s.DB.Query(database.ToShow(ctx), loadInstances+byIDs(len(ids)), arguments16(ids)...)
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		var id engine.ID
		var body []byte
		err := rows.Scan(&id, &body)
		if err == nil {
			found[id], err = s.decodeInstance(id, body)
		}
		return struct{}{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("instances: %w", err)
	}
	return found, nil
}

const loadInstances = `SELECT id, body FROM workflow_instance`

func (s *Store) decodeInstance(id engine.ID, body []byte) (*engine.Instance, error) {
	in := &engine.Instance{}
	if err := s.codec.decode(body, in); err != nil {
		return nil, fmt.Errorf("instance %s: %w", id, err)
	}
	return in, nil
}

// InstanceFilter narrows a list of instances; zero fields do not. Starter limits it to one person's, Head
// to those of the departments that a person heads, and below, Scope to those that his roles let one see.
type InstanceFilter struct {
	ID           engine.ID
	Running      bool // active or suspended
	Starter      string
	Head         string
	Scope        string // a username: what his roles let him see
	Number       string
	ProcessKey   string
	BusinessKey  string
	DefinitionID engine.ID
	ParentID     engine.ID
	State        int // see StateCode
}

const instanceColumns = `id, definition_id, process_key, process_version, business_key, state, starter, started_at, ended_at, version, parent_id, parent_node, IFNULL(root_id, id), number, summary, department, started_by, origin_id FROM workflow_instance`

// Instances lists instances, sorted by start (their id).
func (s *Store) Instances(ctx context.Context, f InstanceFilter, r page.Request) (page.Page[Instance], error) {
	return instanceList.read(ctx, s, f.query(), r)
}

func (f InstanceFilter) query() query {
	q := query{}
	q.equalID("id", f.ID)
	if f.Running {
		q.where("state IN (1, 2)")
	}
	q.equal("starter", f.Starter)
	if f.Head != "" {
		q.where("starter IN "+staffOf, f.Head)
	}
	q.inScope("starter", f.Scope)
	q.equal("number", f.Number)
	q.equal("process_key", f.ProcessKey)
	q.equal("business_key", f.BusinessKey)
	q.equalID("definition_id", f.DefinitionID)
	q.equalID("parent_id", f.ParentID)
	if f.State > 0 {
		q.where("state = ?", f.State)
	}
	return q
}

var instanceList = list[Instance]{
	columns: instanceColumns, count: "workflow_instance", sort: byID("id"), scan: scanInstance,
	key: func(i Instance) []string { return []string{i.ID.String()} },
}

func scanInstance(rows *sql.Rows) (Instance, error) {
	var i Instance
	var state int
	err := rows.Scan(i.destinations(&state)...)
	if err == nil {
		i.State = instanceStates[state]
	}
	return i, err
}
