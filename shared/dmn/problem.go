package dmn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"diom.io/workflow/shared/fault"
)

// What Read returns instead of a model, and Evaluate instead of a result.
var (
	// ErrModel has one detail for every problem of the model (Rule is a code of Rules).
	ErrModel = fault.New(fault.Invalid, "invalid_decision_model", "The DMN model cannot be deployed.")
	// ErrNotWellFormed is a breach of XML 1.0, or of the bounds of a file.
	ErrNotWellFormed = fault.New(fault.Malformed, "dmn_not_well_formed", "The DMN file is not well-formed XML.")
	// ErrTooLarge is a file of more than Options.MaxBytes bytes.
	ErrTooLarge = fault.New(fault.TooLarge, "decision_model_too_large", "The DMN file is too large.")
	// ErrNoDecision is an id that no decision of the model has.
	ErrNoDecision = fault.New(fault.NotFound, "decision_not_found", "There is no such decision.")
	// ErrEvaluation is a decision that has no result for the data: several rules of a unique table
	// match, a required variable is missing in JUEL, or a value is not of the declared type.
	ErrEvaluation = fault.New(fault.Invalid, "decision_evaluation_failed", "The decision cannot be evaluated.")
	// ErrBudget is a decision that takes too many steps or makes too much.
	ErrBudget = fault.New(fault.Invalid, "decision_too_expensive", "The decision takes too many steps or makes too much.")
)

// Rule is one thing that Read demands of a model. A breach is a detail of ErrModel with Code in its Rule.
type Rule struct{ Code, Reason, Fix string }

// Rules lists every rule by code, for the documentation.
func Rules() []Rule {
	list := make([]Rule, 0, len(rules))
	for code, r := range rules {
		list = append(list, Rule{code, r.Reason, r.Fix})
	}
	slices.SortFunc(list, func(a, b Rule) int { return cmp.Compare(a.Code, b.Code) })
	return list
}

// The codes of the rules; they are stable.
const (
	ruleNotDMN      = "not_dmn"
	ruleNoDecision  = "no_decision"
	ruleMissingID   = "missing_id"
	ruleDuplicateID = "duplicate_id"
	ruleReference   = "dangling_reference"
	ruleCycle       = "cyclic_requirements"
	ruleNoLogic     = "missing_decision_logic"
	ruleExpression  = "bad_expression"
	ruleLanguage    = "unsupported_language"
	ruleFunction    = "unsupported_function"
	ruleType        = "unknown_type"
	ruleHitPolicy   = "invalid_hit_policy"
	ruleAggregation = "invalid_aggregation"
	ruleEntries     = "wrong_number_of_entries"
	ruleNoOutput    = "table_without_output"
	ruleOutputName  = "invalid_output_name"
	rulePriority    = "priority_without_values"
	ruleElement     = "unsupported_element"
	ruleTimeToLive  = "invalid_history_time_to_live"
	ruleImport      = "unknown_import"
)

var rules = map[string]Rule{
	ruleNotDMN:      {Reason: "the root element is not the definitions of DMN 1.1 to 1.5", Fix: "Save the file as DMN in a modeler."},
	ruleNoDecision:  {Reason: "the file holds no decision", Fix: "Add a decision."},
	ruleMissingID:   {Reason: "the element has no id", Fix: "Give it an id that nothing else in the file has."},
	ruleDuplicateID: {Reason: "another element has the same id", Fix: "Give each element an id of its own."},
	ruleReference:   {Reason: "what the requirement names is not in the file", Fix: "Draw the requirement anew, or add what it names."},
	ruleCycle:       {Reason: "the decision requires itself", Fix: "Remove one of the requirements of the circle."},
	ruleNoLogic:     {Reason: "the element has no expression", Fix: "Give it a decision table or a literal expression."},
	ruleExpression:  {Reason: "the expression cannot be read", Fix: "Correct the expression at the place that is named."},
	ruleLanguage:    {Reason: "the expression is in a language that is not executed", Fix: "Write it in FEEL, or in JUEL; a script can become a service task before the decision."},
	ruleFunction:    {Reason: "functions in Java or PMML are not executed", Fix: "Write the function in FEEL, or call the service before the decision."},
	ruleType:        {Reason: "there is no such type", Fix: "Use a type of FEEL or add an item definition of that name."},
	ruleHitPolicy:   {Reason: "the hit policy is not one of DMN", Fix: "Choose UNIQUE, ANY, PRIORITY, FIRST, RULE ORDER, OUTPUT ORDER or COLLECT."},
	ruleAggregation: {Reason: "the aggregation is not one of DMN, or stands where nothing is collected", Fix: "Choose SUM, MIN, MAX or COUNT together with COLLECT."},
	ruleEntries:     {Reason: "the rule has not one entry for each input and output", Fix: "Give the rule a cell for each column; - is any input."},
	ruleNoOutput:    {Reason: "the table has no output", Fix: "Add an output column."},
	ruleOutputName:  {Reason: "an output of several has no name, or one has the name of another", Fix: "Give each output column a name of its own."},
	rulePriority:    {Reason: "the hit policy orders by output values, and there are none", Fix: "List the output values in their order, or choose another hit policy."},
	ruleElement:     {Reason: "the element is not executed", Fix: "Remove it or use another boxed expression."},
	ruleTimeToLive:  {Reason: "the history time to live is no number of days", Fix: `Write a number of days, or a duration such as "P180D".`},
	ruleImport:      {Reason: "the imported model is not known", Fix: "Hand in the imported file together with this one."},
}

// maxProblems bounds a report.
const maxProblems = 500

// add records a breach of a rule; without text the rule's reason is the detail.
func (b *builder) add(code string, s subject, format string, arguments ...any) {
	text := rules[code].Reason
	if format != "" {
		text = fmt.Sprintf(format, arguments...)
	}
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, fault.Detail{
			Code: code, Rule: code, Element: clip(s.id), Name: clip(s.name), Line: s.line, Detail: sentence(text), Fix: rules[code].Fix,
		})
	}
}

// finish sorts by line and points to the file.
func finish(details []fault.Detail, file string) []fault.Detail {
	slices.SortStableFunc(details, func(a, b fault.Detail) int { return cmp.Compare(a.Line, b.Line) })
	if file != "" {
		pointer := "/resources/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(file)
		for i := range details {
			details[i].Pointer = pointer
		}
	}
	return details
}
