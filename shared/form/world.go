package form

import (
	"maps"
	"strings"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/feel"
)

// world is what expressions of a form see: the variables by name, and inside of a list also this, the item, i, the
// numbers of the items from the outside in, counted from 1, and parent, what is around the item.
type world struct {
	root    map[string]expr.Value
	this    map[string]expr.Value
	parent  *world
	numbers []expr.Value
	scope   *feel.Scope
	self    feel.Value
}

// item is the world inside of an item of a list.
func (w *world) item(fields map[string]expr.Value, n int) *world {
	numbers := append(append([]expr.Value{}, w.numbers...), int64(n+1))
	return &world{root: w.root, this: fields, parent: w, numbers: numbers}
}

// names is the scope of the expressions. What is around an item is turned into values once, not for each item.
func (w *world) names() *feel.Scope {
	if w.scope != nil {
		return w.scope
	}
	if w.parent == nil {
		w.scope = feel.NewScope(nil)
		for name, value := range w.root {
			w.scope.Put(feel.Name(name), feel.FromValue(value))
		}
	} else {
		top := w
		for top.parent != nil {
			top = top.parent
		}
		w.scope = feel.NewScope(top.names())
	}
	var parent feel.Value
	if w.parent != nil {
		parent = w.parent.own()
	}
	for name, value := range map[string]feel.Value{"this": w.own(), "parent": parent, "i": feel.FromValue(w.numbers)} {
		w.scope.Put("_"+name+"_", value)
		if _, taken := w.root[name]; !taken {
			w.scope.Put(name, value)
		}
	}
	return w.scope
}

// own are the values of the item, or of the form.
func (w *world) own() feel.Value {
	if w.self == nil {
		values := w.this
		if w.parent == nil {
			values = w.root
		}
		w.self = feel.FromValue(values)
	}
	return w.self
}

func (w *world) truth(r *feel.Run, e *feel.Expression) bool { return e.Evaluate(r, w.names()) == true }

func (w *world) value(r *feel.Run, e *feel.Expression) expr.Value {
	return feel.ToValue(e.Evaluate(r, w.names()))
}

// lookup returns what is at a path, and whether there is something, nil as well.
func lookup(values map[string]expr.Value, path []string) (expr.Value, bool) {
	for n, part := range path {
		v, there := values[part]
		if !there || n == len(path)-1 {
			return v, there
		}
		values, _ = v.(map[string]expr.Value)
	}
	return nil, false
}

// with returns values in which there is one at a path; what was there is not changed.
func with(values map[string]expr.Value, path []string, value expr.Value) map[string]expr.Value {
	made := maps.Clone(values)
	if made == nil {
		made = map[string]expr.Value{}
	}
	if len(path) == 1 {
		made[path[0]] = value
		return made
	}
	inside, _ := made[path[0]].(map[string]expr.Value)
	made[path[0]] = with(inside, path[1:], value)
	return made
}

// without returns values in which there is none at a path.
func without(values map[string]expr.Value, path []string) map[string]expr.Value {
	inside, isMap := values[path[0]].(map[string]expr.Value)
	if len(path) > 1 && !isMap {
		return values
	}
	made := maps.Clone(values)
	if len(path) == 1 {
		delete(made, path[0])
		return made
	}
	made[path[0]] = without(inside, path[1:])
	return made
}

// escape is a part of a JSON pointer (RFC 6901).
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
