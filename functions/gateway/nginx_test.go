package gateway

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const nginxFolder = "../../deploy/nginx"

// nginx runs the configuration of deploy/nginx at loopback in front of a gateway, and returns its URL. change edits the
// configuration.
func nginx(t *testing.T, gateway *httptest.Server, root string, change func(file, text string) string) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("nginx is not installed: make nginx installs it")
	}
	dir, port := t.TempDir(), free(t)
	certificate(t, dir)
	to := strings.TrimPrefix(gateway.URL, "http://")
	for _, name := range []string{"diom.conf", "diom-headers.conf", "diom-proxy.conf"} {
		content, err := os.ReadFile(filepath.Join(nginxFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		if name == "diom.conf" {
			text = replaced(t, text, "listen 443 ssl", "listen 127.0.0.1:"+port+" ssl", "server 10.0.2.11:8080", "server "+to, "server 10.0.2.12:8080", "server "+to,
				"/usr/share/diom/console", root, "/etc/nginx/tls", dir, "/var/log/nginx/diom-access.log", dir+"/access.log")
		}
		write(t, filepath.Join(dir, name), change(name, text))
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;\n"
	}
	write(t, filepath.Join(dir, "nginx.conf"), user+"daemon off;\nworker_processes 1;\npid "+dir+"/pid;\nerror_log "+dir+"/error.log;\nevents {}\nhttp {\n"+
		"client_body_temp_path "+dir+"/body;\nproxy_temp_path "+dir+"/proxy;\nfastcgi_temp_path "+dir+"/f;\nuwsgi_temp_path "+dir+"/u;\nscgi_temp_path "+dir+"/s;\n"+
		"include diom.conf;\n}\n")
	var said bytes.Buffer
	cmd := exec.Command(program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"))
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			_ = conn.Close()
			return "https://127.0.0.1:" + port
		}
		if time.Now().After(deadline) {
			reason, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Fatalf("nginx does not listen: %s%s", said.String(), reason)
		}
	}
}

func replaced(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("deploy/nginx/diom.conf has no %q", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "diom.crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	write(t, filepath.Join(dir, "diom.key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// served is what a caller sees of an answer, without what differs from one to the next.
type served struct {
	Status int
	Header http.Header
	Body   string
}

func fetch(t *testing.T, client *http.Client, url, accept string, extra http.Header) served {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = extra.Clone()
	request.Header.Set("Accept-Encoding", accept)
	request.Header.Set("Accept", "text/html")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	h := response.Header.Clone()
	for name := range h {
		if strings.HasPrefix(name, "Ratelimit") || strings.HasPrefix(name, "X-Request-Id") || name == "Traceparent" || name == "Date" || name == "Server" || name == "Connection" || name == "Content-Length" {
			delete(h, name)
		}
	}
	text := string(body)
	if response.StatusCode >= 400 {
		text = "" // a problem has its trace id
	}
	return served{response.StatusCode, h, text}
}

// differences between what Nginx and the gateway answer.
func differences(t *testing.T, change func(file, text string) string) []string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"index.html": "<!doctype html><title>console</title>", "assets/a-1.js.br": "brotli", "assets/a-1.js.gz": "gzip",
		"assets/b-1.css.gz": "style", "assets/b-1.css.br": "smaller", "assets/f-1.woff2": "font", "assets/p-1.svg.br": "picture",
	} {
		write(t, filepath.Join(root, name), text)
	}
	s := generous()
	s.console = os.DirFS(root)
	if err := s.Proxies.UnmarshalText([]byte("127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	app, _ := open(t, false, nil)
	gateway := local(t, app, sample(&atomic.Int64{}), s)
	front := nginx(t, gateway, root, change)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS13}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	through := &http.Client{Transport: transport}
	var found []string
	for _, path := range []string{
		"/", "/inbox/todo", "/assets/a-1.js", "/assets/b-1.css", "/assets/f-1.woff2", "/assets/p-1.svg", "/assets/gone-1.js", "/assets/a-1.js.br", "/assets/../secret.x", "/assets/gateway.css",
		"/api/v1/open?x=1", "/api/v1/missing", "/api/v1/cached", "/api/v1/nothing", "/.env", "/openapi.yaml",
	} {
		for _, accept := range []string{"gzip, deflate, br", "gzip", "br;q=0, gzip;q=0.5", "br;q=0.0,gzip;q=1.0", "identity", "xbr, gzipped"} {
			want := fetch(t, gateway.Client(), gateway.URL+path, accept, http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Host": {strings.TrimPrefix(front, "https://")}})
			got := fetch(t, through, front+path, accept, http.Header{})
			if strings.HasPrefix(path, "/api/v1/open") {
				want.Body, got.Body = "", "" // the function tells the headers that it was given
			}
			if diff := cmp.Diff(want, got); diff != "" {
				found = append(found, fmt.Sprintf("%s, Accept-Encoding: %s (gateway -, Nginx +):\n%s", path, accept, diff))
			}
		}
	}
	for _, path := range []string{"/metrics", "/_/ready", "/_/health", "/function/tick/", "/internal/things", "/%6detrics", "//metrics"} {
		if got := fetch(t, through, front+path, "", http.Header{}); got.Status != http.StatusNotFound && got.Status != http.StatusBadRequest {
			found = append(found, fmt.Sprintf("%s: %d", path, got.Status))
		}
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}}}
	if response, err := old.Get(front + "/"); err == nil {
		_ = response.Body.Close()
		found = append(found, "TLS 1.2 is spoken")
	}
	return found
}

// What Nginx serves by itself is what the gateway serves, byte by byte and header by header; the rest comes from the
// gateway; and nothing of the operators is reached.
func TestNginx(t *testing.T) {
	t.Parallel()
	for _, d := range differences(t, func(_, text string) string { return text }) {
		t.Error(d)
	}
}

// TestNginxIsHeldAgainstTheGateway: the checker fails where a line is missing.
func TestNginxIsHeldAgainstTheGateway(t *testing.T) {
	t.Parallel()
	for line, other := range map[string]string{"add_header X-Frame-Options DENY always;": "", "ssl_protocols       TLSv1.3;": "", ".br;": ".none;"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			found := differences(t, func(_, text string) string { return strings.ReplaceAll(text, line, other) })
			if len(found) == 0 {
				t.Error("nothing is found")
			}
		})
	}
}
