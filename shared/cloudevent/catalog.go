package cloudevent

import (
	"maps"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/engine"
)

// Description is what readers are told of one type of ours: docs/events.md is made of them.
type Description struct {
	Type    string
	Summary string
	// Internal types are for the product's own functions; others may see them and need not mind.
	Internal bool
	// fields are those of the data, one word each, with a question mark where it may be absent.
	fields string
	// change makes the example; nil for what is no change of an instance.
	change *engine.Change
	// example makes it where there is no change.
	example func() (event.Event, error)
}

// always are the fields of the data of every event of an instance.
const always = "instanceId processKey actor "

// descriptions are in the order of the documentation.
var descriptions = []Description{
	{Type: TypeInstanceStarted, Summary: "An instance was started.", fields: always, change: &engine.Change{Kind: engine.InstanceStarted}},
	{Type: TypeInstanceEnded, Summary: "An instance came to its end.", fields: always, change: &engine.Change{Kind: engine.InstanceCompleted}},
	{Type: TypeInstanceCancelled, Summary: "An instance was cancelled.", fields: always + "reason?", change: &engine.Change{Kind: engine.InstanceCancelled, Reason: "重复提交"}},
	{Type: TypeInstanceSuspended, Summary: "An instance was suspended: nothing happens in it until it is resumed.", fields: always + "reason?", change: &engine.Change{Kind: engine.InstanceSuspended, Reason: "审计"}},
	{Type: TypeInstanceResumed, Summary: "A suspended instance goes on.", fields: always + "reason?", change: &engine.Change{Kind: engine.InstanceResumed}},
	{Type: TypeInstanceMigrated, Summary: "An instance goes on by another definition: ask for it.", fields: always + "reason?", change: &engine.Change{Kind: engine.InstanceMigrated, Reason: "流程改版"}},
	{
		Type: TypeTaskCreated, Summary: "A user task waits for somebody.", fields: always + "nodeId taskId taskName assignee? candidateUsers? candidateGroups? dueAt? reason?",
		change: &engine.Change{Kind: engine.TaskCreated, Task: &engine.Task{ID: exampleID(2), Node: "file", Name: "备案", CandidateGroups: []string{"finance"}, DueAt: exampleTime.Add(24 * time.Hour)}},
	},
	{
		Type: TypeTaskAssigned, Summary: "A user task has another assignee, or none: then the field is absent.", fields: always + "nodeId taskId assignee? reason?",
		change: &engine.Change{Kind: engine.TaskAssigned, TaskID: exampleID(2), Node: "file", Assignee: "lina"},
	},
	{
		Type: TypeTaskCompleted, Summary: "A user task was completed by its assignee.", fields: always + "nodeId taskId assignee outcome? reason?",
		change: &engine.Change{Kind: engine.TaskCompleted, TaskID: exampleID(2), Node: "file", Assignee: "lina", Outcome: "approved"},
	},
	{
		Type: TypeTaskCancelled, Summary: "A user task ended without being completed.", fields: always + "nodeId taskId reason?",
		change: &engine.Change{Kind: engine.TaskCancelled, TaskID: exampleID(2), Node: "file", Reason: "重复提交"},
	},
	{
		Type: TypeTaskReturned, Summary: "An approver has sent the work back from his task to a node before it: the outcome.", fields: always + "nodeId taskId assignee outcome",
		change: &engine.Change{Kind: engine.TaskReturned, TaskID: exampleID(2), Node: "file", Assignee: "lina", Outcome: "approve"},
	},
	{
		Type: TypeTaskCopied, Summary: "People who have nothing to do with a user task were told of it: they may read its instance.", fields: always + "nodeId taskId copiedTo",
		change: &engine.Change{Kind: engine.TaskCopied, TaskID: exampleID(2), Node: "file", Names: []string{"sunqi"}},
	},
	{
		Type: TypeTaskUrged, Summary: "Those who have a user task were urged, for the urges-th time; with the reason escalated who is above the assignee is told, too.", fields: always + "nodeId taskId assignee? urges reason?",
		change: &engine.Change{Kind: engine.TaskUrged, TaskID: exampleID(2), Node: "file", Assignee: "lina", Urges: 3, Reason: engine.Escalated},
	},
	{
		Type: TypeJobCreated, Summary: "A worker can fetch a job of the topic.", fields: always + "nodeId jobId jobKind topic retries dueAt?",
		change: &engine.Change{Kind: engine.JobCreated, Job: &engine.Job{ID: exampleID(3), Node: "pay", Kind: engine.ExternalJob, Topic: "payment", Retries: 3}},
	},
	{
		Type: TypeJobRequested, Summary: "A job whose topic is bound is handed to its receiver, and to nobody else. Its id is the job's: the same id again is another attempt.",
		fields: "jobId topic workerId instanceId processKey businessKey? nodeId retries variables",
		example: func() (event.Event, error) {
			return Requested("/diom/production", JobRequest{
				JobID: exampleID(3), Topic: "function:pay", WorkerID: "diom", InstanceID: exampleID(1), ProcessKey: "leave", BusinessKey: "2026-0042", NodeID: "pay",
				Retries: 3, Variables: engine.Variables{"amount": int64(1200)},
			}, exampleTime)
		},
	},
	{
		Type: TypeJobCompleted, Summary: "A worker has done a job.", fields: always + "nodeId jobId topic",
		change: &engine.Change{Kind: engine.JobCompleted, JobID: exampleID(3), Node: "pay", Topic: "payment"},
	},
	{
		Type: TypeJobFailed, Summary: "A worker could not do a job. With no retries left an incident waits for an operator.", fields: always + "nodeId jobId topic retries dueAt? reason?",
		change: &engine.Change{Kind: engine.JobFailed, JobID: exampleID(3), Node: "pay", Topic: "payment", Retries: 2, DueAt: exampleTime.Add(5 * time.Minute), Reason: "bank does not answer"},
	},
	{
		Type: TypeTokenReady, Summary: "An asynchronous continuation waits to be run.", Internal: true, fields: always + "nodeId jobId jobKind retries dueAt?",
		change: &engine.Change{Kind: engine.JobCreated, Job: &engine.Job{ID: exampleID(3), Node: "book", Kind: engine.BeforeJob, Retries: 3}},
	},
	{
		Type: TypeTimerDue, Summary: "A timer fired.", fields: always + "nodeId timerId",
		change: &engine.Change{Kind: engine.TimerFired, TimerID: exampleID(4), Node: "reminder"},
	},
	{
		Type: TypeMessageReceived, Summary: "An instance received a message.", fields: always + "nodeId message",
		change: &engine.Change{Kind: engine.MessageReceived, SubscriptionID: exampleID(5), Node: "paid", Message: "payment received"},
	},
	{
		Type: TypeMessageSent, Summary: "An instance threw a message: it is on its way to whoever waits for it.", Internal: true, fields: always + "nodeId message",
		change: &engine.Change{Kind: engine.MessageSent, Node: "tell", Message: "order shipped"},
	},
	{
		Type: TypeSignalReceived, Summary: "An instance received a signal.", fields: always + "nodeId signal",
		change: &engine.Change{Kind: engine.SignalReceived, SubscriptionID: exampleID(5), Node: "stopped", Message: "market closed"},
	},
	{
		Type: TypeSignalThrown, Summary: "An instance threw a signal to everybody who waits for it.", fields: always + "nodeId signal",
		change: &engine.Change{Kind: engine.SignalThrown, SignalID: exampleID(8), Node: "close", Message: "market closed"},
	},
	{
		Type: TypeCallStarted, Summary: "An instance called another process: the called instance is to be started.", Internal: true, fields: always + "nodeId calledInstanceId calledProcessKey",
		change: &engine.Change{Kind: engine.CallStarted, Call: &engine.Call{ID: exampleID(9), Node: "check", Key: "credit-check"}},
	},
	{
		Type: TypeCallCancelled, Summary: "An instance gave up a call: the called instance is to be cancelled.", Internal: true, fields: always + "nodeId calledInstanceId reason?",
		change: &engine.Change{Kind: engine.CallCancelled, CallID: exampleID(9), Node: "check", Reason: "interrupted"},
	},
	{
		Type: TypeCallReturned, Summary: "A called instance has ended, or has an escalation for its caller.", Internal: true, fields: always + "outcome code?",
		change: &engine.Change{Kind: engine.CallReturned, Return: &engine.Return{Number: 1, Outcome: engine.ReturnedError, Over: true, Code: "no-credit"}},
	},
	{
		Type: TypeCallMoved, Summary: "An instance was migrated and waits for a called instance elsewhere: that is to know it.", Internal: true, fields: always + "nodeId calledInstanceId",
		change: &engine.Change{Kind: engine.CallMoved, CallID: exampleID(9), Node: "check-again"},
	},
	{
		Type: TypeIncidentRaised, Summary: "Something failed and an operator has to look at it.", fields: always + "nodeId incidentId code jobId?",
		change: &engine.Change{Kind: engine.IncidentRaised, Incident: &engine.Incident{ID: exampleID(6), Node: "pay", Code: "job_failed", Job: exampleID(3)}},
	},
	{
		Type: TypeIncidentResolved, Summary: "An incident is over: it was retried, or its instance ended.", fields: always + "nodeId incidentId",
		change: &engine.Change{Kind: engine.IncidentResolved, IncidentID: exampleID(6), Node: "pay"},
	},
	{
		Type: TypeDefinitionDeployed, Summary: "A new version of a process was deployed.", fields: "definitionId processKey version name actor",
		example: func() (event.Event, error) {
			return Deployed("/diom/production", Definition{ID: exampleID(7), ProcessKey: "leave", Version: 3, Name: "请假", Actor: "zhouming"}, exampleTime)
		},
	},
	{
		Type: TypeBatchProgress, Summary: "A batch has gone on: every few seconds at most, and when it ends or somebody changes it.", fields: "batchId kind state total done failed actor",
		example: func() (event.Event, error) {
			return Progress("/diom/production", BatchProgress{ID: exampleID(10), Kind: "cancel", State: "running", Total: 1200, Done: 440, Failed: 2, Actor: "zhouming"}, 12, exampleTime)
		},
	},
}

// Catalogue lists the types of our events in the order of the documentation.
func Catalogue() []Description { return descriptions }

var exampleTime = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// exampleID is a UUIDv7 that differs in its last byte.
func exampleID(n byte) engine.ID {
	return engine.ID{0x01, 0x9c, 0xad, 0xc6, 0x9a, 0x80, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n}
}

// Example returns an event of the type as the product sends it, but for its signature.
func (d Description) Example() (event.Event, error) {
	if d.change == nil {
		return d.example()
	}
	list, err := Events("/diom/production", Step{
		InstanceID: exampleID(1), Seq: 4, CommandID: exampleID(5), At: exampleTime, Actor: "lina", ProcessKey: "leave", BusinessKey: "2026-0042", Changes: []engine.Change{*d.change},
	})
	if err != nil {
		return event.Event{}, err
	}
	return list[0], nil
}

// schemas are the JSON Schemas of the fields of Data and Definition.
var schemas = map[string]map[string]any{
	"instanceId":       {"type": "string", "format": "uuid"},
	"processKey":       {"type": "string", "minLength": 1},
	"actor":            {"type": "string", "description": "who caused it; empty for the product itself"},
	"nodeId":           {"type": "string", "description": "id of the flow node in the model"},
	"taskId":           {"type": "string", "format": "uuid"},
	"taskName":         {"type": "string"},
	"assignee":         {"type": "string"},
	"candidateUsers":   {"type": "array", "items": map[string]any{"type": "string"}, "minItems": 1},
	"candidateGroups":  {"type": "array", "items": map[string]any{"type": "string"}, "minItems": 1},
	"copiedTo":         {"type": "array", "items": map[string]any{"type": "string"}, "minItems": 1, "description": "usernames"},
	"urges":            {"type": "integer", "minimum": 1, "description": "how often by now"},
	"outcome":          {"type": "string"},
	"reason":           {"type": "string"},
	"incidentId":       {"type": "string", "format": "uuid"},
	"code":             {"type": "string", "minLength": 1},
	"jobId":            {"type": "string", "format": "uuid"},
	"jobKind":          {"enum": []string{string(engine.ExternalJob), string(engine.BeforeJob), string(engine.AfterJob)}},
	"topic":            {"type": "string", "minLength": 1},
	"workerId":         {"type": "string", "minLength": 1, "description": "the name under which the product holds the job"},
	"businessKey":      {"type": "string", "minLength": 1},
	"variables":        {"type": "object", "description": "what the job sees, by name"},
	"retries":          {"type": "integer", "minimum": 0, "description": "attempts that are left"},
	"dueAt":            {"type": "string", "format": "date-time"},
	"timerId":          {"type": "string", "format": "uuid"},
	"message":          {"type": "string", "minLength": 1, "description": "name of the message"},
	"signal":           {"type": "string", "minLength": 1, "description": "name of the signal"},
	"definitionId":     {"type": "string", "format": "uuid"},
	"calledInstanceId": {"type": "string", "format": "uuid"},
	"calledProcessKey": {"type": "string", "minLength": 1, "description": "the process that is called"},
	"version":          {"type": "integer", "minimum": 1},
	"batchId":          {"type": "string", "format": "uuid"},
	"kind":             {"type": "string", "minLength": 1, "description": "the operation"},
	"state":            {"type": "string", "minLength": 1, "description": "running, paused, completed or cancelled"},
	"total":            {"type": "integer", "minimum": 1, "description": "instances of the batch"},
	"done":             {"type": "integer", "minimum": 0},
	"failed":           {"type": "integer", "minimum": 0},
	"name":             {"type": "string"},
}

// Schema returns the JSON Schema (draft 2020-12) of the data of a type, ready for encoding/json. Later
// versions of the product may add fields.
func (d Description) Schema() map[string]any {
	properties, required := map[string]any{}, []string{}
	for field := range strings.FieldsSeq(d.fields) {
		name, optional := strings.CutSuffix(field, "?")
		properties[name] = schemas[name]
		if !optional {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "required": required, "properties": properties}
}

// EnvelopeSchema returns the JSON Schema of an event of ours in structured mode; data is that of its
// type.
func EnvelopeSchema() map[string]any {
	text := map[string]any{"type": "string", "minLength": 1}
	return map[string]any{
		"$schema":  "https://json-schema.org/draft/2020-12/schema",
		"type":     "object",
		"required": []string{"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "partitionkey", "data"},
		"properties": map[string]any{
			"specversion":      map[string]any{"const": event.CloudEventsVersionV1},
			"id":               map[string]any{"type": "string", "minLength": 1, "description": "<instance>/<seq>/<n>/<mark>: the same event again is a duplicate"},
			"source":           map[string]any{"type": "string", "pattern": "^/diom/.+$"},
			"type":             map[string]any{"type": "string", "pattern": `^io\.diom\.workflow\.[a-z]+\.[a-z]+\.v1$`},
			"subject":          map[string]any{"type": "string", "pattern": "^(instances|tasks|definitions|batches)/.+$"},
			"time":             map[string]any{"type": "string", "format": "date-time", "description": "when it happened"},
			"datacontenttype":  map[string]any{"const": event.ApplicationJSON},
			"partitionkey":     map[string]any{"type": "string", "format": "uuid", "description": "the instance, the definition or the batch"},
			"sequence":         map[string]any{"type": "string", "pattern": `^[0-9]{10,}\.[0-9]{3,}$`, "description": "orders the events of one instance, or of one batch"},
			"diomprocess":      map[string]any{"type": "string", "minLength": 1, "description": "the key of the process; absent where there is none"},
			businessKey:        text,
			traceParent:        text,
			SignedAttribute:    map[string]any{"type": "string", "format": "date-time", "description": "when it was sent"},
			SignatureAttribute: text,
			"data":             map[string]any{"type": "object"},
		},
	}
}

// EventSchema returns the JSON Schema of a whole event of the type in structured mode: the envelope with the
// type's own data.
func (d Description) EventSchema() map[string]any {
	schema := EnvelopeSchema()
	properties := maps.Clone(schema["properties"].(map[string]any)) //nolint:forcetypeassert // EnvelopeSchema makes it
	properties["type"] = map[string]any{"const": d.Type}
	properties["data"] = d.Schema()
	schema["properties"], schema["description"] = properties, d.Summary
	return schema
}
