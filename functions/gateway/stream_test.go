package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/live"
)

// message is one event of a stream as a browser has it.
type message struct{ id, event, data string }

// listener reads a stream.
type listener struct {
	*testing.T
	lines *bufio.Scanner
	close func()
}

// listen opens a stream, which answers with 200.
func listen(t *testing.T, server *httptest.Server, headers ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+streamPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != streamType || response.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", response.StatusCode, response.Header)
	}
	l := &listener{T: t, lines: bufio.NewScanner(response.Body), close: func() { cancel(); _ = response.Body.Close() }}
	t.Cleanup(l.close)
	return l
}

// next returns the next event; at the end of the stream its event is "end".
func (l *listener) next() (m message) {
	l.Helper()
	for l.lines.Scan() {
		name, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch name {
		case "id":
			m.id = value
		case "event":
			m.event = value
		case "data":
			m.data = value
		case "":
			if m.event != "" {
				return m
			}
		}
	}
	return message{event: "end"}
}

// until reads up to an event and returns it.
func (l *listener) until(event string) message {
	l.Helper()
	for {
		m := l.next()
		if m.event == event {
			return m
		}
		if m.event == "end" {
			l.Fatalf("the stream ended before %s", event)
		}
	}
}

func streaming() settings {
	s := generous()
	s.Streams, s.PersonStreams = 10, 3
	return s
}

func TestStream(t *testing.T) {
	t.Parallel()
	app, _ := open(t, true, nil)
	var calls atomic.Int64
	server, elsewhere := local(t, app, sample(&calls), streaming()), apart(t, app, sample(&calls), streaming())
	lina, operator := listen(t, server, token(t, app, "lina")), listen(t, elsewhere, token(t, app, "wuqiang"))
	ready := lina.next()
	if ready.event != "stream.ready" || ready.id == "" || ready.data != "{}" {
		t.Fatalf("%+v", ready)
	}
	operator.until("stream.ready")
	id := func(n byte) live.Data { return live.Data{TaskID: engine.ID{n}} }
	app.Live.Publish(t.Context(),
		live.Event{Type: live.TaskCreated, Data: id(1), Users: []string{"zhaolei"}},
		live.Event{Type: live.TaskCreated, Data: id(2), Users: []string{"lina"}},
		live.Event{Type: live.TaskCreated, Data: id(3), Identities: []string{"finance"}},
		live.Event{Type: live.NotificationCreated, Own: map[string]engine.ID{"lina": {4}, "zhaolei": {5}}},
		live.Event{Type: live.InstanceUpdated, Data: id(6), Seers: true},
		live.Event{Type: live.TaskCompleted, Data: id(7), Users: []string{"lina"}, Seers: true},
	)
	var told []string
	var second message
	for len(told) < 4 {
		m := lina.next()
		if len(told) == 1 {
			second = m
		}
		told = append(told, m.event+" "+m.data)
	}
	want := `task.created {"taskId":"` + (engine.ID{2}).String() + `"} task.created {"taskId":"` + (engine.ID{3}).String() + `"} notification.created {"notificationId":"` +
		(engine.ID{4}).String() + `"} task.completed {"taskId":"` + (engine.ID{7}).String() + `"}`
	if got := strings.Join(told, " "); got != want {
		t.Errorf("lina is told\n%s, not\n%s", got, want)
	}
	if m := operator.next(); m.event != live.InstanceUpdated {
		t.Errorf("the operator is told %+v", m)
	}
	again := listen(t, elsewhere, token(t, app, "lina"), "Last-Event-ID: "+second.id)
	for _, want := range []string{live.NotificationCreated, live.TaskCompleted, "stream.ready"} {
		if m := again.next(); m.event != want {
			t.Errorf("who comes back is told %+v, not %s", m, want)
		}
	}
	if m := listen(t, server, token(t, app, "lina"), "Last-Event-ID: 5-5").next(); m.event != live.Reset {
		t.Errorf("who was away for long is told %+v", m)
	}
	app.Live.Close()
	if m := lina.until("stream.closed"); m.data != `{"reason":"shutdown"}` || lina.next().event != "end" {
		t.Errorf("%+v", m)
	}
}

func TestStreamIsRefused(t *testing.T) {
	t.Parallel()
	app, _ := open(t, true, nil)
	var calls atomic.Int64
	server := local(t, app, sample(&calls), streaming())
	lina := token(t, app, "lina")
	for range 3 {
		listen(t, server, lina).until("stream.ready")
	}
	cfg := app.Config
	cfg.RedisURL = "redis://127.0.0.1:1"
	without, err := faas.OpenApp(t.Context(), cfg, app.Telemetry)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = without.Close() })
	away := local(t, without, sample(&calls), streaming())
	for name, c := range map[string]struct {
		server  *httptest.Server
		headers []string
		status  int
		code    string
	}{
		"no token":          {server, nil, 401, access.ErrTokenMissing.Code},
		"a token in a link": {server, []string{"Cookie: access_token=x"}, 401, access.ErrTokenMissing.Code},
		"too many":          {server, []string{lina}, 429, live.ErrTooMany.Code},
		"without Redis":     {away, []string{lina}, 503, live.ErrUnavailable.Code},
	} {
		a := send(t, c.server, "GET "+streamPath, "", c.headers...)
		if a.status != c.status || a.code() != c.code || c.status > 401 && a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := send(t, server, "POST "+streamPath, "", lina); a.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", a.status)
	}
}

// A stream lives no longer than the right to it, and than the caller wants.
func TestStreamEnds(t *testing.T) {
	t.Parallel()
	app, _ := open(t, true, nil)
	var calls atomic.Int64
	server := local(t, app, sample(&calls), streaming())
	l := listen(t, server, token(t, app, "lina"))
	l.until("stream.ready")
	off, admin := false, access.Principal{Username: "admin", Roles: []string{access.SuperAdmin}}
	info, err := app.Access.UserInfo(t.Context(), "lina")
	if err != nil {
		t.Fatal(err)
	}
	id, err := engine.ParseID(info.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Access.UpdateUser(t.Context(), admin, id, access.UserChange{Enabled: &off}, 0); err != nil {
		t.Fatal(err)
	}
	if m := l.until("stream.closed"); m.data != `{"reason":"token"}` || l.next().event != "end" {
		t.Errorf("%+v", m)
	}
	brief, _ := open(t, true, func(c *config.Config) { c.AccessTokenLife = 2 * time.Second })
	l = listen(t, local(t, brief, sample(&calls), streaming()), token(t, brief, "lina"))
	if m := l.until("stream.closed"); m.data != `{"reason":"token"}` {
		t.Errorf("an expired token: %+v", m)
	}
	l = listen(t, server, token(t, app, "zhaolei"), "X-Timeout: 300ms")
	l.until("stream.ready")
	if m := l.next(); m.event != "end" {
		t.Errorf("%+v", m)
	}
}

// Where an answer is given back as a whole there is no stream.
func TestNoStreamThroughHandle(t *testing.T) {
	t.Parallel()
	a, err := noStream(t.Context(), nil)
	if err != nil || a.(faas.Answer).Status != http.StatusNotImplemented {
		t.Errorf("%+v %v", a, err)
	}
	app, _ := open(t, true, nil)
	var calls atomic.Int64
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, streamPath, nil)
	name, value, _ := strings.Cut(token(t, app, "lina"), ": ")
	request.Header.Set(name, value)
	recorder := httptest.NewRecorder()
	local(t, app, sample(&calls), streaming()).Config.Handler.ServeHTTP(recorder, request)
	var p faas.Problem
	if err := json.Unmarshal(recorder.Body.Bytes(), &p); err != nil || recorder.Code != http.StatusNotImplemented || p.Code != "stream_unsupported" {
		t.Errorf("%d %s", recorder.Code, recorder.Body)
	}
}
