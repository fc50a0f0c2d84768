package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// transcript collects what is said.
type transcript struct {
	mu    sync.Mutex
	lines []string
}

func (r *transcript) say(format string, arguments ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, arguments...))
}

func (r *transcript) has(part string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.lines, func(line string) bool { return strings.Contains(line, part) })
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// script is a shell script that is ready once it has written its process id to <name>.pid.
func script(t *testing.T, name, text string) Command {
	t.Helper()
	dir := t.TempDir()
	return Command{
		Name: name, Path: "/bin/sh", Arguments: []string{"-c", "echo $$ > " + name + ".pid; " + text}, Dir: dir, Log: filepath.Join(dir, name+".log"),
		Ready: func(context.Context) error {
			if pid(t, dir, name) == 0 {
				return errors.New("no process id yet")
			}
			return nil
		},
	}
}

func pid(t *testing.T, dir, name string) int {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name+".pid"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0
	}
	return n
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestSupervisorRestartsWhatEnds(t *testing.T) {
	t.Parallel()
	var r transcript
	s := NewSupervisor(r.say)
	c := script(t, "worker", "exec sleep 60")
	if err := s.Start(t.Context(), time.Minute, c); err != nil {
		t.Fatal(err)
	}
	first := pid(t, c.Dir, "worker")
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a second process", func() bool { n := pid(t, c.Dir, "worker"); return n != 0 && n != first })
	eventually(t, "a word about it", func() bool {
		return r.has("worker ended (signal: killed); starting it again") && r.has("worker answers again")
	})
	s.Stop()
	if alive(pid(t, c.Dir, "worker")) {
		t.Error("the process is left")
	}
}

func TestSupervisorStopsInReverseOrder(t *testing.T) {
	t.Parallel()
	var r transcript
	s := NewSupervisor(r.say)
	order := filepath.Join(t.TempDir(), "order")
	for _, name := range []string{"first", "second", "third"} {
		c := script(t, name, "trap 'echo "+name+" >> "+order+"; exit' TERM; while :; do sleep 0.01; done")
		if err := s.Start(t.Context(), time.Minute, c); err != nil {
			t.Fatal(err)
		}
		// The process id is written before the trap is set.
		time.Sleep(50 * time.Millisecond)
	}
	s.Stop()
	got, err := os.ReadFile(order)
	if err != nil || string(got) != "third\nsecond\nfirst\n" {
		t.Errorf("stopped in the order %q, %v", got, err)
	}
}

func TestSupervisorExplainsAStartThatFails(t *testing.T) {
	t.Parallel()
	var r transcript
	s := NewSupervisor(r.say)
	c := script(t, "worker", "")
	c.Arguments = []string{"-c", "echo 'InnoDB: write failed: No space left on device'; exit 3"}
	err := s.Start(t.Context(), time.Minute, c)
	s.Stop()
	if err == nil || !strings.Contains(err.Error(), "worker did not start: exit status 3: the disk is full") {
		t.Errorf("error: %v", err)
	}
}

func TestSupervisorHurries(t *testing.T) {
	t.Parallel()
	var r transcript
	s := NewSupervisor(r.say)
	c := script(t, "deaf", "trap '' TERM; while :; do sleep 0.01; done")
	if err := s.Start(t.Context(), time.Minute, c); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, s.Hurry)
	begin := time.Now()
	s.Stop()
	if took := time.Since(begin); took > grace/2 || alive(pid(t, c.Dir, "deaf")) {
		t.Errorf("stopped after %s, alive %v", took, alive(pid(t, c.Dir, "deaf")))
	}
}
