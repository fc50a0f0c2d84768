package producttest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"diom.io/workflow/cmd/diom/local"
)

const (
	startPatience = 60 * time.Second
	stopPatience  = 40 * time.Second
	poll          = 5 * time.Millisecond
)

var errStart = errors.New("the process does not become ready")

// Process is one process that a test started: it can be killed, stopped and started again.
type Process struct {
	URL string // where it listens, for those that serve HTTP

	t         testing.TB
	path      string
	arguments []string
	env       []string
	log       string
	ready     func() error
	stop      os.Signal

	cmd    *exec.Cmd
	done   chan struct{}
	halted atomic.Bool // it was told to stand still
}

// Options say what `diom serve` is given.
type Options struct {
	Binary   string // "" is the one of this tree
	Function string // "" is every function in one process
	DSN      string
	Redis    string
	Secrets  string // directory with the keys, see Secrets
	Env      []string
}

func (o Options) binary(t testing.TB) string {
	t.Helper()
	if o.Binary != "" {
		return o.Binary
	}
	return Binary(t)
}

// Serve starts `diom serve` at a free loopback address and returns once it is ready. It ends with the
// test.
func Serve(t testing.TB, o Options) *Process {
	t.Helper()
	arguments := []string{"serve"}
	if o.Function != "" {
		arguments = append(arguments, o.Function)
	}
	address := FreeAddress(t)
	p := &Process{URL: "http://" + address, t: t, path: o.binary(t), arguments: arguments, log: logFile(t, "diom-"+o.Function), stop: syscall.SIGINT}
	p.env = append(Environment(), append([]string{
		"DIOM_ADDR=" + address, "DIOM_MYSQL_DSN=" + o.DSN, "DIOM_REDIS_URL=" + o.Redis, "DIOM_SECRETS_DIR=" + o.Secrets,
		"DIOM_COOKIE_SECURE=false", "DIOM_MYSQL_POOL=8",
	}, o.Env...)...)
	p.ready = func() error { return answers(p.URL + "/_/ready") }
	p.Start()
	return p
}

// Command prepares another process. ready says when it can be used.
func Command(t testing.TB, ready func() error, path string, arguments ...string) *Process {
	t.Helper()
	return &Process{t: t, path: path, arguments: arguments, env: os.Environ(), log: logFile(t, filepath.Base(path)), ready: ready, stop: syscall.SIGTERM}
}

// Start starts the process and waits until it is ready. The first call has it stopped when the test
// ends.
func (p *Process) Start() {
	p.t.Helper()
	p.Launch()
	if err := p.becomesReady(); err != nil {
		p.t.Fatalf("%s %s: %v\n%s", filepath.Base(p.path), strings.Join(p.arguments, " "), err, p.Log())
	}
}

// Launch is Start for a process that may end, or stand still, before it is ready.
func (p *Process) Launch() {
	p.t.Helper()
	if p.cmd == nil {
		p.t.Cleanup(p.end)
	}
	if err := p.launch(); err != nil {
		p.t.Fatalf("%s %s: %v", filepath.Base(p.path), strings.Join(p.arguments, " "), err)
	}
}

func (p *Process) launch() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(p.path, p.arguments...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = p.env, log, log, attributes()
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait() // killed on purpose, most of the time
		close(done)
	}(p.cmd, p.done)
	return nil
}

func (p *Process) becomesReady() (err error) {
	for deadline := time.Now().Add(startPatience); time.Now().Before(deadline); time.Sleep(poll) {
		if err = p.ready(); err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%w: it ended: %w", errStart, err)
		default:
		}
	}
	return fmt.Errorf("%w: %w", errStart, err)
}

// Kill ends the process with SIGKILL and returns once it is gone.
func (p *Process) Kill() {
	done := p.done                            // another may start it again as soon as it is gone
	_ = p.cmd.Process.Signal(syscall.SIGKILL) // it may have ended
	<-done
}

// Signal sends a signal to the process itself. After SIGSTOP it returns once all of its threads stand still, or somebody
// has let it go on.
func (p *Process) Signal(s os.Signal) {
	p.t.Helper()
	target := p.cmd.Process // it may be killed meanwhile
	p.halted.Store(s == syscall.SIGSTOP)
	if err := target.Signal(s); err != nil {
		p.t.Fatalf("%s: %v", s, err)
	}
	for began := time.Now(); s == syscall.SIGSTOP && p.halted.Load() && !still(target.Pid); time.Sleep(poll) {
		if time.Since(began) > stopPatience {
			p.t.Fatalf("%s does not stand still", p.path)
		}
	}
}

// still reports whether every thread of a process is stopped (proc(5), /proc/pid/task/tid/stat: the state follows the name in
// parentheses). A thread that ends meanwhile counts.
func still(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return true // it has ended, or nothing is known of it here
	}
	return !slices.ContainsFunc(threads, func(path string) bool {
		text, err := os.ReadFile(path)
		name := bytes.LastIndexByte(text, ')')
		return err == nil && len(text) > name+2 && !bytes.ContainsRune([]byte("TtZX"), rune(text[name+2])) // stopped, or dead
	})
}

// Running reports whether the process has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// PeakMemory returns the most memory that the process has ever had resident, in bytes, and false where
// the system does not tell (/proc).
func (p *Process) PeakMemory() (int64, bool) {
	for _, line := range Lines(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid), "VmHWM:") {
		var kib int64
		if n, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil && n == 1 {
			return kib << 10, true
		}
	}
	return 0, false
}

// SetEnv adds settings to the environment of the next Start.
func (p *Process) SetEnv(pairs ...string) { p.env = append(p.env, pairs...) }

// end stops the process in its own way. One that does not obey fails the test.
func (p *Process) end() {
	if p.done == nil || !p.Running() {
		return
	}
	p.halted.Store(false)
	_ = p.cmd.Process.Signal(syscall.SIGCONT) // a stopped one obeys nothing
	_ = p.cmd.Process.Signal(p.stop)          // it may have ended meanwhile
	for deadline := time.Now().Add(stopPatience); p.Running(); time.Sleep(poll) {
		if time.Now().After(deadline) {
			p.t.Errorf("%s does not stop", filepath.Base(p.path))
			p.Kill()
		}
	}
}

// Log returns the end of what the process wrote.
func (p *Process) Log() string {
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-8<<10):])
}

// Logged returns the lines of the log that hold text.
func (p *Process) Logged(text string) []string { return Lines(p.log, text) }

// Lines returns the lines of a file that hold text.
func Lines(file, text string) []string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for line := range strings.SplitSeq(string(raw), "\n") {
		if strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	return lines
}

// Environment is this process's without what would change the product's settings.
func Environment() []string {
	var kept []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "DIOM_") && !strings.HasPrefix(pair, "PORT=") && !strings.HasPrefix(pair, "K_SINK=") {
			kept = append(kept, pair)
		}
	}
	return kept
}

// FreeAddress returns a loopback address that nobody listens at.
func FreeAddress(t testing.TB) string {
	t.Helper()
	ports, err := local.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
}

func answers(url string) error {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", url, response.StatusCode)
	}
	return nil
}

func logFile(t testing.TB, name string) string {
	return filepath.Join(t.TempDir(), name+".log")
}
