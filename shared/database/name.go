package database

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// depth is how many callers a name is looked for among.
const depth = 8

// namer names statements by the method of the store that runs them. What it has found it keeps by the calls on
// the stack, of which there are as many as the code has.
type namer struct{ known sync.Map } // [depth]uintptr → string

// measure begins to measure what the caller's caller does; the result is called at its end.
func (db *DB) measure(ctx context.Context) func() {
	if db.observe == nil {
		return func() {}
	}
	var stack [depth]uintptr
	runtime.Callers(3, stack[:]) // past Callers, measure and the method of DB
	name, found := db.names.known.Load(stack)
	if !found {
		name = nameOf(stack[:])
		db.names.known.Store(stack, name)
	}
	begin := time.Now()
	return func() { db.observe(ctx, name.(string), time.Since(begin)) } //nolint:forcetypeassert // the map holds nothing else
}

// nameOf returns the first method of the store among the callers, or else the first caller outside of this package.
func nameOf(stack []uintptr) string {
	first := ""
	for frames := runtime.CallersFrames(stack); ; {
		frame, more := frames.Next()
		function := frame.Function[strings.LastIndexByte(frame.Function, '/')+1:]
		if _, method, ok := strings.Cut(function, "store.(*Store)."); ok {
			method, _, _ = strings.Cut(method, ".") // a closure within it
			return method
		}
		if first == "" && !strings.HasPrefix(function, "database.") {
			first = function
		}
		if !more {
			return first
		}
	}
}

// Pools returns collectors of the statistics of the pools.
func (db *DB) Pools() []prometheus.Collector {
	list := []prometheus.Collector{collectors.NewDBStatsCollector(db.reads, "reads"), collectors.NewDBStatsCollector(db.batches, "batches")}
	if db.replica != nil {
		list = append(list, collectors.NewDBStatsCollector(db.replica.reads, "replica"))
	}
	return list
}
