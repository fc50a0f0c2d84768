package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func printed(t *testing.T, limit int, words, document string) string {
	t.Helper()
	var b bytes.Buffer
	p := newPrinter(&b)
	p.limit = limit
	value, err := decode([]byte(document))
	if err == nil {
		err = p.sections(value, view("", words))
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Chinese characters take two cells; ids are never shortened; a line fits where it can.
func TestTables(t *testing.T) {
	t.Parallel()
	const two = `[{"id": "1", "name": "请假审批流程", "n": 12345678901234567890}, {"id": "20", "name": "ab", "n": null}]`
	for name, c := range map[string]struct {
		limit                 int
		words, document, want string
	}{
		"wide":       {0, "id name n:count", two, "ID  NAME          COUNT\n1   请假审批流程  12345678901234567890\n20  ab            -\n"},
		"narrow":     {28, "id name n:count", two, ""},
		"ids stay":   {10, "id", `[{"id": "019cadc6-9a80-7000-8000-000000000001"}]`, "ID\n019cadc6-9a80-7000-8000-000000000001\n"},
		"one thing":  {20, "id a.b:deep list flag empty", `{"id": "x", "a": {"b": "值"}, "list": ["a", "b"], "flag": true, "empty": ""}`, "ID     x\nDEEP   值\nLIST   a, b\nFLAG   yes\nEMPTY  -\n"},
		"too many":   {14, "id name n:count", `[{"id": "123456", "name": "abcdefgh", "n": "abcdefgh"}]`, "ID      NAME      …\n123456  abcdefgh\n"},
		"no rows":    {0, "id name", `[]`, "ID  NAME\n"},
		"objects":    {0, "v", `[{"v": {"a": "<b>"}}, {"v": [{"a": 1}]}, {"v": []}, {"v": false}]`, "V\n{\"a\":\"<b>\"}\n[{\"a\":1}]\n-\nno\n"},
		"commands":   {0, "v", `[{"v": "a\u001b[31mb\nc\u202ed"}]`, "V\na·[31mb c·d\n"},
		"not a time": {0, "v", `[{"v": "2026-not a time at all"}]`, "V\n2026-not a time at all\n"},
	} {
		got := printed(t, c.limit, c.words, c.document)
		if name == "narrow" {
			for line := range strings.Lines(got) {
				if n := measure.StringWidth(strings.TrimSuffix(line, "\n")); n > c.limit {
					t.Errorf("%d cells: %q", n, line)
				}
			}
			if strings.Count(got, "…") != 2 {
				t.Errorf("%s", got)
			}
			continue
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	if got := display("2026-03-02T09:00:00Z"); got != at.Local().Format(time.DateTime) {
		t.Error(got)
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	got, err := parsePairs("--var", []string{"n=5", "big=12345678901234567890", "t=五", "q=\"5\"", "l=[1,2]", "e=", "eq=a=b", "yes=true"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(got)
	if want := `{"big":12345678901234567890,"e":"","eq":"a=b","l":[1,2],"n":5,"q":"5","t":"五","yes":true}`; err != nil || string(raw) != want {
		t.Errorf("%s %v", raw, err)
	}
	for _, bad := range []string{"x", "=1"} {
		if _, err := parsePairs("--var", []string{bad}); ExitCode(err) != ExitUsage {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A refusal is read by people and by programs; an answer that is no problem document tells what it can.
func TestProblems(t *testing.T) {
	t.Parallel()
	const document = `{"title":"Invalid content","status":422,"code":"invalid_model","detail":"No.","traceId":"t1","errors":[
{"pointer":"/resources/a.bpmn","line":3,"element":"x","name":"名","rule":"r","detail":"wrong","fix":"Do."},{"pointer":"/variables/a","code":"c"}]}`
	p := problemOf(answer{status: 422, body: []byte(document), header: http.Header{}})
	p.files = map[string]string{"a.bpmn": "dir/a.bpmn"}
	for _, asJSON := range []bool{false, true} {
		var b bytes.Buffer
		Report(&b, asJSON, errors.Join(p))
		want := "diom: Invalid content (invalid_model): No.\n  dir/a.bpmn:3: x “名”: wrong [r] Do.\n  /variables/a: c [c]\n  trace t1\n"
		if asJSON {
			want = document + "\n"
		}
		if d := cmp.Diff(want, b.String()); d != "" {
			t.Error(d)
		}
	}
	header := http.Header{"Traceparent": {"00-abc-def-01"}}
	if got := problemOf(answer{status: 502, body: []byte("<html>\x1b[2J"), header: header}).Error(); got != "Bad Gateway (status 502): <html>·[2J\n  trace abc" {
		t.Errorf("%q", got)
	}
	if got := ExitCode(&unreachable{text: "x"}); got != ExitUnreachable {
		t.Error(got)
	}
}

// Each command has an example that names it, and is described once.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	check := func(prefix string, c command) {
		name := strings.Join(append([]string{"diom"}, strings.Fields(prefix+" "+strings.Fields(c.use)[0])...), " ")
		if seen[name] || c.short == "" || !strings.Contains(c.example, name) {
			t.Errorf("%s: %q", name, c.example)
		}
		seen[name] = true
		if c.run == nil && (c.path == "" || c.method == "") {
			t.Errorf("%s does nothing", name)
		}
		for word := range strings.FieldsFuncSeq(c.path, func(r rune) bool { return r == '/' }) {
			if strings.HasPrefix(word, "{") && c.run == nil && !c.takes(strings.Trim(word, "{}")) {
				t.Errorf("%s: %s has no argument", name, word)
			}
		}
	}
	for _, c := range topCommands() {
		check("", c)
	}
	for _, n := range nouns() {
		for _, c := range n.commands {
			check(n.use, c)
		}
	}
	if len(seen) < 60 {
		t.Errorf("%d commands", len(seen))
	}
}
