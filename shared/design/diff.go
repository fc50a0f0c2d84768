package design

import (
	"cmp"
	"context"
	"errors"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// DiffList names the parameters of a difference between two versions.
var DiffList = page.List{Name: "design-diff", Filters: []page.Filter{
	{Name: "from", Form: page.Number, Summary: "a version; without it the one that was published last, or else the first"},
	{Name: "to", Form: page.Number, Summary: "a version; without it the current one"},
}}

// Diff is what changed from one version of a design to another, by the ids of the elements.
type Diff struct {
	From    int64             `json:"from"`
	To      int64             `json:"to"`
	Added   []bpmn.Difference `json:"added"`
	Removed []bpmn.Difference `json:"removed"`
	Changed []bpmn.Difference `json:"changed"`
	// Impact is what a publication of To means for what runs; it is absent where nothing is deployed.
	Impact *Impact `json:"impact,omitempty"`
}

// Impact is what runs of the latest deployed version of the process, and where.
type Impact struct {
	DefinitionID engine.ID    `json:"definitionId"`
	Version      int          `json:"version"`
	Instances    int          `json:"instances"` // that run
	Complete     bool         `json:"complete"`  // false: more run than are counted
	Nodes        []NodeImpact `json:"nodes"`
}

// NodeImpact is a flow node of the deployed version that another version changes or has no more, with how many
// instances are there now.
type NodeImpact struct {
	ID        string `json:"id"`
	Name      string `json:"name,omitempty"`
	Change    string `json:"change"` // changed or removed
	Instances int    `json:"instances"`
}

// The kinds of change of a node.
const (
	nodeChanged = "changed"
	nodeRemoved = "removed"
)

// maxCounted bounds the instances whose tokens are counted.
const maxCounted = 5000

// Diff compares two versions of a design; 0 stands for the usual one. Errors: store.ErrNoDesign,
// store.ErrNoDesignVersion, and those of Validate where a version cannot be read.
func (s *Service) Diff(ctx context.Context, call workflow.Call, id engine.ID, from, to int64) (*Diff, error) {
	d, err := s.store.Design(ctx, id)
	if err != nil {
		return nil, err
	}
	diff := &Diff{From: cmp.Or(from, d.PublishedVersion, 1), To: cmp.Or(to, d.Version)}
	older, err := s.at(ctx, d, diff.From)
	if err != nil {
		return nil, err
	}
	newer, err := s.at(ctx, d, diff.To)
	if err != nil {
		return nil, err
	}
	var c bpmn.Comparison
	if d.Kind == store.DesignBPMN {
		c, diff.Impact, err = s.compare(ctx, call, older, newer)
	} else {
		c, err = compareParts(older, newer)
	}
	diff.Added, diff.Removed, diff.Changed = c.Added, c.Removed, c.Changed
	return diff, err
}

// at is a design as it was in a version.
func (s *Service) at(ctx context.Context, d store.Design, version int64) (store.Design, error) {
	if version == d.Version {
		return d, nil
	}
	v, err := s.store.DesignVersion(ctx, d.ID, version)
	d.Content, d.Version = v.Content, version
	return d, err
}

// processes reads the processes of a design, code as it may be.
func (s *Service) processes(ctx context.Context, call workflow.Call, d store.Design) ([]*bpmn.Process, error) {
	x, err := s.workflow.Examine(ctx, call, deployment(d, bpmn.ListenersAsJobs))
	if err != nil {
		return nil, err
	}
	return x.Processes, nil
}

func (s *Service) compare(ctx context.Context, call workflow.Call, older, newer store.Design) (bpmn.Comparison, *Impact, error) {
	before, err := s.processes(ctx, call, older)
	if err != nil {
		return bpmn.Comparison{}, nil, err
	}
	after, err := s.processes(ctx, call, newer)
	if err != nil {
		return bpmn.Comparison{}, nil, err
	}
	all := bpmn.Comparison{Added: []bpmn.Difference{}, Removed: []bpmn.Difference{}, Changed: []bpmn.Difference{}}
	keys := map[string]bool{}
	for _, p := range append(append([]*bpmn.Process{}, before...), after...) {
		if keys[p.Key] {
			continue
		}
		keys[p.Key] = true
		c := bpmn.Compare(withKey(before, p.Key), withKey(after, p.Key))
		all.Added, all.Removed, all.Changed = append(all.Added, c.Added...), append(all.Removed, c.Removed...), append(all.Changed, c.Changed...)
	}
	impact, err := s.impact(ctx, newer.Key, withKey(after, newer.Key))
	return all, impact, err
}

// withKey is the process with a key, an empty one where there is none.
func withKey(list []*bpmn.Process, key string) *bpmn.Process {
	for _, p := range list {
		if p.Key == key {
			return p
		}
	}
	return &bpmn.Process{Key: key}
}

// impact tells which instances of the deployed version of a process are at nodes that another version changes.
func (s *Service) impact(ctx context.Context, key string, after *bpmn.Process) (*Impact, error) {
	d, deployed, err := s.workflow.LatestProcess(ctx, key)
	if errors.Is(err, store.ErrNoDefinition) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at, err := s.store.Occupied(ctx, d.Key, d.ID, maxCounted)
	if err != nil {
		return nil, err
	}
	i := &Impact{DefinitionID: d.ID, Version: d.Version, Instances: at.Instances, Complete: at.Complete, Nodes: []NodeImpact{}}
	c := bpmn.Compare(deployed, after)
	for change, list := range map[string][]bpmn.Difference{nodeRemoved: c.Removed, nodeChanged: c.Changed} {
		for _, f := range list {
			if deployed.Node(f.ID) != nil {
				i.Nodes = append(i.Nodes, NodeImpact{ID: f.ID, Name: deployed.Node(f.ID).Name, Change: change, Instances: at.Nodes[f.ID]})
			}
		}
	}
	byDocument(deployed, i.Nodes)
	return i, nil
}
