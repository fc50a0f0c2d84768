package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// MigrationPlan says where what is active in an instance of one definition goes on in another, of the same
// process or another. Without instructions each node goes to the one of the same id and kind. A source
// that is given must be the definition of the instance.
type MigrationPlan struct {
	SourceDefinitionID engine.ID            `json:"sourceDefinitionId,omitzero"`
	TargetDefinitionID engine.ID            `json:"targetDefinitionId" api:"required"`
	Instructions       []MappingInstruction `json:"instructions,omitempty"`
	// UpdateEventTriggers counts where there are no instructions.
	UpdateEventTriggers bool   `json:"updateEventTriggers,omitempty"`
	Reason              string `json:"reason,omitempty"`
}

// MappingInstruction maps a node. With updateEventTrigger the time of a timer, the name of a message or a
// signal and the topic of a job are worked out anew; else they stay.
type MappingInstruction struct {
	SourceNodeID       string `json:"sourceNodeId" api:"required"`
	TargetNodeID       string `json:"targetNodeId" api:"required"`
	UpdateEventTrigger bool   `json:"updateEventTrigger,omitempty"`
}

// MigrationRequest asks whether a plan fits its definitions and some instances.
type MigrationRequest struct {
	MigrationPlan
	InstanceIDs []engine.ID `json:"instanceIds"`
}

// MigrationReport says what is wrong with a plan, by instruction and by instance; Valid is that nothing is.
type MigrationReport struct {
	Valid        bool                `json:"valid"`
	Instructions []InstructionReport `json:"instructions"`
	Instances    []InstanceReport    `json:"instances"`
}

// InstructionReport is what is wrong with one instruction of a plan.
type InstructionReport struct {
	SourceNodeID string   `json:"sourceNodeId"`
	TargetNodeID string   `json:"targetNodeId"`
	Failures     []string `json:"failures"`
}

// InstanceReport is why an instance cannot follow a plan.
type InstanceReport struct {
	InstanceID engine.ID         `json:"instanceId"`
	Failures   []InstanceFailure `json:"failures"`
}

// InstanceFailure is about one token, or about the instance when NodeID is empty.
type InstanceFailure struct {
	Token  int    `json:"token,omitempty"`
	NodeID string `json:"nodeId,omitempty"`
	Detail string `json:"detail"`
}

// GenerateMigration returns the plan that maps each node to the one of the same id and kind. It returns
// store.ErrNoDefinition.
func (s *Service) GenerateMigration(ctx context.Context, source, target engine.ID, updateEventTriggers bool) (*MigrationPlan, error) {
	from, to, err := s.both(ctx, source, target)
	if err != nil {
		return nil, err
	}
	plan := &MigrationPlan{SourceDefinitionID: source, TargetDefinitionID: target, Instructions: []MappingInstruction{}}
	for _, m := range engine.GeneratePlan(from.process, to.process, updateEventTriggers) {
		plan.Instructions = append(plan.Instructions, MappingInstruction{m.Source, m.Target, m.UpdateEventTrigger})
	}
	return plan, nil
}

// both returns the definitions of a plan.
func (s *Service) both(ctx context.Context, source, target engine.ID) (from, to *definition, err error) {
	if from, err = s.planned(ctx, "/sourceDefinitionId", source); err != nil {
		return nil, nil, err
	}
	to, err = s.planned(ctx, "/targetDefinitionId", target)
	return from, to, err
}

// planned returns a definition that a plan must name.
func (s *Service) planned(ctx context.Context, pointer string, id engine.ID) (*definition, error) {
	if id.IsZero() {
		return nil, engine.ErrMigration.With(fault.Detail{Pointer: pointer, Code: engine.ErrMigration.Code, Detail: "The plan must name the definition."})
	}
	d, err := s.definition(ctx, id)
	if errors.Is(err, store.ErrNoDefinition) {
		err = store.ErrNoDefinition.With(fault.Detail{Pointer: pointer, Code: store.ErrNoDefinition.Code})
	}
	return d, err
}

// maxValidated is how many instances one validation looks at.
const maxValidated = 1000

// ValidateMigration reports what is wrong with a plan, which must name its source, and which instances
// cannot follow it. It changes nothing. It returns store.ErrNoDefinition.
func (s *Service) ValidateMigration(ctx context.Context, r MigrationRequest) (*MigrationReport, error) {
	if len(r.InstanceIDs) > maxValidated {
		return nil, engine.ErrMigration.Withf("More than %d instances are asked for.", maxValidated)
	}
	from, to, err := s.both(ctx, r.SourceDefinitionID, r.TargetDefinitionID)
	if err != nil {
		return nil, err
	}
	plan := r.mappings(from, to)
	report := &MigrationReport{Valid: true, Instructions: []InstructionReport{}, Instances: []InstanceReport{}}
	last := -1
	for _, p := range engine.CheckPlan(from.process, to.process, plan) { // those of one mapping in a row
		report.Valid = false
		if p.Mapping != last {
			report.Instructions = append(report.Instructions, InstructionReport{SourceNodeID: plan[p.Mapping].Source, TargetNodeID: plan[p.Mapping].Target})
			last = p.Mapping
		}
		about := &report.Instructions[len(report.Instructions)-1]
		about.Failures = append(about.Failures, p.Text)
	}
	check := func(in *engine.Instance) []engine.Problem { return in.CheckInstance(from.process, to.process, plan) }
	return report, s.validateInstances(ctx, r, check, report)
}

func (s *Service) validateInstances(ctx context.Context, r MigrationRequest, check func(*engine.Instance) []engine.Problem, report *MigrationReport) error {
	found, err := s.store.LoadInstances(ctx, r.InstanceIDs)
	if err != nil {
		return err
	}
	for _, id := range r.InstanceIDs {
		in := found[id]
		failures := []InstanceFailure{}
		switch {
		case in == nil:
			failures = append(failures, InstanceFailure{Detail: store.ErrNoInstance.Message})
		case in.DefinitionID != r.SourceDefinitionID:
			failures = append(failures, InstanceFailure{Detail: errOtherDefinition.Message})
		case in.State.Ended():
			failures = append(failures, InstanceFailure{Detail: engine.ErrEnded.Message})
		default:
			for _, p := range check(in) {
				failures = append(failures, InstanceFailure{Token: p.Token, NodeID: p.Node, Detail: p.Text})
			}
		}
		if len(failures) > 0 {
			report.Valid = false
			report.Instances = append(report.Instances, InstanceReport{InstanceID: id, Failures: failures})
		}
	}
	return nil
}

var errOtherDefinition = engine.ErrMigration.Withf("The instance does not run the source definition of the plan.")

// MigrateInstance lets an instance go on by another definition. Operators may. It returns
// engine.ErrMigration, which names what does not fit; then nothing has changed.
func (s *Service) MigrateInstance(ctx context.Context, call Call, id engine.ID, plan MigrationPlan) (json.RawMessage, error) {
	return s.operate(ctx, call, id, Operation{Kind: MigrateOperation, Migrate: &plan})
}

// decision returns what to do with an instance; the target is looked up once.
func (p MigrationPlan) decision(ctx context.Context, s *Service) (chooser, error) {
	if err := checkTexts("", p.Reason); err != nil {
		return nil, err
	}
	if len(p.Instructions) > maxInstructions {
		return nil, engine.ErrMigration.Withf("There are more than %d instructions.", maxInstructions)
	}
	to, err := s.planned(ctx, "/targetDefinitionId", p.TargetDefinitionID)
	if err != nil {
		return nil, err
	}
	return func(sub *subject) (engine.Action, error) {
		if !p.SourceDefinitionID.IsZero() && p.SourceDefinitionID != sub.instance.DefinitionID {
			return nil, errOtherDefinition
		}
		return engine.Migrate{
			Process: to.process, DefinitionID: to.ID, Version: to.Version, Reason: p.Reason, Plan: p.mappings(sub.definition, to),
		}, nil
	}, nil
}

func (p MigrationPlan) mappings(from, to *definition) []engine.Mapping {
	if len(p.Instructions) == 0 {
		return engine.GeneratePlan(from.process, to.process, p.UpdateEventTriggers)
	}
	plan := make([]engine.Mapping, 0, len(p.Instructions))
	of := map[engine.Mapping]string{} // what a mapping was called
	for _, i := range p.Instructions {
		m := engine.Mapping{Source: single(from, i.SourceNodeID), Target: single(to, i.TargetNodeID), UpdateEventTrigger: i.UpdateEventTrigger}
		if name, known := of[m]; known && name != i.SourceNodeID { // the same activity, once as a whole and once as an instance
			continue
		}
		of[m] = i.SourceNodeID
		plan = append(plan, m)
	}
	return plan
}

// single returns the id of a multi-instance activity for that of its whole: a mapping is of both.
func single(d *definition, id string) string {
	plain, whole := strings.CutSuffix(id, engine.WholeSuffix)
	if node := d.process.Node(plain); whole && node != nil && node.MultiInstance != nil {
		return plain
	}
	return id
}
