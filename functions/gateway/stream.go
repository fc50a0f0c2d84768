package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/live"
)

const (
	streamPath = "/api/v1/events/stream"
	streamType = "text/event-stream"

	heartbeat = 15 * time.Second
	// recheck is how often the access token of a stream is judged again. What is known of a user is at most
	// 1.8 seconds old, so that a stream ends within two seconds of the right to it.
	recheck    = 150 * time.Millisecond
	writeLimit = 10 * time.Second
	comeBack   = 2000 // milliseconds after which a client asks again
)

// stream tells a caller what happens, as it happens (HTML §9.2, server-sent events). The first event,
// stream.ready, carries the id behind which the stream begins; stream.reset says that something may have been
// missed, and stream.closed why the stream ends.
func (g *gateway) stream(e *exchange, r *http.Request) {
	principal, err := g.seer(r.Context(), bearer(r.Header))
	if err == nil {
		e.user = principal.Username
		err = g.limited(e, r, g.user.Load(), principal.Username)
	}
	if err != nil {
		g.fail(e, r, err)
		return
	}
	out := &told{controller: http.NewResponseController(e), to: e}
	if out.extend() != nil {
		g.refuseStream(e, r)
		return
	}
	_ = out.controller.SetReadDeadline(time.Time{}) // the time for the request is over, not for the answer
	s, err := g.app.Live.Open(r.Context(), principal.Username, r.Header.Get("Last-Event-ID"), live.Limits{All: g.settings.Streams, Person: g.settings.PersonStreams})
	if err != nil {
		g.fail(e, r, err)
		return
	}
	defer s.Close()
	h := e.Header()
	h.Set("Content-Type", streamType)
	h.Set("X-Accel-Buffering", "no") // nginx would wait for more
	e.WriteHeader(http.StatusOK)
	ctx, cancel := bounded(r)
	defer cancel()
	if reason := g.tell(ctx, out, s, sight{principal, bearer(r.Header)}); reason != "" {
		out.event("", "stream.closed", map[string]string{"reason": reason})
		out.flush()
	}
}

// seer returns who looks: somebody who must change his password first may not.
func (g *gateway) seer(ctx context.Context, token string) (access.Principal, error) {
	p, err := g.app.Access.Authenticate(ctx, token)
	if err == nil && p.MustChange {
		err = access.ErrMustChange
	}
	return p, err
}

// bounded ends a stream after X-Timeout, where the caller asks for that.
func bounded(r *http.Request) (context.Context, context.CancelFunc) {
	if wanted, err := time.ParseDuration(r.Header.Get("X-Timeout")); err == nil && wanted > 0 {
		return context.WithTimeout(r.Context(), wanted)
	}
	return context.WithCancel(r.Context())
}

// sight is who looks, by which access token.
type sight struct {
	access.Principal
	token string
}

func (s sight) viewer() live.Viewer {
	return live.Viewer{Username: s.Username, Identities: s.Identities(), SeesAll: s.SeesAll()}
}

// tell writes what happens until the stream ends, and returns why, "" where nobody is left to tell.
func (g *gateway) tell(ctx context.Context, out *told, s *live.Stream, who sight) (reason string) {
	out.begin(s, who.viewer())
	check, beat := time.NewTicker(recheck), time.NewTicker(heartbeat)
	defer check.Stop()
	defer beat.Stop()
	for out.err == nil {
		select {
		case <-ctx.Done():
			return ""
		case happened, open := <-s.Events():
			if !open {
				return s.Reason()
			}
			out.happened(happened, who.viewer())
			if len(s.Events()) > 0 {
				continue // the next one shares the way
			}
		case <-check.C:
			again, err := g.seer(ctx, who.token)
			switch {
			case err == nil:
				who.Principal = again
			case fault.KindOf(err) == fault.Unauthorized:
				return "token"
			}
			continue
		case <-beat.C:
			out.write(": heartbeat\n\n")
		}
		out.flush()
	}
	return ""
}

// told is the answer under way. After its first error nothing more is written.
type told struct {
	to         http.ResponseWriter
	controller *http.ResponseController
	err        error
}

func (o *told) extend() error { return o.controller.SetWriteDeadline(time.Now().Add(writeLimit)) }

// begin writes what a caller who comes back has missed.
func (o *told) begin(s *live.Stream, v live.Viewer) {
	o.write(fmt.Sprintf("retry: %d\n", comeBack))
	for _, missed := range s.Missed {
		o.happened(missed, v)
	}
	if s.Lost {
		o.event(s.From, live.Reset, live.Data{})
	}
	o.event(s.From, "stream.ready", live.Data{})
	o.flush()
}

func (o *told) happened(e live.Event, v live.Viewer) {
	if data, his := e.For(v); his {
		o.event(e.ID, e.Type, data)
	}
}

func (o *told) event(id, kind string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		o.err = err
		return
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	o.write(id + "event: " + kind + "\ndata: " + string(text) + "\n\n")
}

func (o *told) write(text string) {
	if o.err == nil {
		o.err = o.extend()
	}
	if o.err == nil {
		_, o.err = o.to.Write([]byte(text)) //nolint:gosec // JSON in an event stream, which no browser takes for a page
	}
}

func (o *told) flush() {
	if o.err == nil {
		o.err = o.controller.Flush()
	}
}

// unstreamed is the problem where answers are passed on as a whole. 501 has no kind: no use case fails so.
func unstreamed(trace string) faas.Answer {
	const code = "stream_unsupported"
	return faas.Answer{Status: http.StatusNotImplemented, Header: http.Header{"Content-Type": {"application/problem+json"}}, Body: faas.Problem{
		Type: "urn:diom:problem:" + code, Title: "No streams here", Status: http.StatusNotImplemented, Instance: streamPath, Code: code, TraceID: trace,
		Detail: "The platform passes answers on as a whole, so that nothing can be told as it happens. Ask for the lists every few seconds.",
	}}
}

func (g *gateway) refuseStream(e *exchange, r *http.Request) {
	a := unstreamed(e.trace)
	body, err := json.Marshal(a.Body)
	if err != nil {
		g.fail(e, r, err)
		return
	}
	e.Header().Set("Content-Type", a.Header.Get("Content-Type"))
	e.WriteHeader(a.Status)
	_, _ = e.Write(body) // the caller has gone away; nobody is left to tell
}

// noStream answers on OpenFaaS, whose Handle gives back a whole answer.
func noStream(context.Context, *faas.Request) (any, error) { return unstreamed(""), nil }
