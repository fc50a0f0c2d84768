package workflow_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/redis/go-redis/v9"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/database/wiretest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/lock"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// fixture is the use cases over a database and a Redis of the test's own.
type fixture struct {
	*workflow.Service
	t     testing.TB
	store *store.Store
	dsn   string
	lock  *lock.Locker
}

var (
	employee = access.Principal{Username: "zhangwei", Permissions: []string{"WORKFLOW_INSTANCE", "WORKFLOW_START", "WORKFLOW_TASK"}}
	operator = access.Principal{Username: "wuqiang", Permissions: []string{"WORKFLOW_OPERATE"}}
)

func setup(t testing.TB, wire *wiretest.Wire) *fixture {
	t.Helper()
	f := &fixture{t: t, dsn: databasetest.DSN(t)}
	f.connect(wire, databasetest.Redis(t))
	return f
}

// connect opens the use cases anew, as another process would.
func (f *fixture) connect(wire *wiretest.Wire, redisURL string) {
	f.t.Helper()
	o := database.Options{Pool: 16}
	if wire != nil {
		o.Dial = wire.Dial
	}
	db, err := database.Open(f.dsn, o)
	if err != nil {
		f.t.Fatal(err)
	}
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		f.t.Fatal(err)
	}
	options.PoolSize = 40
	client := redis.NewClient(options)
	f.store, f.lock = store.New(db), lock.New(client)
	f.Service = workflow.New(f.store, f.lock, time.UTC, nil)
	f.KnowDelegations = time.Hour // round trips are counted
	f.t.Cleanup(func() {
		f.lock.Wait()
		_ = client.Close()
		_ = db.Close()
	})
}

func (f *fixture) deploy(files ...string) workflow.DeploymentAnswer {
	f.t.Helper()
	request := workflow.DeploymentRequest{Name: "test"}
	for _, name := range files {
		content, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.t.Fatal(err)
		}
		request.Resources = append(request.Resources, store.Resource{Name: name, Content: content})
	}
	raw, err := f.Deploy(f.t.Context(), workflow.Call{Principal: operator}, request)
	return decode[workflow.DeploymentAnswer](f.t, raw, err)
}

func (f *fixture) start(variables engine.Variables) workflow.Started {
	f.t.Helper()
	raw, err := f.StartProcess(f.t.Context(), workflow.Call{Principal: employee}, "leave", workflow.StartRequest{Variables: variables})
	return decode[workflow.Started](f.t, raw, err)
}

func decode[T any](t testing.TB, raw json.RawMessage, err error) T {
	t.Helper()
	var answer T
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func key(principal, text, body string) *store.Idempotency {
	i := &store.Idempotency{Principal: principal, Key: text, Route: "POST /test"}
	copy(i.Hash[:], body)
	return i
}

// rows returns the history of an instance.
func (f *fixture) rows(id engine.ID) []store.Row {
	f.t.Helper()
	rows, err := f.store.History(context.Background(), id, 0, 1000)
	if err != nil {
		f.t.Fatal(err)
	}
	return rows
}

// problems returns what is wrong with the stored state of an instance: the history must be gapless,
// fold to the body, and agree with the projected tasks.
func (f *fixture) problems(id engine.ID) []string {
	f.t.Helper()
	in, err := f.store.LoadInstance(context.Background(), id)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	var changes [][]engine.Change
	for i, row := range f.rows(id) {
		if row.Seq != int64(i+1) {
			found = append(found, "the history has a gap")
		}
		changes = append(changes, row.Changes)
	}
	folded, err := engine.Replay(changes)
	if err != nil {
		return append(found, err.Error())
	}
	want, _ := json.Marshal(in)
	if got, _ := json.Marshal(folded); string(got) != string(want) {
		found = append(found, "the history does not give the state:\n"+string(got)+"\n"+string(want))
	}
	tasks, err := f.store.InstanceTasks(context.Background(), id, 1000)
	if err != nil {
		f.t.Fatal(err)
	}
	open := 0
	for _, task := range tasks {
		if task.Open() {
			open++
		}
	}
	if open != len(in.Tasks) {
		found = append(found, "the open tasks are not those of the state")
	}
	return found
}

// collect returns a relay that keeps the ids of what it sends.
func (f *fixture) collect(into *[]string) *workflow.Relay {
	var mutex sync.Mutex
	record := func(_ context.Context, e event.Event) error {
		mutex.Lock()
		defer mutex.Unlock()
		*into = append(*into, unmarked(e)+" "+e.Type())
		return nil
	}
	return workflow.NewRelay(f.store, record, "/diom/test", slog.New(slog.NewTextHandler(io.Discard, nil)))
}
