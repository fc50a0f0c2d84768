package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are those of one process. None has a label whose values grow with the users, the instances or the
// processes that are deployed. A scrape reads memory alone: what only the database knows (Backlog) is counted
// by the process that ticks, as often as Counted says.
type Metrics struct {
	Requests    *prometheus.HistogramVec // fn, route, code
	Refused     *prometheus.CounterVec   // code
	BreakerOpen *prometheus.GaugeVec     // function
	Failures    *prometheus.CounterVec   // reason: a code of docs/errors.md
	Denied      *prometheus.CounterVec   // reason

	Started   prometheus.Counter
	Ended     *prometheus.CounterVec // outcome
	Completed prometheus.Counter
	Advance   prometheus.Histogram
	Conflicts prometheus.Counter
	LockWait  prometheus.Histogram
	LockHold  prometheus.Histogram
	LockLost  prometheus.Counter
	Events    *prometheus.CounterVec // outcome: sent, failed, dead
	Repeated  prometheus.Counter
	Archived  *prometheus.CounterVec // outcome: archived, failed

	Statements *prometheus.HistogramVec // stmt
	Replica    Replica
	Spans      *prometheus.CounterVec // outcome: sent, lost
	ColdStart  prometheus.Gauge
	Ticked     prometheus.Gauge
	Backlog    Backlog

	BackupLast     prometheus.Gauge
	BackupTaken    prometheus.Gauge
	BackupBytes    prometheus.Gauge
	BackupFailures prometheus.Counter

	BackupVerified    prometheus.Gauge
	BackupDrillFailed prometheus.Gauge
	BackupCopied      *prometheus.GaugeVec // without labels: absent where nothing is copied
}

// Replica says how the replica of the database is used.
type Replica struct {
	Lag   prometheus.Gauge
	Used  prometheus.Gauge
	Reads *prometheus.CounterVec // from: replica, own, away, again
}

// Backlog is what waits in the database. Every process that ticks has the same figures.
type Backlog struct {
	OutboxPending prometheus.Gauge
	OutboxOldest  prometheus.Gauge
	Parked        prometheus.Gauge
	TimerLag      prometheus.Gauge
	Stuck         prometheus.Gauge
	Incidents     prometheus.Gauge
	DeadLetters   prometheus.Gauge
	ActiveUsers   prometheus.Gauge
	Instances     prometheus.Gauge
}

// Outcomes of an instance, of an event that is sent and of archiving, and where lists are read: the values of the labels, so that each
// series is there from the start.
var (
	outcomes  = []string{"completed", "cancelled"}
	sendTries = []string{"sent", "failed", "dead"}
	archiving = []string{"archived", "failed"}
	readFrom  = []string{"replica", "own", "away", "again"}
	spansTold = []string{"sent", "lost"}
)

func newMetrics(m maker) *Metrics {
	made := &Metrics{
		Requests: m.spread("diom_http_request_duration_seconds", "Time from the request's head to the end of the answer.",
			[]float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "fn", "route", "code"),
		Refused:     m.counts("diom_gateway_refused_total", "Requests that the gateway answered with a problem itself.", "code"),
		BreakerOpen: m.gauges("diom_gateway_breaker_open", "1 while the function is not called because it does not answer.", "function"),
		Failures:    m.counts("diom_auth_failures_total", "Requests that were answered with 401, by the code of the problem.", "reason"),
		Denied:      m.counts("diom_authz_denied_total", "Requests that were answered with 403, by the code of the problem.", "reason"),

		Started:   m.count("diom_instances_started_total", "Instances that this process has started."),
		Ended:     m.counts("diom_instances_ended_total", "Instances whose last step this process has made.", "outcome"),
		Completed: m.count("diom_tasks_completed_total", "User tasks that were completed by this process."),
		Advance:   m.times("diom_advance_duration_seconds", "Time of one command to an instance: load, step, commit."),
		Conflicts: m.count("diom_fence_conflicts_total", "Steps that were made again since another one came first."),
		LockWait:  m.times("diom_lock_wait_seconds", "Time until the lock of an instance was taken, or given up waiting for."),
		LockHold:  m.times("diom_lock_hold_seconds", "Time for which the lock of an instance was held."),
		LockLost:  m.count("diom_lock_lost_total", "Locks that ran out before they were given up: the fence decided."),
		Events:    m.counts("diom_events_total", "CloudEvents of committed steps, by what became of the delivery.", "outcome"),
		Repeated:  m.count("diom_inbox_duplicates_total", "CloudEvents that came again after they had had their effect."),
		Archived:  m.counts("diom_instances_archived_total", "Instances that were to be archived before they are deleted for their age, by what became of it.", "outcome"),

		Statements: m.spread("diom_db_query_duration_seconds", "Time of a statement or a transaction of the store, by its name.",
			[]float64{.001, .005, .025, .1, .5, 2.5}, "stmt"),
		Replica: Replica{
			Lag:   m.gauge("diom_replica_lag_seconds", "How far behind the replica of the database is at most, as this process knows."),
			Used:  m.gauge("diom_replica_used", "1 while lists are read at the replica."),
			Reads: m.counts("diom_replica_reads_total", "Requests that only show something, by what they read and why: the replica; the primary for what one has done oneself; the primary while the replica is away or behind; again there since the replica had no answer.", "from"),
		},
		Spans:     m.counts("diom_spans_total", "Spans of traces, by whether the collector has taken them.", "outcome"),
		ColdStart: m.gauge("diom_cold_start_seconds", "Time from the start of the process until it listened."),
		Ticked:    m.gauge("diom_tick_last_timestamp_seconds", "When this process counted what waits for the last time, in seconds since 1970."),
		Backlog:   newBacklog(m),

		BackupLast:     m.gauge("diom_backup_last_success_timestamp", "When the newest whole backup was made, in seconds since 1970."),
		BackupTaken:    m.gauge("diom_backup_duration_seconds", "How long the last backup of this process took."),
		BackupBytes:    m.gauge("diom_backup_size_bytes", "The size of the last backup of this process."),
		BackupFailures: m.count("diom_backup_failures_total", "Backups of this process that failed."),

		BackupVerified:    m.gauge("diom_backup_last_verified_timestamp", "When the newest backup was made that a drill has restored without fault, in seconds since 1970."),
		BackupDrillFailed: m.gauge("diom_backup_drill_failed", "1 when the newest backup that has had a drill did not pass its last one."),
		BackupCopied:      m.gauges("diom_backup_last_copy_timestamp", "When the newest backup was made that is whole in the second place, in seconds since 1970; absent where no copies are made."),
	}
	for _, outcome := range outcomes {
		made.Ended.WithLabelValues(outcome)
	}
	for _, outcome := range sendTries {
		made.Events.WithLabelValues(outcome)
	}
	for _, outcome := range archiving {
		made.Archived.WithLabelValues(outcome)
	}
	for _, from := range readFrom {
		made.Replica.Reads.WithLabelValues(from)
	}
	for _, outcome := range spansTold {
		made.Spans.WithLabelValues(outcome)
	}
	return made
}

func newBacklog(m maker) Backlog {
	return Backlog{
		OutboxPending: m.gauge("diom_outbox_pending", "Committed steps whose events nobody has taken yet."),
		OutboxOldest:  m.gauge("diom_outbox_oldest_seconds", "Age of the oldest of them."),
		Parked:        m.gauge("diom_inbox_parked", "Messages that came before anybody waited for them."),
		TimerLag:      m.gauge("diom_timer_lag_seconds", "For how long the timer has been due that has been due longest."),
		Stuck:         m.gauge("diom_stuck_instances", "Active instances that wait for nothing."),
		Incidents:     m.gauge("diom_incidents_open", "Incidents that nobody has resolved."),
		DeadLetters:   m.gauge("diom_dead_letters", "Events that were given up and that nobody has resubmitted or dismissed."),
		ActiveUsers:   m.gauge("diom_active_users", "Users who logged in, or went on being so, within the last hour."),
		Instances:     m.gauge("diom_instances_active", "Instances that have not ended."),
	}
}

// Unread returns metrics that nobody reads, for what runs without a process of its own.
func Unread() *Metrics { return newMetrics(newMaker(prometheus.NewRegistry())) }

// slow bounds what is fine for one statement; see Statement.
const slow = 100 * time.Millisecond

// Statement counts a statement of the store, and reports whether it was slow.
func (m *Metrics) Statement(name string, taken time.Duration) (wasSlow bool) {
	m.Statements.WithLabelValues(name).Observe(taken.Seconds())
	return taken >= slow
}

// Pools lets a process tell of its connections: extra collectors, once each.
func (t *Telemetry) Pools(list ...prometheus.Collector) {
	for _, c := range list {
		_ = t.Registry.Register(c) // an error says that an earlier App of the process has registered it
	}
}
