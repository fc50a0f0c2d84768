// Code generated from functions/*/handler.go by `make gen`; DO NOT EDIT.

package receiveevent

// consumers are the functions that take our own events, by the events' types.
var consumers = map[string][]string{
	"io.diom.workflow.batch.progress.v1":      {"notify"},
	"io.diom.workflow.call.cancelled.v1":      {"advance-token"},
	"io.diom.workflow.call.moved.v1":          {"advance-token"},
	"io.diom.workflow.call.returned.v1":       {"advance-token"},
	"io.diom.workflow.call.started.v1":        {"advance-token"},
	"io.diom.workflow.definition.deployed.v1": {"notify"},
	"io.diom.workflow.incident.raised.v1":     {"notify"},
	"io.diom.workflow.incident.resolved.v1":   {"notify"},
	"io.diom.workflow.instance.cancelled.v1":  {"notify"},
	"io.diom.workflow.instance.ended.v1":      {"notify"},
	"io.diom.workflow.instance.migrated.v1":   {"notify"},
	"io.diom.workflow.instance.resumed.v1":    {"notify"},
	"io.diom.workflow.instance.started.v1":    {"notify"},
	"io.diom.workflow.instance.suspended.v1":  {"notify"},
	"io.diom.workflow.job.completed.v1":       {"notify"},
	"io.diom.workflow.job.created.v1":         {"jobs", "notify"},
	"io.diom.workflow.job.failed.v1":          {"notify"},
	"io.diom.workflow.message.received.v1":    {"notify"},
	"io.diom.workflow.message.sent.v1":        {"advance-token", "notify"},
	"io.diom.workflow.signal.received.v1":     {"notify"},
	"io.diom.workflow.signal.thrown.v1":       {"notify"},
	"io.diom.workflow.task.assigned.v1":       {"notify"},
	"io.diom.workflow.task.cancelled.v1":      {"notify"},
	"io.diom.workflow.task.completed.v1":      {"notify"},
	"io.diom.workflow.task.copied.v1":         {"notify"},
	"io.diom.workflow.task.created.v1":        {"notify"},
	"io.diom.workflow.task.returned.v1":       {"notify"},
	"io.diom.workflow.task.urged.v1":          {"notify"},
	"io.diom.workflow.timer.due.v1":           {"notify"},
	"io.diom.workflow.token.ready.v1":         {"advance-token"},
}
