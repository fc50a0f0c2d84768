package live

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"diom.io/workflow/shared/cache"
)

// Why a stream ended.
const (
	Shutdown = "shutdown"    // the process ends: come back, to another one
	Away     = "unavailable" // Redis does not answer
	Slow     = "slow"        // the caller did not read
)

// Stream is what one caller reads: first Missed, then what comes from Events, until that is closed.
type Stream struct {
	// From is the id of the entry behind which the stream begins.
	From string
	// Missed are the events since the id that the caller came back with; Lost says that they are not all.
	Missed []Event
	Lost   bool

	feed     *Feed
	username string
	events   chan Event
	reason   string
}

// Events returns the channel of what happens. Once it is closed Reason says why.
func (s *Stream) Events() <-chan Event { return s.events }

// Reason says why Events was closed.
func (s *Stream) Reason() string {
	s.feed.mutex.Lock()
	defer s.feed.mutex.Unlock()
	return s.reason
}

// Close ends the stream on the caller's side.
func (s *Stream) Close() {
	s.feed.mutex.Lock()
	defer s.feed.mutex.Unlock()
	s.feed.end(s, "")
}

// Open begins a stream of a person. after is the id of the last event that he had, or "". Errors:
// ErrUnavailable, ErrTooMany.
func (f *Feed) Open(ctx context.Context, username, after string, l Limits) (*Stream, error) {
	s, err := f.join(ctx, username, l)
	if err != nil {
		return nil, err
	}
	if after != "" && after != s.From {
		err = s.catchUp(ctx, after)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return s, nil
}

func (f *Feed) join(ctx context.Context, username string, l Limits) (*Stream, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	switch {
	case f.ctx.Err() != nil:
		return nil, ErrUnavailable
	case len(f.streams) >= l.All, f.persons[username] >= l.Person:
		return nil, ErrTooMany
	}
	if !f.following {
		if err := f.begin(ctx); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	s := &Stream{feed: f, username: username, events: make(chan Event, buffer), From: f.at}
	f.streams[s] = struct{}{}
	f.persons[username]++
	return s, nil
}

// begin says that somebody looks here, and finds the end of the stream. Where nobody looked before, nothing
// was written meanwhile: whoever comes back from before that is told so.
func (f *Feed) begin(ctx context.Context) error {
	first, err := f.cache.SetNX(ctx, watched, []byte("1"), life)
	if err == nil && first {
		err = f.append(ctx, Event{Type: Reset})
	}
	if err == nil {
		err = f.cache.Set(ctx, watched, []byte("1"), life)
	}
	if err != nil {
		return err
	}
	if f.at, err = f.cache.Newest(ctx, stream); err != nil {
		return err
	}
	f.following = true
	at := f.at
	f.done.Go(func() { f.follow(at) })
	return nil
}

// follow hands on what is written, until nobody looks or Redis does not answer.
func (f *Feed) follow(at string) {
	told := time.Now()
	for {
		var err error
		if time.Since(told) > renewed {
			told, err = time.Now(), f.cache.Set(f.ctx, watched, []byte("1"), life)
		}
		var found []cache.Entry
		if err == nil {
			found, err = f.cache.After(f.ctx, stream, at, buffer/2, patience)
		}
		f.mutex.Lock()
		for _, entry := range found {
			at = entry.ID
			f.hand(entry)
		}
		f.at = at
		if err != nil {
			f.closeAll(Away)
		}
		f.following = len(f.streams) > 0 && f.ctx.Err() == nil
		again := f.following
		f.mutex.Unlock()
		if !again {
			return
		}
	}
}

// hand gives an entry to every stream. One that has no room is too slow, and ends.
func (f *Feed) hand(entry cache.Entry) {
	e, err := read(entry)
	if err != nil {
		return
	}
	for s := range f.streams {
		select {
		case s.events <- e:
		default:
			f.end(s, Slow)
		}
	}
}

func read(entry cache.Entry) (e Event, err error) {
	err = json.Unmarshal(entry.Value, &e)
	e.ID = entry.ID
	return e, err
}

func (f *Feed) closeAll(reason string) {
	for s := range f.streams {
		f.end(s, reason)
	}
}

// end takes a stream out. The mutex is held.
func (f *Feed) end(s *Stream, reason string) {
	if _, open := f.streams[s]; !open {
		return
	}
	delete(f.streams, s)
	if f.persons[s.username]--; f.persons[s.username] == 0 {
		delete(f.persons, s.username)
	}
	s.reason = reason
	close(s.events)
}

// catchUp reads what was written behind after up to where the stream begins. An entry that is not there any
// more, or never was, is one behind which much may have happened.
func (s *Stream) catchUp(ctx context.Context, after string) error {
	if _, _, ok := cache.ParseID(after); !ok {
		s.Lost = true
		return nil
	}
	known, err := s.feed.cache.Holds(ctx, stream, after)
	if err != nil || !known {
		s.Lost = true
		return err
	}
	found, err := s.feed.cache.After(ctx, stream, after, backlog, 0)
	if err != nil {
		return err
	}
	for _, entry := range found {
		if cache.CompareIDs(entry.ID, s.From) > 0 {
			return nil
		}
		if e, err := read(entry); err == nil {
			s.Missed = append(s.Missed, e)
		}
	}
	if len(found) == backlog {
		s.Missed, s.Lost = nil, true
	}
	return nil
}
