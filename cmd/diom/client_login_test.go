package main

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas/faastest"
)

// kept reads the one log-in of a user, and changes it where change is given.
func (u *user) kept(change func(map[string]any)) map[string]any {
	u.t.Helper()
	files, err := filepath.Glob(filepath.Join(u.dir, "*.json"))
	if err != nil || len(files) != 1 {
		u.t.Fatalf("%v %q", err, files)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		u.t.Fatal(err)
	}
	var p map[string]any
	if err := json.Unmarshal(raw, &p); err != nil {
		u.t.Fatal(err)
	}
	if change == nil {
		return p
	}
	change(p)
	if raw, err = json.Marshal(p); err == nil {
		err = os.WriteFile(files[0], raw, 0o600)
	}
	if err != nil {
		u.t.Fatal(err)
	}
	return p
}

func expired(p map[string]any) { p["expiresAt"] = time.Now().Add(-time.Minute).Format(time.RFC3339) }

// What is kept is for its owner alone, and no secret is printed.
func TestTokensAreKeptPrivate(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u := newUserAt(t, in.url)
	r := u.run(access.DemoPassword+"\n", "login", "zhangwei", "--password-stdin", "--verbose")
	if r.code != 0 {
		t.Fatalf("%+v", r)
	}
	err := filepath.WalkDir(u.dir, func(path string, entry fs.DirEntry, err error) error {
		info, errInfo := entry.Info()
		if err != nil || errInfo != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v %v", path, info.Mode(), err, errInfo)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	u.kept(expired)
	all := r.out + r.err
	for _, line := range []string{"whoami --verbose", "task list --verbose", "task list --verbose --json", "login zhangwei --json --password-file " + u.file("p", access.DemoPassword+"\n"), "logout --verbose"} {
		p := u.kept(nil)
		r := u.run("", strings.Fields(line)...)
		if r.code != 0 {
			t.Errorf("%s: %+v", line, r)
		}
		all += r.out + r.err
		for _, secret := range []string{access.DemoPassword, p["accessToken"].(string), p["refresh"].(string)} {
			if strings.Contains(all, secret) {
				t.Errorf("%s: a secret is printed:\n%s", line, all)
			}
		}
		if strings.HasPrefix(line, "whoami") {
			has(t, r.err, "POST /auth/refresh: 200 in ", "GET /auth/userinfo: 200 in ", ", trace ")
		}
	}
	u.ok(access.DemoPassword, "login", "zhangwei", "--password-stdin")
	files, _ := filepath.Glob(filepath.Join(u.dir, "*.json"))
	if err := os.Chmod(files[0], 0o644); err != nil {
		t.Fatal(err)
	}
	u.fails(client.ExitProblem, "can be read by others", "whoami")
}

// No flag of any command takes a secret itself.
func TestNoFlagTakesASecret(t *testing.T) {
	t.Parallel()
	secret := regexp.MustCompile(`password|token|secret|credential`)
	var walk func(*cobra.Command) int
	walk = func(cmd *cobra.Command) (n int) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			n++
			if secret.MatchString(f.Name) && f.Value.Type() != "bool" && !strings.HasSuffix(f.Name, "-file") {
				t.Errorf("%s --%s", cmd.CommandPath(), f.Name)
			}
		})
		for _, child := range cmd.Commands() {
			n += walk(child)
		}
		return n
	}
	if n := walk(root()); n < 100 {
		t.Errorf("only %d flags were seen", n)
	}
	planted := &cobra.Command{Use: "x"}
	planted.Flags().String("password", "", "")
	found := false
	planted.Flags().VisitAll(func(f *pflag.Flag) { found = found || secret.MatchString(f.Name) && f.Value.Type() != "bool" })
	if !found {
		t.Error("a planted flag is not found")
	}
}

func TestLoginRefusals(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u := newUserAt(t, in.url)
	if r := u.run("wrong\n", "login", "zhangwei", "--password-stdin"); r.code != client.ExitProblem || !strings.Contains(r.err, "bad_credentials") || strings.Contains(r.err, "wrong\n") {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(u.dir); err == nil {
		t.Error("a refused log-in leaves something behind")
	}
	u.fails(client.ExitUsage, "standard input is no terminal", "login", "zhangwei")
	u.env = append(u.env, "LANG=zh_CN.UTF-8", "DIOM_PASSWORD=wrong")
	u.fails(client.ExitProblem, "未登录或凭证无效", "login", "lina")
	u.env = u.env[:len(u.env)-2]
	u.fails(client.ExitUsage, "give the username", "login")
	u.fails(client.ExitUsage, "is not encrypted", "login", "zhangwei", "--url", "http://192.0.2.1")
	u.fails(client.ExitUsage, "is not the address", "login", "zhangwei", "--url", "ftp://x")
	u.fails(client.ExitUsage, "is not the address", "login", "zhangwei", "--url", "https://name:word@host")
	u.fails(client.ExitUsage, "cannot be the name of a log-in", "whoami", "--profile", "../x")
	away := newUserAt(t, "http://127.0.0.1:1", "DIOM_PASSWORD=x")
	away.fails(client.ExitUnreachable, "cannot reach http://127.0.0.1:1", "login", "zhangwei")
	in.intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		http.Redirect(w, &http.Request{}, "http://192.0.2.1/", http.StatusTemporaryRedirect)
		return true
	})
	u.env = append(u.env, "DIOM_PASSWORD="+access.DemoPassword)
	u.fails(client.ExitProblem, "redirects to http://192.0.2.1/", "login", "zhangwei")
}

// An access token that is over is exchanged: by the clock, when the installation says so, and once where
// several commands find out together.
func TestTokensAreRefreshed(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u := in.loggedIn("zhangwei")
	first := u.kept(expired)
	in.intercept(nil)
	u.ok("", "whoami")
	second := u.kept(nil)
	if n := len(in.asked(http.MethodPost, "/auth/refresh")); n != 1 || first["refresh"] == second["refresh"] || first["accessToken"] == second["accessToken"] {
		t.Errorf("%d refreshes; %v %v", n, first, second)
	}
	u.kept(func(p map[string]any) { p["accessToken"] = "a.b.c" }) // the clock says that it is good
	u.ok("", "whoami")

	u.kept(expired)
	in.intercept(nil)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { u.ok("", "whoami") })
	}
	group.Wait()
	if n := len(in.asked(http.MethodPost, "/auth/refresh")); n != 1 {
		t.Errorf("%d refreshes", n)
	}
	if n := len(in.asked(http.MethodGet, "/auth/userinfo")); n != 4 {
		t.Errorf("%d answers", n)
	}
	u.kept(func(p map[string]any) { expired(p); p["refresh"] = "stolen" })
	u.fails(client.ExitUnreachable, "is over; log in with: diom login --url "+in.url+" zhangwei", "whoami")
}

// Log-ins at several installations are kept apart, and a token goes to its own alone.
func TestProfiles(t *testing.T) {
	t.Parallel()
	one, two := openInstallation(t), openInstallation(t)
	u := newUserAt(t, "")
	u.env = append(u.env, "DIOM_URL=", "DIOM_PASSWORD="+access.DemoPassword)
	u.ok("", "login", "zhangwei", "--url", one.url)
	u.ok("", "login", "lina", "--url", two.url+"/", "--profile", "second")
	has(t, u.ok("", "whoami"), "lina") // the last log-in
	has(t, u.ok("", "whoami", "--url", one.url), "zhangwei")
	has(t, u.ok("", "whoami", "--url", two.url), "lina")
	has(t, u.ok("", "whoami", "--profile", "second"), "lina")
	u.fails(client.ExitUsage, "is one at", "whoami", "--profile", "second", "--url", one.url)
	u.fails(client.ExitUnreachable, "not logged in; log in with: diom login --url http://127.0.0.1:9 --profile x", "whoami", "--profile", "x", "--url", "http://127.0.0.1:9")
	u.ok("", "login", "admin") // where the last log-in was
	has(t, u.ok("", "whoami", "--profile", "second"), "admin")
	u.ok("", "logout", "--url", one.url)
	u.fails(client.ExitUnreachable, "not logged in", "whoami", "--url", one.url)
	for _, a := range one.asked(http.MethodGet, "/auth/userinfo") {
		for _, b := range two.asked(http.MethodGet, "/auth/userinfo") {
			if a.authorization == b.authorization {
				t.Error("a token went to another installation")
			}
		}
	}
}

// A lost answer and 429 and 503 are asked for again, under one Idempotency-Key: the start happens once.
func TestRepetitions(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(faastest.Leave)
	u := in.loggedIn("zhangwei")
	const start = "/api/v1/processes/leave/start"
	var mu sync.Mutex
	n := 0
	h, err := handler(in.App, functions)
	if err != nil {
		t.Fatal(err)
	}
	in.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path != start {
			return false
		}
		switch n++; n {
		case 1:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			w.WriteHeader(http.StatusTooManyRequests)
		case 3:
			h.ServeHTTP(discard{http.Header{}}, r) // it has its effect
			panic(http.ErrAbortHandler)            // and the answer is lost
		default:
			return false
		}
		return true
	})
	u.ok("", "start", "leave", "--timeout", "2m")
	u.only("instance", "list")
	calls := in.asked(http.MethodPost, start)
	if len(calls) != 4 || calls[0].key == "" || calls[3].key != calls[0].key {
		t.Errorf("%+v", calls)
	}
	for range 2 {
		u.ok("", "start", "leave", "--key", "mine", "--timeout", "2m")
	}
	var list items
	if u.json(&list, "instance", "list"); len(list.Items) != 2 {
		t.Errorf("%d instances", len(list.Items))
	}
	in.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	u.fails(client.ExitProblem, "status 503", "whoami")
	in.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	u.fails(client.ExitUnreachable, "does not answer in time", "whoami", "--timeout", "200ms")
}

// discard is an answer that nobody gets.
type discard struct{ header http.Header }

func (d discard) Header() http.Header            { return d.header }
func (d discard) Write(text []byte) (int, error) { return len(text), nil }
func (d discard) WriteHeader(int)                {}

func TestUsageEndsWithTwo(t *testing.T) {
	t.Parallel()
	u := newUserAt(t, "http://127.0.0.1:1")
	for line, want := range map[string]string{
		"task":                           "",
		"task nonsense":                  "unknown command",
		"task show":                      "takes arguments: <task>",
		"task show a b":                  "takes arguments: <task>",
		"task list --nonsense":           "unknown flag",
		"nonsense":                       "unknown command",
		"start":                          "takes arguments: <process>",
		"job fetch":                      "takes arguments: <topic>...",
		"serve a b":                      "at most 1 arg",
		"event send x":                   "give --source and --key-id",
		"event schema none":              "no event of the type",
		"job complete x --worker= --var": "needs an argument",
	} {
		code := client.ExitUsage
		if want == "" {
			code = 0 // the help
		}
		u.fails(code, want, strings.Fields(line)...)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	u := newUserAt(t, "http://127.0.0.1:1")
	for _, shell := range []string{"bash", "zsh", "fish"} {
		has(t, u.ok("", "completion", shell), "diom", "complete")
	}
	has(t, u.ok("", "__complete", "task", ""), "claim", "complete")
	has(t, u.ok("", "__complete", "task", "list", "--view", ""), "claimable")
}

// A process that serves neither builds nor initialises what is for people.
func TestServingPaysForNoClient(t *testing.T) {
	t.Parallel()
	for _, c := range server().Commands() {
		if c.Name() == "login" || c.Name() == "task" {
			t.Errorf("serve knows %s", c.Name())
		}
	}
	u := newUserAt(t, "", "GODEBUG=inittrace=1")
	r := u.fails(client.ExitProblem, "there is no function", "serve", "nothing")
	if !strings.Contains(r.err, "init diom.io/workflow/") || strings.Contains(r.err, "init diom.io/workflow/cmd/diom/client ") {
		t.Errorf("%s", r.err)
	}
}
