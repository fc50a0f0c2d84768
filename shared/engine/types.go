package engine

import (
	"time"

	"diom.io/workflow/shared/expr"
)

// Types names the types of variables where their values alone do not say them: a text that is a date,
// a whole number that is to stay a Long. The names are those of Camunda 7's REST API; the engine keeps
// them and does not read them.
type Types map[string]string

// TypeDate is the type of a point in time, which is a text once it has been stored.
const TypeDate = "Date"

// values are variables that an evaluation has made, with their types where the values alone do not say them.
type values struct {
	Variables
	types Types
}

func newValues() values { return values{Variables{}, Types{}} }

func (v values) set(name string, value expr.Value, kind string) {
	v.Variables[name] = value
	delete(v.types, name)
	if kind != "" {
		v.types[name] = kind
	}
}

func (v values) addAll(all Variables, types Types) {
	for name, value := range all {
		v.set(name, value, types[name])
	}
}

// typed does something that sets variables of these types.
func (s *step) typed(types Types, do func()) {
	defer func(outer Types) { s.types = outer }(s.types)
	s.types = types
	do()
}

// typeOf returns what finds the type of a variable that a scope sees.
func (s *step) typeOf(scope int) func(string) string {
	return func(name string) string {
		for around := range s.instance.outward(scope) {
			if _, here := around.Variables[name]; here {
				return around.Types[name]
			}
		}
		return ""
	}
}

// declare gives the types of the variables that a change sets: those that came with the command, and
// Date for a point in time.
func (s *step) declare(c *Change) {
	if c.Kind != VariablesSet && c.Kind != ScopeOpened && c.Kind != CallStarted {
		return
	}
	for name, value := range c.Variables {
		kind := s.types[name]
		if _, date := value.(time.Time); kind == "" && date {
			kind = TypeDate
		}
		if kind == "" {
			continue
		}
		if c.Types == nil {
			c.Types = Types{}
		}
		c.Types[name] = kind
	}
}

// retype keeps the types of the variables that a change has set; the others have none any more.
func (s *Scope) retype(c Change) {
	for name := range c.Variables {
		delete(s.Types, name)
	}
	for name, kind := range c.Types {
		if s.Types == nil {
			s.Types = Types{}
		}
		s.Types[name] = kind
	}
	if len(s.Types) == 0 {
		s.Types = nil // as it is when it has been stored
	}
}

// VisibleTypes returns the types of the variables that Visible returns.
func (in *Instance) VisibleTypes(token int) Types {
	all, seen := Types{}, Types{}
	t := in.token(token)
	if t == nil {
		return all
	}
	for s := range in.outward(in.scopeOf(*t)) {
		for name := range s.Variables {
			if _, hidden := seen[name]; hidden {
				continue
			}
			seen[name] = ""
			if kind := s.Types[name]; kind != "" {
				all[name] = kind
			}
		}
	}
	return all
}

// Token returns a token by its number, or nil.
func (in *Instance) Token(number int) *Token { return in.token(number) }

// OutsideIn returns the tokens, those outside before those inside. After a migration an outer one may be the newer.
func (in *Instance) OutsideIn() []Token {
	var list []Token
	for scopes := []int{0}; len(scopes) > 0; scopes = scopes[1:] {
		for _, t := range in.Tokens {
			if t.Scope != scopes[0] {
				continue
			}
			list = append(list, t)
			if own := in.owned(t.Number); own != nil {
				scopes = append(scopes, own.Number)
			}
		}
	}
	return list
}

// Own returns the scope that a token has opened at its node, or nil.
func (in *Instance) Own(token int) *Scope { return in.owned(token) }

// Around returns the scope that a token is in.
func (in *Instance) Around(t Token) *Scope { return in.scope(t.Scope) }

// Body reports whether a token is at a multi-instance activity as a whole, and what its instances are in.
func (in *Instance) Body(t Token) bool {
	own := in.owned(t.Number)
	if own == nil {
		return false
	}
	for _, inner := range in.Tokens {
		if inner.Scope == own.Number && inner.Node == t.Node {
			return true
		}
	}
	return false
}

// Continuation returns the job that will let a token go on, or nil.
func (in *Instance) Continuation(token int) *Job {
	for i := range in.Jobs {
		if in.Jobs[i].Token == token && in.Jobs[i].Kind != ExternalJob {
			return &in.Jobs[i]
		}
	}
	return nil
}

// Waiter returns the number of the token that waits for an event: of a scope the one that has opened it, 0 for
// the process itself.
func (in *Instance) Waiter(s Subscription) int {
	if s.Token != 0 {
		return s.Token
	}
	return in.scope(s.Scope).Token
}
