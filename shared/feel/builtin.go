package feel

import (
	"maps"
	"slices"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// signature is one way to call a built-in function (DMN §10.3.4).
type signature struct {
	formals []formal
	run     func(r *Run, a []Value) Value
	// overloaded is set when the function has another signature, which what is missing may tell apart.
	overloaded bool
}

// formal is a parameter: its name, the kind of its value (a letter as in accept), whether it may be left
// out, and whether it takes all that is left.
type formal struct {
	name     string
	kind     byte
	optional bool
	rest     bool
}

// sig reads "string s, length n?, item a*": a name, a kind, and a mark for what is optional or repeats.
func sig(text string, run func(r *Run, a []Value) Value) signature {
	s := signature{run: run}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, kind := part[:strings.LastIndexByte(part, ' ')], part[strings.LastIndexByte(part, ' ')+1:]
		s.formals = append(s.formals, formal{name, kind[0], strings.HasSuffix(kind, "?"), strings.HasSuffix(kind, "*")})
	}
	return s
}

// builtins are the functions by name; a variable of the same name hides one.
var builtins, builtinNames = register(conversions, texts, lists, numbers, dates, ranges, contexts)

func register(tables ...map[string][]signature) (map[string]*Function, index) {
	all, names := map[string]*Function{}, index{}
	for _, table := range tables {
		for name, signatures := range table {
			for i := range signatures {
				signatures[i].overloaded = len(signatures) > 1
			}
			all[name] = &Function{Name: name, native: signatures}
			names.add(name)
		}
	}
	return all, names
}

// Builtins returns the names of the built-in functions, sorted.
func Builtins() []string { return slices.Sorted(maps.Keys(builtins)) }

// native runs the first signature that takes the arguments.
func (r *Run) native(f *Function, arguments []Value, names []string) Value {
	var reason string
	for _, s := range f.native {
		ordered, problem := s.order(arguments, names)
		if problem == "" {
			if problem = s.accept(ordered); problem == "" {
				return s.run(r, ordered)
			}
		}
		if reason == "" || len(f.native) == 1 {
			reason = problem
		}
	}
	return r.Fail("%s: %s", f.Name, reason)
}

// order puts the arguments into the places of the formals.
func (s signature) order(arguments []Value, names []string) ([]Value, string) {
	ordered := make([]Value, len(s.formals))
	if len(names) > 0 {
		return ordered, s.orderNamed(ordered, arguments, names)
	}
	for i, p := range s.formals {
		switch {
		case p.rest:
			ordered[i] = gather(p, arguments[min(i, len(arguments)):])
			if i > len(arguments) || len(arguments) == i {
				return nil, "there are too few arguments"
			}
			return ordered, ""
		case i < len(arguments):
			ordered[i] = arguments[i]
		case !p.optional:
			return nil, "there are too few arguments"
		}
	}
	if len(arguments) > len(s.formals) {
		return nil, "there are too many arguments"
	}
	return ordered, ""
}

// takes reports whether a call may have n arguments.
func (s signature) takes(n int) bool {
	least, most := 0, len(s.formals)
	for _, p := range s.formals {
		if p.rest {
			most = n
		}
		if !p.optional {
			least++
		}
	}
	return least <= n && n <= most
}

// orderNamed puts arguments by their names: what is not supplied is null (DMN §10.3.2.13.5).
func (s signature) orderNamed(ordered, arguments []Value, names []string) string {
	used := 0
	for i, p := range s.formals {
		at := slices.Index(names, p.name)
		switch {
		case at < 0 && !p.optional && s.overloaded:
			return "the parameter " + p.name + " is missing"
		case at >= 0:
			used++
			ordered[i] = arguments[at]
			if p.rest {
				ordered[i] = gather(p, arguments[at:at+1])
			}
		}
	}
	if used != len(names) {
		return "it has no such parameter"
	}
	return ""
}

// gather makes the list of a repeated parameter. Kind v is a list, or its elements one by one.
func gather(p formal, rest []Value) Value {
	if len(rest) == 1 && p.kind == 'v' {
		if l, ok := rest[0].(List); ok {
			return l
		}
		if rest[0] == nil {
			return nil
		}
	}
	return slices.Clone(rest)
}

// accept converts the arguments as the formals need it (DMN §10.3.2.9.4).
func (s signature) accept(ordered []Value) string {
	for i, p := range s.formals {
		if ordered[i] == nil && (p.optional || p.kind == 'a') {
			continue
		}
		v, ok := accept(p.kind, ordered[i])
		if !ok {
			return "the parameter " + p.name + " cannot be a " + kindOf(ordered[i])
		}
		ordered[i] = v
	}
	return ""
}

// accept is for one value: a any, l or v list, n number, s string, b boolean, c context, f function,
// d date or date and time.
func accept(kind byte, v Value) (Value, bool) {
	switch kind {
	case 'a':
		return v, true
	case 'l', 'v':
		if l, ok := v.(List); ok {
			return l, true
		}
		return List{v}, v != nil
	}
	v = single(v)
	ok := false
	switch kind {
	case 'n':
		_, ok = v.(*apd.Decimal)
	case 's':
		_, ok = v.(string)
	case 'b':
		_, ok = v.(bool)
	case 'c':
		_, ok = v.(*Context)
	case 'f':
		_, ok = v.(*Function)
	case 'd':
		_, ok = asDateTime(v)
	}
	return v, ok
}

// list, num and str take what accept has checked.
func asList(v Value) List           { l, _ := v.(List); return l }
func asNumber(v Value) *apd.Decimal { d, _ := v.(*apd.Decimal); return d }
func asText(v Value) string         { s, _ := v.(string); return s }

// position reads a whole number.
func (r *Run) position(v Value) (int64, bool) {
	if n, ok := truncated(asNumber(v)); ok {
		return n, true
	}
	r.Fail("a position is out of range")
	return 0, false
}
