package attacks

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/test/producttest"
)

// caller is a user of one role: a role of the product, one with a single permission, or one with all but one or two.
type caller struct {
	name        string
	permissions []string
	all         bool // SUPER_ADMIN
}

func (c caller) may(permission string) bool {
	return c.all || permission == "" || slices.Contains(c.permissions, permission)
}

// matrix crosses changing routes with callers and with what is their own, another's, missing, mixed and all.
type matrix struct {
	*target
	callers []caller
	n       int // makes names unique

	cases, changed int
	wrong          []string
}

const hunted = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="matrix">
<process id="hunted" isExecutable="true"><startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="u"/>
<userTask id="u" camunda:assignee="${who}"/><sequenceFlow id="b" sourceRef="u" targetRef="v"/><userTask id="v" camunda:assignee="chenjing"/></process></definitions>`

// newMatrix makes the callers. The permissions are those that the product has, so that a new one is crossed, too.
func newMatrix(t *testing.T) *matrix {
	t.Helper()
	r := openRig(t)
	r.furnish()
	m := &matrix{target: r.product()}
	client := producttest.NewClient(r.process.URL, callLimit).With(r.tokens["zhouming"])
	if a, err := client.Deploy("matrix", producttest.File{Name: "hunted.bpmn", Content: []byte(hunted)}); err != nil || a.Status >= http.StatusBadRequest {
		t.Fatalf("%v %s", err, a.Body)
	}
	all := leaves(items(m.must("admin", "GET", "/api/v1/permissions", nil)))
	for n, p := range all {
		m.person("only-"+p, []string{p}, "")
		for name, next := range map[string]string{"without-" + p: p, "without-two-" + p: all[(n+1)%len(all)]} {
			m.person(name, slices.DeleteFunc(slices.Clone(all), func(q string) bool { return q == p || q == next }), "")
		}
	}
	for _, item := range items(m.must("admin", "GET", "/api/v1/roles?limit=100", nil)) {
		role := item.(object)
		var permissions []string
		list, _ := role["permissions"].([]any)
		for _, p := range list {
			permissions = append(permissions, fmt.Sprint(p))
		}
		if builtIn, _ := role["builtIn"].(bool); builtIn {
			m.person(fmt.Sprint(role["code"]), permissions, fmt.Sprint(role["code"]))
		}
	}
	m.person("nothing", nil, "")
	return m
}

// leaves are the codes of a tree of permissions that roles are given; PREY_X is none of the product's.
func leaves(tree []any) []string {
	var codes []string
	for _, item := range tree {
		o := item.(object)
		if children, _ := o["children"].([]any); len(children) > 0 {
			codes = append(codes, leaves(children)...)
		} else if code := fmt.Sprint(o["code"]); code != "PREY_X" {
			codes = append(codes, code)
		}
	}
	return codes
}

// person makes a user with a role of some permissions, or with a role that there is.
func (m *matrix) person(name string, permissions []string, role string) {
	m.Helper()
	username := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	roles := []string{role}
	switch {
	case role == "" && len(permissions) == 0:
		roles = nil
	case role == "":
		roles = []string{"M_" + strings.ReplaceAll(name, "-", "_")}
		m.must("admin", "POST", "/api/v1/roles", object{"code": roles[0], "name": name, "permissions": permissions})
	}
	m.must("admin", "POST", "/api/v1/users", object{"username": username, "password": demoPassword, "displayName": name, "roles": roles, "mustChangePassword": false})
	client := producttest.NewClient(m.url, callLimit)
	m.tokens[username] = client.LogIn(m, username, demoPassword)
	m.callers = append(m.callers, caller{username, permissions, role == access.SuperAdmin})
}

// step is one case: what a caller asks for, whether it must be done, and how to see that it was: a number that SQL
// counts and that is another one afterwards.
type step struct {
	who, request string
	body         any
	allowed      bool
	count        string
	headers      []string
}

// try sends a step and compares what it did with what it may.
func (m *matrix) try(s step) producttest.Answer {
	m.Helper()
	m.cases++
	method, path, _ := strings.Cut(s.request, " ")
	before := m.judge.Count(s.count)
	answer, err := m.send(s.who, method, path, s.body, append([]string{"If-Match", "*"}, s.headers...)...)
	changed := m.judge.Count(s.count) != before
	switch {
	case err != nil:
		m.wrong = append(m.wrong, fmt.Sprintf("%s as %s: %v", s.request, s.who, err))
	case s.allowed && (!changed || answer.Status >= http.StatusBadRequest):
		m.wrong = append(m.wrong, fmt.Sprintf("%s as %s is allowed and changes nothing: %d %.300s", s.request, s.who, answer.Status, answer.Body))
	case !s.allowed && (changed || answer.Status < http.StatusBadRequest || answer.Status >= http.StatusInternalServerError):
		m.wrong = append(m.wrong, fmt.Sprintf("%s as %s is not allowed: %d, changed is %t: %.300s", s.request, s.who, answer.Status, changed, answer.Body))
	}
	if changed && s.allowed {
		m.changed++
	}
	return answer
}

// row counts up with each version of a row, and is 0 without one.
func row(table, id string) string {
	return fmt.Sprintf("SELECT IFNULL(MAX(version), 0) FROM %s WHERE id = X'%s'", table, strings.ReplaceAll(id, "-", ""))
}

func rows(table string) string { return "SELECT COUNT(*) FROM " + table }

// history is how much an instance has been through.
func history(instance string) string {
	return fmt.Sprintf("SELECT COUNT(*) FROM workflow_history WHERE instance_id = X'%s'", strings.ReplaceAll(instance, "-", ""))
}

// unique makes a name that nothing has.
func (m *matrix) unique(prefix string) string { m.n++; return fmt.Sprintf("%s%d", prefix, m.n) }

// start starts an instance whose task is somebody's.
func (m *matrix) start(who string) (instance, task string) {
	m.Helper()
	a := m.must("zhangwei", "POST", "/api/v1/processes/hunted/start", object{"variables": object{"who": who}})
	return at(a, "instance.id"), at(a, "tasks.0.id")
}

// The least that the matrix holds.
const (
	leastMatrix  = 2_000
	leastChanged = 30 // of a hundred cases
)

// TestAuthorizationOfObjects: every changing route with every caller; who may changes the row, who may not does not.
func TestAuthorizationOfObjects(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	covered := map[string]bool{}
	for _, o := range m.operations {
		name := strings.TrimPrefix(o.path, "/api/v1")
		cross, known := crossings[o.method+" "+name]
		if !known && o.bearer && o.method != http.MethodGet && uncrossed[o.method+" "+name] == "" {
			t.Errorf("%s %s has no entry in crossings, and none in uncrossed with the reason", o.method, name)
		}
		if o.bearer {
			m.missing(o)
		}
		if !known {
			continue
		}
		covered[o.method+" "+name] = true
		for _, c := range m.callers {
			cross(m, c, o)
		}
	}
	for name := range crossings {
		if !covered[name] {
			t.Errorf("there is no operation %s", name)
		}
	}
	m.mixed()
	m.wildcards()
	for _, w := range m.wrong[:min(len(m.wrong), 40)] {
		t.Error(w)
	}
	if m.cases < leastMatrix || m.changed*100 < leastChanged*m.cases {
		t.Errorf("%d cases, %d of them changed a row", m.cases, m.changed)
	}
	t.Logf("authz: cases=%d changed=%d failed=%d", m.cases, m.changed, len(m.wrong))
}

// missing asks for what there is not: who lacks the permission is refused before that is told.
func (m *matrix) missing(o operation) {
	if !strings.Contains(o.path, "{") {
		return
	}
	for _, c := range m.callers {
		if one := strings.HasPrefix(c.name, "only-") && c.may(o.permission) && o.permission != ""; !one && !c.all && c.name != "nothing" {
			continue
		}
		m.cases++
		answer, err := m.send(c.name, o.method, o.fill(nothing), m.minimal(o), "If-Match", "*")
		if forbidden := answer.Status == http.StatusForbidden; err != nil || forbidden == c.may(o.permission) || answer.Status < http.StatusBadRequest && o.permission != "" && !c.may(o.permission) {
			m.wrong = append(m.wrong, fmt.Sprintf("%s of nothing as %s: %d %v %.200s", o.name(), c.name, answer.Status, err, answer.Body))
		}
	}
}

// mixed completes in bulk what is one's own, another's and nobody's: only the first changes.
func (m *matrix) mixed() {
	for _, c := range m.callers {
		own, mine := m.start(c.name)
		other, theirs := m.start("chenjing")
		foreign := m.judge.Count(history(other))
		m.cases++
		answer, err := m.send(c.name, "POST", "/api/v1/tasks:complete", object{"ids": []string{mine, theirs, nothing}})
		if err != nil || m.judge.Count(history(other)) != foreign {
			m.wrong = append(m.wrong, fmt.Sprintf("tasks:complete as %s touches another's: %v %.300s", c.name, err, answer.Body))
		}
		if !c.may("WORKFLOW_TASK") && (answer.Status != http.StatusForbidden || m.judge.Count(history(own)) != 1) {
			m.wrong = append(m.wrong, fmt.Sprintf("tasks:complete as %s: %d", c.name, answer.Status))
		}
	}
}

// wildcards ask for everything: lists show another's to nobody but those who may see all.
func (m *matrix) wildcards() {
	instance, task := m.start("chenjing")
	for _, c := range m.callers {
		sees := c.may("WORKFLOW_OPERATE") || c.may("WORKFLOW_AUDIT")
		for _, path := range []string{"/tasks?view=todo", "/tasks?view=claimable", "/tasks?view=all", "/tasks?processKey=hunted", "/tasks?instanceId=" + instance, "/instances", "/instances?processKey=hunted", "/instances?starter=zhangwei"} {
			m.cases++
			answer, err := m.send(c.name, "GET", "/api/v1"+path, nil)
			body := string(answer.Body)
			if err != nil || !sees && (strings.Contains(body, instance) || strings.Contains(body, task)) {
				m.wrong = append(m.wrong, fmt.Sprintf("%s shows another's to %s: %d %v", path, c.name, answer.Status, err))
			}
		}
	}
}

// TestMatrixFindsPlantedBugs: a step that does what it must not, and one that leaves undone what it must, are found.
func TestMatrixFindsPlantedBugs(t *testing.T) {
	t.Parallel()
	r := openRig(t)
	m := &matrix{target: r.product()}
	create := func(who string, allowed bool) step {
		return step{who, "POST /api/v1/groups", m.fresh("groups"), allowed, rows("sys_group"), nil}
	}
	for _, c := range []struct {
		step  step
		wrong int
	}{{create("admin", true), 0}, {create("lina", false), 0}, {create("admin", false), 1}, {create("lina", true), 1}, {step{"admin", "GET /api/v1/groups", nil, true, rows("sys_group"), nil}, 1}} {
		m.wrong = nil
		if m.try(c.step); len(m.wrong) != c.wrong {
			t.Errorf("%v: %q", c.step, m.wrong)
		}
	}
}
