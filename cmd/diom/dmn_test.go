package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func runDMN(arguments ...string) (code int, out, err string) {
	var stdout, stderr bytes.Buffer
	line := commandLine{arguments: append([]string{"dmn"}, arguments...), in: strings.NewReader(""), out: &stdout, err: &stderr}
	code = line.run(context.Background())
	return code, stdout.String(), stderr.String()
}

func TestDMNCommands(t *testing.T) {
	t.Parallel()
	greeting := filepath.Join("tck", "testdata", "compliance-level-2", "0001-greeting", "0001-greeting.dmn")
	broken := filepath.Join(t.TempDir(), "broken.dmn")
	if err := os.WriteFile(broken, []byte(`<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m"><decision id="d"/></definitions>`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		arguments []string
		code      int
		out, err  string // parts of it
	}{
		"thresholds reached": {[]string{"tck", filepath.Join("tck", "testdata"), "--at-least", "2=100,3=50"}, 0, "level 2: 4 of 4 passed (100 %)", ""},
		"threshold missed":   {[]string{"tck", filepath.Join("tck", "testdata"), "--at-least", "3=90"}, 1, "FAIL level 3 0003-must-fail wrong value: two: 2, not 3", "level 3 passes 80 %, not 90 %"},
		"a case fails":       {[]string{"tck", filepath.Join("tck", "testdata")}, 1, "level 3 0003-must-fail: 0 of 5 passed\nlevel 3 0004", "5 of 29 cases fail"},
		"no case fails":      {[]string{"tck", filepath.Join("tck", "testdata", "compliance-level-2")}, 0, "0001-greeting: 4 of 4 passed", ""},
		"no case":            {[]string{"tck", t.TempDir()}, 1, "", "there is no test case"},
		"level that is not":  {[]string{"tck", filepath.Join("tck", "testdata"), "--at-least", "9=1"}, 1, "", "level 9 passes 0 %, not 1 %"},
		"no directory":       {[]string{"tck", "gone"}, 2, "", "gone"},
		"evaluate":           {[]string{"evaluate", greeting, "--decision", "d2", "--variables", `{"level": "gold", "amount": 120}`}, 0, "discount = 12\n", ""},
		"evaluate JSON":      {[]string{"evaluate", greeting, "--decision", "d2", "--variables", `{"level": "gold", "amount": 120}`, "--json"}, 0, `[{"discount":12}]`, ""},
		"evaluate standard":  {[]string{"evaluate", greeting, "--decision", "Greeting", "--variables", `{"Full Name": "Ann"}`, "--standard"}, 0, "Hello Ann\n", ""},
		"null is told":       {[]string{"evaluate", greeting, "--decision", "Greeting", "--standard"}, 0, "null\n", `null: "Hello " + Full Name: string + Null gives null`},
		"which decision":     {[]string{"evaluate", greeting}, 2, "", "--decision is one of: d1, d2"},
		"no such decision":   {[]string{"evaluate", greeting, "--decision", "x"}, 1, "", `no decision with the id "x"`},
		"bad variables":      {[]string{"evaluate", greeting, "--decision", "d2", "--variables", "[]"}, 2, "", "no JSON object"},
		"broken model":       {[]string{"evaluate", broken}, 1, "", "broken.dmn:1: d missing_decision_logic: "},
	} {
		code, out, stderr := runDMN(c.arguments...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(stderr, c.err) {
			t.Errorf("%s: %d %q %q", name, code, out, stderr)
		}
	}
}
