package faults_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"diom.io/workflow/shared/database/databasetest"
)

// forwarder hands connections on to the server that is the primary now.
type forwarder struct {
	address string
	target  atomic.Pointer[string]
	mutex   sync.Mutex
	open    []net.Conn
}

func newForwarder(t *testing.T, target string) *forwarder {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &forwarder{address: listener.Addr().String()}
	f.target.Store(&target)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { f.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		f.mutex.Lock()
		for _, c := range f.open {
			_ = c.Close()
		}
		f.mutex.Unlock()
		serving.Wait()
	})
	return f
}

func (f *forwarder) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", *f.target.Load())
	if err != nil {
		return
	}
	f.mutex.Lock()
	f.open = append(f.open, client, server)
	f.mutex.Unlock()
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
	_, _ = io.Copy(server, client)
	_ = server.Close()
	back.Wait()
}

// pair is a primary and its replica behind a forwarder, with the product on them.
type pair struct {
	*fixture
	primary, replica *node
	forward          *forwarder
	nodes, rebuilt   int
}

const productUser = "diom_product"

// users are those of a primary. ALL on a database is no READ_ONLY ADMIN.
var users = []string{
	"CREATE USER replica@'127.0.0.1' IDENTIFIED BY 'replica'", "GRANT REPLICATION SLAVE ON *.* TO replica@'127.0.0.1'",
	"CREATE USER " + productUser + "@'127.0.0.1'", "GRANT ALL ON diom_faults.* TO " + productUser + "@'127.0.0.1'",
}

func newPair(t *testing.T) *pair {
	t.Helper()
	redis := databasetest.Redis(t)
	p := &pair{primary: newNode(t, 1), replica: newNode(t, 2), nodes: 2}
	p.primary.do("SET GLOBAL read_only = OFF")
	p.primary.do(users...)
	p.replica.do("RESET MASTER", "SET GLOBAL gtid_slave_pos = ''")
	if !p.replica.follow(p.primary, false) {
		t.Fatalf("the first replica does not follow: %v", p.replica.status())
	}
	p.forward = newForwarder(t, p.primary.address)
	p.fixture = prepareOn(t, productUser+"@tcp("+p.forward.address+")/diom_faults", redis)
	p.judge.SQL.SetMaxIdleConns(0) // the judge asks who is the primary now
	return p
}

// swap makes the replica the primary. With planned the old one lives on with its connections, and takes
// no writes; else it is killed, and comes back as a replica.
func (p *pair) swap(planned bool) {
	p.t.Helper()
	if planned {
		p.primary.do("SET GLOBAL read_only = ON")
	} else {
		p.primary.process.Kill()
	}
	p.replica.promote()
	p.forward.target.Store(&p.replica.address)
	p.primary, p.replica = p.replica, p.primary
}

// rejoin makes the old primary the replica of the new one.
func (p *pair) rejoin(planned bool) {
	p.t.Helper()
	if planned {
		p.left()
	} else {
		p.replica.process.Start()
	}
	if !p.replica.follow(p.primary, true) {
		p.rebuild()
	}
}

// rebuild replaces a replica that has more than its primary: it was killed before the other had
// acknowledged that, and its recovery, which cuts such transactions off (init_rpl_role), does not always.
// What was acknowledged to a caller is on the primary; the ledger proves it at the end.
func (p *pair) rebuild() {
	p.t.Helper()
	p.replica.process.Kill()
	p.nodes++
	p.rebuilt++
	p.replica = newNode(p.t, p.nodes)
	p.replica.do(users...)
	p.replica.do("RESET MASTER")
	dump := exec.Command("mariadb-dump", append(p.primary.client(), "--single-transaction", "--gtid", "--master-data=1", "--databases", "diom_faults")...)
	load := exec.Command("mariadb", append(p.replica.client(), "--init-command=SET sql_log_bin = 0")...)
	pipe, err := dump.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	load.Stdin = pipe
	if err := dump.Start(); err != nil {
		p.t.Fatal(err)
	}
	output, err := load.CombinedOutput()
	if err := errors.Join(err, dump.Wait()); err != nil {
		p.t.Fatalf("rebuild: %v\n%s", err, output)
	}
	if !p.replica.follow(p.primary, false) {
		p.t.Fatalf("a rebuilt replica does not follow: %v", p.replica.status())
	}
}

// left holds that no connection of the product to the old primary stays: what it reads there is old.
func (p *pair) left() {
	p.t.Helper()
	n := ""
	for deadline := time.Now().Add(20 * time.Second); n != "0" && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		n = p.replica.text("SELECT COUNT(*) FROM information_schema.processlist WHERE user = ?", productUser)
	}
	if n != "0" {
		p.t.Errorf("%s connections of the product stay at the old primary", n)
	}
}

// TestFailover kills the primary of two database servers under load, and has the replica take over
// behind the same address; every second time the primary is not killed but turned into a replica. The
// product goes on by itself, and nothing acknowledged is lost or done twice.
func TestFailover(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers of its own")
	}
	t.Parallel()
	d := roll(t)
	p := newPair(t)
	l := &ledger{acknowledged: map[string]string{}, refused: map[int]int{}}
	end := p.load(l, d, 4)
	defer end()
	kills, switches := 0, 0
	for round := range 2 * size(1, 20) {
		planned := round%2 == 1
		p.flows(l, fmt.Sprintf("before swap %d", round))
		time.Sleep(time.Duration(d.below(500)) * time.Millisecond)
		began := time.Now()
		p.swap(planned)
		promoted := time.Since(began)
		p.flows(l, fmt.Sprintf("after swap %d", round))
		t.Logf("swap %d, planned %t: promoted after %s, work again after %s", round, planned, promoted.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
		p.rejoin(planned)
		if planned {
			switches++
		} else {
			kills++
		}
	}
	end()
	p.settle(l)
	t.Logf("slowest %s, refused %v, rebuilt %d", l.slowest, l.refused, p.rebuilt)
	conclude(t, conclusion{command: "failover", runs: len(l.acknowledged), seed: d.seed, faults: []injected{{"primary-killed", kills, size(1, 20)}, {"switched", switches, size(1, 20)}}})
}

// load lets callers work until the returned function is called.
func (f *fixture) load(l *ledger, d *dice, callers int) func() {
	stop := make(chan struct{})
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() { f.caller(fmt.Sprintf("caller-%d", i), l, d, stop) })
	}
	return sync.OnceFunc(func() { close(stop); group.Wait() })
}

// TestReadOnly makes the database refuse writes under load, and accept them again: meanwhile callers
// are asked to try again, reads are answered, and afterwards the product goes on by itself.
func TestReadOnly(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers of its own")
	}
	t.Parallel()
	d := roll(t)
	redis := databasetest.Redis(t)
	server := newNode(t, 1)
	server.do("SET GLOBAL read_only = OFF", "CREATE USER "+productUser+"@'127.0.0.1'", "GRANT ALL ON diom_faults.* TO "+productUser+"@'127.0.0.1'")
	f := prepareOn(t, productUser+"@tcp("+server.address+")/diom_faults", redis)
	task := f.start("read-only-task")
	l := &ledger{acknowledged: map[string]string{}, refused: map[int]int{}}
	end := f.load(l, d, 4)
	defer end()
	rounds := size(2, 20)
	for round := range rounds {
		f.flows(l, fmt.Sprintf("before read-only %d", round))
		server.do("SET GLOBAL read_only = ON")
		f.refuses(fmt.Sprintf("refused-%d", round), task.ID.String())
		time.Sleep(time.Duration(d.below(1000)) * time.Millisecond)
		server.do("SET GLOBAL read_only = OFF")
		f.flows(l, fmt.Sprintf("after read-only %d", round))
	}
	end()
	if l.refused[http.StatusServiceUnavailable] < rounds {
		t.Errorf("the callers were refused %v in %d rounds", l.refused, rounds)
	}
	f.settle(l)
	t.Logf("slowest %s, refused %v", l.slowest, l.refused)
	conclude(t, conclusion{command: "failover", runs: len(l.acknowledged), seed: d.seed, faults: []injected{{"read-only", rounds, size(2, 20)}}})
}

// refuses asks for reads and writes while the database takes no writes.
func (f *fixture) refuses(point, task string) {
	f.t.Helper()
	start, unknown := startOf(point, point), uuid.NewString()
	for _, c := range []struct {
		user, method, path string
		body               any
		status             int
	}{
		{"wangfang", http.MethodGet, "/api/v1/tasks/" + task, nil, http.StatusOK},
		{"wangfang", http.MethodGet, "/api/v1/tasks?view=todo", nil, http.StatusOK},
		{start.user, http.MethodPost, start.path, start.body, http.StatusServiceUnavailable},
		{"wangfang", http.MethodPost, "/api/v1/tasks/" + task + "/complete", map[string]any{}, http.StatusServiceUnavailable},
		{"zhouming", http.MethodPost, "/api/v1/tasks/" + task + "/claim", map[string]any{}, 0},
		// Another server may know a task that this one does not.
		{"wangfang", http.MethodPost, "/api/v1/tasks/" + unknown + "/complete", map[string]any{}, http.StatusServiceUnavailable},
		{"admin", http.MethodDelete, "/api/v1/groups/" + unknown, nil, http.StatusServiceUnavailable},
		{"wangfang", http.MethodGet, "/api/v1/tasks/" + unknown, nil, http.StatusNotFound},
	} {
		answer, err := f.as(c.user).Send(c.method, c.path, c.body)
		if err != nil || c.status != 0 && answer.Status != c.status || answer.Status == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "" || answer.Status == http.StatusInternalServerError {
			f.t.Errorf("%s: %v %d %.300s", c.path, err, answer.Status, answer.Body)
		}
	}
	if n := len(f.judge.InstancesOf(point)); n != 0 {
		f.t.Errorf("%s: %d instances of a refused start", point, n)
	}
}
