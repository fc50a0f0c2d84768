package local

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func openHome(t *testing.T, dir string, say func(string, ...any)) *Home {
	t.Helper()
	h, err := OpenHome(dir, say)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func TestHomeIsHeldByOneProcess(t *testing.T) {
	t.Parallel()
	var r transcript
	dir := t.TempDir()
	h := openHome(t, dir, r.say)
	_, err := OpenHome(dir, r.say)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Errorf("a second one: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	openHome(t, dir, r.say)
}

// A child that has not yet run its own program has the parent's files open, the lock among them.
func TestHomeIsFreeAlthoughAChildIsBeingStarted(t *testing.T) {
	t.Parallel()
	var r transcript
	dir := t.TempDir()
	h := openHome(t, dir, r.say)
	inherited, err := syscall.Dup(int(h.lock.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(inherited) })
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	openHome(t, dir, r.say)
}

func TestFreePorts(t *testing.T) {
	t.Parallel()
	taken, err := FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", loopback(taken[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	const n = 500
	ports, err := FreePorts(n)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ports)
	if different := len(slices.Compact(slices.Clone(ports))); different != n {
		t.Errorf("%d different ports of %d", different, n)
	}
	if last := ports[n-1]; last >= 32768 || slices.Contains(ports, taken[0]) {
		t.Errorf("the ephemeral %d or the taken %v among %v", last, taken, ports)
	}
	if all, err := FreePorts(22000); err == nil {
		t.Errorf("%d ports, though one is taken", len(all))
	}
}

func TestHomeRemembers(t *testing.T) {
	t.Parallel()
	var r transcript
	h := openHome(t, t.TempDir(), r.say)
	password, err := h.password("p")
	again, errAgain := h.password("p")
	if err != nil || errAgain != nil || password != again || len(password) < 20 {
		t.Errorf("password %q, then %q: %v %v", password, again, err, errAgain)
	}
	name, port := occupied(t, h)
	if other, err := h.port(name); err != nil || other == port || !r.has("is taken") {
		t.Errorf("port %d is taken, then %d: %v", port, other, err)
	}
}

// occupied returns the name of a port that the home remembers, and takes it. Where somebody else was faster it is
// another one.
func occupied(t *testing.T, h *Home) (name string, port int) {
	t.Helper()
	for n := range 10 {
		name = fmt.Sprint("p", n)
		var err error
		if port, err = h.port(name); err != nil {
			t.Fatal(err)
		}
		same, err := h.port(name)
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", loopback(port))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		if same != port { // it was free all the time
			t.Errorf("port %d, then %d", port, same)
		}
		return name, port
	}
	t.Fatal("ten ports were taken by others")
	return "", 0
}

func TestHomeSaysWhichRightIsMissing(t *testing.T) {
	t.Parallel()
	var r transcript
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHome(file+"/home", r.say); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("a home under a file: %v", err)
	}
	if err := notWritable("/x", os.ErrPermission); !strings.Contains(err.Error(), "set DIOM_HOME") {
		t.Errorf("no right: %v", err)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]string{
		"": "",
		"2026 0 [ERROR] Can't start server: Bind on TCP/IP port. Got error: 98: Address already in use\n2026 [ERROR] Aborting": "its port is taken",
		"InnoDB: Error number 28 means 'No space left on device'":                                                              "the disk is full",
		"[ERROR] InnoDB: Unable to lock ./ibdata1 error: 11":                                                                   "another process uses its data",
		"a\n[ERROR] something else\nb":                                                                                         "[ERROR] something else",
		"first\nlast":                                                                                                          "last",
	} {
		if got := explain(log); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q: %q, want %q", log, got, want)
		}
	}
}

func TestCheckRoom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := checkRoom(dir, 1); err != nil {
		t.Error(err)
	}
	if err := checkRoom(dir, 1<<62); err == nil || !strings.Contains(err.Error(), "is full") {
		t.Errorf("2^62 bytes are free: %v", err)
	}
}
