package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ErrVersionTag: several versions of a process have the version tag that a call names.
var ErrVersionTag = fault.New(fault.Conflict, "ambiguous_version_tag", "Several versions of the process have the version tag.")

const (
	definitionOfDeployment = `SELECT id FROM workflow_definition WHERE process_key = ? AND deployment_id = ?`
	definitionOfVersion    = `SELECT id FROM workflow_definition WHERE process_key = ? AND version = ?`
	definitionsOfTag       = `SELECT id FROM workflow_definition WHERE process_key = ? AND version_tag = ? LIMIT 2`
)

// CalledDefinition returns the definition that a call with a binding other than latest names; deployment is
// the caller's. It returns ErrNoDefinition or ErrVersionTag.
func (s *Store) CalledDefinition(ctx context.Context, call engine.Call, deployment engine.ID) (engine.ID, error) {
	var rows *sql.Rows
	var err error
	switch call.Binding {
	case bpmn.CallDeployment:
		rows, err = s.DB.Query(ctx, definitionOfDeployment, call.Key, deployment[:])
	case bpmn.CallVersion:
		rows, err = s.DB.Query(ctx, definitionOfVersion, call.Key, call.Version)
	default:
		rows, err = s.DB.Query(ctx, definitionsOfTag, call.Key, call.VersionTag)
	}
	found, err := collect(rows, err, into(func(id *engine.ID) []any { return []any{id} }))
	switch {
	case err != nil:
		return engine.ID{}, fmt.Errorf("definition %s: %w", call.Key, err)
	case len(found) == 0:
		return engine.ID{}, ErrNoDefinition
	case len(found) > 1:
		return engine.ID{}, ErrVersionTag
	}
	return found[0], nil
}

const isDeployed = `SELECT 1 FROM workflow_definition WHERE process_key = ? LIMIT 1`

// IsDeployed reports whether there is any version of a process.
func (s *Store) IsDeployed(ctx context.Context, key string) (bool, error) {
	return s.found(ctx, isDeployed, key)
}

// Forestall records a CloudEvent as delivered that has not come yet, so that it has no effect any more. It
// returns ErrDelivered when it has had it.
func (s *Store) Forestall(ctx context.Context, d Delivery, now time.Time) error {
	var b database.Batch
	b.Add(insertDelivery, d.Source, d.EventID, inboxDone, nil, now)
	if err := s.DB.Run(ctx, &b); !errors.Is(err, database.ErrDuplicate) {
		return err
	}
	return ErrDelivered
}

// CalledProcess is a process that a call activity names.
type CalledProcess struct {
	Key            string
	SameDeployment bool // it has to be in the same deployment
	NodeID, Name   string
	Line           int
}
