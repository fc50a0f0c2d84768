package workflow_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// office has three departments: zhangwei works in rd, below which is the team of lina, and has a post in sales.
func office(t *testing.T) *fixture {
	t.Helper()
	f := setup(t, nil)
	f.deploy("trip.bpmn")
	f.people("zhangwei", "lina", "wangfang", "chenjing", "sunqi")
	for i, d := range []struct{ code, head, parent string }{{"all", "chenjing", ""}, {"rd", "wangfang", "all"}, {"sales", "sunqi", "all"}, {"team", "", "rd"}} {
		head := &d.head
		if d.head == "" {
			head = nil
		}
		x := store.Department{ID: engine.ID{6, byte(i)}, Code: d.code, Name: d.code, Head: head, Version: 1}
		if d.parent != "" {
			x.ParentID = engine.ID{6, byte(slices.Index([]string{"all", "rd", "sales", "team"}, d.parent))}
		}
		if err := f.store.CreateDepartment(t.Context(), x, nil, store.Recorded{}); err != nil {
			t.Fatal(err)
		}
	}
	for i, department := range map[byte]byte{0: 1, 1: 3, 2: 1, 3: 0, 4: 2} {
		u, err := f.store.UserByID(t.Context(), engine.ID{7, i})
		if err != nil {
			t.Fatal(err)
		}
		u.DepartmentID = engine.ID{6, department}
		if err := f.store.UpdateUser(t.Context(), u, store.UserEffect{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.store.SetPosts(t.Context(), engine.ID{7, 0}, []store.Post{{Department: "sales", Title: "advisor"}}); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) trip(p access.Principal, r workflow.StartRequest) (workflow.Started, error) {
	f.t.Helper()
	raw, err := f.StartProcess(context.Background(), workflow.Call{Principal: p}, "trip", r)
	if err != nil {
		return workflow.Started{}, err
	}
	return decode[workflow.Started](f.t, raw, nil), nil
}

var request = engine.Variables{"city": "上海", "days": int64(2)}

// Numbers are unique and without a gap where nobody fails, however many start at once.
func TestNumbersAreUnique(t *testing.T) {
	t.Parallel()
	f := office(t)
	var mutex sync.Mutex
	var numbers []string
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			for range 5 {
				s, err := f.trip(employee, workflow.StartRequest{Variables: request})
				mutex.Lock()
				if err != nil || s.Instance.Number == nil {
					t.Errorf("no number: %v", err)
				} else {
					numbers = append(numbers, (*s.Instance.Number)[len("CC-202601-"):])
				}
				mutex.Unlock()
			}
		})
	}
	all.Wait()
	slices.Sort(numbers)
	if len(slices.Compact(slices.Clone(numbers))) != 30 || numbers[0] != "0001" || numbers[29] != "0030" {
		t.Fatalf("the numbers are %v", numbers)
	}
}

// Somebody starts for another one, in one of his posts; both names stay, and org goes by the post.
func TestStartForSomebody(t *testing.T) {
	t.Parallel()
	f := office(t)
	secretary := access.Principal{Username: "lina", Permissions: []string{"WORKFLOW_START", "WORKFLOW_START_FOR"}}
	s, err := f.trip(secretary, workflow.StartRequest{Variables: request, OnBehalfOf: "zhangwei", Department: "sales"})
	if err != nil {
		t.Fatal(err)
	}
	in, a := s.Instance, s.Tasks[0].Assignee
	if in.Starter != "zhangwei" || in.StartedBy == nil || *in.StartedBy != "lina" || *in.Summary != "上海 2" || a == nil || *a != "sunqi" || s.Tasks[0].DueAt == nil {
		t.Fatalf("%+v is for %+v", in, s.Tasks[0])
	}
	if found := f.problems(in.ID); found != nil {
		t.Fatal(found)
	}
	own, err := f.trip(employee, workflow.StartRequest{Variables: request})
	if err != nil || *own.Tasks[0].Assignee != "wangfang" || own.Instance.StartedBy != nil {
		t.Fatalf("%+v %v", own.Tasks, err)
	}
	for code, r := range map[string]workflow.StartRequest{
		"not_for_others": {OnBehalfOf: "lina"}, "not_your_post": {Department: "team"},
	} {
		if _, err := f.trip(employee, r); codeOf(err) != code {
			t.Errorf("%+v: %v, want %s", r, err, code)
		}
	}
	if _, err := f.trip(secretary, workflow.StartRequest{OnBehalfOf: "nobody"}); codeOf(err) != "unknown_user" {
		t.Error(err)
	}
}

// What was withdrawn or rejected is sent in again, with what it was started with; what is under way is not.
func TestResubmit(t *testing.T) {
	t.Parallel()
	f := office(t)
	call := workflow.Call{Principal: employee}
	first, err := f.trip(employee, workflow.StartRequest{Variables: request})
	if err != nil {
		t.Fatal(err)
	}
	id := first.Instance.ID
	if _, err := f.Resubmit(t.Context(), call, id, workflow.Anew{}); codeOf(err) != "not_to_resubmit" {
		t.Fatal(err)
	}
	if _, err := f.CompleteTask(t.Context(), workflow.Call{Principal: member("wangfang")}, first.Tasks[0].ID, workflow.Completion{Outcome: engine.Reject}); err != nil {
		t.Fatal(err)
	}
	raw, err := f.Resubmit(t.Context(), call, id, workflow.Anew{Variables: engine.Variables{"days": int64(3)}})
	again := decode[workflow.Started](t, raw, err)
	if in := again.Instance; *in.Summary != "上海 3" || in.OriginID == nil || *in.OriginID != id || *in.Number == *first.Instance.Number {
		t.Fatalf("%+v", in)
	}
	if _, err := f.CopyInstance(t.Context(), workflow.Call{Principal: member("lina")}, id, workflow.Anew{}); codeOf(err) != "not_your_instance" {
		t.Fatal(err)
	}
	raw, err = f.CopyInstance(t.Context(), call, again.Instance.ID, workflow.Anew{})
	if in := decode[workflow.Started](t, raw, err).Instance; *in.Summary != "上海 3" {
		t.Fatalf("%+v", in)
	}
}

// A link is seen from both sides, by whoever may see the other one.
func TestLinks(t *testing.T) {
	t.Parallel()
	f := office(t)
	a, err := f.trip(employee, workflow.StartRequest{Variables: request})
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.trip(member("lina"), workflow.StartRequest{Variables: request})
	if err != nil {
		t.Fatal(err)
	}
	to := workflow.NewLink{InstanceID: b.Instance.ID.String(), Comment: "belongs"}
	if _, err := f.Link(t.Context(), workflow.Call{Principal: employee}, a.Instance.ID, to); codeOf(err) != "not_your_instance" {
		t.Fatal(err)
	}
	if _, err := f.Link(t.Context(), workflow.Call{Principal: operator}, a.Instance.ID, to); err != nil {
		t.Fatal(err)
	}
	back := workflow.NewLink{InstanceID: a.Instance.ID.String()}
	if _, err := f.Link(t.Context(), workflow.Call{Principal: operator}, b.Instance.ID, back); codeOf(err) != "already_linked" {
		t.Fatal(err)
	}
	for _, c := range []struct {
		p    access.Principal
		of   engine.ID
		want int
	}{{operator, a.Instance.ID, 1}, {operator, b.Instance.ID, 1}, {employee, a.Instance.ID, 0}} {
		if list, err := f.Links(t.Context(), c.p, c.of); err != nil || len(list) != c.want {
			t.Errorf("%s sees %d links, %v", c.p.Username, len(list), err)
		}
	}
	if err := f.Unlink(t.Context(), employee, a.Instance.ID, b.Instance.ID); err != nil {
		t.Fatal(err)
	}
	if err := f.Unlink(t.Context(), operator, a.Instance.ID, b.Instance.ID); codeOf(err) != "link_not_found" {
		t.Fatal(err)
	}
}

// A forecast says who will be asked by what is known now, and changes nothing.
func TestForecast(t *testing.T) {
	t.Parallel()
	f := office(t)
	shown := func(x *workflow.Forecast, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, s := range x.Steps {
			list = append(list, s.NodeID+":"+s.Assignee)
		}
		if x.Ends {
			list = append(list, "end")
		}
		return strings.Join(append(list, x.Unsure), " ")
	}
	for days, want := range map[int64]string{2: "manager:wangfang end ", 5: "manager:wangfang director:chenjing end "} {
		if got := shown(f.ForecastStart(t.Context(), employee, "trip", workflow.StartRequest{Variables: engine.Variables{"days": days}})); got != want {
			t.Errorf("%d days lead to %q, want %q", days, got, want)
		}
	}
	if got := shown(f.ForecastStart(t.Context(), employee, "trip", workflow.StartRequest{})); got != "manager:wangfang unknown_variable" {
		t.Errorf("what nobody knows leads to %q", got)
	}
	s, err := f.trip(employee, workflow.StartRequest{Variables: engine.Variables{"days": int64(9)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := shown(f.ForecastInstance(t.Context(), employee, s.Instance.ID)); got != "manager:wangfang director:chenjing end " {
		t.Errorf("the instance goes on with %q", got)
	}
	if rows := f.rows(s.Instance.ID); len(rows) != 1 {
		t.Errorf("a forecast left %d rows", len(rows)-1)
	}
}

// The calendar of a department goes before the one of all.
func TestCalendars(t *testing.T) {
	t.Parallel()
	f := office(t)
	ctx := t.Context()
	never := map[string][]string{"mon": {"00:00-24:00"}, "tue": {"00:00-24:00"}, "wed": {"00:00-24:00"}, "thu": {"00:00-24:00"}, "fri": {"00:00-24:00"}, "sat": {"00:00-24:00"}, "sun": {"00:00-24:00"}}
	c, err := f.PutCalendar(ctx, "round-the-clock", workflow.CalendarBody{Name: "x", Department: "rd", TimeZone: "Asia/Shanghai", Hours: never}, 0)
	if err != nil || c.Version != 1 {
		t.Fatal(c, err)
	}
	s, err := f.trip(employee, workflow.StartRequest{Variables: request})
	if err != nil || s.Tasks[0].DueAt.Sub(s.Tasks[0].CreatedAt).Hours() != 24 {
		t.Fatalf("%+v %v", s.Tasks, err)
	}
	for name, b := range map[string]workflow.CalendarBody{
		"no hours": {Name: "x", Department: "sales"}, "no zone": {Name: "x", Department: "sales", TimeZone: "Nowhere", Hours: never},
		"bad span": {Name: "x", Department: "sales", Hours: map[string][]string{"mon": {"9-12"}}}, "bad day": {Name: "x", Department: "sales", Hours: never, Days: map[string]string{"today": "off"}},
	} {
		if _, err := f.PutCalendar(ctx, "other", b, 0); codeOf(err) != "bad_calendar" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := f.Calendar(ctx, "round-the-clock"); err != nil || got.Name != "x" {
		t.Fatal(got, err)
	}
	if err := f.DeleteCalendar(ctx, "round-the-clock"); err != nil {
		t.Fatal(err)
	}
}
