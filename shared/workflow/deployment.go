package workflow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// maxEarlier bounds the deployments of one name in which an unchanged file is looked for.
const maxEarlier = 100

// withoutUnchanged takes out of d the files that an earlier deployment of the same name has. When nothing is
// left it returns the answer with that deployment.
func (s *Service) withoutUnchanged(ctx context.Context, request DeploymentRequest, d *store.Deployment) (json.RawMessage, error) {
	if request.Unchanged == DeployUnchanged {
		return nil, nil
	}
	earlier, err := s.store.Deployments(ctx, store.DeploymentFilter{Name: request.Name}, maxEarlier)
	if err != nil || len(earlier) == 0 {
		return nil, err
	}
	if request.Unchanged == SkipDeployment {
		earlier = earlier[:1]
	}
	known := map[string][]byte{} // the newest of each name
	for _, e := range earlier {
		files, err := s.store.Resources(ctx, e.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if known[f.Name] == nil {
				known[f.Name] = f.Sum
			}
		}
	}
	changed := slices.DeleteFunc(slices.Clone(d.Resources), func(r store.Resource) bool {
		sum := sha256.Sum256(r.Content)
		return bytes.Equal(known[r.Name], sum[:])
	})
	if len(changed) > 0 {
		if request.Unchanged == SkipFiles {
			d.Resources = changed
		}
		return nil, nil
	}
	return json.Marshal(DeploymentAnswer{
		ID: earlier[0].ID, Name: earlier[0].Name, Definitions: []store.Definition{}, Decisions: []store.DeployedDecision{}, Forms: []store.Form{}, Warnings: []fault.Detail{},
	})
}

const (
	// deleteBatch instances of a definition are deleted in one transaction.
	deleteBatch = 100
	maxVersions = 10_000
)

// DeleteDeployment deletes a deployment with its definitions. With cascade their instances go, too: those
// that run are cancelled first. Where a latest version goes the one before it is the latest again. It
// returns store.ErrNoDeployment, store.ErrDefinitionInUse without cascade, or store.ErrHeld.
func (s *Service) DeleteDeployment(ctx context.Context, call Call, id engine.ID, cascade bool) error {
	found, err := s.store.Deployments(ctx, store.DeploymentFilter{ID: id}, 1)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return store.ErrNoDeployment
	}
	definitions, err := s.definitionsWhere(ctx, store.DefinitionFilter{DeploymentID: id})
	if err != nil {
		return err
	}
	return s.deleteAll(ctx, call, store.Deletion{Deployment: id, Definitions: definitions}, cascade)
}

// DeleteDefinition deletes one version of a process, as DeleteDeployment does.
func (s *Service) DeleteDefinition(ctx context.Context, call Call, id engine.ID, cascade bool) error {
	d, _, err := s.store.Definition(ctx, id)
	if err != nil {
		return err
	}
	return s.deleteAll(ctx, call, store.Deletion{Definitions: []store.Definition{d}}, cascade)
}

func (s *Service) deleteAll(ctx context.Context, call Call, d store.Deletion, cascade bool) error {
	for _, f := range d.Definitions {
		if err := s.store.DefinitionHeld(ctx, f.ID); err != nil { // before anything is cancelled
			return err
		}
	}
	for _, f := range d.Definitions {
		if err := s.vacate(ctx, call, f.ID, cascade); err != nil {
			return err
		}
		before, err := s.versionBefore(ctx, f, d.Definitions)
		if err != nil {
			return err
		}
		if before != nil {
			d.Latest = append(d.Latest, *before)
		}
	}
	err := s.store.Delete(ctx, d)
	for _, f := range d.Definitions {
		s.definitions.Invalidate(f.ID)
		s.latest.Invalidate(f.Key)
	}
	return err
}

// vacate deletes the instances of a definition with cascade, and holds that there are none.
func (s *Service) vacate(ctx context.Context, call Call, id engine.ID, cascade bool) error {
	if cascade {
		if err := s.deleteInstances(ctx, call, id); err != nil {
			return err
		}
	}
	used, err := s.store.HasInstances(ctx, id)
	if err == nil && used {
		err = store.ErrDefinitionInUse
	}
	return err
}

// versionBefore returns the version that is the latest when f is deleted, with its start events; nil where
// there is none, or where f is not the latest.
func (s *Service) versionBefore(ctx context.Context, f store.Definition, gone []store.Definition) (*store.Definition, error) {
	if !f.Latest {
		return nil, nil
	}
	versions, err := s.definitionsWhere(ctx, store.DefinitionFilter{Key: f.Key})
	if err != nil {
		return nil, err
	}
	var last *store.Definition
	for i, v := range versions {
		going := slices.ContainsFunc(gone, func(g store.Definition) bool { return g.ID == v.ID })
		if !going && (last == nil || v.Version > last.Version) {
			last = &versions[i]
		}
	}
	if last == nil {
		return nil, nil
	}
	d, err := s.definition(ctx, last.ID)
	if err == nil {
		last.Starts, _ = s.startEvents(d.process, instant(), last.Resource)
	}
	return last, err
}

func (s *Service) definitionsWhere(ctx context.Context, f store.DefinitionFilter) ([]store.Definition, error) {
	p, err := s.store.Definitions(ctx, f, listAll())
	return p.Items, err
}

// deleteInstances cancels the running instances of a definition and deletes all of them.
func (s *Service) deleteInstances(ctx context.Context, call Call, definition engine.ID) error {
	for {
		running, err := s.store.Instances(ctx, store.InstanceFilter{DefinitionID: definition, Running: true}, listAll())
		if err != nil {
			return err
		}
		if len(running.Items) == 0 {
			break
		}
		for _, in := range running.Items {
			if _, err := s.CancelInstance(ctx, call, in.ID, "The process definition was deleted."); gone(err) != nil {
				return err
			}
		}
	}
	for {
		n, err := s.store.DeleteInstances(ctx, definition, deleteBatch)
		if err != nil || n == 0 {
			return err
		}
	}
}
