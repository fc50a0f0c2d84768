package faults_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/store"
	"diom.io/workflow/test/producttest"
)

// linger is how long after its answer an operation may still ask its servers for something.
const linger = 60 * time.Millisecond

// aversion is how long a process leaves Redis alone that has disappointed it.
const aversion = 1100 * time.Millisecond

// operation is what is interrupted.
type operation struct {
	name string
	// prepare makes what one attempt uses up and returns the request.
	prepare func(f *fixture, point, key string) request
	// essential are texts of the requests that every call makes; cold of those that a new process makes.
	essential, cold []string
	// once is the code that a repetition without a key is told when the first call had its effect; nothing
	// where every call has its own.
	once    string
	late    string // the code that a call is told which another one has overtaken; nothing where it is told what that one did
	unsure  string // the code that a call without a key is told that may have been made
	shared  bool   // several callers may be told that it is done
	brief   bool   // it shares its way with others
	unkeyed bool   // it takes no Idempotency-Key: what it does, it does once
	patient bool   // its effect is waited for until a claim of a dead process ends: the full size repeats it twice, not five times
	// effects returns how often the request of a point took effect, and what is wrong.
	effects func(f *fixture, point string) (int, []string)
}

// crash is one series of attempts: an operation that is interrupted at one request after another.
type crash struct {
	*fixture
	operation
	findings
	interruptions []interruption
	fresh         bool // the process has done nothing yet
	keyed         bool // with an Idempotency-Key
	texts         bool // at the requests that matter alone
	tried         int
	ways          map[string]int // interruptions by kind
	series        int            // attempts so far: a key is used once
	sprung        []string       // the requests that were interrupted
}

// run interrupts at the first request, the second one, and so on until the operation makes fewer. What
// a process does in the background shifts the numbers, so that the requests which matter are then
// interrupted by their text: none of them is ever left out.
func (c *crash) run() {
	c.t.Helper()
	for _, how := range c.interruptions {
		for n := 1; n < 100 && !c.texts && !c.enough(); n++ {
			if !c.attempt(fmt.Sprint(n), how, func(spring func()) { c.trap.Arm(n, how.fate, spring) }) {
				break
			}
		}
		texts := c.essential
		if c.fresh {
			texts = slices.Concat(c.operation.cold, texts)
		}
		for i, text := range texts {
			if c.enough() {
				return
			}
			if !c.keyed && !c.unkeyed && strings.Contains(text, "workflow_idempotency") {
				continue // nothing is recorded where the caller sends no key
			}
			if !c.attemptAt(text, i, how) {
				c.fail(c.name, "no request holds %q (%s)", text, how.name)
			}
		}
	}
}

// attemptAt interrupts the call at the request that holds text. On a busy machine Redis may disappoint a process,
// which then leaves it alone for a while; so it is tried again.
func (c *crash) attemptAt(text string, i int, how interruption) bool {
	for range 15 {
		if c.attempt(fmt.Sprintf("text%d", i), how, func(spring func()) { c.trap.ArmAt(text, how.fate, spring) }) {
			return true
		}
		time.Sleep(aversion)
	}
	return false
}

// attempt interrupts the call at the request that arm names, and repeats it. It returns false when the
// operation makes no such request.
func (c *crash) attempt(at string, how interruption, arm func(spring func())) bool {
	c.series++
	point := fmt.Sprintf("%s-%t-%t-%s-%s-%d", c.name, c.fresh, c.keyed, how.short, at, c.series)
	key := ""
	if c.keyed {
		key = "key-" + point
	}
	r := c.prepare(c.fixture, point, key)
	if c.fresh {
		c.process.Kill()
		c.process.Start()
	}
	time.Sleep(linger) // what the preparation set going has ended
	x := c.interrupt(r, how, arm)
	if x.sprung == "" {
		if !r.acknowledged(x.first.Answer, x.first.err) {
			c.fail(point, "no fault, and yet: %v %d %.300s", x.first.err, x.first.Status, x.first.Body)
		}
		return false
	}
	c.tried++
	if c.ways == nil {
		c.ways = map[string]int{}
	}
	c.ways[how.name]++
	c.sprung = append(c.sprung, x.sprung)
	if x.took > callLimit {
		c.fail(point, "the repeat took %s", x.took)
	}
	if !how.kill && strings.HasPrefix(x.sprung, "*") {
		time.Sleep(aversion)
	}
	c.judgePoint(point, r, [2]producttest.Answer{x.first.Answer, x.second.Answer}, [2]error{x.first.err, x.second.err})
	return true
}

// judgePoint holds what must be after the two calls of one point.
func (c *crash) judgePoint(point string, r request, answers [2]producttest.Answer, errs [2]error) {
	effects, wrong := c.effects(c.fixture, point)
	for _, w := range wrong {
		c.fail(point, "%s", w)
	}
	if w := r.decently(answers[0], errs[0]); w != "" && !c.overtaken(answers[0]) {
		c.fail(point, "first: %s", w)
	}
	if !c.keyed {
		c.judgeUnkeyed(point, r, answers, errs, effects)
		return
	}
	if !r.acknowledged(answers[1], errs[1]) {
		c.fail(point, "repeat: %v %d %.300s", errs[1], answers[1].Status, answers[1].Body)
		return
	}
	if effects != 1 {
		c.fail(point, "%d effects of one request", effects)
	}
	status, body := c.judge.Recorded(r.user, r.key)
	if status != r.status || !bytes.Equal(body, answers[1].Body) {
		c.fail(point, "recorded %d %.300s\nanswered %d %.300s", status, body, answers[1].Status, answers[1].Body)
	}
	if r.acknowledged(answers[0], errs[0]) && !bytes.Equal(answers[0].Body, answers[1].Body) {
		c.fail(point, "first %.300s\nrepeat %.300s", answers[0].Body, answers[1].Body)
	}
}

// overtaken reports whether a call was told that another one has come before it.
func (c *crash) overtaken(a producttest.Answer) bool {
	return c.late != "" && code(a) == c.late
}

// judgeUnkeyed: without a key a repeat is another request. What was acknowledged is there, and at most
// the one in doubt besides; a task or a job is completed, an event has its effect, once however often
// one asks.
func (c *crash) judgeUnkeyed(point string, r request, answers [2]producttest.Answer, errs [2]error, effects int) {
	acknowledged, doubt := 0, 0
	for i := range answers {
		if r.acknowledged(answers[i], errs[i]) {
			acknowledged++
		} else if errs[i] != nil || c.unsure != "" && code(answers[i]) == c.unsure {
			doubt++
		}
	}
	if c.once != "" {
		if effects != 1 || !r.acknowledged(answers[1], errs[1]) && (errs[1] != nil || code(answers[1]) != c.once) {
			c.fail(point, "%d effects, repeat %d %.300s", effects, answers[1].Status, answers[1].Body)
		}
		if acknowledged > 1 && !c.shared {
			c.fail(point, "two callers were told that it was they who did it")
		}
		return
	}
	if !r.acknowledged(answers[1], errs[1]) || effects < acknowledged || effects > acknowledged+doubt {
		c.fail(point, "%d effects, %d acknowledged, %d in doubt", effects, acknowledged, doubt)
	}
}

// TestCrash interrupts an operation at every single request that it makes to MySQL and Redis, and
// repeats the call: the process is killed before the request or after it, the request is refused, its
// reply is lost, the process stands still for longer than it may hold a lock.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, o := range slices.Concat(operations, instanceOperations) {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, nil)
			total, ways := 0, map[string]int{}
			for _, c := range o.series() {
				for range o.rounds() {
					c.fixture, c.operation, c.tried, c.sprung, c.ways = f, o, 0, nil, ways
					c.run()
					t.Logf("%s fresh=%t keyed=%t: interrupted at %d points:\n  %s", o.name, c.fresh, c.keyed, c.tried, strings.Join(c.sprung, "\n  "))
					if floor := fewest[o.name][c.fresh]; !c.texts && c.tried < floor {
						t.Errorf("interrupted at %d points only, want at least %d", c.tried, floor)
					}
					total += c.tried
				}
				for _, w := range c.found {
					t.Error(w)
				}
			}
			f.drain()
			conclude(t, conclusion{command: "crash", runs: total, faults: kinds(ways, len(o.essential))})
		})
	}
}

// rounds is how often each series of an operation is repeated.
func (o operation) rounds() int {
	if o.patient {
		return size(1, 2)
	}
	return size(1, 5)
}

// kinds are the interruptions of each kind, of which there are to be at least so many.
func kinds(ways map[string]int, least int) (list []injected) {
	for _, how := range everyWay {
		list = append(list, injected{strings.ReplaceAll(how.name, " ", "-"), ways[how.name], least})
	}
	return list
}

// series are the runs of an operation. CI interrupts those that share their way with
// others at the requests that matter alone.
func (o operation) series() []crash {
	texts := size(1, 0) == 1
	others := crash{interruptions: disturbances, keyed: !o.unkeyed, texts: texts}
	switch {
	case o.brief && texts:
		others.interruptions = slices.Concat(kills, disturbances)
		return []crash{others}
	case o.unkeyed:
		return []crash{{interruptions: kills, fresh: true}, {interruptions: kills}, others}
	}
	return []crash{{interruptions: kills, fresh: true, keyed: true}, {interruptions: kills, keyed: true}, {interruptions: kills}, others}
}

// fewest is how many points an operation has at least, by whether the process is fresh. What a process does in
// the background makes it a few more or less; those that matter are interrupted by their text besides.
var fewest = map[string]map[bool]int{
	"start":    {true: 14, false: 5},
	"complete": {true: 20, false: 14},
	"event":    {true: 12, false: 6},
	"job":      {true: 20, false: 14},
}

// planted returns a rewriting of statements.
func planted(pattern, by string) func([]byte) []byte {
	expression := regexp.MustCompile(pattern)
	return func(text []byte) []byte { return expression.ReplaceAll(text, []byte(by)) }
}

// withoutInbox forgets which events have come.
func withoutInbox(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("INSERT INTO workflow_inbox"), []byte("INSERT IGNORE INTO workflow_inbox"))
	return bytes.ReplaceAll(text, []byte("SELECT state FROM workflow_inbox WHERE "), []byte("SELECT state FROM workflow_inbox WHERE 1 = 0 AND "))
}

// TestCrashFindsPlantedBugs: with a guard off, the same series finds violations.
func TestCrashFindsPlantedBugs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pattern, by string
		operation   operation
		keyed       bool
		want        string
	}{
		"no idempotency record": {`INSERT INTO workflow_idempotency`, `INSERT IGNORE INTO workflow_idempotency`, operations[0], true, "2 effects of one request"},
		"no outbox":             {`changes, unsent\)`, `changes, attempts)`, operations[0], true, "is lost"},
		"no inbox":              {`INSERT INTO workflow_inbox|SELECT state FROM workflow_inbox WHERE`, ``, operations[2], false, "2 effects"},
		"a lock and no fence":   {``, ``, operations[1], false, "two callers were told"},
		"no atomicity":          {`;INSERT INTO workflow_task `, `;COMMIT;BEGIN;INSERT INTO workflow_nothing `, operations[1], true, "no open row"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, planted(c.pattern, c.by))
			series := crash{fixture: f, operation: c.operation, interruptions: kills, keyed: c.keyed, findings: findings{until: c.want}}
			switch name {
			case "no inbox":
				f.mysql.Rewrite = withoutInbox
			case "a lock and no fence": // one stands still for longer than its lock, and goes on
				f.mysql.Rewrite, series.texts = withoutFence, true
				series.interruptions = disturbances[len(disturbances)-2:]
			}
			if name == "no atomicity" {
				series.prepare = func(f *fixture, point, key string) request { return completionOf(f.startPast(point).ID, key) }
			}
			series.run()
			if !series.finds(c.want) {
				t.Errorf("the guard is off and %q was not found, but: %q", c.want, series.found)
			}
		})
	}
}

// startPast starts an instance with the bug taken out for a moment.
func (f *fixture) startPast(point string) store.Task {
	f.t.Helper()
	bug := f.mysql.Rewrite
	f.mysql.Rewrite = nil
	defer func() { f.mysql.Rewrite = bug }()
	return f.start(point)
}
