package workflow_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// A deployment warns of a topic for as long as nobody is known who does its jobs: a binding, or a worker that
// waits for them.
func TestWarningOfATopic(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	warnings := func() []string {
		answer, err := f.deployCode("job", store.Resource{Name: "sum.juel", Content: []byte("${a + 1}")})
		if err != nil {
			t.Fatal(err)
		}
		return rulesOf(answer.Warnings)
	}
	needed := []string{"worker_needed work"}
	if diff := cmp.Diff(needed, warnings()); diff != "" {
		t.Errorf("nobody: %s", diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = f.FetchJobs(ctx, workflow.JobFetch{WorkerID: "w", Topics: []workflow.JobTopic{{Name: "com.acme.Begin", LockSeconds: 60}}, WaitSeconds: 25})
	}()
	for deadline := time.Now().Add(20 * time.Second); len(warnings()) > 0; {
		if time.Now().After(deadline) {
			t.Fatal("a worker that waits is not seen")
		}
	}
	cancel()
	<-done
	if diff := cmp.Diff(needed, warnings()); diff != "" {
		t.Errorf("the worker has gone: %s", diff)
	}
}
