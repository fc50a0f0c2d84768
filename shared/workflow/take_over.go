package workflow

import (
	"errors"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Foreign is a deployment of another product, as this one reads it: each file by itself, so that one which is not
// accepted does not stop the others.
type Foreign struct {
	Processes map[string]ForeignProcess         // by key
	Decisions map[string]store.DeployedDecision // by key, without id and version
	Problems  map[string][]fault.Detail         // by file
}

// ForeignProcess is a process that was accepted, without id and version.
type ForeignProcess struct {
	store.Definition
	Process *bpmn.Process
}

// ReadForeign reads the models of a deployment. The files that are not accepted stay in it as files that no model
// refers to. listeners is as in a DeploymentRequest.
func (s *Service) ReadForeign(d *store.Deployment, listeners string) (*Foreign, error) {
	if err := s.prepare(d, listeners); err != nil {
		return nil, err
	}
	f := &Foreign{Processes: map[string]ForeignProcess{}, Decisions: map[string]store.DeployedDecision{}, Problems: map[string][]fault.Detail{}}
	o, err := options(d.Resources, s.code.Scripts)
	if err != nil {
		return nil, err
	}
	for i, r := range d.Resources {
		var refused error
		switch r.Kind {
		case store.ModelFile:
			o.File = r.Name
			refused = s.readForeignModel(f, d, r, o)
		case kindDecision:
			one := &store.Deployment{Resources: d.Resources}
			refused = readForeignDecisions(f, one, r)
		}
		if refused != nil {
			d.Resources[i].Kind = kindFile
			f.Problems[r.Name] = append(f.Problems[r.Name], reasons(refused)...)
		}
	}
	return f, nil
}

func (s *Service) readForeignModel(f *Foreign, d *store.Deployment, r store.Resource, o bpmn.Options) error {
	model, err := bpmn.Read(r.Content, o)
	if err != nil {
		return err
	}
	for _, p := range model.Processes {
		starts, wrong := s.startEvents(p, d.DeployedAt, r.Name)
		f.Problems[r.Name] = append(f.Problems[r.Name], wrong...)
		f.Processes[p.Key] = ForeignProcess{Process: p, Definition: store.Definition{
			Key: p.Key, Name: named(p), VersionTag: p.VersionTag, Resource: r.Name, Starts: starts,
		}}
	}
	return nil
}

// readForeignDecisions reads the decisions of one file; the others are there to be imported.
func readForeignDecisions(f *Foreign, d *store.Deployment, r store.Resource) error {
	problems, err := readDecisions(d)
	for _, found := range d.Decisions {
		if found.Resource == r.Name {
			f.Decisions[found.Key] = found
			return err
		}
	}
	if err == nil && len(problems) > 0 {
		err = fault.New(fault.Invalid, "bad_decision", "The file was refused.").With(problems...)
	}
	return err
}

// reasons are the details of a refusal.
func reasons(err error) []fault.Detail {
	if found := fault.From(err); found != nil && !errors.Is(err, bpmn.ErrModel) {
		return append(found.Details, fault.Detail{Code: found.Code, Detail: found.Message})
	} else if found != nil {
		return found.Details
	}
	return []fault.Detail{{Detail: err.Error()}}
}
