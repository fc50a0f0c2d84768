package demo_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/demo"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// order posts what the printed command does, and waits until its instance is as it is wanted.
func order(t *testing.T, d *faastest.Demo, amount int, wanted func(*engine.Instance) bool) *engine.Instance {
	t.Helper()
	command, err := demo.Curl("http://127.0.0.1:8080", amount, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(command, "-d '")
	body = strings.TrimSuffix(body, "'")
	events, _, err := cloudevent.Read(http.Header{"Content-Type": {"application/cloudevents+json"}}, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second one has no effect
		if err := d.App.Inbound.Receive(t.Context(), &events[0]); err != nil {
			t.Fatal(err)
		}
	}
	_, id, _ := strings.Cut(string(events[0].Data()), `"orderId":"`)
	id, _, _ = strings.Cut(id, `"`)
	found, err := d.App.Store.Instances(t.Context(), store.InstanceFilter{ProcessKey: demo.Order, BusinessKey: id}, list)
	if err != nil || len(found.Items) != 1 {
		t.Fatalf("%d instances of the order %s: %v", len(found.Items), id, err)
	}
	return await(t, d, found.Items[0].ID, wanted)
}

func await(t *testing.T, d *faastest.Demo, id engine.ID, wanted func(*engine.Instance) bool) *engine.Instance {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		in, err := d.App.Store.LoadInstance(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if wanted(in) {
			return in
		}
		if time.Now().After(deadline) {
			t.Fatalf("it has tasks %v, jobs %v, incidents %v, subscriptions %v", in.Tasks, in.Jobs, in.Incidents, in.Subscriptions)
		}
	}
}

// packing reports whether an order waits for the warehouse alone.
func packing(in *engine.Instance) bool { return len(in.Tasks) == 1 && len(in.Jobs) == 0 }

// TestAnOrderRunsToItsEnd: the worker does the service tasks, the warehouse packs.
func TestAnOrderRunsToItsEnd(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, false)
	seed(t, d, time.Time{})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { demo.Work(ctx, d.App.Workflow, d.App.Telemetry.Log); close(done) }()
	defer func() { stop(); <-done }()

	pack := func(in *engine.Instance) {
		t.Helper()
		v := engine.Variables{"boxes": int64(1), "trackingNumber": "SF1"}
		if _, err := d.App.Workflow.CompleteTask(t.Context(), d.Call("sunqi"), in.Tasks[0].ID, workflow.Completion{Variables: v, Form: true}); err != nil {
			t.Fatal(err)
		}
		await(t, d, in.ID, func(in *engine.Instance) bool { return in.State == engine.Completed })
	}
	pack(order(t, d, 1280, packing))

	failed := order(t, d, demo.BadAmount, func(in *engine.Instance) bool { return len(in.Incidents) == 1 })
	if !slices.ContainsFunc(failed.Jobs, func(j engine.Job) bool { return j.Node == "charge" && j.Retries == 0 }) {
		t.Errorf("jobs %v", failed.Jobs)
	}
	healed := workflow.Retry{Variables: engine.Variables{"amount": int64(880)}}
	if _, err := d.App.Workflow.Repair(t.Context(), d.Call("wuqiang"), failed.ID, engine.ID{}, healed); err != nil {
		t.Fatal(err)
	}
	pack(await(t, d, failed.ID, packing))
}
