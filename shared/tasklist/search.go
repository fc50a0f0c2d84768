package tasklist

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// Why a search is refused.
var (
	ErrSearch = fault.New(fault.Invalid, "bad_search", "The search has problems.")
	ErrWide   = fault.New(fault.Invalid, "search_too_wide", "The search would look through everything: ask, among what must all hold, for one value of a field or a variable by which rows are found.")
)

// Condition is what a search asks for: one of all (each of them holds), any (one of them holds), field and
// variable. A field or a variable goes with an operator (eq where it is absent; in, prefix, lt, le, gt, ge,
// exists) and a value: for in a list, for exists true or false. Variables are the searchable ones of
// instances that are running.
type Condition struct {
	All      []Condition     `json:"all,omitempty"`
	Any      []Condition     `json:"any,omitempty"`
	Field    string          `json:"field,omitempty"`
	Variable string          `json:"variable,omitempty"`
	Operator store.Operator  `json:"operator,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
}

// Search is a list that is asked for by a body: parameters are the filters that the list takes in a query,
// condition is what only a search can ask; the rest is as in a query.
type Search struct {
	Parameters map[string]string `json:"parameters"`
	Condition  *Condition        `json:"condition"`
	Sort       string            `json:"sort"`
	Limit      int               `json:"limit"`
	Cursor     string            `json:"cursor"`
	Count      bool              `json:"count"`
}

// SearchTasks returns a page of the principal's tasks, of the view that the parameters name, of which the
// condition holds. Errors: ErrSearch with a detail for each problem, ErrWide.
func (s *Service) SearchTasks(ctx context.Context, p access.Principal, in Search) (page.Page[store.Task], error) {
	r, c, err := in.read(TaskList, store.TaskFields, p)
	if err != nil {
		return page.Page[store.Task]{}, err
	}
	f, err := s.taskFilter(ctx, p, r.Filters)
	if err != nil {
		return page.Page[store.Task]{}, err
	}
	if c != nil && f.View == store.All && f.InstanceID.IsZero() && !narrow(*c, store.TaskFields) {
		return page.Page[store.Task]{}, ErrWide
	}
	return s.store.SearchTasks(ctx, f, c, r)
}

// SearchInstances returns a page of the instances that the principal may see of which the condition holds.
// Errors: those of SearchTasks, ErrOthers.
func (s *Service) SearchInstances(ctx context.Context, p access.Principal, in Search) (page.Page[store.Instance], error) {
	r, c, err := in.read(InstanceList, store.InstanceFields, p)
	if err != nil {
		return page.Page[store.Instance]{}, err
	}
	f, err := s.instanceFilter(ctx, p, r.Filters)
	if err != nil {
		return page.Page[store.Instance]{}, err
	}
	found := f.Starter != "" || f.Head != "" || f.ProcessKey != "" || f.BusinessKey != "" || !f.ParentID.IsZero() || f.State > 0
	if c != nil && !found && !narrow(*c, store.InstanceFields) {
		return page.Page[store.Instance]{}, ErrWide
	}
	return s.store.SearchInstances(ctx, f, c, r)
}

// narrow reports whether an index finds what a condition asks for.
func narrow(c store.Condition, fields store.SearchFields) bool {
	one := c.Operator == store.Equal || c.Operator == store.OneOf || c.Operator == store.Prefix
	switch {
	case c.Field != "":
		return one && fields[c.Field].Narrow
	case c.Variable != "":
		return one
	case len(c.Any) > 0:
		return !slices.ContainsFunc(c.Any, func(c store.Condition) bool { return !narrow(c, fields) })
	}
	return slices.ContainsFunc(c.All, func(c store.Condition) bool { return narrow(c, fields) })
}

// conditioned is what stands for the condition in the stamp of a cursor.
const conditioned = "condition"

// read checks a search of a list by a principal.
func (in Search) read(list page.List, fields store.SearchFields, p access.Principal) (page.Request, *store.Condition, error) {
	query, problems := in.query(list)
	var c *store.Condition
	if in.Condition != nil {
		t := translator{fields: fields}
		if !p.SeesAll() {
			t.by = p.Username
		}
		whole := t.condition(*in.Condition, "/condition", 1)
		c, problems = &whole, append(problems, t.problems...)
		raw, err := json.Marshal(in.Condition)
		if err != nil {
			return page.Request{}, nil, err
		}
		query.Set(conditioned, string(raw))
	}
	if len(problems) > 0 {
		return page.Request{}, nil, ErrSearch.With(problems...)
	}
	list.Name += ":search"
	list.Filters = append(slices.Clone(list.Filters), page.Filter{Name: conditioned})
	r, err := page.Parse(query, list, p.Username)
	return r, c, explained(err, in.Parameters)
}

// query is the search without its condition as a query.
func (in Search) query(list page.List) (url.Values, []fault.Detail) {
	query := url.Values{"count": {strconv.FormatBool(in.Count)}}
	for name, value := range map[string]string{"sort": in.Sort, "cursor": in.Cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if in.Limit != 0 {
		query.Set("limit", strconv.Itoa(in.Limit))
	}
	var problems []fault.Detail
	for name, value := range in.Parameters {
		if !slices.ContainsFunc(list.Filters, func(f page.Filter) bool { return f.Name == name }) {
			problems = append(problems, fault.Detail{Pointer: "/parameters/" + name, Code: "unknown_parameter", Detail: "The list has no such parameter."})
		}
		query.Set(name, value)
	}
	return query, problems
}

// explained is what page.Parse refuses, as a problem of the body.
func explained(err error, parameters map[string]string) error {
	var wrong *page.Error
	if !errors.As(err, &wrong) {
		return err
	}
	pointer := "/" + wrong.Parameter
	if _, given := parameters[wrong.Parameter]; given {
		pointer = "/parameters" + pointer
	}
	return ErrSearch.With(fault.Detail{Pointer: pointer, Code: wrong.Code, Detail: wrong.Message})
}

// The bounds of a condition.
const (
	maxConditionDepth = 4
	maxConditions     = 30
	maxVariables      = 5
	maxValues         = 50
	maxValueText      = 255 // characters
)

// translator makes a store.Condition of a Condition and gathers its problems.
type translator struct {
	fields           store.SearchFields
	by               string // who asks, where something may be hidden from him
	count, variables int
	problems         []fault.Detail
}

func (t *translator) problem(pointer, code, detail string) {
	t.problems = append(t.problems, fault.Detail{Pointer: pointer, Code: code, Detail: detail})
}

func (t *translator) condition(c Condition, pointer string, depth int) store.Condition {
	t.count++
	set := 0
	for _, is := range []bool{c.All != nil, c.Any != nil, c.Field != "", c.Variable != ""} {
		if is {
			set++
		}
	}
	switch {
	case set != 1:
		t.problem(pointer, "bad_condition", "A condition has one of all, any, field and variable.")
	case depth > maxConditionDepth || t.count > maxConditions:
		t.problem(pointer, "too_many_conditions", "A search has at most 30 conditions, four levels deep.")
	case c.All != nil:
		return store.Condition{All: t.list(c.All, pointer+"/all", depth)}
	case c.Any != nil:
		return store.Condition{Any: t.list(c.Any, pointer+"/any", depth)}
	default:
		c.Operator = cmp.Or(c.Operator, store.Equal)
		if c.Variable != "" {
			return t.variable(c, pointer)
		}
		return t.field(c, pointer)
	}
	return store.Condition{}
}

func (t *translator) list(list []Condition, pointer string, depth int) []store.Condition {
	if len(list) == 0 {
		t.problem(pointer, "bad_condition", "There is no condition here.")
	}
	translated := make([]store.Condition, 0, len(list))
	for i, c := range list {
		if t.count > maxConditions {
			break
		}
		translated = append(translated, t.condition(c, pointer+"/"+strconv.Itoa(i), depth+1))
	}
	return translated
}

// values are those of a condition: several for in, one otherwise.
func (t *translator) values(c Condition, pointer string) []json.RawMessage {
	if c.Operator != store.OneOf {
		if len(bytes.TrimSpace(c.Value)) == 0 {
			t.problem(pointer+"/value", "missing", "Say with which value to compare.")
			return nil
		}
		return []json.RawMessage{c.Value}
	}
	var list []json.RawMessage
	if json.Unmarshal(c.Value, &list) != nil || len(list) == 0 || len(list) > maxValues {
		t.problem(pointer+"/value", "bad_value", "in takes a list of 1 to 50 values.")
		return nil
	}
	return list
}

// exists reads the value of exists.
func (t *translator) exists(c Condition, pointer string) bool {
	var is bool
	if json.Unmarshal(c.Value, &is) != nil {
		t.problem(pointer+"/value", "bad_value", "exists takes true or false.")
	}
	return is
}
