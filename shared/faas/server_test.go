package faas

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database"
)

// serverRig serves things over a database and a Redis that do not exist.
func serverRig(t *testing.T, change func(*config.Config)) (rig, Server) {
	t.Helper()
	r := newRig(t, things(), func(c *config.Config) {
		c.Addr, c.ReadTimeout, c.WriteTimeout = "127.0.0.1:0", 5*time.Second, 5*time.Second
		if change != nil {
			change(c)
		}
	})
	db, err := database.Open("diom:x@tcp(127.0.0.1:1)/none", database.Options{Pool: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r.app.DB = db
	return r, Server{App: r.app, Handler: r, Functions: []Function{r.function}, Version: "v1"}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
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

func TestProbes(t *testing.T) {
	t.Parallel()
	_, s := serverRig(t, nil)
	server := httptest.NewServer(newProbes(s))
	defer server.Close()
	if code, body := get(t, server.URL+"/message"); code != 200 || body != `{"b": 1}` {
		t.Errorf("%d %s", code, body)
	}
	tests := []struct {
		path   string
		status int
		want   string
	}{
		{"/_/health", 200, `"ok":true`},
		{"/_/ready", 503, `"database":"database_unavailable","redis":"degraded"`},
		{"/_/info", 200, `"POST /things:check"`},
		{"/metrics", 200, `diom_http_request_duration_seconds_bucket{code="200",fn="things",route="/message",le="0.005"} 1`},
		{"/_/other", 404, ""},
	}
	for _, tc := range tests {
		if code, body := get(t, server.URL+tc.path); code != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s: %d %s", tc.path, code, body)
		}
	}
}

func TestRunDrains(t *testing.T) {
	t.Parallel()
	_, s := serverRig(t, func(c *config.Config) { c.ExecTimeout = 300 * time.Millisecond })
	ctx, stop := context.WithCancel(t.Context())
	started := make(chan string, 1)
	s.Started = func(url string) { started <- url }
	done := make(chan error, 1)
	go func() { done <- Run(ctx, s) }()
	url := <-started
	answered := make(chan int, 1)
	go func() {
		response, err := http.Get(url + "/slow")
		if err != nil {
			answered <- 0
			return
		}
		_ = response.Body.Close()
		answered <- response.StatusCode
	}()
	time.Sleep(100 * time.Millisecond)
	stop()
	if code := <-answered; code != 503 { // its own deadline, not a broken connection
		t.Errorf("the call under way got %d", code)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRunSaysThatThePortIsTaken(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, s := serverRig(t, func(c *config.Config) { c.Addr = listener.Addr().String() })
	err = Run(t.Context(), s)
	if !errors.Is(err, ErrPortTaken) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), listener.Addr().String()) {
		t.Errorf("got %v", err)
	}
}

func TestDrainingIsNotReady(t *testing.T) {
	t.Parallel()
	_, s := serverRig(t, nil)
	p := newProbes(s)
	p.draining.Store(true)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/_/ready", http.NoBody))
	var got state
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 503 || !got.Draining || got.Ready {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
