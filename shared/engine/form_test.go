package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
)

func constrained(kind, constraints string) string {
	return `<c:formField id="x" type="` + kind + `"><c:validation>` + constraints + `</c:validation></c:formField>`
}

func limit(name, config string) string {
	return `<c:constraint name="` + name + `" config="` + config + `"/>`
}

var formCases = []struct {
	name, field string
	given, want expr.Value
	refused     bool
}{
	{"nothing", `<c:formField id="x" type="string"/>`, nil, nil, false},
	{"default", `<c:formField id="x" type="long" defaultValue="12"/>`, nil, int64(12), false},
	{"default of an expression", `<c:formField id="x" type="long" defaultValue="${known + 1}"/>`, nil, int64(8), false},
	{"default not needed", `<c:formField id="x" type="long" defaultValue="12"/>`, int64(1), int64(1), false},
	{"required", constrained("string", limit("required", "")), nil, nil, true},
	{"required, empty", constrained("string", limit("required", "")), "", nil, true},
	{"required, with a default", strings.Replace(constrained("string", limit("required", "")), `type=`, `defaultValue="d" type=`, 1), nil, "d", false},
	{"a limit with a part for a whole number", constrained("long", limit("min", "1.5")), int64(2), nil, true},
	{"required, given", constrained("string", limit("required", "")), "a", "a", false},
	{"required, known", strings.Replace(constrained("long", limit("required", "")), `"x"`, `"known"`, 1), nil, nil, false},
	{"readonly", constrained("string", limit("readonly", "")), "a", nil, true},
	{"readonly, absent", constrained("string", limit("readonly", "")), nil, nil, false},
	{"below min", constrained("long", limit("min", "4")), int64(3), nil, true},
	{"at min", constrained("long", limit("min", "4")), int64(4), int64(4), false},
	{"above max", constrained("long", limit("max", "4")), int64(5), nil, true},
	{"at max", constrained("long", limit("max", "4")), int64(4), nil, true},
	{"below max", constrained("long", limit("max", "4")), int64(3), int64(3), false},
	{"between", constrained("x", limit("max", "4.5")), apd.New(46, -1), nil, true},
	{"min of a text", constrained("long", limit("min", "4")), "5", nil, true},
	{"min of nothing", constrained("long", limit("min", "4")), nil, nil, false},
	{"too short", constrained("string", limit("minlength", "5")), "test", nil, true},
	{"long enough", constrained("string", limit("minlength", "4")), "test", "test", false},
	{"too long", constrained("string", limit("maxlength", "3")), "test", nil, true},
	{"short enough", constrained("string", limit("maxlength", "4")), "test", "test", false},
	{"length of a number", constrained("long", limit("maxlength", "4")), int64(1), nil, true},
	{"length of a number in a text", constrained("long", limit("maxlength", "4")), "12", int64(12), false},
	{"text as a number", `<c:formField id="x" type="long"/>`, "12", int64(12), false},
	{"text that is no number", `<c:formField id="x" type="long"/>`, "twelve", nil, true},
	{"empty text as a number", `<c:formField id="x" type="long"/>`, "", nil, true},
	{"part of a number", `<c:formField id="x" type="long"/>`, apd.New(15, -1), nil, true},
	{"truth as a number", `<c:formField id="x" type="long"/>`, true, nil, true},
	{"number as a truth", `<c:formField id="x" type="boolean"/>`, int64(1), nil, true},
	{"text in capitals as a truth", `<c:formField id="x" type="boolean"/>`, "TRUE", true, false},
	{"other text as a truth", `<c:formField id="x" type="boolean"/>`, "yes", false, false},
	{"day", `<c:formField id="x" type="date"/>`, "24/12/2030", time.Date(2030, 12, 24, 0, 0, 0, 0, time.UTC), false},
	{"day by a pattern", `<c:formField id="x" type="date" datePattern="yyyyMMdd'T'HH:mm"/>`, "20301224T10:30", time.Date(2030, 12, 24, 10, 30, 0, 0, time.UTC), false},
	{"day beyond the month", `<c:formField id="x" type="date"/>`, "32/12/2030", time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC), false},
	{"day of ISO 8601", `<c:formField id="x" type="date"/>`, "2030-12-24", time.Date(2030, 12, 24, 0, 0, 0, 0, time.UTC), false},
	{"no day", `<c:formField id="x" type="date"/>`, "soon", nil, true},
	{"number as a day", `<c:formField id="x" type="date"/>`, int64(5), nil, true},
	{"text as a truth", `<c:formField id="x" type="boolean"/>`, "true", true, false},
	{"number as a text", `<c:formField id="x" type="string"/>`, int64(1), "1", false},
	{"choice", `<c:formField id="x" type="enum"><c:value id="a" name="A"/></c:formField>`, "a", "a", false},
	{"no choice", `<c:formField id="x" type="enum"><c:value id="a" name="A"/></c:formField>`, "b", nil, true},
}

// What a form is submitted with is held against its fields, at a start event and at a user task; whoever
// completes the task without its form is not asked.
func TestForm(t *testing.T) {
	t.Parallel()
	for _, c := range formCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := `<extensionElements><c:formData>` + c.field + `</c:formData></extensionElements>`
			given := engine.Variables{}
			if c.given != nil {
				given["x"] = c.given
			}
			in := submitTask(t, data, given, c.refused)
			if !c.refused {
				if diff := cmp.Diff(c.want, in.Scopes[0].Variables["x"], cmp.Comparer(func(a, b *apd.Decimal) bool { return a.Cmp(b) == 0 })); diff != "" {
					t.Error(diff)
				}
			}
			if !strings.Contains(c.field, "known") {
				submitStart(t, data, given, c.refused)
			}
		})
	}
}

const formModel = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t"><process id="p" isExecutable="true">
<startEvent id="s">START</startEvent><sequenceFlow id="f" sourceRef="s" targetRef="t"/><userTask id="t">TASK</userTask></process></definitions>`

func formStep(t *testing.T, in *engine.Instance, start, task string, action engine.Action) (*engine.Instance, error) {
	t.Helper()
	model, err := bpmn.Read([]byte(strings.NewReplacer("START", start, "TASK", task).Replace(formModel)), bpmn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := engine.Step(model.Processes[0], in, engine.Command{ID: seed(1), Actor: "zhangwei", Action: action}, time.Unix(0, 0), engine.World{})
	return after, err
}

func submitTask(t *testing.T, data string, given engine.Variables, refused bool) *engine.Instance {
	t.Helper()
	begun, err := formStep(t, nil, "", data, engine.Start{InstanceID: seed(900), Variables: engine.Variables{"known": int64(7)}})
	if err != nil {
		t.Fatal(err)
	}
	task := begun.Tasks[0].ID
	if _, err := formStep(t, begun, "", data, engine.CompleteTask{Task: task, Variables: given}); err != nil {
		t.Errorf("completed without the form: %v", err)
	}
	done, err := formStep(t, begun, "", data, engine.CompleteTask{Task: task, Variables: given, Form: true})
	if errors.Is(err, engine.ErrForm) != refused {
		t.Fatalf("task: %v", err)
	}
	return done
}

func submitStart(t *testing.T, data string, given engine.Variables, refused bool) {
	t.Helper()
	_, err := formStep(t, nil, data, "", engine.Start{InstanceID: seed(900), Variables: given, Form: true})
	if errors.Is(err, engine.ErrForm) != refused {
		t.Errorf("start: %v", err)
	}
}
