package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas/faastest"
)

// served is the product in this process, with the demo company, and what it is asked.
type served struct {
	*faastest.Demo
	t   *testing.T
	url string

	mu    sync.Mutex
	calls []asked
	// before may answer in the product's place: it returns true then.
	before func(http.ResponseWriter, *http.Request) bool
}

// asked is one request that reached the installation.
type asked struct{ method, path, key, authorization string }

func openInstallation(t *testing.T) *served {
	t.Helper()
	in := &served{Demo: faastest.OpenDemo(t, false), t: t}
	h, err := handler(in.App, functions)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in.mu.Lock()
		in.calls = append(in.calls, asked{r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization")})
		before := in.before
		in.mu.Unlock()
		if before == nil || !before(w, r) {
			h.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	in.url = server.URL
	return in
}

// intercept lets f answer first, until the next call.
func (in *served) intercept(f func(http.ResponseWriter, *http.Request) bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.before, in.calls = f, nil
}

// asked returns the requests of a method and path since the last intercept.
func (in *served) asked(method, path string) (list []asked) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, a := range in.calls {
		if a.method == method && a.path == path {
			list = append(list, a)
		}
	}
	return list
}

// user is somebody at a terminal of his own: a configuration directory and an environment.
type user struct {
	t   *testing.T
	dir string
	env []string
}

// result is what a command did.
type result struct {
	out, err string
	code     int
}

func newUserAt(t *testing.T, url string, env ...string) *user {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "config")
	return &user{t, dir, append([]string{"DIOM_CONFIG_DIR=" + dir, "DIOM_URL=" + url, "TZ=Asia/Shanghai", "LANG=C.UTF-8"}, env...)}
}

// loggedIn is a user of the demo company who has logged in.
func (in *served) loggedIn(username string) *user {
	in.t.Helper()
	u := newUserAt(in.t, in.url)
	u.ok(access.DemoPassword+"\n", "login", "--password-stdin", username)
	return u
}

// run runs diom as a process and returns what it did.
func (u *user) run(stdin string, arguments ...string) result {
	u.t.Helper()
	cmd := exec.CommandContext(u.t.Context(), os.Args[0], arguments...)
	cmd.Env = append([]string{asDiom + "=1", "HOME=" + u.dir, "PATH=" + os.Getenv("PATH")}, u.env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		u.t.Fatal(err)
	}
	return result{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
}

// ok runs a command that must succeed and returns what it printed.
func (u *user) ok(stdin string, arguments ...string) string {
	u.t.Helper()
	r := u.run(stdin, arguments...)
	if r.code != 0 {
		u.t.Fatalf("diom %s: %d\n%s%s", strings.Join(arguments, " "), r.code, r.out, r.err)
	}
	return r.out
}

// fails runs a command that must end with a code and say something.
func (u *user) fails(code int, want string, arguments ...string) result {
	u.t.Helper()
	r := u.run("", arguments...)
	if r.code != code || !strings.Contains(r.err, want) {
		u.t.Errorf("diom %s: %d, want %d and %q\n%s%s", strings.Join(arguments, " "), r.code, code, want, r.out, r.err)
	}
	return r
}

// json runs a command with --json and decodes its answer.
func (u *user) json(into any, arguments ...string) string {
	u.t.Helper()
	out := u.ok("", append(arguments, "--json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		u.t.Fatalf("diom %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return out
}

// items are the ids of a list.
type items struct {
	Items []struct {
		ID     string `json:"id"`
		NodeID string `json:"nodeId"`
	} `json:"items"`
	NextCursor string `json:"nextCursor"`
}

// only returns the id of a list's one thing.
func (u *user) only(arguments ...string) string {
	u.t.Helper()
	var list items
	out := u.json(&list, arguments...)
	if len(list.Items) != 1 {
		u.t.Fatalf("diom %s: %s", strings.Join(arguments, " "), out)
	}
	return list.Items[0].ID
}

// file writes a file for a command and returns its path.
func (u *user) file(name, content string) string {
	u.t.Helper()
	path := filepath.Join(u.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		u.t.Fatal(err)
	}
	return path
}

func has(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
