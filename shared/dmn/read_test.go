package dmn_test

import (
	"errors"
	"strings"
	"testing"

	"diom.io/workflow/shared/dmn"
	"diom.io/workflow/shared/fault"
)

func literal(text string) string {
	return `<decision id="d" name="d"><literalExpression id="e"><text>` + text + `</text></literalExpression></decision>`
}

// TestReadRefuses: each rule has a file that breaks it and nothing else, and the detail says where.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for rule, c := range map[string]struct{ body, element string }{
		"no_decision":                  {``, "m"},
		"missing_id":                   {`<decision name="d"><literalExpression><text>1</text></literalExpression></decision>`, ""},
		"duplicate_id":                 {literal("1") + `<inputData id="d" name="x"/>`, "d"},
		"dangling_reference":           {`<decision id="d" name="d"><informationRequirement><requiredInput href="#x"/></informationRequirement><literalExpression><text>1</text></literalExpression></decision>`, "x"},
		"cyclic_requirements":          {`<decision id="d" name="d"><informationRequirement><requiredDecision href="#d"/></informationRequirement><literalExpression><text>1</text></literalExpression></decision>`, "d"},
		"missing_decision_logic":       {`<decision id="d" name="d"/>`, "d"},
		"bad_expression":               {literal("1 +"), "e"},
		"unsupported_language":         {strings.Replace(literal("1"), "<literalExpression", `<literalExpression expressionLanguage="groovy"`, 1), "e"},
		"unsupported_function":         {literal("1") + `<businessKnowledgeModel id="b" name="b"><encapsulatedLogic kind="Java"><literalExpression><text>1</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>`, "b"},
		"unknown_type":                 {strings.Replace(literal("1"), "<literalExpression", `<literalExpression typeRef="tGone"`, 1), "e"},
		"invalid_hit_policy":           {table(`id="t" hitPolicy="BEST"`, x, single, `-=>1`), "t"},
		"invalid_aggregation":          {table(`id="t" hitPolicy="FIRST" aggregation="SUM"`, x, single, `-=>1`), "t"},
		"wrong_number_of_entries":      {table(``, x, single, `-=>1=>2`), "r1"},
		"table_without_output":         {table(`id="t"`, x, ``), "t"},
		"invalid_output_name":          {table(``, x, `<output name="y"/><output id="o" name="y"/>`, `-=>1=>2`), "o"},
		"priority_without_values":      {table(`id="t" hitPolicy="PRIORITY"`, x, single, `-=>1`), "t"},
		"invalid_history_time_to_live": {strings.Replace(literal("1"), "<decision", `<decision camunda:historyTimeToLive="soon"`, 1), "d"},
		"unknown_import":               {`<import name="i" namespace="gone" importType="https://www.omg.org/spec/DMN/20191111/MODEL/"/>` + literal("1"), ""},
		"unsupported_element":          {`<decision id="d" name="d"><literalExpression id="e"><importedValues/></literalExpression></decision>`, "e"},
	} {
		_, err := dmn.Read([]byte(head+"\n"+c.body+"</definitions>"), dmn.Options{File: "a/b.dmn"})
		details := fault.From(err).Details
		if !errors.Is(err, dmn.ErrModel) || len(details) != 1 {
			t.Errorf("%s: %v %+v", rule, err, details)
			continue
		}
		d := details[0]
		line := 2
		if rule == "no_decision" {
			line = 1
		}
		if d.Rule != rule || d.Code != rule || d.Element != c.element || d.Line != line || d.Fix == "" || d.Pointer != "/resources/a~1b.dmn" {
			t.Errorf("%s: %+v", rule, d)
		}
	}
}

// TestEveryRuleIsTested: a rule without a case above would go unseen.
func TestEveryRuleIsTested(t *testing.T) {
	t.Parallel()
	if n := len(dmn.Rules()); n != 20 {
		t.Errorf("%d rules; 19 are tested above, and not_dmn below", n)
	}
}

func TestReadRefusesFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data string
		want error
	}{
		"empty":         {"", dmn.ErrNotWellFormed},
		"not closed":    {head, dmn.ErrNotWellFormed},
		"two roots":     {head + "</definitions><a/>", dmn.ErrNotWellFormed},
		"document type": {"<!DOCTYPE a>" + head + "</definitions>", dmn.ErrNotWellFormed},
		"not UTF-8":     {head + "\xff</definitions>", dmn.ErrNotWellFormed},
		"too deep":      {head + strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200) + "</definitions>", dmn.ErrNotWellFormed},
		"another root":  {"<definitions/>", dmn.ErrModel},
		"too large":     {head + strings.Repeat(" ", 5<<20) + "</definitions>", dmn.ErrTooLarge},
	} {
		if _, err := dmn.Read([]byte(c.data), dmn.Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for space, version := range map[string]string{
		"http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1", "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2", "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
		"https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4", "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
	} {
		m, err := dmn.Read([]byte(`<a:definitions xmlns:a="`+space+`" id="m" namespace="n"><a:decision id="d" name="D"><a:literalExpression><a:text>1</a:text></a:literalExpression></a:decision></a:definitions>`), dmn.Options{})
		if err != nil || m.Version != version || m.Decision("d").Name != "D" {
			t.Errorf("%s: %v", space, err)
		}
	}
}

func TestLenient(t *testing.T) {
	t.Parallel()
	data := []byte(`<definitions xmlns="n" xmlns:semantic="http://www.omg.org/spec/DMN/20180521/MODEL/" namespace="n"><decision id="d" name="D"><literalExpression><text>1 +</text></literalExpression></decision></definitions>`)
	if _, err := dmn.Read(data, dmn.Options{}); !errors.Is(err, dmn.ErrModel) {
		t.Errorf("a root outside of DMN: %v", err)
	}
	m, err := dmn.Read(data, dmn.Options{Lenient: true})
	if err != nil || len(m.Problems()) != 1 {
		t.Fatal(err)
	}
	got, err := m.Invoke("D", nil, now)
	if err != nil || got.Value != nil || len(got.Diagnostics) != 1 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestDescription(t *testing.T) {
	t.Parallel()
	m := model(t, `<decision id="d" name="D" camunda:versionTag="v1" camunda:historyTimeToLive="P5D"><informationRequirement><requiredDecision href="#e"/></informationRequirement>
		<decisionTable><output name="a"/><output name="b"/></decisionTable></decision><decision id="e" name="E"><literalExpression><text>1</text></literalExpression></decision>`, dmn.Options{})
	d := m.Decision("d")
	if d.VersionTag != "v1" || d.HistoryTimeToLive != "P5D" || strings.Join(d.Outputs, ",") != "a,b" || strings.Join(d.Requires, ",") != "e" || m.Decision("e").Outputs[0] != "E" {
		t.Errorf("%+v", d)
	}
}

// FuzzRead holds that no file makes Read or an evaluation of what it returns panic.
func FuzzRead(f *testing.F) {
	f.Add([]byte(head + table(`hitPolicy="COLLECT" aggregation="SUM"`, x, single, `< 5=>1`) + "</definitions>"))
	f.Add([]byte(head + literal("for i in 1..3 return i") + "</definitions>"))
	f.Add([]byte(head + `<itemDefinition name="t"><typeRef>t</typeRef></itemDefinition><inputData id="x" name="x"><variable name="x" typeRef="t"/></inputData>` + literal("x") + "</definitions>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := dmn.Read(data, dmn.Options{Lenient: true})
		if err != nil {
			if fault.From(err).Kind == fault.Internal {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, d := range m.Decisions {
			_, _ = m.Invoke(d.Name, nil, now) // only that it returns
			_, _ = m.Evaluate(d.ID, nil, now) // likewise
		}
	})
}

// What another reader could read in another way is refused: instructions, text outside the root, labels of encodings.
func TestDialectsOfXMLAreRefused(t *testing.T) {
	t.Parallel()
	const model = `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="n" namespace="t"/>`
	for text, fine := range map[string]bool{
		model: true, `<?xml version="1.0" encoding="utf-8"?>` + model: true, `<?xml version="1.0" encoding="US-ASCII"?>` + model: true, "<!-- x -->\n" + model + "\n": true,
		`<?xml-stylesheet href="x"?>` + model: false, model + `<?x y?>`: false, "x" + model: false, model + "x": false,
		`<?xml version="1.0" encoding="UTF-16"?>` + model: false, `<?xml version="1.0" encoding="UTF-7"?>` + model: false, "<!-- x --><?xml version=\"1.0\"?>" + model: false,
	} {
		if _, err := dmn.Read([]byte(text), dmn.Options{}); errors.Is(err, dmn.ErrNotWellFormed) == fine {
			t.Errorf("%s: %v", text, err)
		}
	}
}
