package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/engine"
)

// fetch is FetchJobs at a time after noon, for a minute.
func (f *fixture) fetch(worker, topic string, after time.Duration, limit int) []Job {
	f.t.Helper()
	now := noon.Add(after)
	jobs, err := f.FetchJobs(f.t.Context(), JobClaim{Worker: worker, Topic: topic, Limit: limit, Now: now, Until: now.Add(time.Minute)})
	if err != nil {
		f.t.Fatal(err)
	}
	return jobs
}

func idsOf(jobs []Job) []engine.ID { return ids(jobs, func(j Job) engine.ID { return j.ID }) }

// A worker gets the open jobs of its topic, the higher priority and then the older first, and nobody
// else gets them until the lock is over.
func TestFetchJobs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	low, high, old := jobCreated("mail", -5), jobCreated("mail", 7), jobCreated("mail", 0)
	young := jobCreated("mail", 0)
	f.must(nil, low, high, young, old, jobCreated("Mail", 9))
	continuation := jobCreated("", 9)
	continuation.Job.Kind = engine.BeforeJob
	f.must(nil, continuation)

	got := f.fetch("w1", "mail", 0, 3)
	want := []engine.ID{high.Job.ID, old.Job.ID, young.Job.ID}
	if diff := cmp.Diff(want, idsOf(got)); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	first := got[0]
	key, worker, until := "PO-1", "w1", noon.Add(time.Minute)
	if diff := cmp.Diff(Job{
		ID: high.Job.ID, InstanceID: first.InstanceID, ProcessKey: "order", BusinessKey: &key, NodeID: "work", Kind: engine.ExternalJob, Topic: "mail",
		Priority: 7, Retries: 3, WorkerID: &worker, LockExpiresAt: &until, CreatedAt: noon,
	}, first); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	stored, in, err := f.LoadByJob(t.Context(), first.ID)
	if err != nil || in.ID != first.InstanceID || cmp.Diff(first, stored) != "" {
		t.Errorf("%+v, %v", stored, err)
	}
	if got := idsOf(f.fetch("w2", "mail", time.Second, 10)); !slices.Equal(got, []engine.ID{low.Job.ID}) {
		t.Errorf("the second worker got %v", got)
	}
	if got := f.fetch("w2", "mail", time.Minute-time.Millisecond, 10); len(got) > 0 {
		t.Errorf("%v while all are locked", got)
	}
	// The locks of w1 are over, that of w2 is not. One is taken; the other two keep their order.
	if got := idsOf(f.fetch("w3", "mail", time.Minute, 1)); !slices.Equal(got, want[:1]) {
		t.Errorf("after the lock %v", got)
	}
	left, _, err := f.LoadByJob(t.Context(), old.Job.ID)
	if err != nil || left.WorkerID == nil || *left.WorkerID != "w1" {
		t.Errorf("a job that nobody fetched again is no longer its worker's: %+v, %v", left, err)
	}
	if got := idsOf(f.fetch("w3", "mail", time.Minute, 5)); !slices.Equal(got, want[1:]) {
		t.Errorf("the rest is %v", got)
	}
	for _, topic := range []string{"", " ", "mai"} {
		if got := f.fetch("w", topic, time.Hour, 10); len(got) > 0 {
			t.Errorf("topic %q: %v", topic, got)
		}
	}
}

// What is not due, has no retries or is suspended is not fetched; a failed job is free again when it is
// due, one that is given another try at once.
func TestWhatIsNotFetched(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := f.must(nil, jobCreated("mail", 0))
	id := in.Jobs[0].ID
	expect := func(what string, after time.Duration, found bool) {
		t.Helper()
		if got := f.fetch("w", "mail", after, 1); (len(got) == 1) != found {
			t.Errorf("%s: %v", what, got)
		}
	}
	in = f.must(in, suspend)
	expect("suspended", 0, false)
	in = f.must(in, resume)
	expect("resumed", 0, true)
	expect("locked", 0, false)
	in = f.must(in, engine.Change{Kind: engine.JobFailed, JobID: id, Retries: 2, DueAt: noon.Add(time.Hour)})
	expect("not due", time.Hour-time.Millisecond, false)
	if j, _, err := f.LoadByJob(t.Context(), id); err != nil || j.WorkerID != nil || j.LockExpiresAt != nil || j.DueAt == nil || !j.DueAt.Equal(noon.Add(time.Hour)) || j.Retries != 2 {
		t.Errorf("a failed job: %+v, %v", j, err)
	}
	expect("due", time.Hour, true)
	in = f.must(in, engine.Change{Kind: engine.JobFailed, JobID: id})
	expect("no retries", 1000*time.Hour, false)
	if j, _, err := f.LoadByJob(t.Context(), id); err != nil || j.DueAt != nil || j.LockExpiresAt != nil {
		t.Errorf("a job without retries: %+v, %v", j, err)
	}
	in = f.must(in, engine.Change{Kind: engine.JobRetried, JobID: id, Retries: 1})
	expect("retried", 0, true)
	f.must(in, jobEnded(id))
	expect("ended", 1000*time.Hour, false)
	if _, _, err := f.LoadByJob(t.Context(), id); !errors.Is(err, ErrNoJob) {
		t.Error(err)
	}
}

// However many fetch at once, each job is one worker's.
func TestConcurrentFetchersShareNoJob(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const jobs, workers = 300, 8
	changes := make([]engine.Change, 0, jobs)
	for n := range jobs {
		changes = append(changes, jobCreated("mail", int64(n%3)))
	}
	f.must(nil, changes...)
	// A third of them was fetched long ago: both ways to find a job are used.
	if got := f.fetch("gone", "mail", -time.Hour, jobs/3); len(got) != jobs/3 {
		t.Fatalf("%d jobs", len(got))
	}
	var mutex sync.Mutex
	holders := map[engine.ID]string{}
	deadline := time.Now().Add(30 * time.Second)
	var all sync.WaitGroup
	for n := range workers {
		all.Go(func() {
			worker := fmt.Sprint("w", n)
			for time.Now().Before(deadline) {
				got, err := f.FetchJobs(t.Context(), JobClaim{Worker: worker, Topic: "mail", Limit: 7, Now: noon, Until: noon.Add(time.Hour)})
				if err != nil {
					t.Error(err)
					return
				}
				mutex.Lock()
				for _, job := range got {
					if other, taken := holders[job.ID]; taken {
						t.Errorf("%s and %s have the same job", other, worker)
					}
					holders[job.ID] = worker
				}
				done := len(holders) == jobs
				mutex.Unlock()
				if done {
					return
				}
			}
		})
	}
	all.Wait()
	if len(holders) != jobs {
		t.Errorf("%d of %d jobs were fetched", len(holders), jobs)
	}
}

// Only who has a job can keep it longer, and only while the lock lasts. Who names one that nobody has gets it.
func TestExtendJob(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := f.must(nil, jobCreated("mail", 0))
	id := in.Jobs[0].ID
	extend := func(worker string, now time.Duration, want error) {
		t.Helper()
		if err := f.ExtendJob(t.Context(), id, worker, noon.Add(time.Hour), noon.Add(now)); !errors.Is(err, want) {
			t.Errorf("%s at %s: %v, not %v", worker, now, err, want)
		}
	}
	extend("", 0, ErrJobLock)
	f.fetch("w1", "mail", 0, 1)
	extend("w2", 0, ErrJobLock)
	extend("w1", time.Minute, ErrJobLock)
	extend("w1", time.Second, nil)
	extend("w1", time.Second, nil)
	if got := f.fetch("w2", "mail", time.Hour-time.Millisecond, 1); len(got) > 0 {
		t.Error("fetched although the lock was extended")
	}
	extend("w1", time.Hour-time.Millisecond, nil)
	lock := func(worker string, now time.Duration, want error) {
		t.Helper()
		if err := f.LockJob(t.Context(), id, worker, noon.Add(2*time.Hour), noon.Add(now)); !errors.Is(err, want) {
			t.Errorf("lock by %s at %s: %v, not %v", worker, now, err, want)
		}
	}
	lock("w2", time.Hour-time.Millisecond, ErrJobLock)
	lock("w1", 0, nil)
	lock("w2", 2*time.Hour, nil)
	lock("w1", 0, ErrJobLock)
	f.must(in, jobEnded(id))
	extend("w1", 0, ErrNoJob)
	lock("w1", 0, ErrNoJob)
}

// Continuations have no worker and are not mixed with external jobs.
func TestClaimContinuations(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before, after := jobCreated("", 0), jobCreated("", 1)
	before.Job.Kind, after.Job.Kind = engine.BeforeJob, engine.AfterJob
	f.must(nil, jobCreated("mail", 5), before, after)
	claim := func(after time.Duration) []Job {
		t.Helper()
		got, err := f.ClaimContinuations(t.Context(), 10, noon.Add(after), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := claim(0)
	if len(got) != 2 || got[0].ID != after.Job.ID || got[0].Kind != engine.AfterJob || got[1].Kind != engine.BeforeJob || got[0].WorkerID != nil {
		t.Errorf("%+v", got)
	}
	if got := claim(time.Second); len(got) > 0 {
		t.Errorf("%+v within the lease", got)
	}
	if got := claim(time.Minute); len(got) != 2 {
		t.Errorf("%+v after the lease", got)
	}
}

func TestJobsAreListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a, b := jobCreated("mail", 0), jobCreated("print", 0)
	b.Job.Kind = engine.AfterJob
	in := f.must(nil, a, b)
	other := f.must(nil, jobCreated("mail", 0))
	for name, c := range map[string]struct {
		filter JobFilter
		want   []engine.ID
	}{
		"all":      {JobFilter{}, []engine.ID{a.Job.ID, b.Job.ID, other.Jobs[0].ID}},
		"instance": {JobFilter{InstanceID: in.ID}, []engine.ID{a.Job.ID, b.Job.ID}},
		"process":  {JobFilter{ProcessKey: "order"}, []engine.ID{a.Job.ID, b.Job.ID, other.Jobs[0].ID}},
		"nothing":  {JobFilter{ProcessKey: "leave"}, []engine.ID{}},
		"topic":    {JobFilter{Topic: "mail"}, []engine.ID{a.Job.ID, other.Jobs[0].ID}},
		"kind":     {JobFilter{Kind: engine.AfterJob}, []engine.ID{b.Job.ID}},
	} {
		p, err := f.Jobs(t.Context(), c.filter, all)
		if diff := cmp.Diff(c.want, idsOf(each(t, p, err))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	states, err := f.LoadInstances(t.Context(), []engine.ID{in.ID, newID(), other.ID})
	if err != nil || len(states) != 2 || states[in.ID].Jobs[0].ID != a.Job.ID || states[other.ID].ID != other.ID {
		t.Errorf("%v, %v", states, err)
	}
	if states, err := f.LoadInstances(t.Context(), nil); err != nil || len(states) != 0 {
		t.Errorf("%v, %v", states, err)
	}
}

// Workers that fetch, give up and complete at once, beside timers that are claimed and fired, meet no
// deadlock: neither the claims nor the steps fail, and every job is done once.
func TestClaimsAndStepsDoNotCollide(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const instances, workers = 120, 6
	var mutex sync.Mutex
	open := map[engine.ID]*engine.Instance{}
	for range instances {
		in := f.must(nil, jobCreated("mail", 0), timerCreated(noon))
		open[in.ID] = in
	}
	// advance makes a step of an instance that nobody else has in hand.
	advance := func(id engine.ID, changes func(*engine.Instance) []engine.Change) {
		mutex.Lock()
		in := open[id]
		delete(open, id)
		mutex.Unlock()
		if in == nil {
			return
		}
		after, err := f.advance(in, changes(in))
		if err != nil {
			t.Error(err)
			return
		}
		mutex.Lock()
		open[id] = after
		mutex.Unlock()
	}
	var all sync.WaitGroup
	for n := range workers {
		all.Go(func() {
			for round := range 40 {
				// Each lock is short: what one has and does not complete another takes.
				now := noon.Add(time.Duration(n+round*workers) * time.Second)
				jobs, err := f.FetchJobs(t.Context(), JobClaim{Worker: fmt.Sprint(n), Topic: "mail", Limit: 6, Now: now, Until: now.Add(2 * time.Second)})
				if err != nil {
					t.Error(err)
				}
				for i, job := range jobs {
					advance(job.InstanceID, func(in *engine.Instance) []engine.Change {
						switch {
						case len(in.Jobs) == 0 || i == 0:
							return nil
						case i%2 == 0:
							return []engine.Change{{Kind: engine.JobFailed, JobID: in.Jobs[0].ID, Retries: 3}}
						}
						return []engine.Change{jobEnded(in.Jobs[0].ID), jobCreated("done", 0)}
					})
				}
				timers, err := f.ClaimTimers(t.Context(), 3, now, time.Second)
				if err != nil {
					t.Error(err)
				}
				for _, timer := range timers {
					advance(timer.InstanceID, func(in *engine.Instance) []engine.Change {
						if len(in.Timers) == 0 {
							return nil
						}
						return []engine.Change{{Kind: engine.TimerFired, TimerID: in.Timers[0].ID}, timerCreated(in.Timers[0].DueAt.Add(time.Second))}
					})
				}
			}
		})
	}
	all.Wait()
	for _, in := range open {
		if diff := cmp.Diff(len(in.Jobs)+len(in.Timers), f.count(`SELECT (SELECT COUNT(*) FROM workflow_job WHERE instance_id = ?) + (SELECT COUNT(*) FROM workflow_timer WHERE instance_id = ?)`, in.ID[:], in.ID[:])); diff != "" {
			t.Errorf("instance %s: %s", in.ID, diff)
		}
	}
}
