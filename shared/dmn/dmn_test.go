package dmn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/dmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/feel"
)

var now = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)

const head = `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:camunda="http://camunda.org/schema/1.0/dmn" id="m" name="m" namespace="n">`

func model(t *testing.T, body string, o dmn.Options) *dmn.Model {
	t.Helper()
	m, err := dmn.Read([]byte(head+body+"</definitions>"), o)
	if err != nil {
		t.Fatalf("%v: %+v", err, fault.From(err).Details)
	}
	return m
}

// table writes a decision with one input x and one output.
func table(attributes, input, output string, rules ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<decision id="d" name="d"><decisionTable %s><input>%s</input>%s`, attributes, input, output)
	for i, r := range rules {
		cells := strings.Split(r, "=>")
		fmt.Fprintf(&b, `<rule id="r%d"><inputEntry><text><![CDATA[%s]]></text></inputEntry>`, i+1, cells[0])
		for _, c := range cells[1:] {
			fmt.Fprintf(&b, `<outputEntry><text><![CDATA[%s]]></text></outputEntry>`, c)
		}
		b.WriteString("</rule>")
	}
	b.WriteString("</decisionTable></decision>")
	return b.String()
}

const (
	x      = `<inputExpression><text>x</text></inputExpression>`
	single = `<output name="y"/>`
	levels = `<output name="y"><outputValues><text>"high","mid","low"</text></outputValues></output>`
)

func TestHitPolicies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		x    expr.Value
		want string // by the standard, x as an input data
	}{
		"unique":             {table(`hitPolicy="UNIQUE"`, x, single, `< 5=>"a"`, `>= 5=>"b"`), int64(5), "b"},
		"unique twice":       {table(``, x, single, `< 5=>"a"`, `< 9=>"b"`), int64(1), "null"},
		"none":               {table(``, x, single, `< 5=>"a"`), int64(9), "null"},
		"default":            {table(``, x, `<output name="y"><defaultOutputEntry><text>"z"</text></defaultOutputEntry></output>`, `< 5=>"a"`), int64(9), "z"},
		"any":                {table(`hitPolicy="ANY"`, x, single, `< 5=>"a"`, `< 9=>"a"`), int64(1), "a"},
		"any differs":        {table(`hitPolicy="ANY"`, x, single, `< 5=>"a"`, `< 9=>"b"`), int64(1), "null"},
		"priority":           {table(`hitPolicy="PRIORITY"`, x, levels, `< 5=>"low"`, `< 9=>"high"`, `-=>"mid"`), int64(1), "high"},
		"first":              {table(`hitPolicy="FIRST"`, x, single, `< 5=>"a"`, `< 9=>"b"`), int64(1), "a"},
		"rule order":         {table(`hitPolicy="RULE ORDER"`, x, single, `< 5=>"a"`, `< 9=>"b"`), int64(1), `["a", "b"]`},
		"output order":       {table(`hitPolicy="OUTPUT ORDER"`, x, levels, `< 5=>"low"`, `< 9=>"high"`), int64(1), `["high", "low"]`},
		"collect":            {table(`hitPolicy="COLLECT"`, x, single, `< 5=>1`, `< 9=>2`), int64(1), "[1, 2]"},
		"collect none":       {table(`hitPolicy="COLLECT"`, x, single, `< 5=>1`), int64(9), "[]"},
		"sum":                {table(`hitPolicy="COLLECT" aggregation="SUM"`, x, single, `< 5=>1`, `< 9=>2.5`), int64(1), "3.5"},
		"min":                {table(`hitPolicy="COLLECT" aggregation="MIN"`, x, single, `< 5=>1`, `< 9=>2`), int64(1), "1"},
		"max":                {table(`hitPolicy="COLLECT" aggregation="MAX"`, x, single, `< 5=>1`, `< 9=>2`), int64(1), "2"},
		"count":              {table(`hitPolicy="COLLECT" aggregation="COUNT"`, x, single, `< 5=>7`, `< 9=>7`), int64(1), "2"},
		"several outputs":    {table(``, x, single+`<output name="z z"/>`, `< 5=>1=>x + 1`), int64(1), "{y: 1, z z: 2}"},
		"list of strings":    {table(``, x, single, `"a","b"=>1`, `not("a","b")=>2`), "b", "1"},
		"negated":            {table(``, x, single, `"a","b"=>1`, `not("a","b")=>2`), "c", "2"},
		"question mark":      {table(``, x, single, `? > 3 and ? < 5=>1`), int64(4), "1"},
		"date":               {table(``, x, single, `>= date and time("2024-01-01T00:00:00Z")=>1`), now, "1"},
		"no condition":       {table(``, x+`<inputValues><text>"a", string length("?") = 1</text></inputValues>`, single, `"c"=>1`, `null=>2`), "c", "2"},
		"a condition":        {table(``, x+`<inputValues><text>"a", string length(?) = 1</text></inputValues>`, single, `"c"=>1`, `null=>2`), "c", "1"},
		"in brackets":        {table(``, x+`<inputValues><text>("a", "c")</text></inputValues>`, single, `"c"=>1`, `null=>2`), "c", "1"},
		"value not allowed":  {table(``, x+`<inputValues><text>"a","b"</text></inputValues>`, single, `"c"=>1`, `null=>2`), "c", "2"},
		"any value allowed":  {table(``, x+`<inputValues><text>"a","b"</text></inputValues>`, single, `-=>1`), "b", "1"},
		"- and not allowed":  {table(``, x+`<inputValues><text>"a","b"</text></inputValues>`, single, `-=>1`), "c", "1"},
		"- and null":         {table(``, x+`<inputValues><text>"a","b"</text></inputValues>`, single, `-=>1`), nil, "1"},
		"null allowed":       {table(``, x+`<inputValues><text>"a",null</text></inputValues>`, single, `-=>1`), nil, "1"},
		"not allowed output": {table(``, x, levels+`<output name="z"/>`, `-=>"none"=>1`), nil, "{y: null, z: 1}"},
		"null output":        {table(``, x, levels+`<output name="z"/>`, `-=>null=>1`), nil, "{y: null, z: 1}"},
		"list of outputs":    {table(``, x, levels, `-=>["mid", "low"]`), nil, `["mid", "low"]`},
		"rule order none":    {table(`hitPolicy="RULE ORDER"`, x, single, `< 5=>"a"`), int64(9), "null"},
		"output order none":  {table(`hitPolicy="OUTPUT ORDER"`, x, levels, `< 5=>"low"`), int64(9), "null"},
		"null and a test":    {table(`hitPolicy="FIRST"`, x, single, `? > 2=>1`, `-=>2`), nil, "2"},
		"null is no boolean": {table(``, x, single, `true=>1`, `false=>2`, `null=>3`), nil, "3"},
	} {
		body := strings.Replace(c.body, "<decisionTable", `<informationRequirement><requiredInput href="#x"/></informationRequirement><decisionTable`, 1)
		m := model(t, `<inputData id="x" name="x"/>`+body, dmn.Options{})
		got, err := m.Invoke("d", map[string]feel.Value{"x": feel.FromValue(c.x)}, now)
		if err != nil || feel.String(got.Value) != c.want {
			t.Errorf("%s: %s, not %s (%v, %v)", name, feel.String(got.Value), c.want, got.Diagnostics, err)
		}
	}
}

// TestEvaluate is Camunda 7's way: lists of maps, JUEL, and what a required decision hands on.
func TestEvaluate(t *testing.T) {
	t.Parallel()
	type maps = []map[string]expr.Value
	required := func(policy, entries string) string {
		return `<decision id="first" name="First"><decisionTable ` + policy + `>` + `<input>` + x + `</input><output name="level" typeRef="string"/>` + entries + `</decisionTable></decision>
			<decision id="d" name="Second"><variable name="sum"/><informationRequirement><requiredDecision href="#first"/></informationRequirement>
			<literalExpression expressionLanguage="juel"><text>${level}</text></literalExpression></decision>`
	}
	rule := `<rule id="a"><inputEntry><text>-</text></inputEntry><outputEntry><text>"gold"</text></outputEntry></rule>`
	for name, c := range map[string]struct {
		body string
		x    expr.Value
		want maps
	}{
		"rules":                 {table(`hitPolicy="COLLECT"`, x, single, `< 5=>1`, `< 9=>2`), int64(1), maps{{"y": int64(1)}, {"y": int64(2)}}},
		"aggregated":            {table(`hitPolicy="COLLECT" aggregation="SUM"`, x, single, `< 5=>1`, `< 9=>2`), int64(1), maps{{"y": int64(3)}}},
		"none":                  {table(``, x, single, `< 5=>1`), int64(7), maps{}},
		"outputs":               {table(``, x, single+`<output name="z"/>`, `-=>1=>"b"`), nil, maps{{"y": int64(1), "z": "b"}}},
		"juel input":            {table(`camunda:x=""`, `<inputExpression expressionLanguage="juel"><text>x * 2</text></inputExpression>`, single, `10=>1`), int64(5), maps{{"y": int64(1)}}},
		"text becomes a number": {table(``, `<inputExpression typeRef="integer"><text>x</text></inputExpression>`, single, `> 4=>1`), "5", maps{{"y": int64(1)}}},
		"output type":           {table(``, x, `<output name="y" typeRef="integer"/>`, `-=>7.9`), nil, maps{{"y": int64(7)}}},
		"no name":               {table(``, x, `<output/>`, `-=>7`), nil, maps{{"d": int64(7)}}},
		"hands on a value":      {required("", rule), nil, maps{{"sum": "gold"}}},
		"hands on a list":       {required(`hitPolicy="COLLECT"`, rule), nil, maps{{"sum": []expr.Value{"gold"}}}},
	} {
		m := model(t, c.body, dmn.Options{})
		got, err := m.Evaluate("d", map[string]expr.Value{"x": c.x}, now)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got.Rules); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEvaluateRecordsWhatWasMade(t *testing.T) {
	t.Parallel()
	m := model(t, table(`hitPolicy="RULE ORDER"`, x, single, `> 5=>1`, `< 9=>2`, `-=>3`), dmn.Options{})
	got, err := m.Evaluate("d", map[string]expr.Value{"x": int64(1)}, now)
	if err != nil {
		t.Fatal(err)
	}
	want := []dmn.Evaluated{{DecisionID: "d", Inputs: []expr.Value{int64(1)}, Matched: []string{"r2", "r3"}, Rules: got.Rules}}
	if diff := cmp.Diff(want, got.Evaluated); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEvaluateFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, id string
		want     error
	}{
		"unique twice":     {table(``, x, single, `-=>1`, `-=>2`), "d", dmn.ErrEvaluation},
		"any differs":      {table(`hitPolicy="ANY"`, x, single, `-=>1`, `-=>2`), "d", dmn.ErrEvaluation},
		"missing variable": {table(``, `<inputExpression expressionLanguage="juel"><text>gone</text></inputExpression>`, single, `-=>1`), "d", dmn.ErrEvaluation},
		"no number":        {table(``, `<inputExpression typeRef="integer"><text>x</text></inputExpression>`, single, `-=>1`), "d", dmn.ErrEvaluation},
		"no decision":      {table(``, x, single, `-=>1`), "e", dmn.ErrNoDecision},
		"too expensive":    {table(``, x, single, `-=>count(for i in 1..1000, j in 1..1000, k in 1..1000 return i)`), "d", dmn.ErrBudget},
		"endless":          {table(``, x, single, `-=>{f: function(n) f(n), r: f(1)}.r`), "d", dmn.ErrBudget},
	} {
		m := model(t, c.body, dmn.Options{})
		if _, err := m.Evaluate(c.id, map[string]expr.Value{"x": "text"}, now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
	}
}
