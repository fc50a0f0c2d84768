package workflow_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// waiting waits for a time, and then for somebody.
const waiting = `<process id="waiting" isExecutable="true"><startEvent id="start"/>
<intermediateCatchEvent id="pause"><timerEventDefinition><timeDate>${due}</timeDate></timerEventDefinition></intermediateCatchEvent>
<userTask id="then" c:assignee="lina"/><endEvent id="end"/><sequenceFlow id="f1" sourceRef="start" targetRef="pause"/>
<sequenceFlow id="f2" sourceRef="pause" targetRef="then"/><sequenceFlow id="f3" sourceRef="then" targetRef="end"/></process>`

var (
	past   = engine.Variables{"due": "2020-01-01T00:00:00Z"}
	future = engine.Variables{"due": "2999-01-01T00:00:00Z"}
)

// other opens the use cases as another process would.
func (f *fixture) other() *fixture {
	f.t.Helper()
	o := &fixture{t: f.t, dsn: f.dsn}
	o.connect(nil, "redis://127.0.0.1:1/0")
	return o
}

func (f *fixture) tick() workflow.Ticked {
	f.t.Helper()
	done, err := f.Tick(f.t.Context())
	if err != nil {
		f.t.Error(err)
	}
	return done
}

// fired counts how often timers of an instance have fired.
func (f *fixture) fired(id engine.ID) (n int) {
	f.t.Helper()
	for _, row := range f.rows(id) {
		for _, c := range row.Changes {
			if c.Kind == engine.TimerFired {
				n++
			}
		}
	}
	return n
}

// Two processes tick at once: every timer that is due fires once, none of the others does.
func TestTwoTicks(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(waiting)
	other := f.other()
	early := f.begin("waiting", future)
	var due []engine.ID
	for range 130 { // more than a batch
		due = append(due, f.begin("waiting", past))
	}
	var group sync.WaitGroup
	var done [2]workflow.Ticked
	for i, process := range []*fixture{f, other} {
		group.Go(func() {
			done[i] = process.TickUntil(t.Context(), time.Now().Add(1500*time.Millisecond), func(err error) { t.Error(err) })
		})
	}
	group.Wait()
	if n := done[0].Fired + done[1].Fired; n != len(due) {
		t.Errorf("%d timers fired: %+v", n, done)
	}
	for _, id := range due {
		if n := f.fired(id); n != 1 {
			t.Errorf("%s: fired %d times", id, n)
		}
		f.sound(id)
	}
	if n := f.fired(early); n != 0 {
		t.Error("a timer fired before its time")
	}
	if n := f.countAll("workflow_timer"); n != 1 {
		t.Errorf("%d timers are left", n)
	}
}

// A timer whose instance cannot be read hurts only itself: the others fire, it is tried again after its
// lease, and in this process ever more seldom.
func TestPoisonTimer(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(waiting)
	poison := f.begin("waiting", past)
	in, err := f.store.LoadInstance(t.Context(), poison)
	if err != nil {
		t.Fatal(err)
	}
	var body []byte
	if err := f.store.DB.QueryRow(t.Context(), []any{&body}, "SELECT body FROM workflow_instance WHERE id = ?", poison[:]); err != nil {
		t.Fatal(err)
	}
	f.change("UPDATE workflow_instance SET body = 'x' WHERE id = ?", poison[:])
	var good []engine.ID
	for range 20 {
		good = append(good, f.begin("waiting", past))
	}
	done, err := f.Tick(t.Context())
	if done.Fired != len(good) || err == nil || !strings.Contains(err.Error(), in.Timers[0].ID.String()) {
		t.Errorf("%+v %v", done, err)
	}
	for _, id := range good {
		f.sound(id)
	}
	if done := f.tick(); done.Fired != 0 { // leased
		t.Errorf("%+v", done)
	}
	f.endLeases()
	if done := f.tick(); done.Fired != 0 { // held
		t.Errorf("%+v", done)
	}
	f.endLeases()
	other := f.other()
	if _, err := other.Tick(t.Context()); err == nil {
		t.Error("another process does not try")
	}
	f.change("UPDATE workflow_instance SET body = ? WHERE id = ?", body, poison[:])
	f.endLeases()
	if done := f.other().tick(); done.Fired != 1 || f.fired(poison) != 1 {
		t.Errorf("mended: %+v", done)
	}
	f.sound(poison)
}

// endLeases lets the leases of timers and continuations run out.
func (f *fixture) endLeases() {
	f.t.Helper()
	now := time.Now().UTC()
	ago := now.Add(-time.Second)
	f.change("UPDATE workflow_timer SET locked_until = ? WHERE due_at < ?", ago, now)
	f.change("UPDATE workflow_job SET locked_until = ?", ago)
}

// A tick that is killed after its claim delays its timers by the lease, and loses none.
func TestKilledTick(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(waiting)
	id := f.begin("waiting", past)
	claimed, err := f.store.ClaimTimers(t.Context(), 10, time.Now().UTC(), time.Minute)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("%+v %v", claimed, err)
	}
	if done := f.tick(); done.Fired != 0 {
		t.Errorf("%+v", done)
	}
	f.endLeases()
	if done := f.tick(); done.Fired != 1 || f.fired(id) != 1 {
		t.Errorf("%+v", done)
	}
	if err := f.FireTimer(t.Context(), claimed[0]); err != nil || f.fired(id) != 1 { // the killed one was only paused
		t.Errorf("fired %d times, %v", f.fired(id), err)
	}
}

// A timer start event starts one instance each time, however many tick.
func TestTimerStart(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(`<process id="daily" isExecutable="true"><startEvent id="start"><timerEventDefinition><timeCycle>R2/PT1S</timeCycle></timerEventDefinition></startEvent>
<userTask id="work" c:assignee="lina"/><sequenceFlow id="f1" sourceRef="start" targetRef="work"/></process>`)
	var group sync.WaitGroup
	for _, process := range []*fixture{f, f.other(), f.other()} {
		group.Go(func() {
			process.TickUntil(t.Context(), time.Now().Add(3500*time.Millisecond), func(err error) { t.Error(err) })
		})
	}
	group.Wait()
	if n := f.countAll("workflow_instance"); n != 2 {
		t.Errorf("%d instances", n)
	}
	if n := f.countAll("workflow_timer"); n != 0 {
		t.Errorf("%d timers are left", n)
	}
}

// A continuation whose event was lost is run by tick, but not before its event had its chance.
func TestLostContinuation(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(`<process id="later" isExecutable="true"><startEvent id="start"/><userTask id="work" c:assignee="lina" c:asyncBefore="true"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="work"/></process>`)
	id := f.begin("later", nil)
	if done := f.tick(); done.Continued != 0 {
		t.Errorf("%+v", done)
	}
	f.change("UPDATE workflow_job SET created_at = ?", time.Now().UTC().Add(-time.Minute))
	f.endLeases()
	if done := f.tick(); done.Continued != 1 {
		t.Errorf("%+v", done)
	}
	in, err := f.store.LoadInstance(t.Context(), id)
	if err != nil || len(in.Tasks) != 1 || len(in.Jobs) != 0 {
		t.Errorf("%+v %v", in, err)
	}
	f.sound(id)
}

const receiving = `<process id="receiving" isExecutable="true"><startEvent id="start"/><receiveTask id="wait" messageRef="m"/>
<endEvent id="end"/><sequenceFlow id="f1" sourceRef="start" targetRef="wait"/><sequenceFlow id="f2" sourceRef="wait" targetRef="end"/></process><message id="m" name="paid"/>`

// A parked message that somebody waits for is delivered, whoever left it behind; one whose time is over
// becomes a dead letter.
func TestParkedMessages(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.model(receiving)
	id := f.begin("receiving", nil)
	now := time.Now().UTC().Truncate(time.Millisecond)
	for name, p := range map[string]store.Parked{
		"delivered": {Message: "paid", BusinessKey: "B-receiving", Variables: engine.Variables{"sum": int64(5)}, ExpiresAt: now.Add(time.Hour)},
		"kept":      {Message: "unknown", ExpiresAt: now.Add(time.Hour)},
		"expired":   {Message: "late", Variables: engine.Variables{"sum": int64(7)}, ExpiresAt: now.Add(-time.Second)},
	} {
		p.Source, p.EventID, p.ReceivedAt = "/shop", name, now
		if err := f.store.Park(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if done := f.tick(); done.Parked != 1 || done.Expired != 1 {
		t.Errorf("%+v", done)
	}
	in, err := f.store.LoadInstance(t.Context(), id)
	if err != nil || in.State != engine.Completed || in.Scopes[0].Variables["sum"] != int64(5) {
		t.Errorf("%+v %v", in, err)
	}
	if done := f.tick(); done.Parked != 0 || done.Expired != 0 {
		t.Errorf("again: %+v", done)
	}
	letters, err := f.store.DeadLetters(t.Context(), store.DeadLetterFilter{}, page.Request{Limit: 10})
	if err != nil || len(letters.Items) != 1 {
		t.Fatalf("%+v %v", letters, err)
	}
	letter, err := f.store.DeadLetter(t.Context(), letters.Items[0].ID)
	if err != nil || letter.EventID != "expired" || letter.Source != "/shop" || letter.Direction != store.In || !strings.Contains(string(letter.Content), `"sum":7`) {
		t.Errorf("%+v %s %v", letter, letter.Content, err)
	}
}

// What other processes have not sent is sent: the deployment, and the two events of the start.
func TestTickSends(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("leave.bpmn")
	f.start(nil)
	var got []string
	relay := f.collect(&got)
	f.Service = workflow.New(f.store, f.lock, time.UTC, relay)
	if done := f.tick(); done.Sent != 2 || len(got) != 3 {
		t.Errorf("%+v %v", done, got)
	}
	if done := f.tick(); done.Sent != 0 || len(got) != 3 {
		t.Errorf("again: %+v %v", done, got)
	}
}

// What is older than its time is removed, nothing else.
func TestRetention(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("leave.bpmn")
	now := time.Now().UTC()
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "new": 23 * time.Hour} {
		call := workflow.Call{Principal: employee, Idempotency: key("zhangwei", name, "body")}
		if _, err := f.StartProcess(t.Context(), call, "leave", workflow.StartRequest{}); err != nil {
			t.Fatal(err)
		}
		f.change("UPDATE workflow_idempotency SET created_at = ? WHERE idempotency_key = ?", now.Add(-age), name)
	}
	for name, days := range map[string]int{"old": 31, "new": 29} {
		f.change("INSERT INTO workflow_inbox (source, event_id, state, received_at) VALUES ('/shop', ?, 2, ?)", name, now.AddDate(0, 0, -days))
	}
	if done := f.tick(); done.Purged != 2 {
		t.Errorf("%+v", done)
	}
	if diff := cmp.Diff([]int{1, 1}, []int{f.countAll("workflow_idempotency"), f.countAll("workflow_inbox")}); diff != "" {
		t.Error(diff)
	}
}

// A database that is down is reported, not too often, and ends nothing.
func TestTickWithoutDatabase(t *testing.T) {
	t.Parallel()
	f := &fixture{t: t, dsn: "nobody@tcp(127.0.0.1:1)/none"}
	f.connect(nil, "redis://127.0.0.1:1/0")
	var mutex sync.Mutex
	reported := 0
	begun := time.Now()
	f.TickUntil(t.Context(), begun.Add(3*time.Second), func(error) {
		mutex.Lock()
		defer mutex.Unlock()
		reported++
	})
	if taken := time.Since(begun); reported < 5 || reported > 15 || taken < 2*time.Second || taken > 4*time.Second {
		t.Errorf("%d reports in %s", reported, taken)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	begun = time.Now()
	f.TickUntil(ctx, begun.Add(time.Minute), func(error) {})
	if taken := time.Since(begun); taken > time.Second {
		t.Errorf("ended after %s", taken)
	}
}
