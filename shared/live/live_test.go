package live

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
)

var roomy = Limits{All: 10, Person: 3}

// process opens the Feed of another process over the same Redis.
func process(t *testing.T, url string) *Feed {
	t.Helper()
	c, err := cache.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	f := New(c)
	t.Cleanup(func() { f.Close(); _ = c.Close() })
	return f
}

func open(t *testing.T, f *Feed, username, after string) *Stream {
	t.Helper()
	s, err := f.Open(t.Context(), username, after, roomy)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func about(n int) Event {
	return Event{Type: TaskCreated, Users: []string{"lina"}, Data: Data{TaskID: engine.ID{byte(n >> 8), byte(n)}}}
}

// next waits for the next event of a stream, which must be one.
func next(t *testing.T, s *Stream) Event {
	t.Helper()
	select {
	case e, open := <-s.Events():
		if !open {
			t.Fatalf("the stream ended: %s", s.Reason())
		}
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
	return Event{}
}

func TestEventsReachEveryProcess(t *testing.T) {
	t.Parallel()
	url := databasetest.Redis(t)
	one, other, publisher := process(t, url), process(t, url), process(t, url)
	if publisher.Watched(t.Context()) {
		t.Fatal("nobody looks")
	}
	streams := []*Stream{open(t, one, "lina", ""), open(t, one, "lina", ""), open(t, other, "zhaolei", "")}
	if !publisher.Watched(t.Context()) {
		t.Fatal("somebody looks")
	}
	publisher.Publish(t.Context(), about(1), about(2))
	for _, s := range streams {
		for n := 1; n <= 2; n++ {
			if e := next(t, s); e.Data.TaskID != about(n).Data.TaskID || e.ID == "" {
				t.Errorf("event %d: %+v", n, e)
			}
		}
		s.Close()
	}
}

// Who comes back is told what he has missed, from another process too, and told that there was more where
// that is not known any more.
func TestComingBack(t *testing.T) {
	t.Parallel()
	url := databasetest.Redis(t)
	f, other := process(t, url), process(t, url)
	s := open(t, f, "lina", "")
	f.Publish(t.Context(), about(1), about(2), about(3))
	first := next(t, s)
	next(t, s)
	last := next(t, s)
	for name, c := range map[string]struct {
		after  string
		missed int
		lost   bool
	}{
		"one seen":       {first.ID, 2, false},
		"all seen":       {last.ID, 0, false},
		"unknown":        {"1-1", 0, true},
		"of the future":  {"99999999999999-0", 0, true},
		"no id":          {"drop table", 0, true},
		"before all":     {cache.StreamStart, 0, true},
		"for the ready":  {s.From, 3, false},
		"for nothing":    {"", 0, false},
		"malformed half": {"7-", 0, true},
	} {
		again := open(t, other, name, c.after)
		if len(again.Missed) != c.missed || again.Lost != c.lost {
			t.Errorf("%s: missed %+v, lost %v", name, again.Missed, again.Lost)
		}
		again.Close()
	}
	many := make([]Event, backlog)
	for i := range many {
		many[i] = about(i)
	}
	f.Publish(t.Context(), many...)
	late := process(t, url) // it begins at the end
	if again := open(t, late, "lina", first.ID); !again.Lost || len(again.Missed) > 0 {
		t.Errorf("more than is told at once: %d, lost %v", len(again.Missed), again.Lost)
	}
}

// While nobody looks nothing is written, and who comes back from before is told so.
func TestNobodyLooked(t *testing.T) {
	t.Parallel()
	url := databasetest.Redis(t)
	f, publisher := process(t, url), process(t, url)
	before := open(t, f, "lina", "")
	publisher.Publish(t.Context(), about(1))
	seen := next(t, before)
	f.Close()
	if err := publisher.cache.Delete(t.Context(), watched); err != nil { // its life is over
		t.Fatal(err)
	}
	if publisher.Watched(t.Context()) {
		t.Fatal("nobody looks")
	}
	again := open(t, process(t, url), "lina", seen.ID)
	if len(again.Missed) != 1 || again.Missed[0].Type != Reset {
		t.Errorf("missed %+v", again.Missed)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	f := process(t, databasetest.Redis(t))
	var open []*Stream
	try := func(username string) error {
		s, err := f.Open(t.Context(), username, "", Limits{All: 3, Person: 2})
		if err == nil {
			open = append(open, s)
		}
		return err
	}
	for _, username := range []string{"lina", "lina", "zhaolei"} {
		if err := try(username); err != nil {
			t.Fatal(err)
		}
	}
	if err := try("wangfang"); !errors.Is(err, ErrTooMany) {
		t.Errorf("one too many: %v", err)
	}
	open[2].Close()
	open[2].Close() // twice is once
	if err := try("lina"); !errors.Is(err, ErrTooMany) {
		t.Errorf("one too many of a person: %v", err)
	}
	open[0].Close()
	if err := try("lina"); err != nil {
		t.Error(err)
	}
}

// Who does not read is dropped, and nobody else is.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	f := process(t, databasetest.Redis(t))
	slow, quick := open(t, f, "slow", ""), open(t, f, "quick", "")
	for n := range buffer + 1 {
		f.Publish(t.Context(), about(n))
		if e := next(t, quick); e.Data.TaskID != about(n).Data.TaskID {
			t.Fatalf("event %d: %+v", n, e)
		}
	}
	for n := 0; ; n++ {
		if _, open := <-slow.Events(); !open {
			if n != buffer || slow.Reason() != Slow {
				t.Errorf("it ended after %d: %q", n, slow.Reason())
			}
			return
		}
	}
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	away := process(t, "redis://127.0.0.1:1")
	if _, err := away.Open(t.Context(), "lina", "", roomy); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v", err)
	}
	away.Publish(t.Context(), about(1))
	if !away.lost.Load() {
		t.Error("it forgets what it could not tell")
	}
	var none *Feed
	none.Publish(t.Context(), about(1))
	none.Close()
	if none.Watched(t.Context()) {
		t.Error("somebody looks at nothing")
	}
}

// What could not be told is made good as soon as Redis answers again.
func TestLostEventsAreMadeGood(t *testing.T) {
	t.Parallel()
	f := process(t, databasetest.Redis(t))
	s := open(t, f, "lina", "")
	f.lost.Store(true)
	f.Publish(t.Context(), about(1))
	if e := next(t, s); e.Type != Reset {
		t.Errorf("%+v", e)
	}
	if e := next(t, s); e.Type != TaskCreated || f.lost.Load() {
		t.Errorf("%+v", e)
	}
}

func TestShutdownEndsStreams(t *testing.T) {
	t.Parallel()
	f := process(t, databasetest.Redis(t))
	s := open(t, f, "lina", "")
	f.Close()
	if _, open := <-s.Events(); open || s.Reason() != Shutdown {
		t.Errorf("it ended: %v %q", !open, s.Reason())
	}
	if _, err := f.Open(t.Context(), "lina", "", roomy); !errors.Is(err, ErrUnavailable) {
		t.Errorf("after the end: %v", err)
	}
}

// A person is told only of what he may see.
func TestFor(t *testing.T) {
	t.Parallel()
	data, own := Data{TaskID: engine.ID{1}}, engine.ID{7}
	e := Event{Type: TaskCreated, Data: data, Users: []string{"lina"}, Identities: []string{"finance"}}
	seers, mine := Event{Type: BatchProgress, Data: data, Seers: true}, Event{Type: NotificationCreated, Own: map[string]engine.ID{"lina": own}}
	for i, c := range []struct {
		event Event
		who   Viewer
		want  bool
	}{
		{e, Viewer{Username: "lina"}, true},
		{e, Viewer{Username: "Lina"}, false},
		{e, Viewer{Username: "x", Identities: []string{"sales", "finance"}}, true},
		{e, Viewer{Username: "finance"}, false},
		{e, Viewer{Username: "x", SeesAll: true}, false},
		{seers, Viewer{Username: "x", SeesAll: true}, true},
		{seers, Viewer{Username: "lina", Identities: []string{"finance"}}, false},
		{mine, Viewer{Username: "lina"}, true},
		{mine, Viewer{Username: "zhaolei", SeesAll: true}, false},
		{Event{Type: Reset}, Viewer{}, true},
	} {
		if got, his := c.event.For(c.who); his != c.want || his && c.event.Own != nil && got.NotificationID != own {
			t.Errorf("%d: %+v %v", i, got, his)
		}
	}
}

func TestIDsAreOrdered(t *testing.T) {
	t.Parallel()
	want := []string{"no id", "1-1", "1-2", "1-10", "2-0", "10-0"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, cache.CompareIDs)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v", got)
	}
}
