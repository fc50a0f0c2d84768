package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/engine"
)

// The rows are what the state says, after each of many steps that create, change and end at random,
// also within one step.
func TestRowsFollowTheState(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 1))
		in := f.must(nil)
		for n := range 25 {
			now := in.Clone()
			var changes []engine.Change
			for range 1 + random.IntN(8) {
				c := randomChange(random, now)
				if err := now.Apply(c); err != nil {
					t.Fatal(err)
				}
				changes = append(changes, c)
			}
			if now.State == engine.Active && random.IntN(4) == 0 {
				changes = append(changes, suspend)
			} else if now.State == engine.Suspended && random.IntN(2) == 0 {
				changes = append(changes, resume)
			}
			in = f.must(in, changes...)
			if diff := cmp.Diff(stated(in), f.stored(in.ID)); diff != "" {
				t.Fatalf("seed %d, step %d, %v (-state +rows):\n%s", seed, n, changes, diff)
			}
		}
	}
}

func randomChange(random *rand.Rand, in *engine.Instance) engine.Change {
	at := noon.Add(time.Duration(random.IntN(1000)) * time.Second)
	switch kind := random.IntN(8); {
	case kind == 0:
		return timerCreated(at)
	case kind == 1:
		return opened(fmt.Sprint("m", random.IntN(3)))
	case kind == 2 && len(in.Jobs) > 0:
		return jobEnded(in.Jobs[random.IntN(len(in.Jobs))].ID)
	case kind == 3 && len(in.Timers) > 0:
		return engine.Change{Kind: engine.TimerFired, TimerID: in.Timers[random.IntN(len(in.Timers))].ID}
	case kind == 4 && len(in.Subscriptions) > 0:
		return engine.Change{Kind: engine.SubscriptionClosed, SubscriptionID: in.Subscriptions[random.IntN(len(in.Subscriptions))].ID}
	case kind == 5 && len(in.Jobs) > 0:
		return engine.Change{Kind: engine.JobFailed, JobID: in.Jobs[random.IntN(len(in.Jobs))].ID, Retries: 1 + random.IntN(3), DueAt: at}
	case kind == 6 && len(in.Jobs) > 0:
		return engine.Change{Kind: engine.JobFailed, JobID: in.Jobs[random.IntN(len(in.Jobs))].ID}
	case kind == 7:
		return variablesSet(engine.Variables{fmt.Sprint("v", random.IntN(4)): strings.Repeat("x", 200+random.IntN(80))})
	}
	return jobCreated("mail", random.Int64N(5)-2)
}

// stated is what the rows of an instance should say, one line a row.
func stated(in *engine.Instance) []string {
	suspended := in.State == engine.Suspended
	var lines []string
	for _, j := range in.Jobs {
		until := j.DueAt
		if j.Retries == 0 {
			until = never
		}
		lines = append(lines, fmt.Sprintln("job", j.ID, in.ProcessKey, in.BusinessKey, j.Kind, j.Topic, j.Priority, j.Retries, j.DueAt, until, suspended))
	}
	for _, t := range in.Timers {
		lines = append(lines, fmt.Sprintln("timer", t.ID, in.ProcessKey, t.Node, t.DueAt, t.DueAt, suspended))
	}
	for _, s := range in.Subscriptions {
		lines = append(lines, fmt.Sprintln("subscription", s.ID, in.ProcessKey, in.BusinessKey, s.Message, suspended))
	}
	for name, value := range in.Scopes[0].Variables {
		if text := fmt.Sprintf("%q", value); len(text) <= 255 {
			lines = append(lines, fmt.Sprintln("variable", name, text))
		}
	}
	slices.Sort(lines)
	return lines
}

// stored is what they do say.
func (f *fixture) stored(id engine.ID) []string {
	f.t.Helper()
	var lines []string
	read := func(text string, scan func(func(...any)) string) {
		rows, err := f.DB.Query(f.t.Context(), text+` WHERE instance_id = ?`, id[:])
		if err != nil {
			f.t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			lines = append(lines, scan(func(into ...any) {
				if err := rows.Scan(into...); err != nil {
					f.t.Fatal(err)
				}
			}))
		}
		if err := rows.Err(); err != nil {
			f.t.Fatal(err)
		}
	}
	var suspended bool
	read(`SELECT `+jobColumns+`, suspended FROM workflow_job j`, func(scan func(...any)) string {
		var r jobRow
		scan(append(r.destinations(), &suspended)...)
		j := r.job()
		return fmt.Sprintln("job", j.ID, j.ProcessKey, *j.BusinessKey, j.Kind, j.Topic, j.Priority, j.Retries, orZero(j.DueAt), orZero(r.lockedUntil), suspended)
	})
	read(`SELECT id, process_key, node_id, due_at, locked_until, suspended FROM workflow_timer`, func(scan func(...any)) string {
		var t Timer
		var until time.Time
		scan(&t.ID, &t.ProcessKey, &t.NodeID, &t.DueAt, &until, &suspended)
		return fmt.Sprintln("timer", t.ID, t.ProcessKey, t.NodeID, t.DueAt, until, suspended)
	})
	read(`SELECT id, process_key, business_key, message, suspended FROM workflow_subscription`, func(scan func(...any)) string {
		var s Subscription
		scan(&s.ID, &s.ProcessKey, &s.BusinessKey, &s.Message, &suspended)
		return fmt.Sprintln("subscription", s.ID, s.ProcessKey, *s.BusinessKey, s.Message, suspended)
	})
	read(`SELECT name, value FROM workflow_search_variable`, func(scan func(...any)) string {
		var name, value string
		scan(&name, &value)
		return fmt.Sprintln("variable", name, value)
	})
	slices.Sort(lines)
	return lines
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// Whatever a step does, it is one round trip and one commit, and one DELETE a table; what was created
// and ended within it is not written at all.
func TestStepIsOneBatch(t *testing.T) {
	t.Parallel()
	wire := &wiretest.Wire{}
	db, err := database.Open(databasetest.DSN(t), database.Options{Pool: 1, Dial: wire.Dial})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	f := &fixture{Store: New(db), t: t}
	f.definition = f.deploy("order")[0]
	in := f.must(nil, jobCreated("a", 0), jobCreated("b", 0), timerCreated(noon), timerCreated(noon), opened("m"), opened("n"))
	short := jobCreated("short", 0)
	changes := []engine.Change{
		jobEnded(in.Jobs[0].ID), jobEnded(in.Jobs[1].ID), short, jobEnded(short.Job.ID),
		{Kind: engine.TimerFired, TimerID: in.Timers[0].ID}, {Kind: engine.TimerCancelled, TimerID: in.Timers[1].ID},
		{Kind: engine.SubscriptionClosed, SubscriptionID: in.Subscriptions[0].ID}, {Kind: engine.SubscriptionClosed, SubscriptionID: in.Subscriptions[1].ID},
		jobCreated("c", 0), jobCreated("d", 0), opened("o"), timerCreated(noon), variablesSet(engine.Variables{"a": int64(1), "b": true}),
	}
	wire.Reset()
	if _, err := f.advance(in, changes, delivery(Delivery{Source: "/s", EventID: "1"})); err != nil {
		t.Fatal(err)
	}
	got := wire.Counts()
	if got.RoundTrips != 1 || got.Commits != 1 {
		t.Fatalf("%d round trips, %d commits", got.RoundTrips, got.Commits)
	}
	text := got.Texts[0]
	for part, times := range map[string]int{
		"BEGIN;INSERT INTO workflow_history": 1, "JOIN workflow_job": 1, "JOIN workflow_timer": 1, "JOIN workflow_subscription": 1, "DELETE": 3,
		"INSERT INTO workflow_job": 1, "INSERT INTO workflow_search_variable": 1, "ROW_COUNT() = 1": 1, "short": 0,
	} {
		if n := strings.Count(text, part); n != times && part != "short" || part == "short" && strings.Contains(text, "'short'") {
			t.Errorf("%q is there %d times, not %d, in\n%s", part, n, times, text)
		}
	}
}

// A step whose instance has another version than it was loaded with writes nothing, whichever of our
// statements comes first after the one that finds out.
func TestGuardBeforeEveryStatement(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := f.must(nil, jobCreated("a", 0), timerCreated(noon), opened("m"), variablesSet(engine.Variables{"long": "x"}))
	if err := f.Park(t.Context(), Parked{Source: "/s", EventID: "1", Message: "m", ReceivedAt: noon, ExpiresAt: noon}); err != nil {
		t.Fatal(err)
	}
	execute(t, f.Store, `UPDATE workflow_instance SET version = 99 WHERE id = ?`, in.ID[:])
	for name, changes := range map[string][]engine.Change{
		"nothing":             {},
		"job created":         {jobCreated("b", 0)},
		"job completed":       {jobEnded(in.Jobs[0].ID)},
		"job failed":          {{Kind: engine.JobFailed, JobID: in.Jobs[0].ID, Retries: 1}},
		"timer created":       {timerCreated(noon)},
		"timer fired":         {{Kind: engine.TimerFired, TimerID: in.Timers[0].ID}},
		"subscription opened": {opened("n")},
		"subscription closed": {{Kind: engine.SubscriptionClosed, SubscriptionID: in.Subscriptions[0].ID}},
		"suspended":           {suspend},
		"variable kept":       {variablesSet(engine.Variables{"v": "y"})},
		"variable not kept":   {variablesSet(engine.Variables{"long": strings.Repeat("x", 300)})},
		"ended":               {cancel},
		"incident of a job":   {{Kind: engine.IncidentRaised, Incident: &engine.Incident{ID: newID(), Job: in.Jobs[0].ID, RaisedAt: noon}}},
	} {
		t.Log(name)
		f.refused(database.ErrGuard, in, changes)
		f.refused(database.ErrGuard, in, changes, delivery(Delivery{Source: "/s", EventID: "1", Parked: true}))
		f.refused(database.ErrGuard, in, changes, delivery(Delivery{Source: "/s", EventID: "2"}))
	}
	f.refused(database.ErrDuplicate, func() *engine.Instance { stale := in.Clone(); stale.Version = 0; return stale }(), []engine.Change{jobCreated("b", 0)})
}

// An incident tells which job it belongs to.
func TestIncidentOfAJob(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := f.must(nil, jobCreated("a", 0))
	job := in.Jobs[0].ID
	f.must(in,
		engine.Change{Kind: engine.JobFailed, JobID: job},
		engine.Change{Kind: engine.IncidentRaised, Incident: &engine.Incident{ID: newID(), Node: "work", Job: job, Code: "job_failed", Message: "no", RaisedAt: noon}},
		engine.Change{Kind: engine.IncidentRaised, Incident: &engine.Incident{ID: newID(), Node: "work", Code: "bad_topic", Message: "no", RaisedAt: noon}})
	p, err := f.Incidents(t.Context(), IncidentFilter{}, all)
	list := each(t, p, err)
	if len(list) != 2 || list[0].JobID == nil || *list[0].JobID != job || list[1].JobID != nil {
		t.Errorf("%+v", list)
	}
}

// Steps of different instances do not wait for each other's rows in a circle, also while the tables are
// small and the server would rather read them whole.
func TestStepsDoNotCollide(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for range 30 {
				var in *engine.Instance
				changes := []engine.Change{variablesSet(engine.Variables{"a": int64(1), "b": "x"})}
				for round := range 4 {
					for range 6 {
						changes = append(changes, jobCreated("mail", 0), timerCreated(noon), opened("m"))
					}
					if round == 3 {
						changes = append(changes, cancel)
					}
					after, err := f.advance(in, changes)
					if err != nil {
						t.Error(err)
						return
					}
					in, changes = after, []engine.Change{variablesSet(engine.Variables{"b": strings.Repeat("x", 150*(round+1)), "c": true})}
					for i := range in.Jobs {
						changes = append(changes, jobEnded(in.Jobs[i].ID), engine.Change{Kind: engine.TimerFired, TimerID: in.Timers[i].ID},
							engine.Change{Kind: engine.SubscriptionClosed, SubscriptionID: in.Subscriptions[i].ID})
					}
				}
			}
		})
	}
	all.Wait()
	if n := f.count(`SELECT COUNT(*) FROM workflow_search_variable`); n != 0 {
		t.Errorf("%d search variables of ended instances", n)
	}
}
