package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"diom.io/workflow/shared/engine"
)

// keepVersions is how many versions of a design are kept beside those that were published.
const keepVersions = 200

// DesignChange is one thing that is done to a design. Match is the version that the caller has seen, 0 for
// any; Rollback is the version whose content the design gets, 0 for none.
type DesignChange struct {
	ID       engine.ID
	Match    int64
	Action   string
	Comment  string
	By       string
	At       time.Time
	Rollback int64
	// Change writes what is new into the design. It may refuse it.
	Change func(*Design) error
}

// CreateDesign inserts a design with its first version and the answer. Errors: ErrRepeated, ErrDesignUsed,
// ErrUnknownCategory.
func (s *Store) CreateDesign(ctx context.Context, d Design, comment string, i *Idempotency, answer Recorded) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, d.CreatedAt); err != nil {
			return err
		}
		if err := checkCategory(ctx, tx, d.CategoryID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_process_design
 (id, kind, process_key, name, description, category_id, content, version, deprecated, created_by, created_at, updated_by, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)`,
			d.ID[:], d.Kind, d.Key, d.Name, d.Description, nullableID(d.CategoryID), d.Content, d.Version, d.CreatedBy, d.CreatedAt, d.UpdatedBy, d.UpdatedAt)
		if err := taken(err, ErrDesignUsed); err != nil {
			return err
		}
		return addVersion(ctx, tx, d, DesignChange{Action: DesignCreated, Comment: comment, By: d.CreatedBy, At: d.CreatedAt}, engine.ID{})
	})
}

// ChangeDesign changes a design, counts its version up, keeps the version and records answer(design) for i.
// Errors: ErrNoDesign, ErrPeopleStale, ErrNoDesignVersion, ErrUnknownCategory, ErrRepeated, and those of Change.
func (s *Store) ChangeDesign(ctx context.Context, c DesignChange, i *Idempotency, answer func(Design) (Recorded, error)) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		d, err := changeDesign(ctx, tx, c)
		if err != nil {
			return i.orRepeated(ctx, tx, err)
		}
		a, err := answer(d)
		if err != nil {
			return err
		}
		return i.Record(ctx, tx, a, c.At)
	})
}

func changeDesign(ctx context.Context, tx *sql.Tx, c DesignChange) (Design, error) {
	d, err := lockDesign(ctx, tx, c.ID, c.Match)
	if err != nil {
		return d, err
	}
	if c.Rollback > 0 {
		var v DesignVersion
		if err := tx.QueryRowContext(ctx, designVersion, c.ID[:], c.Rollback).Scan(append(v.fields(), &v.Content)...); err != nil {
			return d, absent(err, ErrNoDesignVersion)
		}
		d.Content = v.Content
	}
	if c.Change != nil {
		if err := c.Change(&d); err != nil {
			return d, err
		}
	}
	if err := checkCategory(ctx, tx, d.CategoryID); err != nil {
		return d, err
	}
	d.Version, d.UpdatedBy, d.UpdatedAt = d.Version+1, c.By, c.At
	_, err = tx.ExecContext(ctx, `UPDATE workflow_process_design SET name = ?, description = ?, category_id = ?, content = ?, version = ?, deprecated = ?, updated_by = ?, updated_at = ? WHERE id = ?`,
		d.Name, d.Description, nullableID(d.CategoryID), d.Content, d.Version, d.State == DesignDeprecated, d.UpdatedBy, d.UpdatedAt, d.ID[:])
	if err != nil {
		return d, err
	}
	return d, addVersion(ctx, tx, d, c, engine.ID{})
}

// addVersion keeps the version that a design has now, and forgets the oldest that nobody published.
func addVersion(ctx context.Context, tx *sql.Tx, d Design, c DesignChange, deployment engine.ID) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO workflow_process_design_history (design_id, version, action, content, comment, deployment_id, saved_by, saved_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		d.ID[:], d.Version, c.Action, d.Content, c.Comment, nullableID(deployment), c.By, c.At)
	if err != nil || d.Version <= keepVersions {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM workflow_process_design_history WHERE design_id = ? AND version <= ? AND action <> 'publish'`, d.ID[:], d.Version-keepVersions)
	return err
}

// DeleteDesign removes a design that still has the version match with all of its versions. What it deployed
// stays. Errors: ErrNoDesign, ErrPeopleStale.
func (s *Store) DeleteDesign(ctx context.Context, id engine.ID, match int64) error {
	return s.DB.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := lockDesign(ctx, tx, id, match); err != nil {
			return err
		}
		for _, text := range []string{`DELETE FROM workflow_process_design_history WHERE design_id = ?`, `DELETE FROM workflow_process_design WHERE id = ?`} {
			if _, err := tx.ExecContext(ctx, text, id[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Publication says that a deployment publishes a design. Match is the version of the design whose content the
// deployment has; Deploy fills in Version, the one that the publication makes.
type Publication struct {
	ID      engine.ID `json:"id"`
	Match   int64     `json:"-"`
	Comment string    `json:"-"`
	Version int64     `json:"version"`
}

// orRepeated is why a request is not done: that its key is taken, where what it was to change has been changed,
// since it may be the one that did so.
func (i *Idempotency) orRepeated(ctx context.Context, tx *sql.Tx, err error) error {
	if i == nil || !errors.Is(err, ErrPeopleStale) {
		return err
	}
	known, failure := exists(ctx, tx, `SELECT 1 FROM workflow_idempotency WHERE principal = ? AND idempotency_key = ? FOR UPDATE`, i.Principal, i.Key)
	if failure == nil && known {
		return ErrRepeated
	}
	return either(failure, err)
}

// publishDesign records the publication that a deployment is, if it is one. It holds the design until the
// commit: two publications of it come one after the other.
func publishDesign(ctx context.Context, tx *sql.Tx, deployment *Deployment, i *Idempotency) error {
	p := deployment.Design
	if p == nil {
		return nil
	}
	d, err := lockDesign(ctx, tx, p.ID, p.Match)
	if err != nil {
		return i.orRepeated(ctx, tx, err)
	}
	d.Version++
	p.Version = d.Version
	_, err = tx.ExecContext(ctx, `UPDATE workflow_process_design SET version = ?, published = ?, deprecated = 0, deployment_id = ?, published_by = ?, published_at = ?, updated_by = ?, updated_at = ? WHERE id = ?`,
		d.Version, d.Version, deployment.ID[:], deployment.DeployedBy, deployment.DeployedAt, deployment.DeployedBy, deployment.DeployedAt, d.ID[:])
	if err != nil {
		return err
	}
	c := DesignChange{Action: DesignPublication, Comment: p.Comment, By: deployment.DeployedBy, At: deployment.DeployedAt}
	return addVersion(ctx, tx, d, c, deployment.ID)
}
