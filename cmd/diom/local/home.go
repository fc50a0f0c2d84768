// Package local runs what the product needs on one machine: a private MariaDB and a private Redis,
// and the functions as processes that are watched, restarted and stopped in order.
//
// Everything that it keeps is under one directory, the home; it never touches the servers of the
// machine itself.
package local

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse: another process holds the home.
var ErrInUse = errors.New("is in use")

// Home is the directory of one local installation, held by this process until Close.
type Home struct {
	Dir string // absolute
	// BinaryLog lets the MariaDB that is started write its binary log, each commit on disk (sync_binlog=1).
	BinaryLog bool
	lock      *os.File
	say       func(format string, arguments ...any)
}

// OpenHome makes dir where it is missing and takes its lock. The lock ends with the process, however
// that ends: none is ever stale. The error names who holds it (ErrInUse) or which right is missing.
// say takes the lines of progress.
func OpenHome(dir string, say func(format string, arguments ...any)) (*Home, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	h := &Home{Dir: dir, say: say}
	for _, d := range []string{dir, h.path("secrets"), h.path("log"), h.path("tmp")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, notWritable(dir, err)
		}
	}
	h.lock, err = os.OpenFile(h.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, notWritable(dir, err)
	}
	if err := syscall.Flock(int(h.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder := make([]byte, 16)
		n, _ := h.lock.Read(holder) // without the holder's id the message is still true
		return nil, errors.Join(fmt.Errorf("%s %w by process %s: stop that one, or set DIOM_HOME to another directory",
			dir, ErrInUse, strings.TrimSpace(string(holder[:n]))), h.lock.Close())
	}
	if err := h.sign(); err != nil {
		return nil, errors.Join(notWritable(dir, err), h.lock.Close())
	}
	return h, nil
}

func notWritable(dir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s cannot be written by this user (%w): set DIOM_HOME to a directory of yours", dir, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("the disk of %s is full: free some space, or set DIOM_HOME to a directory on another disk", dir)
	}
	return err
}

func (h *Home) sign() error {
	if err := h.lock.Truncate(0); err != nil {
		return err
	}
	_, err := h.lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// Close gives the home back. It unlocks first: a child that is being started at this moment still has the
// file open, and would hold the lock until it runs its own program.
func (h *Home) Close() error {
	return errors.Join(syscall.Flock(int(h.lock.Fd()), syscall.LOCK_UN), h.lock.Close())
}

func (h *Home) path(elements ...string) string {
	return filepath.Join(append([]string{h.Dir}, elements...)...)
}

// Secrets is the directory of the secret files, readable by the owner alone.
func (h *Home) Secrets() string { return h.path("secrets") }

// Log is the file that a process called name writes its log to.
func (h *Home) Log(name string) string { return h.path("log", name+".log") }

// Reset removes the databases; keys and passwords stay. It is called with no server running.
func (h *Home) Reset() error {
	return errors.Join(os.RemoveAll(h.path("mariadb")), os.RemoveAll(h.path("redis")))
}

// Backups is the directory of the backups of the private database.
func (h *Home) Backups() string { return h.path("backup") }

// password returns the secret called name and makes it at first.
func (h *Home) password(name string) (string, error) {
	path := filepath.Join(h.Secrets(), name)
	raw, err := os.ReadFile(path) //nolint:gosec // a fixed name under the home
	if errors.Is(err, fs.ErrNotExist) {
		text := rand.Text()
		return text, notWritable(h.Dir, writeFile(path, text+"\n"))
	}
	return strings.TrimSpace(string(raw)), err
}

// writeFile replaces a file as a whole: a full disk or a stop in between leaves the old one.
func writeFile(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	return os.Rename(path+".new", path)
}

// port returns the loopback port that the server called name had last time, or a free one where
// that is taken or there was none, and remembers it.
func (h *Home) port(name string) (int, error) {
	ports := map[string]int{}
	path := h.path("ports.json")
	if raw, err := os.ReadFile(path); err == nil { //nolint:gosec // a fixed name under the home
		_ = json.Unmarshal(raw, &ports) // a damaged file costs the ports that it remembered
	}
	if port := ports[name]; port != 0 {
		listener, err := net.Listen("tcp", loopback(port)) //nolint:noctx // a bind of loopback, at once
		if err == nil {
			return port, listener.Close()
		}
		h.say("port %d, which %s had last time, is taken; choosing another one", port, name)
	}
	free, err := FreePorts(1)
	if err != nil {
		return 0, err
	}
	port := free[0]
	ports[name] = port
	raw, err := json.MarshalIndent(ports, "", "  ")
	if err != nil {
		return 0, err
	}
	return port, notWritable(h.Dir, writeFile(path, string(raw)+"\n"))
}

// FreePorts returns n different loopback ports that nobody listens at now. They lie below the kernel's
// ephemeral ports (32768 and up on Linux), which any connection made until they are used could take, and
// begin at a random one, so that two callers at once hardly meet.
func FreePorts(n int) ([]int, error) {
	const lowest, end = 10000, 32000
	ports, begin := make([]int, 0, n), mathrand.IntN(end-lowest) //nolint:gosec // no secret
	for i := range end - lowest {
		if len(ports) == n {
			return ports, nil
		}
		port := lowest + (begin+i)%(end-lowest)
		listener, err := net.Listen("tcp", loopback(port)) //nolint:noctx // a bind of loopback, at once
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err == nil {
			err = listener.Close()
		}
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return nil, fmt.Errorf("fewer than %d of the ports %d to %d are free", n, lowest, end-1)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
