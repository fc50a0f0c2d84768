package takeover

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/foreign"
)

// values are variables with the types that their values alone do not say.
type values struct {
	values engine.Variables
	types  engine.Types
}

func newValues() *values { return &values{engine.Variables{}, engine.Types{}} }

func (v *values) set(name string, value expr.Value, kind string) {
	v.values[name] = value
	if kind != "" {
		v.types[name] = kind
	}
}

// add takes over all of others.
func (v *values) add(others *values) {
	if others == nil {
		return
	}
	for name, value := range others.values {
		v.set(name, value, others.types[name])
	}
}

func (v *values) without(names []string) *values {
	rest := newValues()
	for name, value := range v.values {
		if !slices.Contains(names, name) {
			rest.set(name, value, v.types[name])
		}
	}
	return rest
}

// javaFormat is how Java writes objects: nothing else can read it.
const javaFormat = "serializable"

// maxArray bounds the ids of one query.
const maxArray = 500

// bytes reads what variables keep in a table of its own.
func (r *run) bytes(ctx context.Context, rows []foreign.Row) (map[string][]byte, error) {
	var ids []string
	for _, row := range rows {
		if id := row.Text("BYTEARRAY_ID_"); id != "" {
			ids = append(ids, id)
		}
	}
	found := map[string][]byte{}
	for part := range slices.Chunk(ids, maxArray) {
		list, err := r.rows(ctx, foreign.Query{Table: "ACT_GE_BYTEARRAY", Column: "ID_", In: part})
		if err != nil {
			return nil, err
		}
		for _, row := range list {
			found[row.Text("ID_")] = row.Bytes("BYTES_")
		}
	}
	return found, nil
}

// variable reads one variable as Camunda's REST API would show it, and so as this product takes one. problem says
// why it cannot be taken.
func variable(row foreign.Row, bytes map[string][]byte) (value expr.Value, kind, problem string) {
	typed, problem := typedValue(row, bytes)
	if problem != "" {
		return nil, "", problem
	}
	name := row.Text("NAME_")
	read, types, err := (camunda.Variables{name: typed}).Read()
	if err != nil {
		return nil, "", camunda.Failure(err).Message
	}
	return read[name], types[name], ""
}

func typedValue(row foreign.Row, bytes map[string][]byte) (*camunda.Typed, string) {
	raw, kept := bytes[row.Text("BYTEARRAY_ID_")]
	kind := row.First("TYPE_", "VAR_TYPE_")
	if kind == "" {
		kind = "null"
	}
	if !kept && row.Text("BYTEARRAY_ID_") != "" {
		return nil, "its content is not there"
	}
	switch kind {
	case "null":
		return &camunda.Typed{Type: "Null"}, ""
	case "string":
		return of("String", row.Text("TEXT_")), ""
	case "boolean":
		return of("Boolean", row.Int("LONG_") != 0), ""
	case "short", "integer", "long":
		if !row.Is("LONG_") {
			return &camunda.Typed{Type: kind}, ""
		}
		return of(kind, json.Number(row.Text("LONG_"))), ""
	case "double":
		if !row.Is("DOUBLE_") {
			return &camunda.Typed{Type: "Double"}, ""
		}
		return of("Double", json.Number(row.Text("DOUBLE_"))), ""
	case "date":
		if !row.Is("LONG_") {
			return &camunda.Typed{Type: "Date"}, ""
		}
		return of("Date", camunda.Date{Time: time.UnixMilli(row.Int("LONG_")).UTC()}.String()), ""
	case "bytes":
		return of("Bytes", base64.StdEncoding.EncodeToString(raw)), ""
	case "file":
		t := of("File", base64.StdEncoding.EncodeToString(raw))
		mime, encoding, _ := strings.Cut(row.Text("TEXT2_"), "#")
		t.Info = map[string]any{"filename": row.Text("TEXT_"), "mimetype": mime, "encoding": encoding}
		return t, ""
	case "json":
		return of("Json", string(raw)), ""
	case "xml":
		return of("Xml", string(raw)), ""
	case javaFormat:
		return nil, "it is an object that Java has serialized (" + row.Text("TEXT2_") + ")"
	}
	if format, ok := strings.CutPrefix(kind, "spin://"); ok {
		t := of("Object", string(raw))
		t.Info = map[string]any{"objectTypeName": row.Text("TEXT2_"), "serializationDataFormat": format}
		if !kept {
			t.Value = nil
		}
		return t, ""
	}
	return nil, fmt.Sprintf("its type %s is not known", kind)
}

func of(kind string, value any) *camunda.Typed {
	raw, _ := json.Marshal(value) // texts, numbers and flags always marshal
	return &camunda.Typed{Type: kind, Value: raw}
}

// sort puts the variables of an instance where they belong. One that cannot be taken leaves the instance out.
func (l *layout) sort(rows []foreign.Row, bytes map[string][]byte) {
	l.variables, l.ofTask = map[string]*values{}, map[string]*values{}
	at := map[string]string{} // where a task is
	for _, t := range l.member.rows["ACT_RU_TASK"] {
		at[t.Text("ID_")] = t.Text("EXECUTION_ID_")
	}
	for _, row := range rows {
		value, kind, problem := variable(row, bytes)
		if problem != "" {
			l.fail("the variable %s: %s", row.Text("NAME_"), problem)
			continue
		}
		into, of := l.variables, row.Text("EXECUTION_ID_")
		if task := row.Text("TASK_ID_"); task != "" {
			into, of = l.ofTask, at[task]
		}
		if into[of] == nil {
			into[of] = newValues()
		}
		into[of].set(row.Text("NAME_"), value, kind)
	}
}
