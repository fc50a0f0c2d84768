package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// away lets somebody stand in for somebody else for an hour.
func away(t *testing.T, d *faastest.Demo, n workflow.NewDelegation) store.Delegation {
	t.Helper()
	if n.From.IsZero() {
		n.From, n.To = time.Now(), time.Now().Add(time.Hour)
	}
	delegation, err := d.App.Workflow.Delegate(t.Context(), d.Call("admin"), n)
	if err != nil {
		t.Fatal(err)
	}
	return delegation
}

func body(from, to time.Duration, rest string) string {
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	return fmt.Sprintf(`{"from": %q, "to": %q%s}`, at(from), at(to), rest)
}

func TestDelegations(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	wangfang, lina, zhangwei, admin := d.As("wangfang"), d.As("lina"), d.As("zhangwei"), d.As("admin")
	kept := away(t, d, workflow.NewDelegation{Owner: "wangfang", Substitute: "lina", ProcessKeys: []string{"leave"}})
	one := "/api/v1/delegations/" + kept.ID.String()
	n, days := 0, 300
	later := func(rest string) func(*testing.T, *faastest.Call) { // each at a time of its own
		return func(_ *testing.T, c *faastest.Call) {
			n += 3
			c.Path, c.Body = "/api/v1/delegations", body(time.Duration(n)*time.Hour, time.Duration(n+1)*time.Hour, rest)
		}
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "create", Method: "POST", Prepare: later(`, "substitute": "lina", "reason": "holiday", "processKeys": ["leave"]`), Header: zhangwei, Status: 201, JSON: `{"owner": "zhangwei", "substitute": "lina", "createdBy": "zhangwei", "version": 1}`},
		{Name: "create for another", Method: "POST", Prepare: later(`, "owner": "sunqi", "substitute": "lina"`), Header: admin, Status: 201, JSON: `{"owner": "sunqi", "createdBy": "admin", "processKeys": []}`},
		{Name: "create for another as nobody", Method: "POST", Prepare: later(`, "owner": "sunqi", "substitute": "lina"`), Header: zhangwei, Status: 403, Code: "not_your_delegation"},
		{Name: "create for who is not there", Method: "POST", Prepare: later(`, "owner": "nobody", "substitute": "lina"`), Header: admin, Status: 422, Code: "unknown_owner"},
		{Name: "by oneself", Method: "POST", Prepare: later(`, "substitute": "zhangwei"`), Header: zhangwei, Status: 422, Code: "own_substitute"},
		{Name: "by nobody", Method: "POST", Prepare: later(`, "substitute": "nobody"`), Header: zhangwei, Status: 422, Code: "unknown_user"},
		{Name: "what is open, too early", Method: "POST", Prepare: later(`, "substitute": "lina", "existing": true`), Header: zhangwei, Status: 422, Code: "delegation_not_begun"},
		{Name: "no key", Method: "POST", Prepare: later(`, "substitute": "lina", "processKeys": [""]`), Header: zhangwei, Status: 422, Code: "bad_process_keys"},
		{Name: "backwards", Method: "POST", Path: "/api/v1/delegations", Header: zhangwei, Body: body(2*time.Hour, time.Hour, `, "substitute": "lina"`), Status: 422, Code: "bad_period"},
		{Name: "past", Method: "POST", Path: "/api/v1/delegations", Header: zhangwei, Body: body(-2*time.Hour, -time.Hour, `, "substitute": "lina"`), Status: 422, Code: "bad_period"},
		{Name: "for ever", Method: "POST", Path: "/api/v1/delegations", Header: zhangwei, Body: body(0, 3*366*24*time.Hour, `, "substitute": "lina"`), Status: 422, Code: "bad_period"},
		{Name: "without a time", Method: "POST", Path: "/api/v1/delegations", Header: zhangwei, Body: `{"substitute": "lina"}`, Status: 422, Code: "bad_period"},
		{Name: "by days", Method: "POST", Prepare: func(_ *testing.T, c *faastest.Call) {
			days += 2
			day := func(n int) string { return time.Now().In(time.UTC).AddDate(0, 0, n).Format(time.DateOnly) }
			c.Path, c.Body = "/api/v1/delegations", fmt.Sprintf(`{"substitute": "lina", "firstDay": %q, "lastDay": %q}`, day(days), day(days+1))
		}, Header: d.As("chenjing"), Status: 201, Check: func(t *testing.T, a faastest.Answer) {
			t.Helper()
			var made store.Delegation
			first, err := time.ParseInLocation(time.DateOnly, time.Now().In(time.UTC).AddDate(0, 0, days).Format(time.DateOnly), time.UTC)
			if err = errors.Join(err, json.Unmarshal(a.Body, &made)); err != nil || !made.From.Equal(first) || !made.To.Equal(first.AddDate(0, 0, 2)) {
				t.Errorf("%v: %s, want from %s", err, a.Body, first)
			}
		}},
		{Name: "no day", Method: "POST", Path: "/api/v1/delegations", Header: zhangwei, Body: `{"substitute": "lina", "firstDay": "31.1.2026", "lastDay": "2026-02-01"}`, Status: 422, Code: "bad_day", JSON: `{"errors": [{"pointer": "/firstDay"}]}`},
		{Name: "a day and a time", Method: "POST", Path: "/api/v1/delegations", Header: zhangwei, Body: body(0, time.Hour, `, "substitute": "lina", "lastDay": "2026-02-01"`), Status: 422, Code: "bad_day", JSON: `{"errors": [{"pointer": "/lastDay"}]}`},
		{Name: "overlapping", Method: "POST", Path: "/api/v1/delegations", Header: wangfang, Body: body(0, 3*time.Hour, `, "substitute": "zhaolei"`), Status: 409, Code: "delegation_overlaps"},
		{Name: "list", Method: "GET", Path: "/api/v1/delegations?count=true", Header: wangfang, Status: 200, JSON: fmt.Sprintf(`{"items": [{"id": %q}], "total": 1}`, kept.ID)},
		{Name: "list of who stands in", Method: "GET", Path: "/api/v1/delegations?view=substituting&limit=1", Header: lina, Status: 200, JSON: `{"items": [{"substitute": "lina"}]}`},
		{Name: "list all", Method: "GET", Path: "/api/v1/delegations?view=all&limit=1", Header: admin, Status: 200, JSON: `{"items": [{}]}`},
		{Name: "list all as nobody", Method: "GET", Path: "/api/v1/delegations?view=all", Header: zhangwei, Status: 403, Code: "not_your_delegation"},
		{Name: "read", Method: "GET", Path: one, Header: lina, Status: 200, JSON: `{"owner": "wangfang"}`},
		{Name: "read another's", Method: "GET", Path: one, Header: zhangwei, Status: 403, Code: "not_your_delegation"},
		{Name: "change", Method: "PUT", Path: one, Header: wangfang, Body: `{"substitute": "zhaolei", "processKeys": ["leave", "other"]}`, Status: 200, JSON: `{"substitute": "zhaolei", "processKeys": ["leave", "other"]}`},
		{Name: "change the days", Method: "PUT", Path: one, Header: wangfang, Body: fmt.Sprintf(`{"lastDay": %q}`, time.Now().AddDate(0, 0, 9).Format(time.DateOnly)), Status: 200, JSON: `{"substitute": "zhaolei"}`},
		{Name: "change another's", Method: "PUT", Path: one, Header: zhangwei, Body: `{"substitute": "sunqi"}`, Status: 403, Code: "not_your_delegation"},
		{Name: "change what was changed", Method: "PUT", Path: one, Header: merged(wangfang, "If-Match", `"1"`), Body: `{"reason": "x"}`, Status: 412, Code: store.ErrPeopleStale.Code},
		{Name: "end another's", Method: "DELETE", Path: one, Header: zhangwei, Status: 403, Code: "not_your_delegation"},
		{Name: "end", Method: "DELETE", Prepare: func(t *testing.T, c *faastest.Call) {
			x := away(t, d, workflow.NewDelegation{Owner: "zhaolei", Substitute: "lina"})
			c.Path = "/api/v1/delegations/" + x.ID.String()
		}, Header: d.As("zhaolei"), Status: 204},
		{Name: "end nothing", Method: "DELETE", Path: "/api/v1/delegations/" + engine.ID{9}.String(), Header: admin, Status: 404, Code: "delegation_not_found"},
	})
}

func merged(header map[string]string, key, value string) map[string]string {
	all := map[string]string{key: value}
	for k, v := range header {
		all[k] = v
	}
	return all
}

// Of two periods at once that overlap one is written.
func TestDelegationsAtOnce(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	call := d.Call("wangfang")
	errs := make([]error, 6)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			_, errs[i] = d.App.Workflow.Delegate(t.Context(), call, workflow.NewDelegation{Substitute: "lina", From: time.Now(), To: time.Now().Add(time.Hour)})
		})
	}
	group.Wait()
	written := 0
	for _, err := range errs {
		if err == nil {
			written++
		} else if !errors.Is(err, store.ErrOverlap) {
			t.Error(err)
		}
	}
	if written != 1 {
		t.Errorf("%d are written", written)
	}
}

// taskNow returns a task as it is.
func taskNow(t *testing.T, d *faastest.Demo, id engine.ID) store.Task {
	t.Helper()
	task, err := d.App.Store.Task(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func name(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// While somebody is away his new tasks go to who stands in, in the processes and the time that were named; so do those of
// who stands in and is away himself. Nobody stands in who is disabled.
func TestWhoIsAway(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	d.Deploy(strings.NewReplacer(`id="leave"`, `id="other"`).Replace(faastest.Leave))
	past := away(t, d, workflow.NewDelegation{Owner: "wangfang", Substitute: "sunqi", From: time.Now().Add(-2 * time.Hour), To: time.Now().Add(time.Second)})
	time.Sleep(time.Until(past.To))
	away(t, d, workflow.NewDelegation{Owner: "wangfang", Substitute: "sunqi", ProcessKeys: []string{"other"}})
	_, untouched := d.Start(nil)
	if got := taskNow(t, d, untouched); name(got.Assignee) != "wangfang" || got.Owner != nil {
		t.Errorf("%s, owner %s", name(got.Assignee), name(got.Owner))
	}
	away(t, d, workflow.NewDelegation{Owner: "wangfang", Substitute: "lina", ProcessKeys: []string{"leave"}})
	instance, task := d.Start(nil)
	if got := taskNow(t, d, task); name(got.Assignee) != "lina" || name(got.Owner) != "wangfang" {
		t.Errorf("%s, owner %s", name(got.Assignee), name(got.Owner))
	}
	rows, err := d.App.Store.History(t.Context(), instance, 0, 1)
	if err != nil || !slices.ContainsFunc(rows[0].Changes, func(c engine.Change) bool { return c.Kind == engine.TaskCreated && c.Reason == engine.Substituted }) {
		t.Errorf("the history does not say why: %+v, %v", rows, err)
	}
	away(t, d, workflow.NewDelegation{Owner: "lina", Substitute: "zhaolei"})
	_, task = d.Start(nil)
	if got := taskNow(t, d, task); name(got.Assignee) != "zhaolei" || name(got.Owner) != "wangfang" {
		t.Errorf("%s, owner %s", name(got.Assignee), name(got.Owner))
	}
	away(t, d, workflow.NewDelegation{Owner: "zhaolei", Substitute: "wangfang"}) // round and round: the last before it begins again
	_, task = d.Start(nil)
	if got := taskNow(t, d, task); name(got.Assignee) != "zhaolei" {
		t.Errorf("%s, owner %s", name(got.Assignee), name(got.Owner))
	}
	if got := taskNow(t, d, untouched); name(got.Assignee) != "wangfang" {
		t.Error("what was open before has moved")
	}
}

// Who hands over what is open, too, hands over what the processes and he himself have, and stays its owner.
func TestWhatIsOpenIsHandedOver(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	_, task := d.Start(nil)
	n := workflow.NewDelegation{Owner: "wangfang", Substitute: "lina", Existing: true}
	if made := away(t, d, n); made.BatchID.IsZero() {
		t.Error("there is no batch")
	}
	if got := taskNow(t, d, task); name(got.Assignee) != "lina" || name(got.Owner) != "wangfang" {
		t.Errorf("%s, owner %s", name(got.Assignee), name(got.Owner))
	}
	n.Owner = "sunqi"
	if made := away(t, d, n); !made.BatchID.IsZero() {
		t.Error("a batch hands over nothing")
	}
}

func TestTransferOfEverything(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	d.Deploy(strings.NewReplacer(`id="leave"`, `id="offered"`, `c:assignee="wangfang"`, `c:candidateUsers="wangfang,sunqi"`).Replace(faastest.Leave))
	wuqiang, wangfang := d.As("wuqiang"), d.As("wangfang")
	prepare := func(t *testing.T, _ *faastest.Call) { d.Start(nil) }
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "by an employee", Method: "POST", Path: "/api/v1/tasks:transfer", Header: wangfang, Body: `{"from": "wangfang", "to": "lina"}`, Status: 403, Code: "forbidden"},
		{Name: "to nobody", Method: "POST", Path: "/api/v1/tasks:transfer", Header: wuqiang, Body: `{"from": "wangfang", "to": "nobody"}`, Status: 422, Code: "unknown_user"},
		{Name: "to himself", Method: "POST", Path: "/api/v1/tasks:transfer", Header: wuqiang, Body: `{"from": "wangfang", "to": "wangfang"}`, Status: 422, Code: "bad_transfer"},
		{Name: "from nobody", Method: "POST", Path: "/api/v1/tasks:transfer", Header: wuqiang, Body: `{"to": "wangfang"}`, Status: 422, Code: "bad_transfer"},
		{Name: "of who has nothing", Method: "POST", Path: "/api/v1/tasks:transfer", Header: wuqiang, Body: `{"from": "chenjing", "to": "wangfang"}`, Status: 422, Code: "batch_empty"},
		{Name: "transfer", Method: "POST", Path: "/api/v1/tasks:transfer", Prepare: prepare, Header: wuqiang, Body: `{"from": "wangfang", "to": "lina", "comment": "left"}`, Status: 201, JSON: `{"kind": "transfer", "createdBy": "wuqiang", "total": 1}`},
	})
	instances := []engine.ID{}
	var first engine.ID
	for range 3 {
		instance, task := d.Start(nil)
		first = task
		instances = append(instances, instance)
	}
	if _, err := d.App.Workflow.DelegateTask(t.Context(), d.Call("wangfang"), first, workflow.Assignment{UserID: "zhaolei"}); err != nil {
		t.Fatal(err)
	}
	raw, err := d.App.Workflow.StartProcess(t.Context(), d.Call("zhangwei"), "offered", workflow.StartRequest{})
	var offered workflow.Started
	if err == nil {
		err = json.Unmarshal(raw, &offered)
	}
	if err == nil {
		_, err = d.App.Workflow.SuspendInstance(t.Context(), d.Call("wuqiang"), instances[0], "")
	}
	if err != nil {
		t.Fatal(err)
	}
	b := transferred(t, d, 4)
	if b.Done != 3 || b.Failed != 1 { // the suspended one
		t.Errorf("%+v", b)
	}
	if got := taskNow(t, d, first); name(got.Assignee) != "zhaolei" || name(got.Owner) != "lina" {
		t.Errorf("%s, owner %s", name(got.Assignee), name(got.Owner))
	}
	if got := taskNow(t, d, offered.Tasks[0].ID); !slices.Equal(got.CandidateUsers, []string{"lina", "sunqi"}) {
		t.Errorf("offered to %v", got.CandidateUsers)
	}
	if _, err := d.App.Workflow.ResumeInstance(t.Context(), d.Call("wuqiang"), instances[0], ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.App.Workflow.ChangeBatch(t.Context(), d.Call("wuqiang"), b.ID, store.RetryBatch); err != nil {
		t.Fatal(err)
	}
	if _, err := d.App.Workflow.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := d.App.Store.Tasks(t.Context(), store.TaskFilter{View: store.Todo, Username: "wangfang"}, page.Request{Limit: 5, Sort: "createdAt"})
	if err != nil || len(left.Items) != 0 {
		t.Errorf("%d tasks are left, %v", len(left.Items), err)
	}
}

// transferred hands over from wangfang to lina and returns the batch when nothing in it is pending.
func transferred(t *testing.T, d *faastest.Demo, total int) store.Batch {
	t.Helper()
	raw, err := d.App.Workflow.TransferTasks(t.Context(), d.Call("wuqiang"), workflow.Transfer{From: "wangfang", To: "lina"})
	if err != nil {
		t.Fatal(err)
	}
	var b store.Batch
	if err := json.Unmarshal(raw, &b); err != nil || b.Total != total {
		t.Fatalf("%s, %v", raw, err)
	}
	for range 20 {
		now, err := d.App.Workflow.Batch(t.Context(), b.ID)
		if err == nil && now.Done+now.Failed < total {
			_, err = d.App.Workflow.Tick(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		b = *now
	}
	return b
}

// Who a task is for may be found in the directory; what was found is kept.
func TestPeopleOfTheDirectory(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	for expression, want := range map[string]string{
		"${org.managerOf(starter)}": "wangfang", "${org.managerOf('wangfang')}": "chenjing", "${org.managerOf('chenjing')}": "", "${org.headOf('finance')}": "zhaolei", "${org.headOf('none')}": "",
		"${org.departmentOf(starter)}": "rd", "${org.usersInRole('OPERATOR')[0]}": "wuqiang", "${org.usersInGroup('finance').size()}": "2",
	} {
		d.Deploy(strings.Replace(faastest.Leave, `c:assignee="wangfang"`, `c:assignee="`+expression+`"`, 1))
		instance, task := d.Start(nil)
		if got := name(taskNow(t, d, task).Assignee); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
		why, err := d.App.Workflow.Why(t.Context(), d.Call("zhangwei").Principal, instance)
		if raw, _ := json.Marshal(why); err != nil || want != "" && !strings.Contains(string(raw), `"result":"`+want+`"`) && !strings.Contains(string(raw), `"result":`+want) {
			t.Errorf("%s, %v", raw, err)
		}
	}
}
