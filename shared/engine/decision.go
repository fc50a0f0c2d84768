package engine

import (
	"encoding/json"
	"errors"
	"fmt"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/dmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

// DecisionRef names a deployed decision as a business rule task does.
type DecisionRef struct {
	Key        string
	Binding    bpmn.CallBinding
	Version    int    // of bpmn.CallVersion
	VersionTag string // of bpmn.CallVersionTag
}

// String names it in messages.
func (r DecisionRef) String() string {
	switch r.Binding {
	case bpmn.CallDeployment:
		return r.Key + " of the same deployment"
	case bpmn.CallVersion:
		return fmt.Sprintf("%s version %d", r.Key, r.Version)
	case bpmn.CallVersionTag:
		return r.Key + " with the version tag " + r.VersionTag
	default:
		return r.Key
	}
}

// Decision is a deployed decision; one without a model does not exist.
type Decision struct {
	ID      ID
	Key     string
	Version int
	Model   *dmn.Model
}

// NeedDecision is what Step returns when it needs an entry of World.Decisions; it is not for people.
type NeedDecision struct{ Ref DecisionRef }

// Error says what is needed.
func (e *NeedDecision) Error() string { return "the decision " + e.Ref.String() + " is not known" }

// Decided is the record of an evaluation: the decision that was asked for, and all that were made for it,
// in their order, itself last. Replay never evaluates again.
type Decided struct {
	ID        ID             `json:"id"`
	Key       string         `json:"key"`
	Version   int            `json:"version"`
	Decisions []DecisionMade `json:"decisions"`
}

// DecisionMade is one decision that was made. Values too long for the record are cut.
type DecisionMade struct {
	Key     string            `json:"key"`
	Inputs  []json.RawMessage `json:"inputs,omitempty"`  // of a decision table, by its columns
	Matched []string          `json:"matched,omitempty"` // the ids of the rules
	Outputs json.RawMessage   `json:"outputs"`           // a list of maps
}

// decide makes the decision of a business rule task with the variables that its token sees (Camunda 7
// DecisionEvaluationUtil). The result is kept for this step only: for the listeners of the end and the output
// parameters, as decisionResult.
func (s *step) decide(t Token, w *bpmn.Work) error {
	ref, err := s.decisionRef(t, w.Decision)
	if err != nil {
		return err
	}
	d, known := s.world.Decisions[ref]
	switch {
	case !known:
		s.failure = &NeedDecision{ref}
		return nil
	case d.Model == nil:
		return &dataError{"decision_not_found", "there is no decision " + ref.String()}
	}
	result, err := d.Model.Evaluate(d.Key, s.instance.Visible(t.Number), s.now.In(s.location()))
	if err != nil {
		return decisionFailed(err)
	}
	made := decisionResult(result.Rules)
	var value expr.Value
	if w.ResultVariable != "" {
		if value, err = made.mapped(w.Decision.Map); err != nil {
			return err
		}
	}
	s.do(Change{Kind: DecisionEvaluated, Token: t.Number, Node: t.Node, Decision: RecordDecision(d, result)})
	if w.ResultVariable != "" {
		s.setVariables(s.instance.scopeOf(t), Variables{w.ResultVariable: value})
	}
	if s.decided == nil {
		s.decided = map[int]decided{}
	}
	s.decided[t.Number] = decided{t.Node, made}
	s.finish(t)
	return nil
}

// decided is a result with the business rule task that its token is at.
type decided struct {
	node   string
	result decisionResult
}

// decisionAt returns the result of the business rule task that a token is at.
func (s *step) decisionAt(t Token) (decisionResult, bool) {
	made, ok := s.decided[t.Number]
	return made.result, ok && made.node == t.Node
}

// decidesAnew raises the incident of what fails behind a decision: who retries it makes the decision again,
// for its result is not kept. It reports whether the token is at one.
func (s *step) decidesAnew(t Token, err error) bool {
	if _, ok := s.decisionAt(t); !ok {
		return false
	}
	delete(s.decided, t.Number)
	s.release(t)
	s.raise(t, false, err)
	return true
}

// decisionRef evaluates what is asked for.
func (s *step) decisionRef(t Token, c *bpmn.DecisionCall) (DecisionRef, error) {
	ref := DecisionRef{Binding: c.Binding}
	var err error
	if ref.Key, err = s.callText(t, "decisionRef", c.Key); err != nil {
		return ref, err
	}
	switch c.Binding {
	case bpmn.CallVersionTag:
		ref.VersionTag, err = s.callText(t, "decisionRefVersionTag", c.VersionTag)
	case bpmn.CallVersion:
		ref.Version, err = s.version(t, "decisionRefVersion", c.Version)
	}
	return ref, err
}

// decisionFailed makes an incident's reason of an error of an evaluation.
func decisionFailed(err error) error {
	if failed := (*fault.Error)(nil); errors.As(err, &failed) {
		return &dataError{failed.Code, failed.Message}
	}
	return &dataError{"decision_evaluation_failed", err.Error()}
}

// RecordDecision is what is kept of an evaluation; the asked decision comes last.
func RecordDecision(d Decision, result *dmn.Result) *Decided {
	record := &Decided{ID: d.ID, Key: d.Key, Version: d.Version}
	for _, e := range result.Evaluated {
		made := DecisionMade{Key: e.DecisionID, Matched: e.Matched, Outputs: short(decisionResult(e.Rules).list())}
		for _, in := range e.Inputs {
			made.Inputs = append(made.Inputs, short(in))
		}
		record.Decisions = append(record.Decisions, made)
	}
	return record
}

// decisionResult is what a decision gives, a map of the outputs for each rule that matched; in expressions it
// is the object of that name (Camunda 7 DmnDecisionResult).
type decisionResult []map[string]expr.Value

// mapped returns the result in the form of a mapDecisionResult.
func (r decisionResult) mapped(form string) (expr.Value, error) {
	switch form {
	case bpmn.MapSingleEntry:
		return r.singleEntry()
	case bpmn.MapSingleResult:
		return r.singleResult()
	case bpmn.MapCollectEntries:
		return r.entries()
	default:
		return r.list(), nil
	}
}

func (r decisionResult) list() expr.Value {
	list := make([]expr.Value, len(r))
	for i, rule := range r {
		list[i] = rule
	}
	return list
}

func (r decisionResult) singleResult() (expr.Value, error) {
	switch len(r) {
	case 0:
		return nil, nil
	case 1:
		return r[0], nil
	}
	return nil, r.mismatch("has %d results, not one", len(r))
}

func (r decisionResult) singleEntry() (expr.Value, error) {
	if _, err := r.singleResult(); err != nil || len(r) == 0 {
		return nil, err
	}
	if len(r[0]) > 1 {
		return nil, r.mismatch("has %d outputs, not one", len(r[0]))
	}
	for _, value := range r[0] {
		return value, nil
	}
	return nil, nil
}

// entries are the values of the one output.
func (r decisionResult) entries() (expr.Value, error) {
	names := map[string]bool{}
	for _, rule := range r {
		for name := range rule {
			names[name] = true
		}
	}
	if len(names) > 1 {
		return nil, r.mismatch("has %d outputs, not one", len(names))
	}
	for name := range names {
		return r.collect(name), nil
	}
	return []expr.Value{}, nil
}

// collect returns the values of an output, without the rules that have none.
func (r decisionResult) collect(name string) expr.Value {
	list := []expr.Value{}
	for _, rule := range r {
		if value, ok := rule[name]; ok {
			list = append(list, value)
		}
	}
	return list
}

func (decisionResult) mismatch(format string, arguments ...any) error {
	return &dataError{"decision_result_mismatch", "the result of the decision " + fmt.Sprintf(format, arguments...)}
}

// Property returns what a getter does.
func (r decisionResult) Property(name string) (expr.Value, error) {
	switch name {
	case "singleResult":
		return r.singleResult()
	case "singleEntry":
		return r.singleEntry()
	case "firstResult":
		if len(r) == 0 {
			return nil, nil
		}
		return r[0], nil
	case "resultList":
		return r.list(), nil
	}
	return nil, &expr.EvaluationError{Code: expr.CodeUnknownProperty, Name: name, Message: "decisionResult has no property " + name}
}

// Call runs a method of the result.
func (r decisionResult) Call(method string, arguments []expr.Value) (expr.Value, error) {
	if name, ok := getter(method); ok && len(arguments) == 0 {
		return r.Property(name)
	}
	switch {
	case method == "collectEntries" && len(arguments) == 1:
		name, _ := arguments[0].(string)
		return r.collect(name), nil
	case method == "get" && len(arguments) == 1:
		i, ok := whole(arguments[0])
		if !ok || i < 0 || i >= int64(len(r)) {
			return nil, r.mismatch("has %d results", len(r))
		}
		return r[i], nil
	case method == "size" && len(arguments) == 0:
		return int64(len(r)), nil
	case (method == "isEmpty" || method == "empty") && len(arguments) == 0:
		return len(r) == 0, nil
	}
	return nil, unknownMethod("decisionResult", method, len(arguments))
}
