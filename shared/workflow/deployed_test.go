package workflow_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// A deployment is told once the sink takes it, however many look, and a sink that rejects it leaves a
// dead letter.
func TestDeployedIsTold(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("leave.bpmn")
	var events []event.Event
	var other *workflow.Service
	fails := error(fault.New(fault.Unavailable, "down", "down"))
	send := func(ctx context.Context, e event.Event) error {
		if e.Type() != cloudevent.TypeDefinitionDeployed {
			return nil
		}
		if fails == nil {
			events = append(events, e)
			if len(events) == 1 { // another process looks while this one sends
				if _, err := other.Tick(ctx); err != nil {
					t.Error(err)
				}
			}
		}
		return fails
	}
	relay := workflow.NewRelay(f.store, send, "/diom/test", slog.New(slog.NewTextHandler(io.Discard, nil)))
	service := workflow.New(f.store, f.lock, time.UTC, relay)
	other = workflow.New(f.store, f.lock, time.UTC, relay)
	if _, err := service.Tick(t.Context()); err == nil {
		t.Error("nothing is said of a sink that is down")
	}
	var later database.Batch
	later.Add(`UPDATE workflow_definition SET locked_until = ?`, time.Now().UTC())
	if err := f.store.DB.Run(t.Context(), &later); err != nil {
		t.Fatal(err)
	}
	fails = nil
	for range 3 {
		if _, err := service.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(events) != 1 || !strings.Contains(string(events[0].Data()), `"processKey":"leave"`) {
		t.Errorf("told %v", events)
	}
	f.deploy("leave.bpmn")
	fails = fault.New(fault.Invalid, "no", "no")
	if _, err := service.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	newest := page.Request{Limit: 10, Descending: true}
	letters, err := f.store.DeadLetters(t.Context(), store.DeadLetterFilter{}, newest)
	if err != nil || len(letters.Items) != 1 || letters.Items[0].Type != cloudevent.TypeDefinitionDeployed {
		t.Errorf("dead letters %+v, %v", letters.Items, err)
	}
	fails = nil
	answer := func(store.DeadLetter) (store.Recorded, error) { return store.Recorded{Status: 200}, nil }
	if _, err := f.store.Resubmit(t.Context(), letters.Items[0].ID, time.Now().UTC(), nil, answer); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Tick(t.Context()); err != nil || len(events) != 2 {
		t.Errorf("after resubmission: %v, %d events", err, len(events))
	}
}
