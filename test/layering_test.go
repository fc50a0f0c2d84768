package test

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// ranks are the layers, bottom up: a package imports lower ranks only, the same rank never. A new
// package is a decision: it gets its place here.
var ranks = [][]string{
	0:  {"migrations", "examples", "frontend", "shared/fault", "shared/page", "shared/expr", "shared/excerpt", "shared/gather", "shared/webpage"},
	1:  {"shared/feel", "shared/schedule", "shared/sheet"},
	2:  {"shared/bpmn", "shared/form", "shared/dmn"},
	3:  {"shared/engine", "shared/soundness"},
	4:  {"shared/config", "shared/telemetry"},
	5:  {"shared/database", "shared/cache", "shared/lock", "shared/limit", "shared/cloudevent", "shared/egress", "shared/mailing", "shared/bucket"},
	6:  {"shared/store", "shared/foreign", "shared/replica", "shared/setting", "shared/live", "shared/courier", "shared/identity"},
	7:  {"shared/access", "shared/invariant"},
	8:  {"shared/workflow", "shared/tasklist", "shared/notification", "shared/backup", "shared/directory"},
	9:  {"shared/design", "shared/dispatch", "shared/camunda", "shared/tasklink", "shared/signin"},
	10: {"shared/faas", "shared/takeover", "shared/demo"},
	11: {"functions/*", "shared/manifest", "cmd/diom/local", "cmd/diom/client", "cmd/diom/top", "cmd/diom/tck"},
	12: {"cmd/diom", "bench"},
}

// pure is the highest rank without I/O and chance; impure is what is forbidden up to it, with all
// that is below. harmless is below and only parses.
const pure = 3

var (
	impure   = []string{"os", "net", "database/sql", "log", "math/rand"}
	harmless = []string{"net/url"}
)

// clockless packages get the time from their callers.
var clockless = []string{"shared/expr", "shared/feel", "shared/dmn", "shared/schedule", "shared/engine"}

// rank returns the layer of a package, or -1.
func rank(pkg string) int {
	if strings.HasPrefix(pkg, "functions/") && strings.Count(pkg, "/") == 1 {
		pkg = "functions/*"
	}
	return slices.IndexFunc(ranks, func(layer []string) bool { return slices.Contains(layer, pkg) })
}

// isSupport reports whether a package is made for tests alone, as net/http/httptest is.
func isSupport(pkg string) bool { return strings.HasSuffix(path.Base(pkg), "test") }

// layering lists the imports that the ranks forbid.
func layering(files []file) []string {
	var breaches []string
	for _, f := range files {
		if f.isTest() || isSupport(f.pkg()) {
			continue
		}
		own := rank(f.pkg())
		if own < 0 {
			breaches = append(breaches, fmt.Sprintf("%s: the package %s has no rank", f.path, f.pkg()))
			continue
		}
		for _, imported := range f.imports() {
			if complaint := forbidden(f.pkg(), own, imported); complaint != "" {
				breaches = append(breaches, f.path+": "+complaint)
			}
		}
		breaches = append(breaches, clock(f)...)
	}
	return breaches
}

func forbidden(pkg string, own int, imported string) string {
	within := strings.HasPrefix(imported, "shared/") || strings.HasPrefix(imported, "functions/") ||
		strings.HasPrefix(imported, "cmd/") || slices.Contains([]string{"migrations", "examples", "frontend", "bench", "test"}, imported)
	switch {
	case within && isSupport(imported):
		return imported + " is for tests"
	case within && rank(imported) < 0:
		return imported + " has no rank"
	case within && rank(imported) >= own:
		return fmt.Sprintf("%s (rank %d) imports %s (rank %d)", pkg, own, imported, rank(imported))
	case !within && own <= pure && isImpure(imported):
		return fmt.Sprintf("%s (rank %d) imports %s: ranks 0 to %d do no I/O", pkg, own, imported, pure)
	case imported == "text/template" || imported == "html/template":
		return imported + " finds methods by name: the linker would keep every method in the program of a function (shared/webpage writes pages)"
	}
	return ""
}

func isImpure(imported string) bool {
	return !slices.Contains(harmless, imported) &&
		slices.ContainsFunc(impure, func(p string) bool { return imported == p || strings.HasPrefix(imported, p+"/") })
}

// clock lists the calls of time.Now and its kin where the time is an argument.
func clock(f file) []string {
	if !slices.Contains(clockless, f.pkg()) {
		return nil
	}
	var breaches []string
	ast.Inspect(f.ast, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "NewTimer"}, s.Sel.Name) {
			breaches = append(breaches, f.at(s.Pos())+": time."+s.Sel.Name+" in a package that gets its time from the caller")
		}
		return true
	})
	return breaches
}

func TestLayering(t *testing.T) {
	t.Parallel()
	report(t, layering(sources(t)))
}

// TestLayeringFindsPlantedBreaches: the checker fails where it should.
func TestLayeringFindsPlantedBreaches(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]struct{ path, text string }{
		"upwards":          {"shared/store/x.go", "package store\nimport _ \"diom.io/workflow/shared/access\""},
		"sideways":         {"shared/lock/x.go", "package lock\nimport _ \"diom.io/workflow/shared/cache\""},
		"between handlers": {"functions/tasks/x.go", "package function\nimport _ \"diom.io/workflow/functions/login\""},
		"no rank":          {"shared/helpers/x.go", "package helpers"},
		"unknown import":   {"shared/store/x.go", "package store\nimport _ \"diom.io/workflow/shared/other\""},
		"network":          {"shared/engine/x.go", "package engine\nimport _ \"net/http\""},
		"chance":           {"shared/engine/x.go", "package engine\nimport _ \"math/rand/v2\""},
		"clock":            {"shared/engine/x.go", "package engine\nimport \"time\"\nvar now = time.Now()"},
		"templates":        {"functions/gateway/x.go", "package gateway\nimport _ \"html/template\""},
		"test support":     {"shared/store/x.go", "package store\nimport _ \"diom.io/workflow/shared/database/databasetest\""},
	} {
		if got := layering([]file{planted(t, source.path, source.text)}); len(got) != 1 {
			t.Errorf("%s: %d findings: %q", name, len(got), got)
		}
	}
	fine := planted(t, "shared/store/x.go", "package store\nimport (\n_ \"os\"\n_ \"diom.io/workflow/shared/database\"\n)")
	if got := layering([]file{fine}); len(got) != 0 {
		t.Errorf("what is allowed is refused: %q", got)
	}
}
