package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"sigs.k8s.io/yaml"

	"diom.io/workflow/shared/access"
)

// query is one expression of a dashboard or an alert.
type query struct{ where, text string }

// dashboardQueries returns every expression of deploy/grafana; they must have an answer.
func dashboardQueries(t *testing.T) (list []query) {
	t.Helper()
	paths, _ := filepath.Glob("../../deploy/grafana/*.json")
	for _, path := range paths {
		var d struct {
			Panels []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		read(t, path, &d)
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				text := strings.ReplaceAll(target.Expr, "$__rate_interval", "5s")
				list = append(list, query{filepath.Base(path) + ": " + p.Title, strings.ReplaceAll(text, "[1d]", "[5s]")})
			}
		}
	}
	if len(list) < 30 {
		t.Fatalf("%d queries in %q", len(list), paths)
	}
	return list
}

// alertQueries returns every expression of deploy/prometheus; most have no answer where nothing is wrong.
func alertQueries(t *testing.T) (list []query) {
	t.Helper()
	paths, _ := filepath.Glob("../../deploy/prometheus/*.rules.yml")
	for _, path := range paths {
		var rules struct {
			Groups []struct {
				Rules []struct{ Alert, Record, Expr string }
			}
		}
		read(t, path, &rules)
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				list = append(list, query{r.Alert + r.Record, r.Expr})
			}
		}
	}
	return list
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// scraped starts Prometheus over a product, and returns what asks it.
func scraped(t *testing.T, target string) func(text string) (answers int, err error) {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("prometheus is not installed: make observe installs it")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	dir := t.TempDir()
	config := "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: diom, static_configs: [{targets: [" + strconv.Quote(target) + "]}]}]\n"
	if err := os.WriteFile(filepath.Join(dir, "p.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--config.file="+filepath.Join(dir, "p.yml"), "--storage.tsdb.path="+dir, "--web.listen-address="+address)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	return func(text string) (int, error) {
		response, err := http.Get("http://" + address + "/api/v1/query?query=" + url.QueryEscape(text))
		if err != nil {
			return 0, err
		}
		defer func() { _ = response.Body.Close() }()
		var got struct {
			Error string
			Data  struct{ Result []json.RawMessage }
		}
		body, err := io.ReadAll(response.Body)
		if err == nil {
			err = json.Unmarshal(body, &got)
		}
		if err == nil && response.StatusCode != http.StatusOK {
			err = fmt.Errorf("%d: %s", response.StatusCode, got.Error)
		}
		return len(got.Data.Result), err
	}
}

// Every query of a dashboard has an answer from the product at work, and Prometheus understands those of the alerts.
func TestDashboards(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	metrics := httptest.NewServer(promhttp.HandlerFor(in.App.Telemetry.Registry, promhttp.HandlerOpts{}))
	t.Cleanup(metrics.Close)
	ask := scraped(t, strings.TrimPrefix(metrics.URL, "http://"))
	// A backup and the start of a process are made elsewhere; here is but what their metrics would say.
	in.App.Telemetry.Metrics.BackupLast.SetToCurrentTime()
	in.App.Telemetry.Metrics.BackupVerified.SetToCurrentTime()
	in.App.Telemetry.Metrics.BackupCopied.WithLabelValues().SetToCurrentTime()
	u := in.loggedIn("zhangwei")
	deadline := time.Now().Add(90 * time.Second)
	queries := append(dashboardQueries(t), query{"a name that nothing has", "max(diom_nothing)"})
	for {
		u.run("", "home")
		u.run("", "user", "list")                                                                            // he may not
		newUserAt(t, in.url).run("wrong-"+access.DemoPassword+"\n", "login", "--password-stdin", "zhangwei") // and that is not his
		if response, err := http.Get(in.url + "/api/v1/nothing"); err == nil {                               // nor is that anywhere
			_ = response.Body.Close()
		}
		if _, err := in.App.Workflow.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		var silent []string
		for _, q := range queries {
			if n, err := ask(q.text); err != nil || n == 0 {
				silent = append(silent, fmt.Sprintf("%s: %s: %d answers, %v", q.where, q.text, n, err))
			}
		}
		if len(silent) == 1 && strings.HasPrefix(silent[0], "a name that nothing has") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("without an answer:\n%s", strings.Join(silent, "\n"))
		}
	}
	for _, q := range alertQueries(t) {
		if _, err := ask(q.text); err != nil {
			t.Errorf("%s: %s: %v", q.where, q.text, err)
		}
	}
}
