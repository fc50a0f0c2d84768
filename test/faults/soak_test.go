//go:build soak

package faults_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
)

const (
	soakCallers = 8
	// share is the load, as a part of what the machine does.
	share = 0.7
	// growth is how much more the last third may take than the first.
	growth = 1.2
)

// sample is one line of the table.
type sample struct {
	at                time.Duration
	rss, goroutines   float64
	connections       int
	work              int
	p50, p99, slowest time.Duration
}

// soak is a load at a steady pace.
type soak struct {
	*fixture
	mutex  sync.Mutex
	taken  []time.Duration
	failed []string
	next   atomic.Int64
	done   atomic.Int64
}

// one starts an instance and completes its task.
func (s *soak) one() {
	point := fmt.Sprint("soak-", s.next.Add(1))
	began := time.Now()
	wrong := ""
	if a, err := s.send(startOf(point, point)); err != nil || a.Status != http.StatusCreated {
		wrong = fmt.Sprintf("%s: start: %v %d %.200s", point, err, a.Status, a.Body)
	} else if ids := s.tasks(point); len(ids) != 1 {
		wrong = fmt.Sprintf("%s: %d tasks", point, len(ids))
	} else if a, err := s.send(completionOf(ids[0], point+"-complete")); err != nil || a.Status != http.StatusOK {
		wrong = fmt.Sprintf("%s: complete: %v %d %.200s", point, err, a.Status, a.Body)
	}
	s.done.Add(1)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.taken = append(s.taken, time.Since(began))
	if wrong != "" {
		s.failed = append(s.failed, wrong)
	}
}

// measure returns how often a second one is done with nothing between.
func (s *soak) measure(d time.Duration) float64 {
	var group sync.WaitGroup
	end := time.Now().Add(d)
	for range soakCallers {
		group.Go(func() {
			for time.Now().Before(end) {
				s.one()
			}
		})
	}
	group.Wait()
	return float64(s.done.Load()) / d.Seconds()
}

// pace does rate of them a second until the returned function is called.
func (s *soak) pace(rate float64) func() {
	stop := make(chan struct{})
	var group sync.WaitGroup
	work := make(chan struct{}, soakCallers)
	for range 2 * soakCallers {
		group.Go(func() {
			for range work {
				s.one()
			}
		})
	}
	group.Go(func() {
		defer close(work)
		ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				work <- struct{}{}
			}
		}
	})
	return func() { close(stop); group.Wait() }
}

// metric returns the value of a metric without labels.
func (s *soak) metric(name string) float64 {
	s.t.Helper()
	for line := range strings.SplitSeq(s.metrics(), "\n") {
		if value, found := strings.CutPrefix(line, name+" "); found {
			f, err := strconv.ParseFloat(value, 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return f
		}
	}
	s.t.Fatalf("no metric %s", name)
	return 0
}

func (s *soak) read(began time.Time) sample {
	s.t.Helper()
	s.mutex.Lock()
	taken := s.taken
	s.taken = nil
	s.mutex.Unlock()
	slices.Sort(taken)
	r := sample{
		at: time.Since(began), rss: s.metric("process_resident_memory_bytes"), goroutines: s.metric("go_goroutines"), work: len(taken),
		connections: s.judge.Count("SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()"),
	}
	if n := len(taken); n > 0 {
		r.p50, r.p99, r.slowest = taken[n/2], taken[n*99/100], taken[n-1]
	}
	return r
}

// minutes is how long the run takes.
func minutes(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("MINUTES")
	if text == "" {
		return 30 * time.Minute
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 1 {
		t.Fatalf("MINUTES=%q: %v", text, err)
	}
	return time.Duration(n * float64(time.Minute))
}

// TestSoak keeps the product at 70 % of what the machine does: memory and goroutines do not grow, every
// request succeeds.
func TestSoak(t *testing.T) {
	whole := minutes(t)
	s := &soak{fixture: prepare(t, databasetest.DSN(t), databasetest.Redis(t))}
	s.serve(s.options)
	began := time.Now()
	most := s.measure(min(time.Minute, whole/4))
	end := s.pace(share * most)
	every := min(time.Minute, whole/20)
	var table []sample
	s.read(began)
	for time.Since(began)+every <= whole {
		time.Sleep(every)
		table = append(table, s.read(began))
	}
	end()
	t.Logf("%8s %10s %10s %12s %8s %10s %10s %10s", "at", "rss MiB", "goroutines", "connections", "work", "p50", "p99", "slowest")
	for _, r := range table {
		t.Logf("%8s %10.1f %10.0f %12d %8d %10s %10s %10s", r.at.Round(time.Second), r.rss/(1<<20), r.goroutines, r.connections, r.work,
			r.p50.Round(time.Microsecond), r.p99.Round(time.Microsecond), r.slowest.Round(time.Millisecond))
	}
	s.flat(table)
	for _, w := range s.failed[:min(len(s.failed), 10)] {
		t.Error(w)
	}
	if got := s.judge.Count("SELECT COUNT(*) FROM workflow_instance"); int64(got) != s.next.Load() {
		t.Errorf("%d instances of %d starts", got, s.next.Load())
	}
	s.drain()
	found, _ := s.judge.Everything()
	for _, problem := range found {
		t.Error(problem)
	}
	t.Logf("%.0f a second of %.0f", share*most, most)
	conclude(t, conclusion{command: "soak", runs: int(s.done.Load()), faults: []injected{{"minutes", int(time.Since(began).Minutes() + 0.5), int(whole.Minutes())}}})
}

// flat compares the last third with the first.
func (s *soak) flat(table []sample) {
	s.t.Helper()
	third := len(table) / 3
	if third == 0 {
		s.t.Fatalf("%d readings only", len(table))
	}
	for name, of := range map[string]func(sample) float64{
		"rss": func(r sample) float64 { return r.rss }, "goroutines": func(r sample) float64 { return r.goroutines },
	} {
		mean := func(part []sample) (sum float64) {
			for _, r := range part {
				sum += of(r)
			}
			return sum / float64(len(part))
		}
		first, last := mean(table[:third]), mean(table[len(table)-third:])
		s.t.Logf("%s: %.0f in the first third, %.0f in the last: %+.1f %%", name, first, last, 100*(last/first-1))
		if last > growth*first {
			s.t.Errorf("%s grows", name)
		}
	}
}
