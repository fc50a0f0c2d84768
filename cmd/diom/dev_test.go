package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"diom.io/workflow/cmd/diom/local"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database/databasetest"
)

// installation is a product that runs in this test, with a home of its own and the test servers.
type installation struct {
	home  string
	lines chan string
	end   context.CancelFunc
	ended chan error
	url   string

	mu   sync.Mutex
	said []string
}

func (i *installation) say(format string, arguments ...any) {
	line := fmt.Sprintf(format, arguments...)
	i.mu.Lock()
	i.said = append(i.said, line)
	i.mu.Unlock()
	if url, ready := strings.CutPrefix(line, "ready: "); ready {
		i.lines <- url
	}
}

func (i *installation) has(part string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return strings.Contains(strings.Join(i.said, "\n"), part)
}

// install runs the product until the test ends.
func install(t *testing.T, separate bool) *installation {
	t.Helper()
	ports, err := local.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{home: t.TempDir(), lines: make(chan string, 1), ended: make(chan error, 1)}
	for name, value := range map[string]string{
		"DIOM_HOME": i.home, "DIOM_ADDR": fmt.Sprintf("127.0.0.1:%d", ports[0]), "DIOM_DEMO": "1", "DIOM_DEMO_HISTORY": "false", "DIOM_BCRYPT_COST": "4", "DIOM_SECRETS_DIR": "",
		"DIOM_MYSQL_DSN": databasetest.DSN(t), "DIOM_REDIS_URL": databasetest.Redis(t), "DIOM_COOKIE_SECURE": "false", "PORT": "",
	} {
		t.Setenv(name, value)
	}
	ctx, cancel := context.WithCancel(context.Background())
	i.end = cancel
	s := local.NewSupervisor(i.say)
	go func() { i.ended <- runProduct(ctx, s, i.say, separate) }()
	select {
	case i.url = <-i.lines:
	case err := <-i.ended:
		cancel()
		t.Fatalf("it did not start: %v\n%s", err, strings.Join(i.said, "\n"))
	}
	return i
}

// stop ends the product and looks for what is left of it.
func (i *installation) stop(t *testing.T) {
	t.Helper()
	i.end()
	if err := <-i.ended; err != nil {
		t.Errorf("the end: %v", err)
	}
	if pids := children(t); len(pids) > 0 {
		t.Errorf("processes are left: %v", pids)
	}
	if !i.has("stopped; the data stays in " + i.home) {
		t.Errorf("said: %q", i.said)
	}
}

// children are the processes that serve for this one.
func children(t *testing.T) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		line, errLine := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if err != nil || errLine != nil {
			continue // it has just ended
		}
		var parent int
		_, after, _ := strings.Cut(string(raw), ") ") // the id of the parent is two fields behind the name
		if _, err := fmt.Sscanf(after, "%s %d", new(string), &parent); err != nil {
			t.Fatalf("%s: %q: %v", path, raw, err)
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && parent == os.Getpid() && strings.Contains(string(line), "\x00serve\x00") {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (i *installation) logIn(t *testing.T) int {
	t.Helper()
	body := `{"username":"zhangwei","password":"` + access.DemoPassword + `"}`
	response, err := http.Post(i.url+"/api/v1/auth/login", "application/json", strings.NewReader(body))
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestDevServesTheDemoAndLeavesNothing(t *testing.T) {
	i := install(t, false)
	defer i.stop(t)
	if status := i.logIn(t); status != http.StatusOK {
		t.Errorf("log-in answers %d", status)
	}
	if _, err := local.OpenHome(i.home, i.say); err == nil || !strings.Contains(err.Error(), "is in use by process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("a second run in the same home: %v", err)
	}
	pids := children(t)
	if len(pids) != 1 {
		t.Fatalf("processes %v", pids)
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it serves again", func() bool { return i.has("answers again") && i.logIn(t) == http.StatusOK })
}

func TestDevRunsEachFunctionTwiceBehindTheGateway(t *testing.T) {
	i := install(t, true)
	defer i.stop(t)
	if status := i.logIn(t); status != http.StatusOK {
		t.Errorf("log-in answers %d", status)
	}
	if pids := children(t); len(pids) != replicas*(len(functions)-1)+1 {
		t.Errorf("%d processes for %d functions", len(pids), len(functions))
	}
	for _, name := range names() {
		logs, err := filepath.Glob(filepath.Join(i.home, "log", name+"-*.log"))
		if want := map[bool]int{true: 1, false: replicas}[name == gatewayName]; err != nil || len(logs) != want {
			t.Errorf("%s: logs %q, %v", name, logs, err)
		}
	}
}

func TestDevSaysThatThePortIsTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	t.Setenv("DIOM_ADDR", listener.Addr().String())
	if _, err := freeAddress(t.Context()); err == nil || !strings.Contains(err.Error(), "is taken by another process") {
		t.Errorf("a taken port: %v", err)
	}
}

func TestServicesRunACommand(t *testing.T) {
	t.Setenv(testMySQL, "user@tcp(127.0.0.1:1)/")
	t.Setenv(testRedis, "redis://127.0.0.1:1/0")
	out := filepath.Join(t.TempDir(), "out")
	var said bytes.Buffer
	s := local.NewSupervisor(sayer(&said))
	if err := runServices(t.Context(), s, sayer(&said), false, []string{"sh", "-c", "echo $" + testMySQL + " $" + testRedis + " > " + out}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != "user@tcp(127.0.0.1:1)/ redis://127.0.0.1:1/0\n" {
		t.Errorf("the command saw %q, %v", got, err)
	}
	if err := runServices(t.Context(), s, sayer(&said), false, []string{"sh", "-c", "exit 3"}); err == nil || err.Error() != "exit status 3" {
		t.Errorf("a command that fails: %v", err)
	}
}
