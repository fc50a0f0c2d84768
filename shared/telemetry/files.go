package telemetry

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/DeRuina/timberjack"
)

// Limits bound the files of a directory of logs. The directory may be shared by processes: each counts what all of
// them have written.
type Limits struct {
	File  int // megabytes, then another file is begun
	Days  int // how long a file is kept that was ended
	Total int64
	Every time.Duration // how often Total is looked at
}

// UsualLimits are 100 MB a file, 30 days, and 10 GB over the whole directory.
var UsualLimits = Limits{File: 100, Days: 30, Total: 10 << 30, Every: time.Minute}

// files writes each line to the file of its function, under the names that operators know:
//
//	access.log         a line for each request that the gateway has answered
//	gateway.log        what else the gateway says
//	gateway-error.log  what of that is a warning or an error, a request, too
//	auth.log           log-in and users
//	web.log            what pages are made of: definitions, designs, lists of tasks and instances
//	workflow.log       everything else
type files struct {
	dir    string
	limits Limits

	mutex sync.Mutex
	open  map[string]*timberjack.Logger
	stop  chan struct{}
	done  sync.WaitGroup
}

// fileOf says which file the lines of a function go to.
func fileOf(function string) string {
	switch function {
	case "gateway":
		return "gateway.log"
	case "login", "users":
		return "auth.log"
	case "definitions", "designs", "tasks", "instances":
		return "web.log"
	}
	return "workflow.log"
}

// LogTo lets lines go to files in dir/process instead, and returns what closes them. Processes must not share the
// name: one of them would move the file of the other.
func (t *Telemetry) LogTo(dir, process string, limits Limits) (closeFiles func() error, err error) {
	own := filepath.Join(dir, filepath.Base(process))
	if err := os.MkdirAll(own, 0o750); err != nil {
		return nil, err
	}
	f := &files{dir: own, limits: limits, open: map[string]*timberjack.Logger{}, stop: make(chan struct{})}
	f.done.Go(func() { f.sweep(dir) })
	t.Log = slog.New(traced{&router{files: f, level: t.Level, rest: fileOf(process)}})
	return f.close, nil
}

func (f *files) write(name string, line []byte) error {
	f.mutex.Lock()
	l := f.open[name]
	if l == nil {
		l = &timberjack.Logger{Filename: filepath.Join(f.dir, name), MaxSize: f.limits.File, MaxAge: f.limits.Days}
		f.open[name] = l
	}
	f.mutex.Unlock()
	_, err := l.Write(line)
	return err
}

func (f *files) close() error {
	close(f.stop)
	f.done.Wait()
	f.mutex.Lock()
	defer f.mutex.Unlock()
	var errs []error
	for _, l := range f.open {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// sweep keeps the whole directory below its bound until the files are closed.
func (f *files) sweep(dir string) {
	again := time.NewTicker(f.limits.Every)
	defer again.Stop()
	for {
		_ = prune(dir, f.limits.Total) // what cannot be removed now is tried again
		select {
		case <-again.C:
		case <-f.stop:
			return
		}
	}
}

// old is a file that was ended: its name has a time.
type old struct {
	path string
	size int64
	at   time.Time
}

// prune removes the files that were ended first until those under dir have total bytes together, at most. What is
// being written stays.
func prune(dir string, total int64) error {
	var ended []old
	var sum int64
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // it has gone meanwhile, or is another's
		}
		info, err := entry.Info()
		if err != nil {
			return nil //nolint:nilerr // it has gone meanwhile
		}
		sum += info.Size()
		if rotated(entry.Name()) {
			ended = append(ended, old{path, info.Size(), info.ModTime()})
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(ended, func(a, b old) int { return a.at.Compare(b.at) })
	for _, o := range ended {
		if sum <= total {
			return nil
		}
		if err := os.Remove(o.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		sum -= o.size
	}
	return nil
}

// rotated reports whether a name is one that timberjack gives: name-2026-11-30T01-02-03.000-size.log.
func rotated(name string) bool {
	ok, err := filepath.Match("*-20??-??-??T??-??-??.*-*.log", name)
	return ok && err == nil
}

// router finds the file of a line.
type router struct {
	files *files
	level slog.Leveler
	rest  string                            // the file of lines that name no function
	with  []func(slog.Handler) slog.Handler // what WithAttrs and WithGroup have added
	fn    string
}

func (r *router) Enabled(_ context.Context, level slog.Level) bool { return level >= r.level.Level() }

func (r *router) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *r
	for _, a := range attrs {
		if a.Key == "fn" && len(r.with) == 0 {
			next.fn = a.Value.String()
		}
	}
	next.with = append(slices.Clip(r.with), func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
	return &next
}

func (r *router) WithGroup(name string) slog.Handler {
	next := *r
	next.with = append(slices.Clip(r.with), func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
	return &next
}

// Handle formats the line once and writes it where it belongs.
func (r *router) Handle(ctx context.Context, record slog.Record) error {
	var line lineBuffer
	var h slog.Handler = slog.NewJSONHandler(&line, &slog.HandlerOptions{Level: slog.LevelDebug})
	for _, add := range r.with {
		h = add(h)
	}
	if err := h.Handle(ctx, record); err != nil {
		return err
	}
	var errs []error
	for _, name := range r.places(record) {
		errs = append(errs, r.files.write(name, line))
	}
	return errors.Join(errs...)
}

// places returns the files of a line.
func (r *router) places(record slog.Record) []string {
	fn := r.fn
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "fn" {
			fn = a.Value.String()
		}
		return fn == ""
	})
	name := r.rest
	if fn != "" {
		name = fileOf(fn)
	}
	if name != "gateway.log" {
		return []string{name}
	}
	var list []string
	if record.Message == "request" {
		name = "access.log"
	}
	list = append(list, name)
	if record.Level >= slog.LevelWarn {
		list = append(list, "gateway-error.log")
	}
	return list
}

type lineBuffer []byte

func (b *lineBuffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}
