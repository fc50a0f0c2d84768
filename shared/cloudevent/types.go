package cloudevent

import "diom.io/workflow/shared/engine"

const prefix = "io.diom.workflow."

// The types of the product's own events that its functions consume by name.
const (
	TypeTokenReady         = prefix + "token.ready.v1"
	TypeTimerDue           = prefix + "timer.due.v1"
	TypeMessageReceived    = prefix + "message.received.v1"
	TypeMessageSent        = prefix + "message.sent.v1"
	TypeSignalReceived     = prefix + "signal.received.v1"
	TypeSignalThrown       = prefix + "signal.thrown.v1"
	TypeTaskCreated        = prefix + "task.created.v1"
	TypeTaskAssigned       = prefix + "task.assigned.v1"
	TypeTaskCompleted      = prefix + "task.completed.v1"
	TypeTaskCancelled      = prefix + "task.cancelled.v1"
	TypeTaskReturned       = prefix + "task.returned.v1"
	TypeTaskCopied         = prefix + "task.copied.v1"
	TypeTaskUrged          = prefix + "task.urged.v1"
	TypeJobCreated         = prefix + "job.created.v1"
	TypeJobRequested       = prefix + "job.requested.v1"
	TypeJobCompleted       = prefix + "job.completed.v1"
	TypeJobFailed          = prefix + "job.failed.v1"
	TypeInstanceStarted    = prefix + "instance.started.v1"
	TypeInstanceEnded      = prefix + "instance.ended.v1"
	TypeInstanceCancelled  = prefix + "instance.cancelled.v1"
	TypeInstanceSuspended  = prefix + "instance.suspended.v1"
	TypeInstanceResumed    = prefix + "instance.resumed.v1"
	TypeInstanceMigrated   = prefix + "instance.migrated.v1"
	TypeIncidentRaised     = prefix + "incident.raised.v1"
	TypeIncidentResolved   = prefix + "incident.resolved.v1"
	TypeDefinitionDeployed = prefix + "definition.deployed.v1"
	TypeCallStarted        = prefix + "call.started.v1"
	TypeCallCancelled      = prefix + "call.cancelled.v1"
	TypeCallReturned       = prefix + "call.returned.v1"
	TypeBatchProgress      = prefix + "batch.progress.v1"
	TypeCallMoved          = prefix + "call.moved.v1"
)

// byKind maps the changes that others may see to event types. What becomes of a job depends on its kind:
// see TypeOf.
var byKind = map[engine.Kind]string{
	engine.InstanceStarted:   TypeInstanceStarted,
	engine.InstanceCompleted: TypeInstanceEnded,
	engine.InstanceCancelled: TypeInstanceCancelled,
	engine.InstanceSuspended: TypeInstanceSuspended,
	engine.InstanceResumed:   TypeInstanceResumed,
	engine.InstanceMigrated:  TypeInstanceMigrated,
	engine.TaskCreated:       TypeTaskCreated,
	engine.TaskAssigned:      TypeTaskAssigned,
	engine.TaskCompleted:     TypeTaskCompleted,
	engine.TaskCancelled:     TypeTaskCancelled,
	engine.TaskReturned:      TypeTaskReturned,
	engine.TaskCopied:        TypeTaskCopied,
	engine.TaskUrged:         TypeTaskUrged,
	engine.JobCreated:        TypeJobCreated,
	engine.JobCompleted:      TypeJobCompleted,
	engine.JobFailed:         TypeJobFailed,
	engine.TimerFired:        TypeTimerDue,
	engine.MessageReceived:   TypeMessageReceived,
	engine.MessageSent:       TypeMessageSent,
	engine.SignalReceived:    TypeSignalReceived,
	engine.SignalThrown:      TypeSignalThrown,
	engine.IncidentRaised:    TypeIncidentRaised,
	engine.IncidentResolved:  TypeIncidentResolved,
	engine.CallStarted:       TypeCallStarted,
	engine.CallCancelled:     TypeCallCancelled,
	engine.CallReturned:      TypeCallReturned,
	engine.CallMoved:         TypeCallMoved,
}

// TypeOf returns the event type of a change, or "" when it is not published. A continuation is nobody's
// work but ours: when it is created that is token.ready, and nothing is said of its end.
func TypeOf(c *engine.Change) string {
	switch c.Kind {
	case engine.JobCreated:
		if c.Job != nil && c.Job.Kind != engine.ExternalJob {
			return TypeTokenReady
		}
	case engine.TaskCopied:
		if len(c.Names) == 0 {
			return ""
		}
	case engine.JobCompleted, engine.JobFailed:
		if c.Topic == "" {
			return ""
		}
	}
	return byKind[c.Kind]
}
