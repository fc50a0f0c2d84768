package platform

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openfaas/go-sdk/builder"
)

// Every function is built in the build context that OpenFaaS makes, as the template's Dockerfile
// does, and the result runs: it is healthy without a database and lets nobody in.
func TestEveryFunctionBuildsAndRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("builds every function")
	}
	s := services(t, "stack.yml")
	t.Chdir(root(t))
	contexts, secrets := t.TempDir(), secretFiles(t)
	binaries := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.Functions)) {
		f := s.Functions[name]
		folder, err := builder.CreateBuildContext(name, f.Handler, f.Language, s.StackConfiguration.CopyExtraPaths, builder.WithBuildDir(contexts))
		if err != nil {
			t.Fatal(err)
		}
		binary := filepath.Join(contexts, name+".bin")
		compile(t, filepath.Join(folder, "function"), binary)
		binaries[name] = binary
		t.Run(name, func(t *testing.T) {
			probe(t, start(t, binary, f.Environment, "DIOM_SECRETS_DIR="+secrets, "DIOM_MYSQL_DSN=diom:x@tcp(127.0.0.1:1)/none"))
		})
	}
	t.Run("together", func(t *testing.T) { together(t, s, binaries) })
}

// compile is the RUN line of template/diom-go/Dockerfile.
func compile(t *testing.T, folder, binary string) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./boot")
	build.Dir = folder
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", folder, err, out)
	}
}

// start runs a function on a free loopback port and returns its URL.
func start(t *testing.T, binary string, environment map[string]string, more ...string) string {
	t.Helper()
	process := exec.CommandContext(t.Context(), binary)
	process.Env = []string{"PATH=/nowhere", "DIOM_ADDR=127.0.0.1:0"}
	for name, value := range environment {
		if !strings.Contains(value, "$") {
			process.Env = append(process.Env, name+"="+value)
		}
	}
	process.Env = append(append(process.Env, "healthcheck_interval=10ms"), more...)
	process.Stderr = os.Stderr
	process.Cancel = func() error { return process.Process.Signal(syscall.SIGTERM) }
	process.WaitDelay = 10 * time.Second
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	addresses := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var line struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
				addresses <- line.Address
			}
		}
	}()
	t.Cleanup(func() { stop(t, process) })
	select {
	case address := <-addresses:
		return "http://" + address
	case <-time.After(20 * time.Second):
		t.Fatal("the function does not listen")
		return ""
	}
}

// stop waits for the end of the function, which a platform begins as the end of the test does: by one SIGTERM, and it must leave
// with status 0. A second one would end it at once.
func stop(t *testing.T, process *exec.Cmd) {
	t.Helper()
	if err := process.Wait(); err != nil && process.ProcessState.ExitCode() != 0 {
		t.Errorf("after SIGTERM: %v", err)
	}
}

var (
	wildcard = regexp.MustCompile(`\{[^}]*\}`)
	public   = regexp.MustCompile(`/auth/|/\.well-known/|/api/v1/events$|/dead-letter$|/api/v1/task-links/|^/\{\$\}$`)
	refused  = regexp.MustCompile(`"code":"(token|signature)_missing"|"type":"AuthenticationException"`) // the last under /engine-rest
)

func probe(t *testing.T, url string) {
	t.Helper()
	if status, body := call(t, http.MethodGet, url+"/_/health"); status != 200 {
		t.Errorf("health: %d %s", status, body)
	}
	if status, body := call(t, http.MethodGet, url+"/_/ready"); status != 503 || !strings.Contains(body, "database_unavailable") {
		t.Errorf("ready without a database: %d %s", status, body)
	}
	_, body := call(t, http.MethodGet, url+"/_/info")
	var info struct {
		Functions []struct {
			Name   string
			Routes []string
			Events []string
		}
	}
	if err := json.Unmarshal([]byte(body), &info); err != nil || len(info.Functions) != 1 || len(info.Functions[0].Routes)+len(info.Functions[0].Events) == 0 {
		t.Fatalf("info: %v %s", err, body)
	}
	if info.Functions[0].Name == "gateway" {
		return // it has no permissions of its own
	}
	for _, route := range info.Functions[0].Routes {
		method, pattern, _ := strings.Cut(route, " ")
		if public.MatchString(pattern) {
			continue
		}
		status, body := call(t, method, url+wildcard.ReplaceAllString(pattern, "01890a5d-ac96-774b-bcce-b302099a8057"))
		if status != 401 || !refused.MatchString(body) {
			t.Errorf("%s without a token: %d %s", route, status, body)
		}
	}
	if status, body := call(t, http.MethodGet, url+"/none"); status != 404 || !strings.Contains(body, `"code":"no_route"`) {
		t.Errorf("unknown path: %d %s", status, body)
	}
}

func call(t *testing.T, method, url string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// secretFiles makes the secrets that the functions read at start.
func secretFiles(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	publicDER, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"diom-jwt-private":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER}),
		"diom-jwt-public":   pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER}),
		"diom-internal-key": []byte("test:" + strings.Repeat("0123456789abcdef", 4)),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
