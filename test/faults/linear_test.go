package faults_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/test/producttest"
)

// TestLinear has several people at once claim, give back, hand over, complete and cancel one task, through
// two processes that are killed and paused, with lost replies. What they were told must be what one
// after the other, in some order, would have been told.
func TestLinear(t *testing.T) {
	t.Parallel()
	l := newLinear(t, nil)
	var breaking sync.WaitGroup
	breaking.Go(l.breakThings)
	tasks := size(120, 5000)
	for n := 0; (n < tasks || !l.broken()) && len(l.found) == 0; n++ {
		l.play(n)
	}
	close(l.calm)
	breaking.Wait()
	l.rest()
	conclude(t, conclusion{command: "linear", runs: l.steps, found: l.found, seed: l.dice.seed, faults: []injected{
		{"lost", l.losses(), tasks / 4}, {"unknown", l.unknown, tasks / 10}, {"refused", l.refused, tasks}, {"kills", l.kills, linearBreaks}, {"pauses", l.pauses, linearBreaks},
	}})
}

// TestLinearFindsPlantedBugs: without the fence two of them get what one may have.
func TestLinearFindsPlantedBugs(t *testing.T) {
	t.Parallel()
	l := newLinear(t, withoutFence)
	for n := 0; n < 60 && len(l.found) == 0; n++ {
		l.play(n)
	}
	if f := (findings{found: l.found}); !f.finds("no order of the steps") {
		t.Errorf("the fence is off and was not missed, but: %q", l.found)
	}
}

// withoutFence lets a step overwrite the one that another caller has made meanwhile; no lock holds
// callers apart.
func withoutFence(text []byte) []byte {
	text = bytes.Replace(text, []byte("INSERT INTO workflow_history"), []byte("REPLACE INTO workflow_history"), 1)
	text = unfencedRow.ReplaceAll(text, []byte("$1"))
	return unfencedVersion.ReplaceAll(text, []byte(";"))
}

var (
	unfencedRow     = regexp.MustCompile(`IF\(ROW_COUNT\(\) = 1, (\d+), NULL\)`)
	unfencedVersion = regexp.MustCompile(` AND version = \d+;`)
)

const (
	linearPlayers = 6
	linearSteps   = 5 // of each player on a task
	linearLoss    = 4 // percent of the replies
	linearBreaks  = 2 // so many kills, and so many pauses, there are at least
)

var linearUsers = []string{"zhangwei", "wangfang", "lina", "zhouming"}

type linear struct {
	*chaos
	losing                  []*losing
	began                   time.Time
	mutex                   sync.Mutex
	steps, unknown, refused int
	found                   []string
}

func newLinear(t *testing.T, rewrite func([]byte) []byte) *linear {
	t.Helper()
	c := &chaos{fixture: prepare(t, databasetest.DSN(t), databasetest.Redis(t)), dice: roll(t), calm: make(chan struct{})}
	c.options.Env = nil
	c.mysql.Rewrite = rewrite
	c.mysql.Start(t)
	c.redis.Start(t)
	o := c.through()
	if rewrite != nil {
		o.Redis = "redis://127.0.0.1:1/0" // the lock would keep them from colliding
	}
	l := &linear{chaos: c, began: time.Now()}
	for range 2 {
		p := producttest.Serve(t, o)
		c.processes = append(c.processes, p)
		l.losing = append(l.losing, lose(t, p.URL, c.dice, linearLoss))
	}
	c.client = producttest.NewClient(c.processes[0].URL, callLimit)
	content, err := os.ReadFile("testdata/linear.bpmn")
	if err != nil {
		t.Fatal(err)
	}
	if a, err := l.as("zhouming").Deploy("linear", producttest.File{Name: "linear.bpmn", Content: content}); err != nil || a.Status != http.StatusCreated {
		t.Fatalf("deploy: %v %d %s", err, a.Status, a.Body)
	}
	return l
}

// breakThings kills and pauses one process after the other until it is calm, now and then.
func (l *linear) breakThings() {
	for turn := 0; ; turn++ {
		select {
		case <-l.calm:
			return
		case <-time.After(time.Duration(500+l.dice.below(1500)) * time.Millisecond):
		}
		victim := l.processes[l.dice.below(len(l.processes))]
		if turn%2 == 0 {
			victim.Signal(syscall.SIGSTOP)
			time.Sleep(time.Duration(100+l.dice.below(900)) * time.Millisecond)
			victim.Signal(syscall.SIGCONT)
			l.tell(&l.pauses)
			continue
		}
		victim.Kill()
		victim.Start()
		l.tell(&l.kills)
	}
}

func (l *linear) tell(counter *int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	*counter++
}

// broken says whether as much has been broken as a run promises.
func (l *linear) broken() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return min(l.kills, l.pauses) >= linearBreaks
}

// play lets the players loose on a new task and judges what they were told.
func (l *linear) play(n int) {
	key := fmt.Sprint("linear-", n)
	task, instance := l.open(key)
	histories := make([][]porcupine.Operation, linearPlayers)
	var players sync.WaitGroup
	for i := range linearPlayers {
		players.Go(func() {
			for range linearSteps {
				histories[i] = append(histories[i], l.do(i, l.pick(linearUsers[i%len(linearUsers)]), task, instance))
			}
		})
	}
	players.Wait()
	var history []porcupine.Operation
	for _, h := range histories {
		history = append(history, h...)
	}
	if result := porcupine.CheckOperationsTimeout(taskModel, history, time.Minute); result != porcupine.Ok {
		l.fail("%s: no order of the steps explains the answers (%s): %s", key, result, told(history))
	}
	l.count(history)
}

// open starts an instance, whose task everybody is offered.
func (l *linear) open(key string) (task, instance string) {
	l.t.Helper()
	for deadline := time.Now().Add(settled); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		o := l.sendTo(l.anyOf(), startOfProcess("linear", key, key))
		var started struct {
			Tasks []store.Task `json:"tasks"`
		}
		if o.err == nil && o.Status == http.StatusCreated && json.Unmarshal(o.Body, &started) == nil && len(started.Tasks) == 1 {
			return started.Tasks[0].ID.String(), started.Tasks[0].InstanceID.String()
		}
	}
	l.t.Fatalf("%s is never started", key)
	return "", ""
}

// anyOf is a client of one of the processes, by chance.
func (l *linear) anyOf() *producttest.Client {
	client := *l.client
	client.URL = l.losing[l.dice.below(len(l.losing))].url
	return &client
}

// pick chooses what a user does next. Endings are rare, or the task would see nothing else.
func (l *linear) pick(user string) step {
	x := step{user: user}
	switch n := l.dice.below(20); {
	case n < 8:
		x.verb = "claim"
	case n < 11:
		x.verb = "unclaim"
	case n < 13:
		x.verb, x.to = "transfer", linearUsers[l.dice.below(len(linearUsers))]
	case n < 18:
		x.verb = "read"
	case n < 19 || user != "zhangwei":
		x.verb = "complete"
	default:
		x.verb = "cancel"
	}
	return x
}

// do makes a step, again by its key when nothing was heard, now and then; else it stays unknown.
func (l *linear) do(player int, x step, task, instance string) porcupine.Operation {
	r := request{user: x.user, path: "/api/v1/tasks/" + task + "/" + x.verb, body: map[string]any{}, status: http.StatusOK}
	switch x.verb {
	case "transfer":
		r.body = map[string]any{"userId": x.to}
	case "cancel":
		r.path = "/api/v1/instances/" + instance + "/cancel"
	case "read":
		r.method, r.path, r.body = http.MethodGet, "/api/v1/tasks/"+task, nil
	}
	if x.verb != "read" && l.dice.below(2) == 0 {
		r.key = fmt.Sprintf("%s-%d", task, l.dice.below(math.MaxInt))
	}
	op := porcupine.Operation{ClientId: player, Input: x, Call: time.Since(l.began).Nanoseconds()}
	told := answer{unknown: true}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if told = l.heard(x, l.sendTo(l.anyOf(), r)); !told.unknown || r.key == "" && x.verb != "read" {
			break
		}
	}
	op.Output, op.Return = told, time.Since(l.began).Nanoseconds()
	if told.unknown {
		op.Return = math.MaxInt64
	}
	return op
}

// heard reads what a caller was told. To be asked to try again tells nothing.
func (l *linear) heard(x step, o outcome) answer {
	if o.err != nil || o.Status == http.StatusTooManyRequests || o.Status >= http.StatusInternalServerError {
		return answer{unknown: true}
	}
	if o.Status != http.StatusOK {
		problem, err := o.Problem()
		if err != nil {
			l.fail("%v: %v", x, err)
		}
		return answer{code: problem.Code}
	}
	if x.verb != "read" {
		return answer{}
	}
	var task struct {
		Assignee *string    `json:"assignee"`
		EndedAt  *time.Time `json:"endedAt"`
	}
	if err := json.Unmarshal(o.Body, &task); err != nil {
		l.fail("%v: %v", x, err)
	}
	seen := taskState{ended: task.EndedAt != nil}
	if task.Assignee != nil {
		seen.assignee = *task.Assignee
	}
	return answer{state: seen}
}

func told(history []porcupine.Operation) (text string) {
	for _, op := range history {
		text += fmt.Sprintf("\n  %d [%d-%d] %+v: %+v", op.ClientId, op.Call/1000, op.Return/1000, op.Input, op.Output)
	}
	return text
}

func (l *linear) fail(format string, arguments ...any) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.found = append(l.found, fmt.Sprintf(format, arguments...))
}

func (l *linear) count(history []porcupine.Operation) {
	for _, op := range history {
		l.steps++
		told := op.Output.(answer)
		if told.unknown {
			l.unknown++
		}
		if told.code != "" {
			l.refused++
		}
	}
}

func (l *linear) losses() (n int) {
	for _, x := range l.losing {
		n += int(x.lost.Load())
	}
	return n
}

// rest holds that what the database keeps is right.
func (l *linear) rest() {
	found, _ := l.judge.Everything()
	l.found = append(l.found, found...)
}
