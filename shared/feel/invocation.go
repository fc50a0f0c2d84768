package feel

import "slices"

type call struct {
	function  node
	arguments []node
	names     []string // of each argument, or none
}

func (n call) evaluate(r *Run, s *Scope) Value {
	if !r.step(1) {
		return nil
	}
	f := n.callee(r, s)
	if f == nil {
		return r.Fail("what is called is no function")
	}
	arguments := make([]Value, len(n.arguments))
	for i, a := range n.arguments {
		arguments[i] = a.evaluate(r, s)
	}
	return r.Invoke(f, arguments, n.names)
}

// callee is the function; a variable that is none does not hide a built-in one.
func (n call) callee(r *Run, s *Scope) *Function {
	value := n.function.evaluate(r, s)
	f, ok := value.(*Function)
	if v, named := n.function.(variable); !ok && named {
		f = builtins[v.name]
	}
	return f
}

// Invoke calls a function with positional arguments, or named ones.
func (r *Run) Invoke(f *Function, arguments []Value, names []string) Value {
	if r.calls++; r.calls > maxCalls {
		r.err = ErrBudget
	}
	defer func() { r.calls-- }()
	if r.err != nil {
		return nil
	}
	if len(f.native) > 0 {
		return r.native(f, arguments, names)
	}
	if len(names) == 0 && len(arguments) != len(f.Parameters) {
		return r.Fail("%s takes %d arguments, not %d", f.label(), len(f.Parameters), len(arguments))
	}
	for _, name := range names {
		if !slices.ContainsFunc(f.Parameters, func(p Parameter) bool { return p.Name == name }) {
			return r.Fail("%s has no parameter %s", f.label(), name)
		}
	}
	return r.invoke(f, arguments, names)
}

// invoke calls a function with arguments that it has parameters for.
func (r *Run) invoke(f *Function, arguments []Value, names []string) Value {
	ordered := make([]Value, len(f.Parameters))
	for i, p := range f.Parameters {
		at := i
		if len(names) > 0 {
			at = slices.Index(names, p.Name)
		}
		if at < 0 { // a named argument that is not supplied is null (DMN §10.3.2.13.5)
			continue
		}
		ordered[i] = r.Coerce(arguments[at], p.Type, "the parameter "+p.Name)
		if ordered[i] == nil && arguments[at] != nil { // it does not conform: the function is not called (§10.3.2.13.2)
			return nil
		}
	}
	return f.Call(r, ordered)
}

func (f *Function) label() string {
	if f.Name == "" {
		return "the function"
	}
	return f.Name
}

type lambda struct {
	parameters []Parameter
	result     *Type
	body       node
}

func (n lambda) evaluate(_ *Run, s *Scope) Value {
	return &Function{Parameters: n.parameters, Result: n.result, inferred: infer(n.body, 0), Call: func(r *Run, arguments []Value) Value {
		inner := NewScope(s)
		for i, p := range n.parameters {
			inner.Put(p.Name, arguments[i])
		}
		return r.Coerce(n.body.evaluate(r, inner), n.result, "the result")
	}}
}
