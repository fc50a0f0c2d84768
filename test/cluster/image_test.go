package cluster

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"sigs.k8s.io/yaml"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/test/producttest"
)

// containers is podman's configuration where a container may set few limits and systemd does not run.
const containers = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`

// TestImage builds the image of a Service with ko, as the guide says, and runs it as its Service does:
// by another user than root, without capabilities, on a file system that nobody can write.
func TestImage(t *testing.T) {
	isolated(t)
	image := resolve(t, "login")
	dsn, redis, secrets := databasetest.DSN(t), databasetest.Redis(t), producttest.Secrets(t)
	producttest.Install(t, dsn, redis, secrets)
	for file, content := range map[string]string{"diom-mysql-dsn": dsn, "diom-redis-url": redis} {
		if err := os.WriteFile(filepath.Join(secrets, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	readable(t, secrets)
	podman := newPodman(t)
	podman.run("pull", "--tls-verify=false", image)
	address := producttest.FreeAddress(t)
	port := address[strings.LastIndexByte(address, ':')+1:]
	id := podman.run("run", "--detach", "--network=host", "--read-only", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges",
		"--user=65532:65532", "--memory=128m", "--volume="+secrets+":/var/openfaas/secrets:ro", "--env=PORT="+port, image, "serve", "login")
	t.Cleanup(func() { podman.run("rm", "--force", id) })
	url := "http://127.0.0.1:" + port
	until(t, "the container is ready", func() bool {
		response, err := http.Get(url + "/_/ready")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	client := producttest.NewClient(url, patience)
	if token := client.LogIn(t, "zhangwei", access.DemoPassword); token == "" {
		t.Error("no token")
	}
	if caps := podman.run("inspect", "--format", "{{.EffectiveCaps}} {{.HostConfig.ReadonlyRootfs}} {{.Config.User}}", id); caps != "[] true 65532:65532" {
		t.Errorf("the container runs with %s", caps)
	}
	podman.run("stop", "--time=40", id)
	if code := podman.run("inspect", "--format", "{{.State.ExitCode}}", id); code != "0" {
		t.Errorf("it ended with %s\n%s", code, podman.run("logs", id))
	}
}

// resolve builds the image of a Service and returns its address in a registry of this test.
func resolve(t *testing.T, service string) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	base, err := name.ParseReference(host+"/base:empty", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	config, err := empty.Image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config.OS, config.Architecture = "linux", "amd64"
	image, err := mutate.ConfigFile(empty.Image, config)
	if err == nil {
		err = remote.Write(base, image)
	}
	if err != nil {
		t.Fatal(err)
	}
	root, err := producttest.Root()
	if err != nil {
		t.Fatal(err)
	}
	ko := exec.Command(tool(t, "ko"), "resolve", "--sbom=none", "--platform=linux/amd64", "--base-import-paths", "--filename", "knative/base/"+service+".yaml")
	ko.Dir = root
	ko.Env = append(os.Environ(), "KO_DEFAULTBASEIMAGE="+base.String(), "KO_DOCKER_REPO="+host+"/diom")
	var stderr bytes.Buffer
	ko.Stderr = &stderr
	resolved, err := ko.Output()
	if err != nil {
		t.Fatalf("ko: %v\n%s", err, stderr.Bytes())
	}
	for _, document := range documents(t, resolved) {
		var s struct {
			Spec struct {
				Template struct {
					Spec struct {
						Containers []struct{ Image string }
					}
				}
			}
		}
		if err := yaml.Unmarshal(document, &s); err != nil {
			t.Fatal(err)
		}
		if list := s.Spec.Template.Spec.Containers; len(list) > 0 {
			return list[0].Image
		}
	}
	t.Fatalf("ko resolves no image: %s", resolved)
	return ""
}

// readable lets the user of the container read the secrets, as a projected volume does.
func readable(t *testing.T, dir string) {
	t.Helper()
	for path := dir; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil { //nolint:gosec // keys of this test
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := os.Chmod(file, 0o644); err != nil { //nolint:gosec // keys of this test
			t.Fatal(err)
		}
	}
}

// podman runs containers whose images and state end with the test.
type podman struct {
	t    *testing.T
	dirs []string
	env  []string
}

func newPodman(t *testing.T) *podman {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "containers.conf")
	if err := os.WriteFile(config, []byte(containers), 0o600); err != nil {
		t.Fatal(err)
	}
	return &podman{
		t: t, env: append(os.Environ(), "CONTAINERS_CONF="+config),
		dirs: []string{"--root=" + filepath.Join(dir, "root"), "--runroot=" + filepath.Join(dir, "run"), "--storage-driver=vfs"},
	}
}

func (p *podman) run(arguments ...string) string {
	p.t.Helper()
	command := exec.Command("podman", append(p.dirs[:len(p.dirs):len(p.dirs)], arguments...)...) //nolint:gosec // podman
	command.Env = p.env
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		p.t.Fatalf("podman %s: %v\n%s", strings.Join(arguments, " "), err, stderr.Bytes())
	}
	return strings.TrimSpace(stdout.String())
}
