// Package cloudevent writes what the engine did as CloudEvents 1.0, signs and sends them, and reads
// and checks those that come in.
//
// Our own types are io.diom.workflow.<noun>.<verb>.v1. An event's id is <instance>/<seq>/<n>/<mark>, so
// that a resend is a duplicate; partitionkey is the instance and sequence orders the events of one
// instance. docs/events.md describes each type.
package cloudevent

import (
	"fmt"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/engine"
)

// Step is one committed step of an instance: a history row and what its events need of the
// instance. Trace is the W3C traceparent of what caused it, or "" where none is at hand.
type Step struct {
	InstanceID  engine.ID
	Seq         int64
	CommandID   engine.ID
	At          time.Time
	Actor       string
	ProcessKey  string
	BusinessKey string
	Trace       string
	Changes     []engine.Change
}

// Data is the payload of every event of an instance. It names things by id; a consumer that needs
// more asks the API, where authorisation stays. Variables are never in it, those of a message neither.
type Data struct {
	InstanceID engine.ID `json:"instanceId"`
	ProcessKey string    `json:"processKey"`
	Actor      string    `json:"actor"`
	NodeID     string    `json:"nodeId,omitempty"`
	TaskID     engine.ID `json:"taskId,omitzero"`
	TaskName   string    `json:"taskName,omitempty"`
	Assignee   string    `json:"assignee,omitempty"`
	Users      []string  `json:"candidateUsers,omitempty"`
	Groups     []string  `json:"candidateGroups,omitempty"`
	CopiedTo   []string  `json:"copiedTo,omitempty"`
	Urges      int       `json:"urges,omitempty"`
	Outcome    string    `json:"outcome,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	IncidentID engine.ID `json:"incidentId,omitzero"`
	Code       string    `json:"code,omitempty"`
	JobID      engine.ID `json:"jobId,omitzero"`
	JobKind    string    `json:"jobKind,omitempty"`
	Topic      string    `json:"topic,omitempty"`
	Retries    *int      `json:"retries,omitempty"`
	DueAt      time.Time `json:"dueAt,omitzero"`
	TimerID    engine.ID `json:"timerId,omitzero"`
	Message    string    `json:"message,omitempty"`
	Signal     string    `json:"signal,omitempty"`
	CalledID   engine.ID `json:"calledInstanceId,omitzero"`
	CalledKey  string    `json:"calledProcessKey,omitempty"`
}

// Events returns the events of a step in the order of its changes. source is /diom/<environment>.
func Events(source string, s Step) ([]event.Event, error) {
	var list []event.Event
	for n := range s.Changes {
		c := &s.Changes[n]
		name := TypeOf(c)
		if name == "" {
			continue
		}
		e := event.New(event.CloudEventsVersionV1)
		e.SetID(NewID(s.InstanceID, s.Seq, n+1, s.CommandID).String())
		e.SetSource(source)
		e.SetType(name)
		e.SetTime(s.At)
		data := payload(s, c)
		e.SetSubject("instances/" + s.InstanceID.String())
		if !data.TaskID.IsZero() {
			e.SetSubject("tasks/" + data.TaskID.String())
		}
		e.SetExtension("partitionkey", s.InstanceID.String())
		e.SetExtension("sequence", fmt.Sprintf("%010d.%03d", s.Seq, n+1))
		e.SetExtension("diomprocess", s.ProcessKey)
		if s.BusinessKey != "" {
			e.SetExtension(businessKey, s.BusinessKey)
		}
		if s.Trace != "" {
			e.SetExtension(traceParent, s.Trace)
		}
		if err := e.SetData(event.ApplicationJSON, data); err != nil {
			return nil, fmt.Errorf("event %s: %w", e.ID(), err)
		}
		list = append(list, e)
	}
	return list, nil
}

// Names of extension attributes that more than one place needs.
const (
	businessKey = "businesskey"
	traceParent = "traceparent"
)

func payload(s Step, c *engine.Change) Data {
	d := Data{
		InstanceID: s.InstanceID, ProcessKey: s.ProcessKey, Actor: s.Actor, NodeID: c.Node, TaskID: c.TaskID,
		Assignee: c.Assignee, Outcome: c.Outcome, Reason: c.Reason, IncidentID: c.IncidentID, Code: c.Code,
		JobID: c.JobID, Topic: c.Topic, DueAt: c.DueAt, TimerID: c.TimerID, Message: c.Message, Urges: c.Urges,
	}
	if c.Kind == engine.JobFailed {
		d.Retries = &c.Retries
	}
	if c.Kind == engine.SignalReceived || c.Kind == engine.SignalThrown {
		d.Message, d.Signal = "", c.Message
	}
	if c.Kind == engine.TaskCopied {
		d.CopiedTo = c.Names
	}
	if r := c.Return; r != nil {
		d.Outcome, d.Code = string(r.Outcome), r.Code
	}
	if d.CalledID = c.CallID; c.Call != nil {
		d.CalledID, d.CalledKey, d.NodeID = c.Call.ID, c.Call.Key, c.Call.Node
	}
	if t := c.Task; t != nil {
		d.TaskID, d.TaskName, d.NodeID, d.Assignee, d.Users, d.Groups = t.ID, t.Name, t.Node, t.Assignee, t.CandidateUsers, t.CandidateGroups
		d.DueAt = t.DueAt
	}
	if i := c.Incident; i != nil {
		d.IncidentID, d.NodeID, d.Code, d.JobID = i.ID, i.Node, i.Code, i.Job
	}
	if j := c.Job; j != nil {
		d.JobID, d.NodeID, d.JobKind, d.Topic, d.Retries, d.DueAt = j.ID, j.Node, string(j.Kind), j.Topic, &j.Retries, j.DueAt
	}
	return d
}

// Definition is what definition.deployed says.
type Definition struct {
	ID         engine.ID `json:"definitionId"`
	ProcessKey string    `json:"processKey"`
	Version    int       `json:"version"`
	Name       string    `json:"name"`
	Actor      string    `json:"actor"`
}

// Deployed returns the event of a definition that was deployed at a time. Its id is the definition's.
func Deployed(source string, d Definition, at time.Time) (event.Event, error) {
	e := event.New(event.CloudEventsVersionV1)
	e.SetID(d.ID.String())
	e.SetSource(source)
	e.SetType(TypeDefinitionDeployed)
	e.SetTime(at)
	e.SetSubject("definitions/" + d.ID.String())
	e.SetExtension("partitionkey", d.ID.String())
	e.SetExtension("diomprocess", d.ProcessKey)
	err := e.SetData(event.ApplicationJSON, d)
	return e, err
}
