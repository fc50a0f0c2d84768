package camunda

import (
	"context"
	"net/http"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/workflow"
)

// MigrationPlan says where the activities of one definition go on in another.
type MigrationPlan struct {
	Source       string                 `json:"sourceProcessDefinitionId"`
	Target       string                 `json:"targetProcessDefinitionId"`
	Instructions []MigrationInstruction `json:"instructions"`
	Variables    Variables              `json:"variables"`
}

// MigrationInstruction maps one activity.
type MigrationInstruction struct {
	Sources []string `json:"sourceActivityIds"`
	Targets []string `json:"targetActivityIds"`
	Update  bool     `json:"updateEventTrigger"`
}

// MigrationRequest is the body that asks for a plan, or executes one.
type MigrationRequest struct {
	Source    string         `json:"sourceProcessDefinitionId"`
	Target    string         `json:"targetProcessDefinitionId"`
	Update    bool           `json:"updateEventTriggers"`
	Variables Variables      `json:"variables"`
	Plan      MigrationPlan  `json:"migrationPlan"`
	Instances []string       `json:"processInstanceIds"`
	Query     map[string]any `json:"processInstanceQuery"`
	Skips
}

// MigrationReport says what is wrong with a plan, and with the instances that are to follow it.
type MigrationReport struct {
	Instructions []InstructionReport `json:"instructionReports"`
	Variables    map[string]any      `json:"variableReports"`
	Instance     string              `json:"processInstanceId,omitempty"`
	Failures     []string            `json:"failures,omitempty"`
}

// InstructionReport is what is wrong with one instruction.
type InstructionReport struct {
	Instruction MigrationInstruction `json:"instruction"`
	Failures    []string             `json:"failures"`
}

// GeneratePlan returns the plan that maps each activity to the same one of another definition.
func (s *Service) GeneratePlan(ctx context.Context, r MigrationRequest) (MigrationPlan, error) {
	plan, err := MigrationPlan{Source: r.Source, Target: r.Target}.read()
	if err != nil {
		return MigrationPlan{}, err
	}
	_, source, err := s.workflow.Model(ctx, plan.SourceDefinitionID)
	if err != nil {
		return MigrationPlan{}, As(err, http.StatusBadRequest, invalidRequest, "")
	}
	_, target, err := s.workflow.Model(ctx, plan.TargetDefinitionID)
	if err != nil {
		return MigrationPlan{}, As(err, http.StatusBadRequest, invalidRequest, "")
	}
	made, err := s.workflow.GenerateMigration(ctx, plan.SourceDefinitionID, plan.TargetDefinitionID, r.Update)
	if err != nil {
		return MigrationPlan{}, As(err, http.StatusBadRequest, invalidRequest, "")
	}
	shown := MigrationPlan{Source: r.Source, Target: r.Target, Instructions: []MigrationInstruction{}, Variables: r.Variables}
	for _, i := range made.Instructions {
		if !generated(source.Node(i.SourceNodeID), target.Node(i.TargetNodeID)) {
			continue
		}
		shown.Instructions = append(shown.Instructions, showMapping(i.SourceNodeID, i.TargetNodeID, i.UpdateEventTrigger))
	}
	return shown, nil
}

// unplanned are elements at which no token rests, which Camunda does not map by itself.
var unplanned = []bpmn.Element{
	bpmn.ElementEndEvent, bpmn.ElementExclusiveGateway, bpmn.ElementIntermediateThrowEvent, bpmn.ElementManualTask, bpmn.ElementScriptTask, bpmn.ElementTask,
}

// generated reports whether Camunda's plan would map a node to another of its id: something waits there, and both are
// in the same sub-process.
func generated(from, to *bpmn.FlowNode) bool {
	if slices.Contains(unplanned, from.Element) || from.Element == bpmn.ElementStartEvent && !from.StartsEventSubProcess() {
		return false
	}
	if from.Parent == nil || to.Parent == nil {
		return from.Parent == to.Parent
	}
	return from.Parent.ID == to.Parent.ID
}

func showMapping(source, target string, update bool) MigrationInstruction {
	return MigrationInstruction{Sources: []string{source}, Targets: []string{target}, Update: update}
}

// read turns a plan into one of the product's.
func (p MigrationPlan) read() (plan workflow.MigrationPlan, err error) {
	if plan.SourceDefinitionID, err = ParseDefinitionID(p.Source); err != nil {
		return plan, BadRequest("Source process definition with id '%s' does not exist", p.Source)
	}
	if plan.TargetDefinitionID, err = ParseDefinitionID(p.Target); err != nil {
		return plan, BadRequest("Target process definition with id '%s' does not exist", p.Target)
	}
	for _, i := range p.Instructions {
		if len(i.Sources) != 1 || len(i.Targets) != 1 {
			return plan, BadRequest("A migration instruction has exactly one source activity and one target activity")
		}
		plan.Instructions = append(plan.Instructions, workflow.MappingInstruction{SourceNodeID: i.Sources[0], TargetNodeID: i.Targets[0], UpdateEventTrigger: i.Update})
	}
	return plan, nil
}

// ValidatePlan reports what is wrong with a plan.
func (s *Service) ValidatePlan(ctx context.Context, p MigrationPlan) (MigrationReport, error) {
	plan, err := p.read()
	if err != nil {
		return MigrationReport{}, err
	}
	report, err := s.workflow.ValidateMigration(ctx, workflow.MigrationRequest{MigrationPlan: plan})
	if err != nil {
		return MigrationReport{}, As(err, http.StatusBadRequest, invalidRequest, "")
	}
	return showReport(report), nil
}

func showReport(r *workflow.MigrationReport) MigrationReport {
	shown := MigrationReport{Instructions: []InstructionReport{}, Variables: map[string]any{}}
	for _, i := range r.Instructions {
		shown.Instructions = append(shown.Instructions, InstructionReport{showMapping(i.SourceNodeID, i.TargetNodeID, false), i.Failures})
	}
	return shown
}

// MigrateInstances lets instances go on by another definition. All are looked at before the first one is
// migrated; each is a step of its own.
func (s *Service) MigrateInstances(ctx context.Context, call workflow.Call, r MigrationRequest) error {
	plan, err := r.Plan.read()
	if err != nil {
		return err
	}
	if len(plan.Instructions) == 0 { // ours would map what has the same id
		return &Error{Status: http.StatusBadRequest, Type: "MigratingProcessInstanceValidationException", Message: "There is no migration instruction for what is active"}
	}
	request := workflow.MigrationRequest{MigrationPlan: plan}
	if request.InstanceIDs, err = s.migrants(ctx, call.Principal, r); err != nil {
		return err
	}
	report, err := s.workflow.ValidateMigration(ctx, request)
	if err != nil {
		return As(err, http.StatusBadRequest, invalidRequest, "")
	}
	if !report.Valid {
		return unfit(report)
	}
	call.SkipListeners, call.SkipMappings = r.SkipListeners, r.SkipMappings
	for _, id := range request.InstanceIDs {
		if _, err := s.workflow.MigrateInstance(ctx, call, id, plan); err != nil {
			return As(err, http.StatusBadRequest, "MigratingProcessInstanceValidationException", "Cannot migrate process instance '"+id.String()+"': ")
		}
	}
	return nil
}

// migrants are the instances that a request names, or that its query finds.
func (s *Service) migrants(ctx context.Context, p access.Principal, r MigrationRequest) ([]engine.ID, error) {
	names := r.Instances
	if r.Query != nil {
		found, _, err := s.Instances(ctx, p, Query{values: r.Query})
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			names = append(names, one.ID)
		}
	}
	if len(names) == 0 {
		return nil, &Error{Status: http.StatusBadRequest, Type: "BadUserRequestException", Message: "process instance ids is empty"}
	}
	ids := make([]engine.ID, 0, len(names))
	for _, name := range names {
		id, err := engine.ParseID(name)
		if err != nil {
			return nil, BadRequest("Cannot migrate process instance '%s': it does not exist", name)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// unfit is the failure of a plan that does not fit its definitions or its instances.
func unfit(r *workflow.MigrationReport) error {
	e := &Error{Status: http.StatusBadRequest, Type: "MigrationPlanValidationException", Message: "Migration plan is not valid:"}
	shown := showReport(r)
	for _, i := range shown.Instructions {
		for _, f := range i.Failures {
			e.Message += " " + i.Instruction.Sources[0] + ": " + f
		}
	}
	if len(shown.Instructions) == 0 && len(r.Instances) > 0 {
		first := r.Instances[0]
		e.Type, e.Message = "MigratingProcessInstanceValidationException", "Cannot migrate process instance '"+first.InstanceID.String()+"':"
		shown.Instance = first.InstanceID.String()
		for _, f := range first.Failures {
			e.Message += " " + f.NodeID + ": " + f.Detail
			shown.Failures = append(shown.Failures, f.Detail)
		}
	}
	e.Validation = &shown
	return e
}
