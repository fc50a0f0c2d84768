package store

import (
	"context"
	"fmt"
	"strings"

	"diom.io/workflow/shared/page"
)

// Condition is what a search asks of a row. One of All, Any, Field and Variable is set. Value is a string, a
// number as text, a time.Time, an engine.ID as bytes, a list of them (OneOf) or a bool (Exists); that field, operator
// and value go together is the caller's to see to.
type Condition struct {
	All, Any []Condition
	Field    string
	Variable string
	Operator Operator
	Value    any
	Values   []any // of OneOf
	Numeric  bool  // a variable is compared as a number
	// By is who asks for a variable: of what a model hides from somebody he finds his own alone. Empty: he sees all.
	By string
}

// Operator compares.
type Operator string

// The operators. Prefix is the beginning of a text; Exists asks whether there is a value.
const (
	Equal   Operator = "eq"
	OneOf   Operator = "in"
	Prefix  Operator = "prefix"
	Less    Operator = "lt"
	AtMost  Operator = "le"
	More    Operator = "gt"
	AtLeast Operator = "ge"
	Exists  Operator = "exists"
)

// comparisons are the operators in SQL.
var comparisons = map[Operator]string{Equal: " = ?", Prefix: " LIKE ?", Less: " < ?", AtMost: " <= ?", More: " > ?", AtLeast: " >= ?"}

// FieldKind is what a field of a search holds.
type FieldKind string

// The kinds of fields.
const (
	TextField   FieldKind = "text"
	NumberField FieldKind = "number"
	TimeField   FieldKind = "time"
	IDField     FieldKind = "id"
	StateField  FieldKind = "state"
)

// SearchField is something that a search may ask of a row. Narrow says that an index finds the rows of one value.
type SearchField struct {
	Kind   FieldKind
	Narrow bool

	column       string
	before, then string // around the comparison
}

// ofInstance asks something of the instance of a task.
func ofInstance(column string, kind FieldKind, narrow bool) SearchField {
	return SearchField{Kind: kind, Narrow: narrow, column: column, before: "t.instance_id IN (SELECT x.id FROM workflow_instance x WHERE ", then: ")"}
}

// SearchFields are those of a list that can be searched.
type SearchFields map[string]SearchField

// The fields of tasks and of instances.
var (
	TaskFields = SearchFields{
		"instanceId": {Kind: IDField, Narrow: true, column: "t.instance_id"}, "processKey": {Kind: TextField, column: "t.process_key"},
		"nodeId": {Kind: TextField, column: "t.node_id"}, "name": {Kind: TextField, column: "t.name"}, "state": {Kind: StateField, column: "t.state"},
		"assignee": {Kind: TextField, Narrow: true, column: "t.assignee"}, "owner": {Kind: TextField, Narrow: true, column: "t.owner"},
		"endedBy": {Kind: TextField, Narrow: true, column: "t.ended_by"}, "formKey": {Kind: TextField, column: "t.form_key"},
		"priority": {Kind: NumberField, column: "t.priority"}, "dueAt": {Kind: TimeField, column: "t.due_at"}, "followUpAt": {Kind: TimeField, column: "t.follow_up_at"},
		"createdAt": {Kind: TimeField, column: "t.created_at"}, "endedAt": {Kind: TimeField, column: "t.ended_at"},
		"businessKey": ofInstance("x.business_key", TextField, true), "starter": ofInstance("x.starter", TextField, true),
	}
	InstanceFields = SearchFields{
		"processKey": {Kind: TextField, Narrow: true, column: "process_key"}, "businessKey": {Kind: TextField, Narrow: true, column: "business_key"},
		"definitionId": {Kind: IDField, column: "definition_id"}, "parentInstanceId": {Kind: IDField, Narrow: true, column: "parent_id"},
		"starter": {Kind: TextField, Narrow: true, column: "starter"}, "state": {Kind: StateField, Narrow: true, column: "state"},
		"startedAt": {Kind: TimeField, column: "started_at"}, "endedAt": {Kind: TimeField, column: "ended_at"},
		"processVersion": {Kind: NumberField, column: "process_version"},
	}
)

// TaskStateCode returns the code of a word for the state of a task, false where there is none.
func TaskStateCode(word string) (int, bool) {
	for code, state := range taskStates {
		if string(state) == word {
			return code, true
		}
	}
	return 0, false
}

// SearchTasks lists the tasks of a filter of which a condition holds, too; nil holds of all.
func (s *Store) SearchTasks(ctx context.Context, f TaskFilter, c *Condition, r page.Request) (page.Page[Task], error) {
	l, q := f.list(r.Sort)
	q.search(c, TaskFields, "t.instance_id")
	return l.read(ctx, s, q, r)
}

// SearchInstances lists the instances of a filter of which a condition holds, too; nil holds of all.
func (s *Store) SearchInstances(ctx context.Context, f InstanceFilter, c *Condition, r page.Request) (page.Page[Instance], error) {
	q := f.query()
	q.search(c, InstanceFields, "id")
	return instanceList.read(ctx, s, q, r)
}

// search adds a condition; instance is the column of the instance whose variables it asks for.
func (q *query) search(c *Condition, fields SearchFields, instance string) {
	if c == nil {
		return
	}
	w := searchWriter{fields: fields, instance: instance}
	if text := w.text(*c); text != "" {
		q.where(text, w.arguments...)
	}
}

// searchWriter makes SQL of conditions. Every piece of its text is a constant of this package.
type searchWriter struct {
	fields    SearchFields
	instance  string
	arguments []any
}

func (w *searchWriter) text(c Condition) string {
	switch {
	case c.Field != "":
		f := w.fields[c.Field]
		return f.before + w.compare(f.column, c) + f.then
	case c.Variable != "":
		return w.variable(c)
	case len(c.Any) > 0:
		return w.join(c.Any, " OR ")
	}
	return w.join(c.All, " AND ")
}

func (w *searchWriter) join(list []Condition, word string) string {
	parts := make([]string, 0, len(list))
	for _, c := range list {
		if text := w.text(c); text != "" {
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, word) + ")"
}

func (w *searchWriter) compare(column string, c Condition) string {
	switch c.Operator {
	case Exists:
		if c.Value == true {
			return column + " IS NOT NULL"
		}
		return column + " IS NULL"
	case OneOf:
		w.arguments = append(w.arguments, c.Values...)
		return column + " IN (" + placeholders(len(c.Values)) + ")"
	case Prefix:
		w.arguments = append(w.arguments, beginning(fmt.Sprint(c.Value)))
	default:
		w.arguments = append(w.arguments, c.Value)
	}
	return column + comparisons[c.Operator]
}

// variable asks for a value as searchable keeps it. The JSON of a number begins with a sign or a digit, and that of
// a text with a quote: an order is one of numbers, or of texts.
func (w *searchWriter) variable(c Condition) string {
	w.arguments = append(w.arguments, c.Variable)
	text := w.instance + " IN (SELECT v.instance_id FROM workflow_search_variable v WHERE v.name = ?"
	if c.By != "" {
		w.arguments = append(w.arguments, c.By)
		text += " AND (v.hidden = 0 OR EXISTS (SELECT 1 FROM workflow_instance h WHERE h.id = v.instance_id AND h.starter = ?))"
	}
	switch c.Operator {
	case Exists:
		return text + ")"
	case Equal, OneOf, Prefix:
	default:
		if c.Numeric {
			w.arguments = append(w.arguments, c.Value)
			return text + " AND v.value >= '-' AND v.value < ':' AND CAST(v.value AS DECIMAL(65, 20))" + strings.Replace(comparisons[c.Operator], "?", "CAST(? AS DECIMAL(65, 20))", 1) + ")"
		}
		text += ` AND v.value >= '"' AND v.value < '#'`
	}
	return text + " AND " + w.compare("v.value", c) + ")"
}

// beginning is a pattern for LIKE of what begins with a text.
func beginning(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
