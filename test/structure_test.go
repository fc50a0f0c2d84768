package test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"diom.io/workflow/migrations"
)

// The sizes that CONTRIBUTING promises, in lines.
const (
	maxFile       = 400
	maxTestFile   = 600
	maxHandler    = 80
	maxFunction   = 60
	maxParameters = 5
)

// sizes lists files, functions and parameter lists that are too long.
func sizes(files []file) []string {
	var breaches []string
	for _, f := range files {
		limit := maxFile
		switch {
		case f.isTest():
			limit = maxTestFile
		case f.name() == "handler.go" && strings.HasPrefix(f.path, "functions/"):
			limit = maxHandler
		}
		if f.lines > limit && !ast.IsGenerated(f.ast) {
			breaches = append(breaches, fmt.Sprintf("%s: %d lines, at most %d", f.path, f.lines, limit))
		}
		if f.isTest() {
			continue
		}
		for _, d := range f.ast.Decls {
			if function, ok := d.(*ast.FuncDecl); ok {
				breaches = append(breaches, functionSize(f, function)...)
			}
		}
	}
	return breaches
}

func functionSize(f file, function *ast.FuncDecl) []string {
	var breaches []string
	lines := f.fset.Position(function.End()).Line - f.fset.Position(function.Pos()).Line + 1
	if lines > maxFunction {
		breaches = append(breaches, fmt.Sprintf("%s: %s has %d lines, at most %d", f.at(function.Pos()), function.Name, lines, maxFunction))
	}
	if n := function.Type.Params.NumFields(); n > maxParameters {
		breaches = append(breaches, fmt.Sprintf("%s: %s has %d parameters, at most %d", f.at(function.Pos()), function.Name, n, maxParameters))
	}
	return breaches
}

// forbiddenNames say nothing about what a package is for.
var forbiddenNames = []string{"util", "utils", "common", "model", "models", "types", "helper", "helpers", "service", "manager", "base", "misc"}

// packages lists packages with a name that says nothing, or without a comment that says what they
// are for.
func packages(files []file) []string {
	var breaches []string
	commented, seen := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		if f.isTest() {
			continue
		}
		if !seen[f.pkg()] && (slices.Contains(forbiddenNames, f.ast.Name.Name) || slices.Contains(forbiddenNames, path.Base(f.pkg()))) {
			breaches = append(breaches, fmt.Sprintf("%s: the name of the package says nothing", f.path))
		}
		seen[f.pkg()] = true
		text := f.ast.Doc.Text()
		commented[f.pkg()] = commented[f.pkg()] || strings.HasPrefix(text, "Package "+f.ast.Name.Name+" ") || strings.HasPrefix(text, "Command "+path.Base(f.pkg())+" ")
	}
	for pkg := range seen {
		if !commented[pkg] {
			breaches = append(breaches, pkg+": the package has no comment that begins with its name")
		}
	}
	return breaches
}

// privileges are what only a few packages may do. Test support may do what it supports.
var privileges = []struct {
	what    string
	allowed []string
	found   func(file) token.Pos
}{
	{"imports go-redis", []string{"shared/cache", "shared/lock", "shared/limit"}, importOf("github.com/redis/", "github.com/go-redis/")},
	{"imports the OpenFaaS SDK", []string{"shared/faas", "functions/*"}, importOf("github.com/openfaas/")},
	{"imports a database driver", []string{"shared/database", "shared/backup", "bench"}, importOf("github.com/go-sql-driver/", "github.com/pressly/goose/")},
	{"mentions SQL", []string{"shared/store", "shared/foreign", "shared/database", "shared/backup", "bench", "cmd/diom/local"}, sql},
	{"runs an HTTP server", []string{"shared/faas"}, server},
	{"reads query parameters that no route declares", []string{"shared/faas"}, queries},
}

func importOf(prefixes ...string) func(file) token.Pos {
	return func(f file) token.Pos {
		for i, name := range f.imports() {
			if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
				return f.ast.Imports[i].Pos()
			}
		}
		return token.NoPos
	}
}

var statement = regexp.MustCompile("^[\"`]\\s*(SELECT\\s|INSERT\\s+(IGNORE\\s+)?INTO\\s|UPDATE\\s+\\w+\\s+SET\\s|DELETE\\s+FROM\\s|REPLACE\\s+INTO\\s|(CREATE|ALTER|DROP|TRUNCATE)\\s+(TABLE|DATABASE|USER)\\s)")

func sql(f file) token.Pos {
	return find(f, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		return ok && literal.Kind == token.STRING && statement.MatchString(literal.Value)
	})
}

func server(f file) token.Pos {
	return find(f, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		x, ok := s.X.(*ast.Ident)
		return ok && x.Name == "http" && slices.Contains([]string{"Server", "Serve", "ServeTLS", "ListenAndServe", "ListenAndServeTLS"}, s.Sel.Name)
	})
}

// queries finds where a URL's query is read: a route that takes parameters has a List, and openapi.yaml has
// its filters.
func queries(f file) token.Pos {
	return find(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return false
		}
		s, ok := call.Fun.(*ast.SelectorExpr)
		return ok && (s.Sel.Name == "Query" && len(call.Args) == 0 || s.Sel.Name == "FormValue")
	})
}

// find returns where the first node of a kind is.
func find(f file, is func(ast.Node) bool) token.Pos {
	at := token.NoPos
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if at == token.NoPos && n != nil && is(n) {
			at = n.Pos()
		}
		return at == token.NoPos
	})
	return at
}

func trespasses(files []file) []string {
	var breaches []string
	for _, f := range files {
		if f.isTest() || isSupport(f.pkg()) {
			continue
		}
		pkg := f.pkg()
		if strings.HasPrefix(pkg, "functions/") {
			pkg = "functions/*"
		}
		for _, p := range privileges {
			if pos := p.found(f); pos != token.NoPos && !slices.Contains(p.allowed, pkg) {
				breaches = append(breaches, fmt.Sprintf("%s: %s, which only %s may", f.at(pos), p.what, strings.Join(p.allowed, ", ")))
			}
		}
	}
	return breaches
}

// numbering lists migrations that are out of order: 0001, 0002, … without a gap.
func numbering(names []string) []string {
	var breaches []string
	slices.Sort(names)
	for i, name := range names {
		if want := fmt.Sprintf("%04d_", i+1); !strings.HasPrefix(name, want) {
			breaches = append(breaches, fmt.Sprintf("migrations/%s: its number should be %s", name, strings.TrimSuffix(want, "_")))
		}
	}
	return breaches
}

func TestSizes(t *testing.T)      { t.Parallel(); report(t, sizes(sources(t))) }
func TestPackages(t *testing.T)   { t.Parallel(); report(t, packages(sources(t))) }
func TestTrespasses(t *testing.T) { t.Parallel(); report(t, trespasses(sources(t))) }

func TestMigrationsAreNumbered(t *testing.T) {
	t.Parallel()
	entries, err := migrations.Files.ReadDir(".")
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d migrations, %v", len(entries), err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.Name() != "schema.sql" { // the dump
			names = append(names, e.Name())
		}
	}
	report(t, numbering(names))
}

// TestStructureFindsPlantedBreaches: each checker fails where it should.
func TestStructureFindsPlantedBreaches(t *testing.T) {
	t.Parallel()
	const doc = "// Package x is planted.\n"
	body := strings.Repeat("\n", maxFunction)
	for name, c := range map[string]struct {
		path, text string
		check      func([]file) []string
	}{
		"long file":       {"shared/x/x.go", "package x\n" + strings.Repeat("\n", maxFile), sizes},
		"long test":       {"shared/x/x_test.go", "package x\n" + strings.Repeat("\n", maxTestFile), sizes},
		"long handler":    {"functions/x/handler.go", "package x\n" + strings.Repeat("\n", maxHandler), sizes},
		"long function":   {"shared/x/x.go", "package x\nfunc f() {" + body + "}", sizes},
		"many parameters": {"shared/x/x.go", "package x\nfunc f(a, b, c, d, e, f int) {}", sizes},
		"empty name":      {"shared/utils/x.go", "// Package utils is planted.\npackage utils", packages},
		"no comment":      {"shared/x/x.go", "package x", packages},
		"SQL":             {"shared/x/x.go", doc + "package x\nconst q = \"SELECT 1\"", trespasses},
		"SQL in lines":    {"shared/x/x.go", doc + "package x\nconst q = `\n  UPDATE t SET a = 1`", trespasses},
		"go-redis":        {"shared/x/x.go", doc + "package x\nimport _ \"github.com/redis/go-redis/v9\"", trespasses},
		"OpenFaaS":        {"shared/x/x.go", doc + "package x\nimport _ \"github.com/openfaas/templates-sdk/go-http\"", trespasses},
		"driver":          {"shared/x/x.go", doc + "package x\nimport _ \"github.com/go-sql-driver/mysql\"", trespasses},
		"server":          {"shared/x/x.go", doc + "package x\nimport \"net/http\"\nvar s = http.Server{}", trespasses},
		"query":           {"functions/x/x.go", doc + "package x\nfunc f(r request) string { return r.HTTP().URL.Query().Get(\"after\") }", trespasses},
		"gap":             {"shared/x/x.go", "package x", func([]file) []string { return numbering([]string{"0001_a.sql", "0003_b.sql"}) }},
	} {
		if got := c.check([]file{planted(t, c.path, c.text)}); len(got) != 1 {
			t.Errorf("%s: %d findings: %q", name, len(got), got)
		}
	}
	fine := planted(t, "functions/x/handler.go", "// Package function is fine.\npackage function\nimport _ \"github.com/openfaas/templates-sdk/go-http\"\nconst s = \"Select a task from the list\"")
	for _, check := range []func([]file) []string{sizes, packages, trespasses} {
		if got := check([]file{fine}); len(got) != 0 {
			t.Errorf("what is allowed is refused: %q", got)
		}
	}
}
