package feel

import (
	"errors"
	"fmt"
	"time"
)

// The limits of one evaluation and of one source text.
const (
	maxSteps       = 1_000_000
	maxMade        = 16 << 20 // bytes of text, lists and contexts made
	maxCalls       = 400      // function calls within each other
	maxSource      = 32 << 10 // bytes
	maxNesting     = 120      // brackets and keywords within each other
	maxDiagnostics = 50
	maxWalk        = 64 // how deep a value is followed
)

// ErrBudget is what an evaluation ends with that takes too many steps, goes too deep or makes too much.
var ErrBudget = errors.New("the expression takes too many steps, calls too deep or makes too much")

// Diagnostic says why something became null. Where is the source of the expression.
type Diagnostic struct {
	Where   string
	Message string
}

// Run is one evaluation with what it may still spend. It is for one goroutine. Now is the only clock;
// its location is the zone of now() and today().
type Run struct {
	Now time.Time

	steps, bytes, calls int
	quiet               int    // no diagnostics while it is positive
	shapeOnly           int    // allowed values do not count while it is positive
	siblings            *Scope // the components beside the one whose allowed values are tested
	where               string
	diagnostics         []Diagnostic
	err                 error
}

// NewRun returns a run with the full budget.
func NewRun(now time.Time) *Run { return &Run{Now: now, steps: maxSteps, bytes: maxMade} }

// Diagnostics returns what went wrong so far, in order, at most 50.
func (r *Run) Diagnostics() []Diagnostic { return r.diagnostics }

// Err returns ErrBudget when the budget is spent, or what Broken was told: every value since is null and
// means nothing.
func (r *Run) Err() error { return r.err }

// step pays for n units of work; false ends the evaluation.
func (r *Run) step(n int) bool {
	if r.steps -= n; r.steps < 0 {
		r.err = ErrBudget
	}
	return r.err == nil
}

// grow pays for n bytes.
func (r *Run) grow(n int) bool {
	if r.bytes -= n; r.bytes < 0 || n < 0 {
		r.err = ErrBudget
	}
	return r.err == nil
}

// Fail records a diagnostic and returns null.
func (r *Run) Fail(format string, arguments ...any) Value {
	if r.quiet == 0 && r.err == nil && len(r.diagnostics) < maxDiagnostics {
		r.diagnostics = append(r.diagnostics, Diagnostic{r.where, fmt.Sprintf(format, arguments...)})
	}
	return nil
}

// Broken ends the evaluation with an error of another language's expression, which null would hide.
func (r *Run) Broken(err error) Value {
	if r.err == nil {
		r.err = err
	}
	return nil
}

// At sets where diagnostics come from and returns what undoes it.
func (r *Run) At(where string) (undo func()) {
	old := r.where
	r.where = where
	return func() { r.where = old }
}

// text makes a string within the budget.
func (r *Run) text(s string) Value {
	if !r.grow(len(s)) {
		return nil
	}
	return s
}

// list makes a list within the budget.
func (r *Run) list(l List) Value {
	if !r.grow(16 * len(l)) {
		return nil
	}
	return l
}

// Scope is a chain of names with their values. Names are in the form of Name.
type Scope struct {
	parent *Scope
	names  []string
	values []Value
	item   *Context // the entries of the item at hand in a filter
	lookup func(name string) (Value, bool)
}

// NewScope returns a scope within another one, which may be nil.
func NewScope(parent *Scope) *Scope { return &Scope{parent: parent} }

// NewLookup returns a scope whose names are those that lookup finds.
func NewLookup(lookup func(name string) (Value, bool)) *Scope { return &Scope{lookup: lookup} }

// Put adds a name, or replaces it.
func (s *Scope) Put(name string, value Value) {
	for i, n := range s.names {
		if n == name {
			s.values[i] = value
			return
		}
	}
	s.names, s.values = append(s.names, name), append(s.values, value)
}

// Get finds the innermost value of a name.
func (s *Scope) Get(name string) (Value, bool) {
	for ; s != nil; s = s.parent {
		if v, ok := s.own(name); ok {
			return v, true
		}
	}
	return nil, false
}

// own finds a name of the scope itself.
func (s *Scope) own(name string) (Value, bool) {
	if s.item != nil {
		if v, ok := s.item.Get(name); ok {
			return v, true
		}
	}
	for i, n := range s.names {
		if n == name {
			return s.values[i], true
		}
	}
	if s.lookup != nil {
		return s.lookup(name)
	}
	return nil, false
}
