package faults_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"diom.io/workflow/test/producttest"
)

// askers are the places of the product where a request to another program begins, and the test that
// interrupts it, or the reason why none does.
var askers = map[string]string{
	"shared/cloudevent/send.go post":                   "TestCrashOfCalls, TestCrashOfFunctions",
	"shared/dispatch/perform.go Dispatcher.call":       "TestCrashOfCalls",
	"shared/mailing/mailing.go Mailer.Send":            "TestCrashOfMail",
	"shared/courier/courier.go Courier.post":           "a delivery is tried again, under the same id, when its lease ends (TestDeliveryIsClaimedOnce of package notification)",
	"functions/gateway/replicas.go replicas.RoundTrip": "TestCrashOfTheGateway",
	"functions/gateway/status.go ready":                "it reads whether a function is ready, for a page that says what it has heard",
	"functions/gateway/functions.go version":           "it reads which version a replica is, for a list that says what it has heard",
	"shared/access/client.go Client.ask":               "it reads, from the next replica where one does not answer (TestClient of package access)",
	"shared/directory/api.go api.send":                 "it reads an address book; a run that breaks off is made again when its lease ends (TestRunsAreClaimedAndScheduled of package directory)",
	"shared/signin/provider.go bounded.RoundTrip":      "a sign-in whose answer does not come is begun again: nothing is kept of it (package signin)",
	"shared/telemetry/otlp.go exporter.post":           "it tells of what has been done; what is not taken is sent again, and then counted as lost (TestCollectorRefuses of package telemetry)",
	"cmd/diom/processes.go askReady":                   "it reads whether a process has begun, again and again until it has",
	"cmd/diom/client/call.go session.exchange":         "the command line is a caller: its requests are those of the other tests",
	"cmd/diom/top/sample.go scrape":                    "it reads what a process counts, and again a moment later",
}

// asking are the calls by which a request goes out. What is called once is none.
func asking(call *ast.CallExpr) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of := fmt.Sprint(selector.X)
	if inner, is := selector.X.(*ast.SelectorExpr); is {
		of = inner.Sel.Name
	}
	switch selector.Sel.Name {
	case "Do":
		return !strings.HasSuffix(of, "once")
	case "RoundTrip", "DialAndSend", "DialAndSendWithContext", "PostForm":
		return true
	case "Get", "Post", "Head":
		return of == "http" || of == "DefaultClient"
	}
	return false
}

// sites returns the functions below a directory that make such calls.
func sites(root string) (map[string]bool, error) {
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || strings.HasSuffix(filepath.Dir(file), "test") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return err
		}
		for _, declared := range parsed.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if call, is := n.(*ast.CallExpr); is && asking(call) {
					found[file+" "+named(f)] = true
				}
				return true
			})
		}
		return nil
	})
	return found, err
}

// named is the name of a function, with the type that it belongs to.
func named(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	return fmt.Sprint(of) + "." + f.Name.Name
}

// testsHere returns the names of the tests of this package.
func testsHere() (map[string]bool, error) {
	names := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	for _, file := range files {
		parsed, failure := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if failure != nil {
			return nil, failure
		}
		for _, declared := range parsed.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok {
				names[f.Name.Name] = true
			}
		}
	}
	return names, err
}

// TestEveryCallIsInterrupted: each place where the product asks another program is reached by a test that
// interrupts it, or is listed with the reason why not. Calls of MySQL and Redis need no list: their proxies
// see all of them.
func TestEveryCallIsInterrupted(t *testing.T) {
	t.Parallel()
	root, err := producttest.Root()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, dir := range []string{"shared", "functions", "cmd"} {
		found, err := sites(filepath.Join(root, dir))
		if err != nil {
			t.Fatal(err)
		}
		for site := range found {
			all = append(all, strings.TrimPrefix(site, root+"/"))
		}
	}
	slices.Sort(all)
	there, err := testsHere()
	if err != nil {
		t.Fatal(err)
	}
	for _, site := range all {
		if askers[site] == "" {
			t.Errorf("%s asks another program: interrupt it, and say where", site)
		}
	}
	for site, by := range askers {
		if !slices.Contains(all, site) {
			t.Errorf("%s asks nobody", site)
		}
		for name := range strings.SplitSeq(by, ", ") {
			if strings.HasPrefix(name, "TestCrashOf") && !there[name] {
				t.Errorf("%s: there is no %s", site, name)
			}
		}
	}
}
