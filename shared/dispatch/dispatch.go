// Package dispatch does the jobs of service tasks that no worker fetches: it pushes those whose topic is
// bound, or names a function, to their receivers, and does those of the built-ins itself.
//
// A Dispatcher is a worker like any other. It leases jobs in the database, so that two processes do not
// have the same one, and reports what became of them; the completion of the job is what happens once.
// What goes out before it, a push or a mail, happens at least once: a process may die in between, and
// then the lease ends and the job is done again, with the same id. An event of a new job wakes it
// (Wake); the tick looks for what was left or waits for its next attempt (Watch).
package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/egress"
	"diom.io/workflow/shared/limit"
	"diom.io/workflow/shared/mailing"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

const (
	perTopic = 8  // jobs of one topic that a process does at once
	inAll    = 64 // jobs that it does at once
	maxKnown = 10_000

	knownFor  = 2 * time.Second // how late a change of a binding may be noticed
	pollEvery = 500 * time.Millisecond
	grace     = 5 * time.Second // for what is under way when the process is to end
)

// Options are what a Dispatcher works with. Source is the source of our CloudEvents.
type Options struct {
	Config        config.Config
	Workflow      *workflow.Service
	Store         *store.Store
	Access        *access.Service
	Notifications *notification.Service
	Log           *slog.Logger
	Source        string
}

// Dispatcher does bound jobs. It is safe for concurrent use and does nothing before the first Wake or
// Watch.
type Dispatcher struct {
	Options
	guarded, following, trusted *http.Client
	mailer                      *mailing.Mailer // nil where there is no mail server
	bindings                    *otter.Cache[string, *store.TopicBinding]
	breakers                    *otter.Cache[string, *limit.Breaker]

	mutex sync.Mutex
	lines map[string]*line
	busy  int
	under sync.WaitGroup

	taking, working context.Context //nolint:containedctx // end the goroutines that Wake and Watch begin
	stop, abandon   context.CancelFunc
}

// line is one topic in this process.
type line struct {
	busy    int
	pulling bool // somebody fetches
	again   bool // there may be more than he has seen
}

// New returns a Dispatcher. The error says that DIOM_HTTP_ALLOW or DIOM_SMTP_URL cannot be read.
func New(o Options) (*Dispatcher, error) {
	d := &Dispatcher{Options: o, lines: map[string]*line{}}
	guard, err := egress.New(o.Config.HTTPAllow)
	if err != nil {
		return nil, err
	}
	if d.mailer, err = mailing.New(o.Config); err != nil {
		return nil, err
	}
	if d.mailer != nil {
		o.Workflow.ServeMail()
	}
	d.guarded, d.following = guard.Client(false), guard.Client(true)
	d.trusted = &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: perTopic, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	d.bindings = otter.Must(&otter.Options[string, *store.TopicBinding]{
		MaximumSize: maxKnown, ExpiryCalculator: otter.ExpiryWriting[string, *store.TopicBinding](knownFor),
	})
	d.breakers = otter.Must(&otter.Options[string, *limit.Breaker]{MaximumSize: maxKnown})
	d.taking, d.stop = context.WithCancel(context.Background())
	d.working, d.abandon = context.WithCancel(context.Background())
	return d, nil
}

// Wake looks for jobs of a topic, unless workers do them. It does not wait for them.
func (d *Dispatcher) Wake(ctx context.Context, topic string) error {
	b, err := d.binding(ctx, topic)
	if err != nil || b == nil {
		return err
	}
	d.pull(topic, b)
	return nil
}

// Look wakes every topic that has a job to do; none while the product only reads.
func (d *Dispatcher) Look(ctx context.Context) error {
	if d.Access != nil && d.Access.Settings.Now(ctx).Flag(setting.Maintenance) {
		return nil
	}
	topics, err := d.Store.FreeTopics(ctx, time.Now().UTC())
	if err != nil {
		return err
	}
	var failures []error
	for _, topic := range topics {
		if err := d.Wake(ctx, topic); err != nil {
			failures = append(failures, fmt.Errorf("topic %s: %w", topic, err))
		}
	}
	return errors.Join(failures...)
}

// Watch looks again and again, once at least, until end or until ctx is done. Each failure is reported.
func (d *Dispatcher) Watch(ctx context.Context, end time.Time, report func(error)) {
	for {
		if err := d.Look(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		timer := time.NewTimer(min(pollEvery, max(time.Until(end), 0)))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil || !time.Now().Before(end) {
			return
		}
	}
}

// Wait waits until nothing is under way.
func (d *Dispatcher) Wait() { d.under.Wait() }

// Stop takes no more jobs, and leaves what is not done in a few seconds to other processes.
func (d *Dispatcher) Stop() {
	if d == nil {
		return
	}
	d.stop()
	timer := time.AfterFunc(grace, d.abandon)
	d.under.Wait()
	timer.Stop()
	d.abandon()
}

// pull fetches jobs of a topic and does them, as many at once as it may.
func (d *Dispatcher) pull(topic string, b *store.TopicBinding) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	l := d.lines[topic]
	if l == nil {
		l = &line{}
		d.lines[topic] = l
	}
	l.again = true
	if l.pulling || d.taking.Err() != nil {
		return
	}
	l.pulling = true
	d.under.Go(func() {
		for d.fetch(topic, b, l) {
			continue
		}
	})
}

// fetch takes what the line has room for. It returns false, and pulls no more, when there is no more room
// or nothing is left.
func (d *Dispatcher) fetch(topic string, b *store.TopicBinding, l *line) bool {
	d.mutex.Lock()
	room := min(perTopic-l.busy, inAll-d.busy)
	if room <= 0 || !l.again || d.taking.Err() != nil {
		l.pulling = false
		d.mutex.Unlock()
		return false
	}
	l.again = false
	d.mutex.Unlock()
	jobs, err := d.Workflow.FetchJobs(d.taking, workflow.JobFetch{
		WorkerID: workflow.PushWorker, MaxJobs: &room, Topics: []workflow.JobTopic{{Name: topic, LockSeconds: b.TimeoutSeconds + leaseMargin}},
	})
	if err != nil && d.taking.Err() == nil {
		d.Log.Warn("dispatch", "topic", topic, "error", err.Error())
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	l.again = l.again || len(jobs) == room
	l.busy += len(jobs)
	d.busy += len(jobs)
	for _, job := range jobs {
		d.under.Go(func() {
			d.do(job, b)
			d.mutex.Lock()
			l.busy--
			d.busy--
			more := l.again
			d.mutex.Unlock()
			if more {
				d.pull(topic, b)
			}
		})
	}
	return true
}
