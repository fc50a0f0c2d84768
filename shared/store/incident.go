package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
)

// Incident is a failure of an instance as the API shows it.
type Incident struct {
	ID         engine.ID  `json:"id"`
	InstanceID engine.ID  `json:"instanceId"`
	ProcessKey string     `json:"processKey"`
	NodeID     string     `json:"nodeId"`
	JobID      *engine.ID `json:"jobId"` // the job whose retries are used up
	Code       string     `json:"code"`
	Message    string     `json:"message"`
	RaisedAt   time.Time  `json:"raisedAt"`
	ResolvedAt *time.Time `json:"resolvedAt"`
}

// ShowIncident returns an open incident of in as the API shows it.
func ShowIncident(in *engine.Instance, i engine.Incident) Incident {
	return Incident{
		ID: i.ID, InstanceID: in.ID, ProcessKey: in.ProcessKey, NodeID: i.Node, JobID: pointer(i.Job), Code: i.Code, Message: i.Message, RaisedAt: i.RaisedAt,
	}
}

const incidentColumns = `id, instance_id, process_key, node_id, job_id, code, message, raised_at, resolved_at FROM workflow_incident`

func (i *Incident) destinations() []any {
	return []any{&i.ID, &i.InstanceID, &i.ProcessKey, &i.NodeID, &i.JobID, &i.Code, &i.Message, &i.RaisedAt, &i.ResolvedAt}
}

// Incident returns an incident, resolved ones too, or engine.ErrNoIncident.
func (s *Store) Incident(ctx context.Context, id engine.ID) (Incident, error) {
	var i Incident
	err := s.DB.QueryRow(database.ToShow(ctx), i.destinations(), `SELECT `+incidentColumns+` WHERE id = ?`, id[:])
	if errors.Is(err, sql.ErrNoRows) {
		return i, engine.ErrNoIncident
	}
	return i, err
}

// IncidentFilter narrows a list of incidents; zero fields do not.
type IncidentFilter struct {
	InstanceID engine.ID
	ProcessKey string
	Resolved   bool // resolved ones too
}

// Incidents lists incidents by the time they were raised (their id).
func (s *Store) Incidents(ctx context.Context, f IncidentFilter, r page.Request) (page.Page[Incident], error) {
	q := query{}
	if !f.Resolved {
		q.where("resolved_at IS NULL")
	}
	q.equalID("instance_id", f.InstanceID)
	q.equal("process_key", f.ProcessKey)
	l := list[Incident]{
		columns: incidentColumns, count: "workflow_incident", sort: byID("id"),
		scan: into((*Incident).destinations), key: func(i Incident) []string { return []string{i.ID.String()} },
	}
	return l.read(ctx, s, q, r)
}
