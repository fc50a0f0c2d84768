// Package camunda speaks the JSON of Camunda 7's REST API (7.24) for the routes under /engine-rest: typed
// variables, ids, dates, errors, queries, and the shapes of what the product holds. It decides nothing of
// its own: what changes something is a use case of package workflow, and who may see what is decided as
// for the product's own routes.
//
// Ids: a definition is key:version:uuid, and the uuid alone is accepted, too. A process instance, a
// task, a job, a timer, an incident and a deployment have their own uuid. An execution is
// instance:token, the process instance's own execution is the instance; an activity instance is
// node:instance:token.
package camunda

import (
	"context"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Root is the path under which the routes are.
const Root = "/engine-rest"

// Speaks reports whether a path is one of these routes.
func Speaks(path string) bool { return path == Root || strings.HasPrefix(path, Root+"/") }

// Canonical takes the part /engine/{name} out of a path: the product has one engine, called default.
// known is false for another one.
func Canonical(path string) (_ string, known bool) {
	rest, ok := strings.CutPrefix(path, Root+"/engine/")
	if !ok {
		return path, true
	}
	name, rest, more := strings.Cut(rest, "/")
	if !more || rest == "" {
		return path, true
	}
	return Root + "/" + rest, name == EngineName
}

// EngineName is the name of the one engine.
const EngineName = "default"

// Service reads what the product holds as Camunda shows it. It is safe for concurrent use.
type Service struct {
	store    *store.Store
	workflow *workflow.Service
}

// New returns a Service.
func New(st *store.Store, w *workflow.Service) *Service { return &Service{store: st, workflow: w} }

// most bounds the rows that a list is made of.
const most = 10_000

// all asks for as many rows of a list as are looked at, the oldest first.
func all(sort string) page.Request { return page.Request{Limit: most, Sort: sort} }

// scene is an instance with its definition.
type scene struct {
	*engine.Instance
	process *bpmn.Process
}

// definition is the id of the definition of an instance.
func (x scene) definition() string {
	return DefinitionID(x.ProcessKey, x.ProcessVersion, x.DefinitionID)
}

// scenes loads the instances with the ids, with their definitions; those that are gone are left out.
func (s *Service) scenes(ctx context.Context, ids []engine.ID) (map[engine.ID]scene, error) {
	found := make(map[engine.ID]scene, len(ids))
	for len(ids) > 0 {
		n := min(len(ids), 500)
		instances, err := s.store.LoadInstances(ctx, ids[:n])
		if err != nil {
			return nil, err
		}
		for id, in := range instances {
			_, process, err := s.workflow.Model(ctx, in.DefinitionID)
			if err != nil {
				return nil, err
			}
			found[id] = scene{in, process}
		}
		ids = ids[n:]
	}
	return found, nil
}

// scene loads one instance that the principal may see.
func (s *Service) scene(ctx context.Context, p access.Principal, id engine.ID) (scene, error) {
	in, err := s.workflow.Inspect(ctx, p, id)
	if err != nil {
		return scene{}, err
	}
	_, process, err := s.workflow.Model(ctx, in.DefinitionID)
	return scene{in, process}, err
}

// instances lists the rows of the instances that a query is about and that the principal may see: the one
// that processInstanceId names, or those of a process.
func (s *Service) instances(ctx context.Context, p access.Principal, q Query, f store.InstanceFilter) ([]store.Instance, error) {
	if text := q.Text("processInstanceId"); text != "" {
		id, err := engine.ParseID(text)
		if err != nil {
			return nil, nil //nolint:nilerr // what is no id names nothing
		}
		f.ID = id
	}
	if f.ProcessKey == "" {
		f.ProcessKey = q.Text("processDefinitionKey")
	}
	if f.BusinessKey == "" {
		f.BusinessKey = q.Text("processInstanceBusinessKey")
	}
	if text := q.Text("processDefinitionId"); text != "" {
		id, err := ParseDefinitionID(text)
		if err != nil {
			return nil, nil //nolint:nilerr // the same
		}
		f.DefinitionID = id
	}
	if !p.SeesAll() {
		f.Starter = p.Username
	}
	if none, err := s.related(ctx, q, &f); none || err != nil {
		return nil, err
	}
	list, err := s.store.Instances(ctx, f, all("startedAt"))
	return list.Items, err
}

// running loads the running instances that a query is about, the oldest first.
func (s *Service) running(ctx context.Context, p access.Principal, q Query) ([]scene, error) {
	rows, err := s.instances(ctx, p, q, store.InstanceFilter{Running: true})
	if err != nil {
		return nil, err
	}
	ids := make([]engine.ID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	found, err := s.scenes(ctx, ids)
	if err != nil {
		return nil, err
	}
	list := make([]scene, 0, len(found))
	for _, id := range ids {
		if x, ok := found[id]; ok {
			list = append(list, x)
		}
	}
	return list, nil
}

// related narrows a filter to the instances that an instance has called, and to the one that has called
// it. none says that there cannot be any.
func (s *Service) related(ctx context.Context, q Query, f *store.InstanceFilter) (none bool, err error) {
	for _, name := range []string{"superProcessInstance", "superProcessInstanceId"} {
		if q.Has(name) {
			if f.ParentID, err = engine.ParseID(q.Text(name)); err != nil {
				return true, nil //nolint:nilerr // what is no id names nothing
			}
		}
	}
	for _, name := range []string{"subProcessInstance", "subProcessInstanceId"} {
		if q.Has(name) {
			if none, err = s.callerOf(ctx, q.Text(name), f); none || err != nil {
				return true, err
			}
		}
	}
	return false, nil
}

func (s *Service) callerOf(ctx context.Context, text string, f *store.InstanceFilter) (none bool, err error) {
	id, err := engine.ParseID(text)
	if err != nil {
		return true, nil //nolint:nilerr // what is no id names nothing
	}
	found, err := s.store.LoadInstances(ctx, []engine.ID{id})
	if err != nil {
		return true, err
	}
	called := found[id]
	if called == nil || called.ParentID.IsZero() || !f.ID.IsZero() && f.ID != called.ParentID {
		return true, nil
	}
	f.ID = called.ParentID
	return false, nil
}
