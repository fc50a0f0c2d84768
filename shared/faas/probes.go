package faas

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"diom.io/workflow/migrations"
)

const probeTimeout = 2 * time.Second

// probes answers the platform's own requests and passes the rest on.
type probes struct {
	server   Server
	mux      *http.ServeMux
	info     any
	draining atomic.Bool
	schema   atomic.Bool // the schema was new enough once; it never becomes older
}

// state is the answer of /_/ready.
type state struct {
	Ready    bool   `json:"ready"`
	Database string `json:"database"`
	Redis    string `json:"redis,omitempty"`
	Draining bool   `json:"draining,omitempty"`
}

func newProbes(s Server) *probes {
	p := &probes{server: s, mux: http.NewServeMux(), info: describe(s)}
	p.mux.HandleFunc("/_/health", func(w http.ResponseWriter, _ *http.Request) { _ = writeBytes(w, http.StatusOK, []byte(`{"ok":true}`)) })
	p.mux.HandleFunc("/_/ready", p.ready)
	p.mux.HandleFunc("/_/info", func(w http.ResponseWriter, _ *http.Request) { _ = writeJSON(w, http.StatusOK, p.info) })
	p.mux.Handle("/metrics", promhttp.HandlerFor(s.App.Telemetry.Registry, promhttp.HandlerOpts{}))
	return p
}

// ServeHTTP keeps the mux of the probes out of the way of every other request.
func (p *probes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if path == "/metrics" || len(path) > 3 && path[:3] == "/_/" {
		p.mux.ServeHTTP(w, r)
		return
	}
	// A group of functions is asked for each of them: /function/tasks/_/ready.
	if rest, below := strings.CutPrefix(path, "/function/"); below {
		if name, probe, found := strings.Cut(rest, "/"); found && strings.HasPrefix(probe, "_/") {
			http.StripPrefix("/function/"+name, p.mux).ServeHTTP(w, r)
			return
		}
	}
	p.server.Handler.ServeHTTP(w, r)
}

// ready says whether requests should come here: MySQL answers and its schema is new enough. Without
// Redis the product is slower, not unready.
func (p *probes) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
	defer cancel()
	s := state{Database: "ok", Redis: "ok", Draining: p.draining.Load()}
	if err := p.database(ctx); err != nil {
		s.Database = problemOf(deadline(err), 0).Code
	}
	if c := p.server.App.Cache; c == nil || c.Ping(ctx) != nil {
		s.Redis = "degraded"
	}
	s.Ready = s.Database == "ok" && !s.Draining
	status := http.StatusOK
	if !s.Ready {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Cache-Control", "no-store")
	_ = writeJSON(w, status, s) // a struct of strings and booleans always marshals
}

func (p *probes) database(ctx context.Context) error {
	db := p.server.App.DB
	if p.schema.Load() {
		return db.Ping(ctx)
	}
	err := db.CheckSchema(ctx, migrations.Files)
	p.schema.Store(err == nil)
	return err
}

type described struct {
	Name   string   `json:"name"`
	Routes []string `json:"routes"`
	Events []string `json:"events,omitempty"`
}

// describe makes the answer of /_/info.
func describe(s Server) any {
	list := make([]described, 0, len(s.Functions))
	for _, f := range s.Functions {
		d := described{Name: f.Name, Routes: []string{}}
		for _, r := range f.Routes {
			d.Routes = append(d.Routes, r.Method+" "+r.Pattern)
		}
		for _, ev := range f.Events {
			d.Events = append(d.Events, ev.Type)
		}
		list = append(list, d)
	}
	return map[string]any{"version": s.Version, "functions": list}
}
