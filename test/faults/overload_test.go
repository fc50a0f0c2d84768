package faults_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/test/producttest"
)

const (
	// productPool is the size of each of the two pools of a process that producttest serves.
	productPool = 8
	// redisPool is that of its connections to Redis, and a few of the test.
	redisPool = 256 + 24
)

// loaded is the product on a database server whose connections are watched.
type loaded struct {
	*fixture
	t     *testing.T
	most  atomic.Int64 // connections of the product to MySQL at once
	redis atomic.Int64 // and to Redis
	limit time.Duration
}

func newLoaded(t *testing.T, env ...string) *loaded {
	t.Helper()
	redis := databasetest.Redis(t)
	server := newNode(t, 1)
	server.do("SET GLOBAL read_only = OFF", "CREATE USER "+productUser+"@'127.0.0.1'", "GRANT ALL ON diom_faults.* TO "+productUser+"@'127.0.0.1'")
	s := &loaded{t: t, limit: callLimit}
	s.fixture = prepareOn(t, "root@tcp("+server.address+")/diom_faults", redis)
	s.process.Kill()
	s.options.DSN = productUser + "@tcp(" + server.address + ")/diom_faults"
	s.options.Env = append(s.options.Env, env...)
	s.process = producttest.Serve(t, s.options)
	s.client = producttest.NewClient(s.process.URL, callLimit)
	number := " db=" + s.options.Redis[strings.LastIndexByte(s.options.Redis, '/')+1:] + " "
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for !closed(stop) {
			var n int64
			_ = server.root.QueryRow("SELECT COUNT(*) FROM information_schema.processlist WHERE user = ?", productUser).Scan(&n) // 0 where it fails: not the most
			s.most.Store(max(s.most.Load(), n))
			list, _ := s.cache.ClientList(context.Background()).Result() // nothing where it fails, as above
			s.redis.Store(max(s.redis.Load(), int64(strings.Count(list, number))))
			time.Sleep(20 * time.Millisecond)
		}
	})
	t.Cleanup(func() { close(stop); watching.Wait() })
	return s
}

// bounded holds that the product had no more connections than its pools are large.
func (s *loaded) bounded() {
	s.t.Helper()
	if n := s.most.Load(); n == 0 || n > 2*productPool {
		s.t.Errorf("%d connections to the database, the pools have %d", n, 2*productPool)
	}
	if n := s.redis.Load(); n == 0 || n > redisPool {
		s.t.Errorf("%d connections to Redis, the pool has %d", n, redisPool)
	}
}

// calm holds that everything works at once.
func (s *loaded) calm(name string) {
	s.t.Helper()
	for i := range 10 {
		s.work(fmt.Sprintf("calm-%s-%d", name, i), s.limit)
	}
}

// TestOverload sends more than the product serves at once: what it cannot take it refuses with 429 or 503
// and Retry-After, what it accepts succeeds, and with the load gone everything works at once.
func TestOverload(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers of its own")
	}
	t.Parallel()
	d := roll(t)
	s := newLoaded(t, "max_inflight=16")
	l := &ledger{acknowledged: map[string]string{}, refused: map[int]int{}}
	callers := size(150, 600)
	end := s.load(l, d, callers)
	defer end()
	time.Sleep(time.Duration(size(4, 60)) * time.Second)
	end()
	s.calm("overload")
	s.bounded()
	if len(l.acknowledged) == 0 {
		t.Error("nothing was accepted")
	}
	s.settle(l)
	t.Logf("slowest %s, connections %d and %d", l.slowest.Round(time.Millisecond), s.most.Load(), s.redis.Load())
	conclude(t, conclusion{command: "overload", runs: len(l.acknowledged), seed: d.seed, faults: []injected{
		{"callers", callers, size(150, 600)}, {"refused", l.refused[http.StatusTooManyRequests], callers},
	}})
}

// storm is a load of one kind, by many callers. One call returns what is wrong with its answer.
type storm struct {
	name    string
	callers int
	begin   func(s *loaded)
	call    func(s *loaded, n int) string
	end     func(s *loaded)
}

// refusable returns what is wrong with an answer that is one of those that are wanted, or asks to come
// again later.
func refusable(a producttest.Answer, err error, wanted ...int) string {
	if err != nil || slices.Contains(wanted, a.Status) {
		if err != nil {
			return err.Error()
		}
		return ""
	}
	if (a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable) && a.Header.Get("Retry-After") != "" {
		return ""
	}
	return fmt.Sprintf("%d %.300s", a.Status, a.Body)
}

func storms() []storm {
	var task engine.ID
	var heard atomic.Int64
	return []storm{
		{
			name: "log-ins", callers: 64,
			// Each from an address of its own: the limit of an address is no help.
			call: func(s *loaded, n int) string {
				body := map[string]string{"username": fmt.Sprintf("user-%d", n%500), "password": "wrong-password"}
				if n%4 == 0 {
					body["username"] = "lina"
				}
				a, err := s.as("").Send(http.MethodPost, "/api/v1/auth/login", body, "X-Forwarded-For", fmt.Sprintf("10.0.%d.%d", n/250%250, n%250))
				return refusable(a, err, http.StatusUnauthorized)
			},
		},
		{
			name: "one task", callers: 100,
			begin: func(s *loaded) { task = s.start("hot-task").ID },
			call: func(s *loaded, n int) string {
				r := completionOf(task, fmt.Sprint("hot-", n))
				a, err := s.send(r)
				return refusable(a, err, http.StatusOK, http.StatusConflict)
			},
			end: func(s *loaded) {
				if n := s.judge.Changes(s.judge.InstancesOf("hot-task")[0], engine.TaskCompleted, "approve"); n != 1 {
					s.t.Errorf("the hot task was completed %d times", n)
				}
			},
		},
		{
			name: "one instance", callers: 100,
			begin: func(s *loaded) {
				s.listen()
				s.must(eventOf(s.t, chaosEventOf("begin", "hot", "hot")))
				for len(s.judge.InstancesOf("hot")) == 0 {
					time.Sleep(10 * time.Millisecond)
				}
			},
			call: func(s *loaded, _ int) string {
				a, err := s.as("admin").Send(http.MethodPost, "/api/v1/messages", map[string]any{"name": "chaos-note", "businessKey": "hot"})
				if err == nil && a.Status == http.StatusOK {
					heard.Add(1)
				}
				return refusable(a, err, http.StatusOK, http.StatusConflict)
			},
			end: func(s *loaded) {
				n := s.judge.Changes(s.judge.InstancesOf("hot")[0], engine.MessageReceived, "note")
				if n < int(heard.Load()) || n == 0 {
					s.t.Errorf("%d messages were acknowledged, %d received", heard.Load(), n)
				}
			},
		},
		{
			name: "lists", callers: 64,
			call: func(s *loaded, n int) string {
				path := []string{ // the last ones ask for everything at once
					"/api/v1/instances?limit=100", "/api/v1/instances?limit=100&state=active&processKey=leave", "/api/v1/jobs?limit=100",
					"/engine-rest/history/process-instance", "/engine-rest/history/activity-instance",
				}[n%5]
				a, err := s.as("admin").Send(http.MethodGet, path, nil)
				return refusable(a, err, http.StatusOK)
			},
		},
	}
}

// TestStorms: one kind of load without measure does not keep others from their work: each of their
// requests succeeds within the limit of a call, at the first try.
func TestStorms(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers of its own")
	}
	t.Parallel()
	d := roll(t)
	s := newLoaded(t, "DIOM_TRUSTED_PROXIES=1")
	for i := range size(200, 5000) {
		s.start(fmt.Sprint("list-", i))
	}
	total, ordinary := 0, 0
	for _, c := range storms() {
		n, taken := s.weather(c)
		total += n
		ordinary += len(taken)
		slices.Sort(taken)
		t.Logf("storm %s: calls=%d ordinary=%d p50=%s p99=%s max=%s", c.name, n, len(taken), taken[len(taken)/2], taken[len(taken)*99/100], taken[len(taken)-1])
		if n < 2*c.callers || len(taken) < 4 {
			t.Errorf("storm %s: %d calls and %d ordinary ones", c.name, n, len(taken))
		}
		s.calm(c.name)
	}
	s.bounded()
	s.drain()
	s.verify()
	t.Logf("connections %d and %d", s.most.Load(), s.redis.Load())
	conclude(t, conclusion{command: "overload", runs: ordinary, seed: d.seed, faults: []injected{{"storms", len(storms()), 4}, {"calls-of-storms", total, 500}}})
}

// weather does ordinary work while a storm goes on, and returns how many calls the storm had and how long
// each ordinary request took.
func (s *loaded) weather(c storm) (int, []time.Duration) {
	s.t.Helper()
	if c.begin != nil {
		c.begin(s)
	}
	stop := make(chan struct{})
	var calls atomic.Int64
	var blowing sync.WaitGroup
	var wrong sync.Map
	waiting := s.unhurried()
	for range c.callers {
		blowing.Go(func() {
			for !closed(stop) {
				if w := c.call(waiting, int(calls.Add(1))); w != "" {
					wrong.Store(w, true)
				}
			}
		})
	}
	var taken []time.Duration
	for i, end := 0, time.Now().Add(time.Duration(size(4, 30))*time.Second); time.Now().Before(end) || len(taken) < 4; i++ {
		began := time.Now()
		s.work(fmt.Sprintf("ordinary-%s-%d", c.name, i), s.limit)
		half := time.Since(began) / 2
		taken = append(taken, half, half)
		if s.t.Failed() {
			break
		}
	}
	if c.name == "log-ins" {
		s.comesIn()
	}
	close(stop)
	blowing.Wait()
	if c.end != nil {
		c.end(s)
	}
	n := 0
	wrong.Range(func(w, _ any) bool { n++; s.t.Errorf("storm %s: %s", c.name, w); return n < 5 })
	return int(calls.Load()), taken
}

// unhurried is the same for those who make the storm: they wait for what takes long to be told that it takes
// too long.
func (s *loaded) unhurried() *loaded {
	f := *s.fixture
	f.client = producttest.NewClient(s.process.URL, 3*callLimit)
	return &loaded{fixture: &f, t: s.t, limit: s.limit}
}

// comesIn logs a person in whom the storm does not name, with the patience of a person.
func (s *loaded) comesIn() {
	s.t.Helper()
	began := time.Now()
	for tries := 1; ; tries++ {
		a, err := s.as("").Send(http.MethodPost, "/api/v1/auth/login", map[string]string{"username": "zhangwei", "password": access.DemoPassword}, "X-Forwarded-For", "10.1.0.1")
		if w := refusable(a, err, http.StatusOK); w != "" {
			s.t.Errorf("log-in: %s", w)
			return
		}
		if a.Status == http.StatusOK {
			s.t.Logf("a log-in amid the storm: %d tries, %s", tries, time.Since(began).Round(time.Millisecond))
			return
		}
		if time.Since(began) > s.limit {
			s.t.Errorf("a log-in amid the storm is refused for %s: %d %s", s.limit, a.Status, a.Body)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}
