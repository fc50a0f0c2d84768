package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/soundness"
	"diom.io/workflow/shared/store"
)

// Failures of a deployment.
var (
	ErrNoResources  = fault.New(fault.Malformed, "no_resources", "A deployment needs at least one .bpmn, .dmn or .form file.")
	ErrResourceName = fault.New(fault.Invalid, "bad_resource_name", "A resource is a .bpmn, .dmn or .form file, or a script that one refers to, with a name of 1 to 255 characters, used once.")
)

// maxResources bounds the files of one deployment.
const maxResources = 50

// DeploymentRequest is a set of files that are deployed together or not at all.
type DeploymentRequest struct {
	Name      string
	Listeners string // refuse, ignore or job; empty: what the site says
	Source    string // which tool it comes from, or empty
	Resources []store.Resource
	// Other allows files that are no models; they are kept and nothing is done with them.
	Other bool
	// Unchanged says what becomes of files that an earlier deployment of the same name has.
	Unchanged Unchanged
	// Design is the design that is published by it; nil: none is.
	Design *store.Publication
}

// Unchanged is what becomes of files that are as they were (Camunda 7 DeployCmd).
type Unchanged uint8

// What is unchanged is deployed again, or the deployment is skipped when all of it is, or each such file.
const (
	DeployUnchanged Unchanged = iota
	SkipDeployment
	SkipFiles
)

// DeploymentAnswer is the answer to a deployment.
type DeploymentAnswer struct {
	ID          engine.ID                `json:"id"`
	Name        string                   `json:"name"`
	Definitions []store.Definition       `json:"definitions"`
	Decisions   []store.DeployedDecision `json:"decisions"`
	Forms       []store.Form             `json:"forms"`
	Warnings    []fault.Detail           `json:"warnings"`
	Design      *store.Publication       `json:"design,omitempty"` // that was published
}

// Deploy checks every file and writes them in one transaction; each process becomes the latest
// version of its key, and so does each decision and form. It returns bpmn.ErrModel, or form.ErrSchema, with one detail
// per problem of any file, or the limit that a file breaks.
func (s *Service) Deploy(ctx context.Context, call Call, request DeploymentRequest) (json.RawMessage, error) {
	d, err := s.assemble(call, request)
	if err != nil {
		return nil, err
	}
	if earlier, err := s.withoutUnchanged(ctx, request, d); earlier != nil || err != nil {
		return earlier, err
	}
	_, warnings, err := s.examine(ctx, d)
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	err = s.store.Deploy(ctx, d, call.Idempotency, func(d *store.Deployment) (store.Recorded, error) {
		raw, err = json.Marshal(DeploymentAnswer{
			ID: d.ID, Name: d.Name, Definitions: d.Definitions, Decisions: d.Decisions, Forms: d.Forms, Warnings: warnings, Design: d.Design,
		})
		return store.Recorded{Status: http.StatusCreated, Body: raw}, err
	})
	if err != nil {
		return nil, err
	}
	for _, f := range d.Definitions {
		s.latest.Invalidate(f.Key) // other processes find out at the guard of their next start
	}
	return raw, nil
}

// assemble is a deployment before its files are read.
func (s *Service) assemble(call Call, request DeploymentRequest) (*store.Deployment, error) {
	d := &store.Deployment{
		ID: s.newID(), Name: request.Name, DeployedBy: call.Principal.Username,
		DeployedAt: s.instant(), Resources: request.Resources, Definitions: []store.Definition{}, Source: request.Source, Design: request.Design,
	}
	if err := checkResources(request); err != nil {
		return nil, err
	}
	return d, s.prepare(d, request.Listeners)
}

// examine reads the files of a deployment and gathers what it deploys, with the processes and the warnings.
func (s *Service) examine(ctx context.Context, d *store.Deployment) (processes []*bpmn.Process, warnings []fault.Detail, err error) {
	if err := readForms(d); err != nil {
		return nil, nil, err
	}
	problems, err := readDecisions(d)
	if err != nil {
		return nil, nil, err
	}
	processes, warnings, err = s.readModels(ctx, d, problems)
	if err == nil {
		warnings, err = s.warnOfCalls(ctx, d, warnings)
	}
	if err == nil {
		warnings, err = s.warnOfDecisions(ctx, d, warnings)
	}
	if err == nil {
		warnings, err = s.warnOfForms(ctx, d, processes, warnings)
	}
	return processes, warnings, err
}

// Examined is what a deployment would deploy.
type Examined struct {
	Processes []*bpmn.Process
	Decisions []store.DeployedDecision
	Forms     []store.Form
	Warnings  []fault.Detail
}

// Examine checks files as Deploy does and returns its errors, and what is in them; nothing is kept.
func (s *Service) Examine(ctx context.Context, call Call, request DeploymentRequest) (*Examined, error) {
	d, err := s.assemble(call, request)
	if err != nil {
		return nil, err
	}
	processes, warnings, err := s.examine(ctx, d)
	if err != nil {
		return nil, err
	}
	return &Examined{processes, d.Decisions, d.Forms, warnings}, nil
}

func checkResources(request DeploymentRequest) error {
	if len(request.Resources) == 0 || len(request.Resources) > maxResources {
		return ErrNoResources
	}
	if len([]rune(request.Name)) > maxName {
		return ErrText.With(fault.Detail{Pointer: "/name", Code: ErrText.Code})
	}
	seen := map[string]bool{}
	for _, r := range request.Resources {
		bad := r.Name == "" || len([]rune(r.Name)) > maxName || seen[r.Name] ||
			r.Name == optionsName ||
			kindOf(r) == store.ModelFile && !request.Other && !slices.Contains([]string{".bpmn", ".xml"}, strings.ToLower(path.Ext(r.Name)))
		if bad {
			return ErrResourceName.With(fault.Detail{Pointer: "/resources/" + r.Name, Code: ErrResourceName.Code})
		}
		seen[r.Name] = true
	}
	return nil
}

// readModels reads every BPMN file and gathers the definitions of d with their processes, the warnings, and
// the problems, which come after those that are known.
func (s *Service) readModels(ctx context.Context, d *store.Deployment, problems []fault.Detail) (processes []*bpmn.Process, warnings []fault.Detail, err error) {
	warnings = []fault.Detail{}
	keys := map[string]string{}
	o, err := options(d.Resources, s.code.Scripts)
	if err != nil {
		return nil, nil, err
	}
	o.Served = func(topic string) bool { return s.attended(ctx, topic) }
	for _, r := range d.Resources {
		if r.Kind != store.ModelFile {
			continue
		}
		o.File = r.Name
		model, err := bpmn.Read(r.Content, o)
		if err != nil {
			if !errors.Is(err, bpmn.ErrModel) {
				return nil, nil, err
			}
			problems = append(problems, fault.From(err).Details...)
			continue
		}
		warnings = append(warnings, model.Warnings...)
		for _, p := range model.Processes {
			if other, taken := keys[p.Key]; taken {
				problems = append(problems, fault.Detail{
					Pointer: "/resources/" + r.Name, Code: "duplicate_process_key", Rule: "duplicate_process_key", Element: p.Key, Line: p.Line,
					Detail: "the process is also in " + other, Fix: "deploy one of the two, or give it another id",
				})
			}
			keys[p.Key] = r.Name
			processes = append(processes, p)
			warnings = append(warnings, located(soundness.Check(p), r.Name)...)
			starts, wrong := s.startEvents(p, d.DeployedAt, r.Name)
			problems = append(problems, wrong...)
			d.Definitions = append(d.Definitions, store.Definition{ID: s.newID(), Key: p.Key, Name: named(p), VersionTag: p.VersionTag, Resource: r.Name, Starts: starts, Calls: literalCalls(p), Uses: literalDecisions(p)})
		}
	}
	if len(problems) > 0 {
		return nil, nil, bpmn.ErrModel.With(problems...)
	}
	return processes, warnings, nil
}

// located points findings to the file that they are about.
func located(findings []fault.Detail, file string) []fault.Detail {
	for i := range findings {
		findings[i].Pointer = "/resources/" + file
	}
	return findings
}

// startEvents works out what the message, signal, conditional and timer start events of a process wait for. A timer whose
// value cannot be evaluated is a problem: nothing is known before the start but the time.
func (s *Service) startEvents(p *bpmn.Process, now time.Time, file string) (starts []store.StartEvent, problems []fault.Detail) {
	e := &expr.Environment{Variable: func(string) (expr.Value, bool) { return nil, false }, Now: now, Location: s.location}
	for _, node := range p.Starts() {
		start := store.StartEvent{NodeID: node.ID, Line: node.Line}
		switch node.Event.Trigger {
		case bpmn.TriggerMessage:
			start.Message = node.Event.Message.Source()
		case bpmn.TriggerSignal:
			start.Signal = node.Event.Signal.Source()
		}
		if node.Event.Trigger != bpmn.TriggerTimer {
			starts = append(starts, start)
			continue
		}
		due, cycle, err := engine.Due(node.Event.Timer, e)
		if err != nil {
			problems = append(problems, fault.Detail{
				Pointer: "/resources/" + file, Code: "invalid_timer", Rule: "invalid_timer", Element: node.ID, Name: node.Name, Line: node.Line,
				Detail: "The timer start event is never due: " + err.Error(), Fix: "Give a date, a duration or a cycle that needs no variables.",
			})
			continue
		}
		start.Timer = &store.Timer{DueAt: due, Cycle: cycle, Anchor: now}
		starts = append(starts, start)
	}
	return starts, problems
}

func named(p *bpmn.Process) string {
	name := []rune(p.Name)
	if len(name) == 0 {
		return p.Key
	}
	return string(name[:min(len(name), maxName)])
}

// CompareDefinitions tells what changed from one definition to another, which may be a version of
// another process. It returns store.ErrNoDefinition.
func (s *Service) CompareDefinitions(ctx context.Context, from, to engine.ID) (*bpmn.Comparison, error) {
	older, err := s.definition(ctx, from)
	if err != nil {
		return nil, err
	}
	newer, err := s.definition(ctx, to)
	if err != nil {
		return nil, err
	}
	c := bpmn.Compare(older.process, newer.process)
	return &c, nil
}
