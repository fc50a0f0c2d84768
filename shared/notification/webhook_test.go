package notification_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/store"
)

const otherSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

func (p *post) hookFor(name string, processKeys ...string) store.Webhook {
	p.t.Helper()
	w, err := p.CreateWebhook(p.t.Context(), notification.NewWebhook{
		Name: name, URL: p.url + "/hidden", Secret: webhookSecret, Types: []string{cloudevent.TypeInstanceStarted}, ProcessKeys: processKeys,
	}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return w
}

// happen lets the product consume the start of an instance of a process, the nth.
func (p *post) happen(n byte, processKey string) event.Event {
	p.t.Helper()
	list, err := cloudevent.Events("/diom/test", cloudevent.Step{
		InstanceID: engine.ID{n}, Seq: 1, At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Actor: "lina", ProcessKey: processKey, Changes: []engine.Change{{Kind: engine.InstanceStarted}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.Consume(p.t.Context(), list[0]); err != nil {
		p.t.Fatal(err)
	}
	return list[0]
}

// A webhook is told of the events that it wants, once each however often they come, in CloudEvents JSON that is
// signed; it is tried again, and told again where somebody asks for that.
func TestWebhookIsTold(t *testing.T) {
	t.Parallel()
	p := openPost(t)
	p.hookFor("all")
	w := p.hookFor("some", "leave")
	p.happen(1, "other")
	e := p.happen(2, "leave")
	p.happen(2, "leave")
	p.answer(http.StatusServiceUnavailable)
	p.deliver(3)
	var got event.Event
	if err := json.Unmarshal([]byte(p.bodies[0]), &got); err != nil || got.Type() != e.Type() || got.Extensions()["diomprocess"] == nil || strings.Contains(p.bodies[0], "diomsignature") {
		t.Errorf("%v: %s", err, p.bodies[0])
	}
	p.deliver(0)
	p.answer(http.StatusOK)
	p.due()
	p.deliver(3)
	for _, d := range p.all() {
		if d.State != store.DeliverySent || d.Attempts != 2 || d.Status != 200 || d.Username != "" {
			t.Errorf("%+v", d)
		}
	}
	raw, err := p.Replay(t.Context(), w.ID, notification.ReplayRequest{State: "sent"}, nil)
	if err != nil || string(raw) != `{"count":1}` {
		t.Errorf("%s %v", raw, err)
	}
	p.deliver(1)
	if p.ids[len(p.ids)-1] != p.ids[0] && len(p.ids) != 7 {
		t.Errorf("%q", p.ids)
	}
	if err := p.DeleteWebhook(t.Context(), w.ID); err != nil {
		t.Fatal(err)
	}
	p.happen(3, "leave")
	p.deliver(1)
}

// For a while two secrets sign, then the new one alone. Neither is to be seen.
func TestWebhookSecretRotates(t *testing.T) {
	t.Parallel()
	p := openPost(t)
	w := p.hookFor("erp")
	tested := func() int {
		t.Helper()
		r, err := p.TestWebhook(t.Context(), w.ID)
		if err != nil || !r.Delivered {
			t.Fatalf("%+v %v", r, err)
		}
		return strings.Count(p.signatures[len(p.signatures)-1], "v1,")
	}
	if n := tested(); n != 1 {
		t.Errorf("%d signatures", n)
	}
	w, err := p.RotateSecret(t.Context(), w.ID, notification.NewSecret{Secret: otherSecret}, 1)
	if err != nil || w.RetiresAt == nil || w.Version != 2 {
		t.Fatalf("%+v %v", w, err)
	}
	if n := tested(); n != 2 {
		t.Errorf("%d signatures", n)
	}
	zero := 0
	if w, err = p.RotateSecret(t.Context(), w.ID, notification.NewSecret{Secret: webhookSecret, Hours: &zero}, 0); err != nil || w.RetiresAt != nil {
		t.Fatalf("%+v %v", w, err)
	}
	if n := tested(); n != 1 {
		t.Errorf("%d signatures", n)
	}
	if raw, err := json.Marshal(w); err != nil || strings.Contains(string(raw), "hidden") || strings.Contains(string(raw), "whsec") || strings.Contains(string(w.Sealed), "whsec") {
		t.Errorf("%s %v", raw, err)
	}
	p.counts("audit", `SELECT COUNT(*) FROM sys_audit WHERE object_type = 'webhook'`, 3)
}

// counts holds what a statement counts.
func (p *post) counts(what, text string, want int) {
	p.t.Helper()
	n := 0
	if err := p.App.DB.QueryRow(p.t.Context(), []any{&n}, text); err != nil || n != want {
		p.t.Errorf("%s: %d, want %d, %v", what, n, want, err)
	}
}

// A receiver that fails again and again is left alone; that costs its deliveries no attempt. An address of the
// inner network is never called.
func TestWebhookReceiverIsLeftAlone(t *testing.T) {
	t.Parallel()
	p := openPost(t)
	p.hookFor("erp")
	p.answer(http.StatusServiceUnavailable)
	for n := range byte(20) {
		p.happen(n+1, "leave")
	}
	p.deliver(20)
	if asked := len(p.ids); asked >= 20 || asked < 10 {
		t.Errorf("the receiver was asked %d times", asked)
	}
	p.counts("not counted", `SELECT COUNT(*) FROM workflow_delivery WHERE attempts = 0 AND state = 'waiting'`, 20-len(p.ids))
	inner, err := p.CreateWebhook(t.Context(), notification.NewWebhook{Name: "inner", URL: "http://10.0.0.1/", Secret: webhookSecret, Types: []string{cloudevent.TypeInstanceEnded}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := p.TestWebhook(t.Context(), inner.ID); err != nil || r.Delivered || !strings.Contains(r.Reason, "address") {
		t.Errorf("%+v %v", r, err)
	}
}

// What nobody is notified of is handed on to the webhooks that want it, and to no others.
func TestWebhookIsToldOfWhatNobodyIsNotifiedOf(t *testing.T) {
	t.Parallel()
	p := openPost(t)
	p.hookFor("starts")
	w, err := p.CreateWebhook(t.Context(), notification.NewWebhook{Name: "more", URL: p.url + "/hidden", Secret: webhookSecret, Types: notification.HandedOn, ProcessKeys: []string{"leave"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for n, key := range []string{"leave", "other"} {
		list, err := cloudevent.Events("/diom/test", cloudevent.Step{InstanceID: engine.ID{byte(n + 1)}, Seq: 1, At: at, ProcessKey: key, Changes: []engine.Change{
			{Kind: engine.TimerFired}, {Kind: engine.MessageReceived}, {Kind: engine.SignalReceived},
			{Kind: engine.JobCreated, Job: &engine.Job{ID: engine.ID{9}, Kind: engine.ExternalJob, Topic: "t"}}, {Kind: engine.JobCompleted, JobID: engine.ID{9}, Topic: "t"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		deployed, err := cloudevent.Deployed("/diom/test", cloudevent.Definition{ID: engine.ID{byte(n + 7)}, ProcessKey: key}, at)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range append(list, deployed) {
			if err := p.Consume(t.Context(), e); err != nil {
				t.Fatalf("%s: %v", e.Type(), err)
			}
		}
	}
	p.answer(http.StatusOK)
	p.deliver(6)
	for _, d := range p.all() {
		if d.ChannelID != w.ID || d.State != store.DeliverySent {
			t.Errorf("%+v", d)
		}
	}
}
