package bpmn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const extended = "<extensionElements>\n%s</extensionElements>"

// listening is a user task t with the extension on line 3.
func listening(extension string) string {
	return task("", strings.Replace(extended, "%s", extension, 1))
}

func script(attributes, text string) string {
	return line(between("scriptTask", attributes, "<script>"+text+"</script>"))
}

const timeout = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"

var codeCases = []ruleCase{
	{"listener of an expression", listening("<c:executionListener event='start' expression='${a}'/><c:executionListener event='end' expression='${b.c}'/>"), nil},
	{"listener of a class", listening("<c:executionListener event='start' class='a.B'/>"), []string{"3 unsupported_extension t"}},
	{"listener of a bean", listening("<c:executionListener event='start' delegateExpression='${b}'/>"), []string{"3 unsupported_extension t"}},
	{"listener that calls a bean", listening("<c:executionListener event='start' expression='${b.notify(execution)}'/>"), []string{"3 unsupported_extension t"}},
	{"listener of an unknown event", listening("<c:executionListener event='take' expression='${a}'/>"), []string{"3 invalid_listener t"}},
	{"listener of a wrong expression", listening("<c:executionListener event='start' expression='${'/>"), []string{"3 bad_expression t"}},
	{"listener of a script", listening("<c:executionListener event='start'><c:script scriptFormat='juel'>${a}</c:script></c:executionListener>"), nil},
	{"listener of another script", listening("<c:executionListener event='start'><c:script scriptFormat='groovy'>a</c:script></c:executionListener>"), []string{"3 unsupported_language t"}},
	{"listener of nothing", listening("<c:executionListener event='start'/>"), []string{"3 invalid_listener t"}},
	{"listener of the process", strings.Replace(line(""), "\n", "<extensionElements>\n<c:executionListener event='end' expression='${a}'/></extensionElements>", 1), nil},
	{"task listener", listening("<c:taskListener event='create' expression='${a}'/><c:taskListener event='delete' expression='${a}'/>"), nil},
	{"task listener of a class", listening("<c:taskListener event='complete' class='a.B'/>"), []string{"3 unsupported_extension t"}},
	{"task listener of an unknown event", listening("<c:taskListener event='all' expression='${a}'/>"), []string{"3 invalid_listener t"}},
	{"timeout", listening("<c:taskListener event='timeout' id='x' expression='${a}'>" + timeout + "</c:taskListener>"), nil},
	{"timeout without an id", listening("<c:taskListener event='timeout' expression='${a}'>" + timeout + "</c:taskListener>"), []string{"3 invalid_listener t"}},
	{"timeout without a timer", listening("<c:taskListener event='timeout' id='x' expression='${a}'/>"), []string{"3 invalid_listener t"}},
	{"timeout with a wrong timer", listening("<c:taskListener event='timeout' id='x' expression='${a}'><timerEventDefinition/></c:taskListener>"), []string{"3 invalid_timer t"}},
	{"two timeouts of one id", listening("<c:taskListener event='timeout' id='x' expression='${a}'>" + timeout + "</c:taskListener>\n<c:taskListener event='timeout' id='x' expression='${a}'>" + timeout + "</c:taskListener>"), []string{"4 invalid_listener t"}},
	{"task listener of a service task", service("c:expression='${a}'", "\n<c:taskListener event='create' expression='${a}'/>"), []string{"3 ignored_extension x"}},

	{"script task", script("scriptFormat='JUEL' c:resultVariable='r'", "${a}"), nil},
	{"script task without a format", script("", "${a}"), nil},
	{"script task without a script", line(between("scriptTask", "scriptFormat='juel'", "")), nil},
	{"script task in Groovy", script("scriptFormat='groovy'", "a"), []string{"2 unsupported_language x"}},
	{"script task with a wrong script", script("scriptFormat='juel'", "${"), []string{"2 bad_expression x"}},
	{"script task of a file", script("scriptFormat='juel' c:resource='deployment://a.juel'", ""), []string{"2 missing_resource x"}},

	{"call of a bean", service("c:expression='${payer.pay(a, execution)}'", ""), []string{"2 worker_needed x"}},
	{"call of what may be a variable", service("c:expression='${list.size()}'", ""), nil},
	{"call of a bean among others", service("c:expression='${payer.pay(a) + 1}'", ""), []string{"2 bean_needed x"}},
	{"condition of a bean", condition("", "${payer.mayPay(order)}"), []string{"3 bean_needed f"}},
	{"condition of a getter", condition("", "${order.isPremiumOrder()}"), nil},
	{"assignee of a bean", task(`c:assignee="${users.findManager(a)}"`, ""), []string{"2 bean_needed t"}},
	{"condition of the execution", condition("", "${execution.getVariable('a')}"), nil},

	{"field without a name", service("c:class='a.B'", "\n<c:field stringValue='a'/>"), []string{"3 invalid_mapping x"}},
	{"field of a wrong expression", service("c:class='a.B'", "\n<c:field name='a' expression='${'/>"), []string{"3 bad_expression x"}},
	{"connector without an id", service("", "\n<c:connector/>"), []string{"3 invalid_topic x"}},
	{"error of a worker", service("c:type='external' c:topic='a'", "\n<c:errorEventDefinition errorRef='E1' expression='${externalTask.retries == 0}'/>"), nil},
}

// A deployment may say what becomes of code, and which scripts workers run.
func TestCodeOptions(t *testing.T) {
	t.Parallel()
	class := "<c:executionListener event='start' class='a.B'><c:field name='f' stringValue='${x'/></c:executionListener>"
	groovy := "<c:executionListener event='end'><c:script scriptFormat='Groovy'>a { ${b} }</c:script></c:executionListener>"
	files := func(name string) ([]byte, bool) { return []byte("${a}"), name == "a.juel" }
	for _, c := range []struct {
		name, text string
		o          Options
		want       []string
	}{
		{"ignored", listening(class), Options{Listeners: ListenersIgnored}, []string{"3 ignored_extension t"}},
		{"job", listening(class), Options{Listeners: ListenersAsJobs}, []string{"3 worker_needed t"}},
		{"job of a bean", listening("<c:executionListener event='start' expression='${b.notify(execution, a)}'/>"), Options{Listeners: ListenersAsJobs}, []string{"3 worker_needed t"}},
		{"job of more than a bean", listening("<c:executionListener event='start' expression='a ${b.notify(a)}'/>"), Options{Listeners: ListenersAsJobs}, []string{"3 bean_needed t"}},
		{"job of an assignment", listening("<c:taskListener event='assignment' class='a.B'/>"), Options{Listeners: ListenersAsJobs}, []string{"3 unsupported_extension t"}},
		{"bound script", listening(groovy), Options{Scripts: []string{"groovy"}}, nil},
		{"bound script of a deletion", listening(strings.NewReplacer("executionListener", "taskListener", "'end'", "'delete'").Replace(groovy)), Options{Scripts: []string{"groovy"}}, []string{"3 unsupported_language t"}},
		{"bound script task", script("scriptFormat='groovy'", "a { ${b} }"), Options{Scripts: []string{"groovy"}}, []string{"2 worker_needed x"}},
		{"bound script of a parameter", input("\n<c:script scriptFormat='groovy'>a</c:script>"), Options{Scripts: []string{"groovy"}}, []string{"4 unsupported_language x"}},
		{"script of a file", script("scriptFormat='juel' c:resource='deployment://a.juel'", ""), Options{Resource: files}, nil},
		{"condition of a file", condition(`c:resource="a.juel" language="juel"`, ""), Options{Resource: files}, nil},
	} {
		d, problems1, err := read([]byte(c.text), c.o)
		if err != nil {
			t.Fatal(err)
		}
		if len(problems1) == 0 {
			problems1 = d.Warnings
			consistent(t, d)
		}
		if diff := cmp.Diff(c.want, problems(problems1)); diff != "" {
			t.Errorf("%s: %s%+v", c.name, diff, problems1)
		}
	}
}
