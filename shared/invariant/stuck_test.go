package invariant_test

import (
	"errors"
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
)

// An instance that waits for nothing is found by the check, counted, and told by the tick; afterwards it is not.
func TestPlantedStuck(t *testing.T) {
	t.Parallel()
	d, _ := live(t)
	id, _ := d.Start(nil)
	if _, err := d.App.Workflow.Tick(t.Context()); err != nil || d.App.Workflow.Stuck() != 0 {
		t.Fatalf("nothing is stuck: %v, %d", err, d.App.Workflow.Stuck())
	}
	change := func(texts ...string) {
		t.Helper()
		for _, text := range texts {
			if _, err := raw(t, d).ExecContext(t.Context(), text, id[:]); err != nil {
				t.Fatal(err)
			}
		}
	}
	change("UPDATE workflow_task SET state = 2 WHERE instance_id = ?", `UPDATE workflow_instance SET body = REPLACE(body, '"tasks"', '"lost"') WHERE id = ?`)
	if found, _ := checked(t, d); !strings.Contains(found, "waits_for_nothing "+id.String()) {
		t.Errorf("the check found %q", found)
	}
	_, err := d.App.Workflow.Tick(t.Context())
	if d.App.Workflow.Stuck() != 1 || err == nil || !strings.Contains(err.Error(), id.String()) {
		t.Errorf("%d stuck: %v", d.App.Workflow.Stuck(), err)
	}
	change("UPDATE workflow_task SET state = 1 WHERE instance_id = ?", `UPDATE workflow_instance SET body = REPLACE(body, '"lost"', '"tasks"') WHERE id = ?`)
	found, _ := checked(t, d)
	if _, err := d.App.Workflow.Tick(t.Context()); err != nil || found != "" || d.App.Workflow.Stuck() != 0 {
		t.Errorf("repaired: %v, %q, %d stuck", err, found, d.App.Workflow.Stuck())
	}
}

// A look goes page by page, and begins anew at the end.
func TestStuckByPages(t *testing.T) {
	t.Parallel()
	d, _ := live(t)
	for range 5 {
		d.Start(nil)
	}
	if _, err := raw(t, d).ExecContext(t.Context(), "UPDATE workflow_task SET state = 2"); err != nil {
		t.Fatal(err)
	}
	found, pages := 0, 0
	for after := (engine.ID{}); pages == 0 || !after.IsZero(); pages++ {
		list, last, err := d.App.Store.Stuck(t.Context(), after, 2)
		if err != nil || pages > 10 {
			t.Fatal(errors.Join(err, errors.New("no end")))
		}
		found += len(list)
		after = last
	}
	if found != 6 || pages != 4 { // seven are active; one of them has a job, too
		t.Errorf("%d found on %d pages", found, pages)
	}
}
