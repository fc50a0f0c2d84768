package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
)

const handlerTarget = 0.6

// order is what the handlers of goal 5 read and write.
type order struct {
	Name   string         `json:"name"`
	Count  int            `json:"count"`
	Values map[string]any `json:"values"`
}

const (
	orderPath = "/bench/orders/7"
	orderBody = `{"name":"annual leave","count":3,"values":{"days":3,"kind":"annual","urgent":false}}`
)

// echo answers what it was sent; what is measured is the way there and back.
var echo = faas.Function{Name: "echo", Limits: faas.Limits{MaxInflight: 1000}, Routes: []faas.Route{{
	Method: http.MethodPost, Pattern: "/bench/orders/{id}", Permission: access.Authenticated,
	Serve: func(_ context.Context, r *faas.Request) (any, error) {
		var o order
		err := r.Decode(&o)
		return o, err
	},
}}}

func bareHandler(w http.ResponseWriter, r *http.Request) {
	var o order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(o) // the caller counts what arrives
}

// measureHandler is goal 5: what token, permission, limit, trace, metric and log line leave of the rate of a handler that
// reads and writes the same JSON.
func measureHandler(ctx context.Context, s *servers, o options) ([]Goal, error) {
	p, err := s.product(ctx, "handler", nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.close() }() // the answer is known by then
	full, bare, err := ports(ctx, p, o.connections)
	if err != nil {
		return nil, err
	}
	defer full.close()
	defer bare.close()
	processes := s.processes(ctx)
	processes["product"] = os.Getpid() // and the load
	var ratios, rates []float64
	w := look(processes)
	operations := 0
	ports := []*port{full, bare}
	var got [2]float64
	if err := turns(o.rounds, func(k int) error {
		l := atOnce(ctx, o.connections, o.time/3, ports[k].order)
		got[k], operations = l.perSecond(), operations+len(l.times)
		return l.first
	}, func(round int) {
		ratios, rates = append(ratios, got[0]/got[1]), append(rates, got[0])
		say("goal 5: round %d of %d: %.0f/s, bare %.0f/s, ratio %.3f", round, o.rounds, got[0], got[1], got[0]/got[1])
	}); err != nil {
		return nil, err
	}
	_, why := w.spent(operations)
	g := Goal{ID: 5, Name: "requests/s of a function's handler ÷ a bare JSON handler's", Value: median(ratios), Unit: "ratio", Target: "≥ 0.6",
		Detail: map[string]float64{"handler, a second": median(rates)}}
	return []Goal{g.judged(g.Value >= handlerTarget, why)}, nil
}

// port is a handler behind a port of its own, and connections to it.
type port struct {
	server  *httptest.Server
	callers []*caller
}

func ports(ctx context.Context, p *product, connections int) (full, bare *port, err error) {
	if full, err = servePort(ctx, faas.Handler(p.app, echo), p.tokens, connections); err != nil {
		return nil, nil, err
	}
	if bare, err = servePort(ctx, http.HandlerFunc(bareHandler), p.tokens, connections); err != nil {
		full.close()
		return nil, nil, err
	}
	return full, bare, nil
}

func servePort(ctx context.Context, handler http.Handler, tokens map[string]string, connections int) (*port, error) {
	l := &port{server: httptest.NewServer(handler)}
	for range connections {
		c, err := dialCaller(ctx, l.server.Listener.Addr().String(), tokens)
		if err != nil {
			l.close()
			return nil, err
		}
		l.callers = append(l.callers, c)
	}
	return l, nil
}

func (l *port) order(worker int) error {
	answer, err := l.callers[worker].post(orderPath, starter, orderBody)
	if err == nil && len(answer) < len(orderBody) {
		err = errors.Join(io.ErrUnexpectedEOF, errors.New(string(answer)))
	}
	return err
}

func (l *port) close() {
	for _, c := range l.callers {
		_ = c.conn.Close()
	}
	l.server.Close()
}
