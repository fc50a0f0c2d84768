package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"go/format"
	"net/http"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
)

// RoutesPath is where RoutesFile belongs, from the repository's root.
const RoutesPath = "functions/gateway/routes.go"

// RoutesFile returns the Go source of the table by which the gateway routes: every route of the other
// functions but the internal ones and those of the platform, sorted by pattern and method. It panics, as net/http does, when two
// functions have patterns that no rule orders.
func RoutesFile(functions []faas.Function) []byte {
	type owned struct {
		faas.Route
		function string
	}
	var list []owned
	mux := http.NewServeMux()
	for _, f := range functions {
		if f.Internal || f.Name == gateway {
			continue
		}
		for _, r := range f.Routes {
			if fromOutside(r) {
				list = append(list, owned{r, f.Name})
				mux.Handle(strings.TrimSpace(r.Method+" "+r.Pattern), http.NotFoundHandler())
			}
		}
	}
	slices.SortFunc(list, func(a, b owned) int {
		return cmp.Or(cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Method, b.Method))
	})
	var b bytes.Buffer
	b.WriteString("// Code generated from functions/*/handler.go by `make gen`; DO NOT EDIT.\n\npackage gateway\n\n" +
		"// routes are those of every other function that callers from outside may use.\nvar routes = []Route{\n")
	for _, r := range list {
		fmt.Fprintf(&b, "{Method: %q, Pattern: %q, Function: %q, Permission: %q, Summary: %q%s},\n", r.Method, r.Pattern, r.function, r.Permission, r.Summary, handled(r.Route))
	}
	b.WriteString("}\n")
	source, err := format.Source(b.Bytes())
	if err != nil {
		panic(err) // %q of a string is a Go literal
	}
	return source
}

// handled is what the gateway does otherwise than for other routes.
func handled(r faas.Route) string {
	var s string
	if r.MaxBody != 0 {
		s += fmt.Sprintf(", MaxBody: %d", r.MaxBody)
	}
	if r.Replayable {
		s += ", Replayable: true"
	}
	if r.Asks {
		s += ", Asks: true"
	}
	return s
}

func fromOutside(r faas.Route) bool { return r.Permission != access.Internal && !r.Platform }
