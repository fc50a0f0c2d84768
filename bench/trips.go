package main

import (
	"context"
	"fmt"
	"net/http"
)

// trips is what one operation said to the database.
type trips struct {
	name                string
	most, commits       int // the target
	roundTrips, settled int // what was seen
	texts               []string
}

// attempts: a read of a principal's standing, which is believed for a second, may fall into any
// operation; the smallest of a few is the operation's own.
const attempts = 7

// countTrips runs each operation with warm caches through the functions' HTTP handlers and counts on
// the wire.
func countTrips(ctx context.Context, p *product) ([]trips, error) {
	var last started
	list := []trips{{name: "start", most: 1, commits: 1}, {name: "complete", most: 3, commits: 1}, {name: "inbox page", most: 1, commits: 0}}
	operations := []func() error{
		func() (err error) { last, err = p.start(ctx, startBody); return err },
		func() error { return p.complete(ctx, last, completeBody) },
		func() error { _, err := p.call(ctx, approver, http.MethodGet, inboxPath, ""); return err },
	}
	for range attempts {
		for i, operation := range operations {
			p.wire.take()
			if err := operation(); err != nil {
				return nil, fmt.Errorf("%s: %w", list[i].name, err)
			}
			if texts := p.wire.take(); list[i].texts == nil || len(texts) < list[i].roundTrips {
				list[i].texts, list[i].roundTrips, list[i].settled = texts, len(texts), commits(texts)
			}
		}
	}
	return list, nil
}

// measureTrips is goal 1.
func measureTrips(ctx context.Context, s *servers, _ options) ([]Goal, error) {
	say("goal 1: counting round trips")
	p, err := s.product(ctx, "trips", newWire("diom-bench-trips"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.close() }() // the answer is known by then
	list, err := countTrips(ctx, p)
	if err != nil {
		return nil, err
	}
	var goals []Goal
	for _, t := range list {
		goals = append(goals,
			Goal{ID: 1, Name: "round trips: " + t.name, Value: float64(t.roundTrips), Unit: "round trips", Target: fmt.Sprintf("≤ %d", t.most), OK: new(t.roundTrips <= t.most)},
			Goal{ID: 1, Name: "commits: " + t.name, Value: float64(t.settled), Unit: "commits", Target: fmt.Sprintf("= %d", t.commits), OK: new(t.settled == t.commits)})
	}
	return goals, nil
}
