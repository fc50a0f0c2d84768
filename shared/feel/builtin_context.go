package feel

// contexts are the functions on contexts (DMN §10.3.4.8, §10.3.4.9).
var contexts = map[string][]signature{
	"get value":     {sig("m c, key s", getValue), sig("context c, key s", getValue)},
	"get entries":   {sig("m c", getEntries), sig("context c", getEntries)},
	"context":       {sig("entries l", contextOf)},
	"context put":   {sig("context c, key s, value a", contextPut), sig("context c, keys l, value a", contextPutDeep)},
	"context merge": {sig("contexts l", contextMerge)},
}

func asContext(v Value) *Context { c, _ := v.(*Context); return c }

func getValue(r *Run, a []Value) Value {
	if v, ok := asContext(a[0]).Get(Name(asText(a[1]))); ok {
		return v
	}
	return r.Fail("get value: there is no entry %s", clip(asText(a[1])))
}

func getEntries(r *Run, a []Value) Value {
	l := List{}
	for _, k := range asContext(a[0]).keys {
		e := NewContext(2)
		e.Put("key", k)
		e.Put("value", asContext(a[0]).values[k])
		l = append(l, e)
	}
	if !r.grow(100 * len(l)) {
		return nil
	}
	return l
}

func contextOf(r *Run, a []Value) Value {
	c := NewContext(0)
	for _, e := range asList(a[0]) {
		entry, ok := single(e).(*Context)
		if !ok {
			return r.Fail("context: an entry is no context")
		}
		key, isText := entry.values["key"].(string)
		value, has := entry.Get("value")
		if _, twice := c.Get(Name(key)); !isText || !has || twice {
			return r.Fail("context: an entry has no key and value, or its key is there twice")
		}
		c.Put(Name(key), value)
	}
	if !r.grow(64 * len(c.keys)) {
		return nil
	}
	return c
}

func (r *Run) copied(c *Context) (*Context, bool) {
	if !r.grow(64 * (len(c.keys) + 1)) {
		return nil, false
	}
	return c.clone(), true
}

func contextPut(r *Run, a []Value) Value {
	c, ok := r.copied(asContext(a[0]))
	if !ok {
		return nil
	}
	c.Put(Name(asText(a[1])), a[2])
	return c
}

func contextPutDeep(r *Run, a []Value) Value {
	keys := asList(a[1])
	if len(keys) == 0 || len(keys) > maxWalk {
		return r.Fail("context put: there are no keys, or too many")
	}
	return r.putDeep(asContext(a[0]), keys, a[2])
}

func (r *Run) putDeep(c *Context, keys List, value Value) Value {
	key, ok := keys[0].(string)
	if !ok {
		return r.Fail("context put: a key is no string")
	}
	if len(keys) > 1 {
		inner, ok := c.values[Name(key)].(*Context)
		if !ok {
			return r.Fail("context put: the entry %s is no context", clip(key))
		}
		if value = r.putDeep(inner, keys[1:], value); value == nil {
			return nil
		}
	}
	return contextPut(r, []Value{c, key, value})
}

func contextMerge(r *Run, a []Value) Value {
	merged := NewContext(0)
	for _, e := range asList(a[0]) {
		c, ok := single(e).(*Context)
		if !ok {
			return r.Fail("context merge: a %s is no context", kindOf(e))
		}
		for _, k := range c.keys {
			merged.Put(k, c.values[k])
		}
	}
	if !r.grow(64 * len(merged.keys)) {
		return nil
	}
	return merged
}
