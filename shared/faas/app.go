package faas

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/dispatch"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/live"
	"diom.io/workflow/shared/lock"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/replica"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/tasklink"
	"diom.io/workflow/shared/tasklist"
	"diom.io/workflow/shared/telemetry"
	"diom.io/workflow/shared/workflow"
)

// replyGrace is how much longer than a call the database may take for a reply.
const replyGrace = 5 * time.Second

// App is everything that a process holds: opened once, connected at first use, safe for concurrent
// use. Functions reach it as Request.App.
type App struct {
	Config    config.Config
	Telemetry *telemetry.Telemetry
	DB        *database.DB
	Cache     *cache.Client
	Live      *live.Feed
	Reads     *replica.Reads
	Store     *store.Store
	Access    *access.Service
	Workflow  *workflow.Service
	Tasklist  *tasklist.Service
	Camunda   *camunda.Service
	Inbound   *workflow.Inbound
	Relay     *workflow.Relay
	Dispatch  *dispatch.Dispatcher
	Design    *design.Service
	TaskLinks *tasklink.Service
	// Notifications is the notification centre.
	Notifications *notification.Service
	locks         *lock.Locker

	held      sync.Map // type → what a function keeps, see Hold
	handlers  sync.Map // function name → *endpoint, for Handle
	remotes   sync.Map // function name → cloudevent.Sender
	consumers atomic.Pointer[cloudevent.Sender]
}

// OpenApp prepares an App; it connects to nothing, so that a process starts while MySQL or Redis is
// down and says so on /_/ready.
func OpenApp(_ context.Context, cfg config.Config, tel *telemetry.Telemetry) (*App, error) {
	if cfg.TracesEndpoint != "" {
		if err := tel.TraceTo(cfg.TracesEndpoint, cfg.Environment); err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
		}
	}
	db, err := database.Open(cfg.MySQLDSN, database.Options{
		Pool: cfg.Pool, ReadTimeout: cfg.ExecTimeout + replyGrace, Observe: observe(tel),
		Replica: database.ReplicaOptions{DSN: cfg.MySQLReplicaDSN, MaxLag: cfg.ReplicaMaxLag, Observe: observeReplica(tel)},
	})
	if err != nil {
		return nil, err
	}
	tel.Pools(db.Pools()...)
	a := &App{Config: cfg, Telemetry: tel, DB: db, Store: store.New(db)}
	if err := a.open(); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// open prepares the use cases over the store, lowest rank first.
func (a *App) open() error {
	var err error
	if a.Cache, err = cache.Open(a.Config.RedisURL); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	a.Telemetry.Pools(a.Cache.Pools()...)
	a.Reads = replica.New(a.DB, a.Cache, func(v database.Verdict) { a.Telemetry.Metrics.Replica.Reads.WithLabelValues(string(v)).Inc() })
	a.Live = live.New(a.Cache)
	if a.Reads.Any() {
		a.Live.Before = a.Reads.Shown
	}
	if a.Access, err = access.New(a.Config, a.Store, a.Cache); err != nil {
		return fmt.Errorf("access: %w", err)
	}
	location, err := time.LoadLocation(a.Config.TimeZone)
	if err != nil {
		return fmt.Errorf("DIOM_TZ: %w", err)
	}
	a.Relay = workflow.NewRelay(a.Store, a.sender(), a.Source(), a.Telemetry.Log)
	a.locks = lock.New(a.Cache.Redis())
	a.Relay.Metrics, a.locks.Metrics = a.Telemetry.Metrics, a.Telemetry.Metrics
	a.Workflow = workflow.New(a.Store, a.locks, location, a.Relay)
	a.Workflow.SetCode(workflow.Code{Listeners: a.Config.Listeners, Scripts: a.Config.Scripts})
	a.Workflow.ByHand = !a.Config.RunsJobs()
	a.Workflow.Metrics = a.Telemetry.Metrics
	a.Workflow.Settings = a.Access.Settings
	if a.Workflow.Bucket, err = opener(a.Config, "DIOM_ATTACHMENT_BUCKET", a.Config.AttachmentBucket); err != nil {
		return err
	}
	if a.Workflow.Archive, err = opener(a.Config, "DIOM_ARCHIVE_BUCKET", a.Config.ArchiveBucket); err != nil {
		return err
	}
	a.followLogLevel()
	a.Inbound = workflow.NewInbound(a.Store, a.Access, a.Workflow)
	a.Tasklist = tasklist.New(a.Store, tasklist.Options{Location: location, Settings: a.Access.Settings})
	a.TaskLinks = tasklink.New(a.Store, a.Access, a.Workflow, a.Config.PublicURL)
	a.Notifications, err = notification.New(notification.Options{Config: a.Config, Store: a.Store, Feed: a.Live, Access: a.Access, Location: location, Offer: a.TaskLinks.Offer})
	if err != nil {
		return err
	}
	a.Dispatch, err = dispatch.New(dispatch.Options{
		Config: a.Config, Workflow: a.Workflow, Store: a.Store, Access: a.Access, Notifications: a.Notifications, Log: a.Telemetry.Log, Source: a.Source(),
	})
	a.Camunda = camunda.New(a.Store, a.Workflow)
	a.Design = design.New(a.Store, a.Workflow, location)
	return err
}

// opener opens the bucket of a setting at its first use, since not every process has the secrets of it; nil: there is none.
// What can be seen to be wrong before is an error now.
func opener(cfg config.Config, name, address string) (func() (*bucket.Bucket, error), error) {
	if address == "" {
		return nil, nil
	}
	settings, err := bucket.LoadSettings(cfg)
	if err == nil {
		err = bucket.Check(settings, address)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return sync.OnceValues(func() (*bucket.Bucket, error) { return bucket.Open(settings, address) }), nil
}

// followLogLevel lets the log have the level that is set, and that with which the process began where none is.
func (a *App) followLogLevel() {
	began := a.Telemetry.Level.Level()
	a.Access.Settings.OnChange(func(v *setting.Values) {
		a.Telemetry.Level.Set(began)
		if v.IsSet(setting.LogLevel) {
			_ = a.Telemetry.Level.UnmarshalText([]byte(v.Text(setting.LogLevel))) // it is one of slog's words
		}
	})
}

// Source is the source of our own events: /diom/<environment>.
func (a *App) Source() string { return "/diom/" + a.Config.Environment }

// receiver is the function that takes our own events where there is no broker, at its route, and hands
// them on to their consumers.
const (
	receiver     = "receive-event"
	receiverPath = "/api/v1/events"
)

// ErrNoConsumers: the process has no consumers of its own, and no setting says where events go.
var ErrNoConsumers = fault.New(fault.Unavailable, "no_consumers", "Nobody is named who takes events: set K_SINK or DIOM_FUNCTION_URL.").Elsewhere()

// sender says where the relay's events go: to the consumers in this process and to $K_SINK, where there
// is one; in a process without consumers to $K_SINK, or else to the function receive-event. What leaves
// the process is signed, anew each time.
func (a *App) sender() cloudevent.Sender {
	var sink, neighbour cloudevent.Sender
	if a.Config.Sink != "" {
		sink = cloudevent.HTTP(a.Config.Sink)
		if a.Config.EventMode == "structured" {
			sink = cloudevent.Structured(sink)
		}
		sink = a.signed(sink)
	}
	if urls := a.Config.FunctionURLs(receiver); len(urls) > 0 {
		for i := range urls {
			urls[i] += receiverPath
		}
		neighbour = a.signed(cloudevent.HTTP(urls...))
	}
	return func(ctx context.Context, e event.Event) error {
		consumers := a.consumers.Load()
		switch {
		case consumers == nil && sink != nil:
			return sink(ctx, e)
		case consumers == nil && neighbour != nil:
			return neighbour(ctx, e)
		case consumers == nil:
			return ErrNoConsumers
		case sink == nil:
			return (*consumers)(ctx, e)
		}
		return cloudevent.Together(slices.DeleteFunc([]error{(*consumers)(ctx, e), sink(ctx, e)}, func(err error) bool { return err == nil }))
	}
}

// signed signs each event before it is sent.
func (a *App) signed(send cloudevent.Sender) cloudevent.Sender {
	return func(ctx context.Context, e event.Event) error {
		e = e.Clone() // its context is shared
		if err := a.Access.SignEvent(&e); err != nil {
			return err
		}
		return send(ctx, e)
	}
}

// Consume makes functions the consumers of events in this process, by their Events.
func (a *App) Consume(functions []Function) {
	byType := map[string][]cloudevent.Sender{}
	for _, f := range functions {
		e := a.endpoint(f)
		for _, ev := range f.Events {
			byType[ev.Type] = append(byType[ev.Type], e.take)
		}
	}
	send := cloudevent.Consumers(byType)
	a.consumers.Store(&send)
}

// Deliver hands one of our events, which its sender has signed, to its consumers: those in this
// process, or else the named functions, by their URLs. Every one of them gets it, whatever the others
// say; the verdict of the error is Retry while one of them may still take it.
func (a *App) Deliver(ctx context.Context, e event.Event, functions []string) error {
	if send := a.consumers.Load(); send != nil {
		return (*send)(ctx, e)
	}
	var failures []error
	for _, name := range functions {
		if err := a.remote(name)(ctx, e); err != nil {
			failures = append(failures, fmt.Errorf("function %s: %w", name, err))
		}
	}
	return cloudevent.Together(failures)
}

// remote returns the Sender to a function in other processes.
func (a *App) remote(name string) cloudevent.Sender {
	if send, ok := a.remotes.Load(name); ok {
		return send.(cloudevent.Sender) //nolint:forcetypeassert // the map holds nothing else
	}
	urls := a.Config.FunctionURLs(name)
	for i := range urls {
		urls[i] += eventsPath
	}
	send := cloudevent.HTTP(urls...)
	if len(urls) == 0 {
		send = func(context.Context, event.Event) error { return ErrNoConsumers }
	}
	known, _ := a.remotes.LoadOrStore(name, send)
	return known.(cloudevent.Sender) //nolint:forcetypeassert // the map holds nothing else
}

// Close stops the relay, lets the locks go and ends the connections.
func (a *App) Close() error {
	var err error
	a.Dispatch.Stop()
	a.Relay.Stop()
	a.locks.Wait()
	a.Live.Close()
	if a.Cache != nil {
		err = a.Cache.Close()
	}
	if a.DB != nil {
		err = errors.Join(err, a.DB.Close())
	}
	return errors.Join(err, a.Telemetry.Close())
}
