package manifest

import (
	"bytes"
	"fmt"
	"go/format"
	"maps"
	"slices"

	"diom.io/workflow/shared/faas"
)

// ConsumersPath is where ConsumersFile belongs, from the repository's root.
const ConsumersPath = "functions/receive-event/consumers.go"

const receiver = "receive-event"

// ConsumersFile returns the Go source of the table by which receive-event hands our own events on: the
// functions that consume each type, by their Events.
func ConsumersFile(functions []faas.Function) []byte {
	byType := map[string][]string{}
	for _, f := range functions {
		for _, e := range f.Events {
			byType[e.Type] = append(byType[e.Type], f.Name)
		}
	}
	var b bytes.Buffer
	b.WriteString("// Code generated from functions/*/handler.go by `make gen`; DO NOT EDIT.\n\npackage receiveevent\n\n" +
		"// consumers are the functions that take our own events, by the events' types.\nvar consumers = map[string][]string{\n")
	for _, name := range slices.Sorted(maps.Keys(byType)) {
		slices.Sort(byType[name])
		fmt.Fprintf(&b, "%q: %s,\n", name, fmt.Sprintf("%#v", byType[name])[len("[]string"):])
	}
	b.WriteString("}\n")
	source, err := format.Source(b.Bytes())
	if err != nil {
		panic(err) // %q of a string is a Go literal
	}
	return source
}
