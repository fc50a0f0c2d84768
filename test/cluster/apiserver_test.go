package cluster

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "knative.dev/eventing/pkg/apis/eventing" // whose module holds the definitions
	"sigs.k8s.io/yaml"

	"diom.io/workflow/test/producttest"
)

const operator = "a-token-of-the-test"

// apiserver is a Kubernetes API server with Knative's resource definitions.
type apiserver struct {
	t      *testing.T
	url    string
	client http.Client
}

// startAPIServer starts etcd and the API server, which keep what they are told until the test ends.
func startAPIServer(t *testing.T) *apiserver {
	t.Helper()
	isolated(t)
	dir := t.TempDir()
	client, peer, secure := "http://"+producttest.FreeAddress(t), "http://"+producttest.FreeAddress(t), producttest.FreeAddress(t)
	s := &apiserver{t: t, url: "https://" + secure}
	s.client.Timeout = patience
	s.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a certificate that the server makes for itself
	etcd := producttest.Command(t, func() error { return answers(http.DefaultClient, client+"/health", "") }, "/usr/bin/etcd",
		"--data-dir", filepath.Join(dir, "etcd"), "--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer, "--unsafe-no-fsync")
	etcd.Start()
	key := filepath.Join(dir, "sa.key")
	if out, err := exec.Command("openssl", "genrsa", "-out", key, "2048").CombinedOutput(); err != nil { //nolint:gosec // a path of ours
		t.Fatalf("openssl: %v %s", err, out)
	}
	tokens := filepath.Join(dir, "tokens.csv")
	if err := os.WriteFile(tokens, []byte(operator+",operator,1,system:masters\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(secure, ":")
	server := producttest.Command(t, func() error { return answers(&s.client, s.url+"/readyz", operator) }, tool(t, "kube-apiserver"),
		"--etcd-servers="+client, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port="+port, "--cert-dir="+filepath.Join(dir, "certs"),
		"--service-account-issuer=https://127.0.0.1:"+port, "--service-account-key-file="+key, "--service-account-signing-key-file="+key,
		"--service-cluster-ip-range=10.96.0.0/24", "--token-auth-file="+tokens, "--authorization-mode=RBAC",
		"--disable-admission-plugins=ServiceAccount", "--anonymous-auth=false")
	server.Start()
	return s
}

func answers(client *http.Client, url, token string) error {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}

// object is what every Kubernetes object has.
type object struct {
	APIVersion string
	Kind       string
	Metadata   struct{ Name, Namespace string }
}

// apply applies a document as `kubectl apply --server-side --validate=strict` does, and returns what the
// server has against it, "" where it takes it.
func (s *apiserver) apply(document []byte) string {
	s.t.Helper()
	var o object
	if err := yaml.Unmarshal(document, &o); err != nil {
		s.t.Fatal(err)
	}
	url := s.url + s.path(o) + "?fieldManager=diom&force=true&fieldValidation=Strict"
	r, err := http.NewRequest(http.MethodPatch, url, bytes.NewReader(document))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/apply-patch+yaml")
	status, body := s.send(r)
	if status/100 == 2 {
		return ""
	}
	return fmt.Sprintf("%s %s: %d %s", o.Kind, o.Metadata.Name, status, body)
}

func (s *apiserver) send(r *http.Request) (int, []byte) {
	s.t.Helper()
	r.Header.Set("Authorization", "Bearer "+operator)
	response, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, body
}

// path is where the server has an object. A kind that it does not know yet is waited for.
func (s *apiserver) path(o object) string {
	s.t.Helper()
	group := "/apis/" + o.APIVersion
	if !strings.Contains(o.APIVersion, "/") {
		group = "/api/" + o.APIVersion
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		r, err := http.NewRequest(http.MethodGet, s.url+group, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		var list struct {
			Resources []struct {
				Name, Kind string
				Namespaced bool
			}
		}
		if _, body := s.send(r); json.Unmarshal(body, &list) != nil {
			continue
		}
		for _, one := range list.Resources {
			switch {
			case one.Kind != o.Kind || strings.Contains(one.Name, "/"):
			case one.Namespaced:
				return group + "/namespaces/" + o.Metadata.Namespace + "/" + one.Name + "/" + o.Metadata.Name
			default:
				return group + "/" + one.Name + "/" + o.Metadata.Name
			}
		}
	}
	s.t.Fatalf("the server does not know %s %s", o.APIVersion, o.Kind)
	return ""
}

// definitions are Knative's CustomResourceDefinitions, from its modules.
func definitions(t *testing.T) (all [][]byte) {
	t.Helper()
	for module, folder := range map[string]string{"knative.dev/serving": "config/core/300-resources", "knative.dev/eventing": "config/core/resources"} {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).CombinedOutput()
		if err != nil {
			t.Fatalf("%v %s", err, out)
		}
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), folder, "*.yaml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no definitions of %s: %v", module, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file) //nolint:gosec // of a module
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, documents(t, content)...)
		}
	}
	return all
}

// TestManifestsApply: a Kubernetes API server with Knative's definitions takes every document of each
// overlay, twice, and refuses one with a mistyped field.
func TestManifestsApply(t *testing.T) {
	s := startAPIServer(t)
	for _, document := range definitions(t) {
		if wrong := s.apply(document); wrong != "" {
			t.Fatal(wrong)
		}
	}
	for _, overlay := range []string{"knative/overlays/dev", "knative/overlays/prod"} {
		for range 2 {
			all := build(t, overlay)
			slices.SortStableFunc(all, func(a, b []byte) int { return rank(a) - rank(b) })
			for _, document := range all {
				if wrong := s.apply(document); wrong != "" {
					t.Errorf("%s: %s", overlay, wrong)
				}
			}
		}
	}
	planted := 0
	for _, document := range build(t, "knative/base") {
		if typo := bytes.Replace(document, []byte("timeoutSeconds: 31"), []byte("timeoutSecond: 31"), 1); !bytes.Equal(typo, document) {
			planted++
			if s.apply(typo) == "" {
				t.Errorf("it takes a mistyped field:\n%s", typo)
			}
		}
	}
	if planted == 0 {
		t.Error("no field to mistype")
	}
}

// rank puts the namespace first.
func rank(document []byte) int {
	if bytes.Contains(document, []byte("\nkind: Namespace\n")) {
		return 0
	}
	return 1
}
