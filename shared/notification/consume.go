package notification

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// maxAudience bounds how many people one event notifies: those whose names come first.
const maxAudience = 200

// ErrEvent: an event of the product's own type has another form.
var ErrEvent = fault.New(fault.Invalid, "bad_notification_event", "The event is not one that notifies: its type or its data is wrong.")

// Content is the content of a notification: what it is about, by id, and what the console says of it.
type Content struct {
	InstanceID  engine.ID `json:"instanceId"`
	ProcessKey  string    `json:"processKey"`
	ProcessName string    `json:"processName,omitempty"`
	BusinessKey string    `json:"businessKey,omitempty"`
	TaskID      engine.ID `json:"taskId,omitzero"`
	NodeID      string    `json:"nodeId,omitempty"`
	IncidentID  engine.ID `json:"incidentId,omitzero"`
	CommentID   engine.ID `json:"commentId,omitzero"`
	Code        string    `json:"code,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Actor       string    `json:"actor,omitempty"`
	Subject     string    `json:"subject,omitempty"` // the name of the task, or the process with its business key
	Text        string    `json:"text,omitempty"`    // of a message of the process itself, or what the actor says
}

// notice is one event under way.
type notice struct {
	*Service
	event  event.Event
	data   cloudevent.Data
	origin store.Origin // of the instance, where it is told
	text   string       // what somebody says to it
	plan   plan         // how its people are told
}

// Consume notifies those whom an event of the product concerns, and nobody of what he has done himself.
// An event may come again, and late: a notification has an id made of the event's and the person's, and
// what is over by then is not offered. It returns ErrEvent for an event that it cannot read.
func (s *Service) Consume(ctx context.Context, e event.Event) error {
	if e.Type() == cloudevent.TypeBatchProgress {
		if err := s.hook(ctx, e, ""); err != nil {
			return err
		}
		return s.consumeProgress(ctx, e)
	}
	if slices.Contains(HandedOn, e.Type()) {
		return s.handOn(ctx, e)
	}
	n := notice{Service: s, event: e}
	if err := e.DataAs(&n.data); err != nil || n.data.InstanceID.IsZero() {
		return ErrEvent
	}
	if err := s.hook(ctx, e, n.data.ProcessKey); err != nil {
		return err
	}
	if err := n.notify(ctx); err != nil {
		return err
	}
	n.show(ctx)
	return nil
}

func (n notice) notify(ctx context.Context) error {
	switch n.event.Type() {
	case cloudevent.TypeTaskCreated, cloudevent.TypeTaskAssigned, cloudevent.TypeTaskCompleted, cloudevent.TypeTaskCancelled, cloudevent.TypeTaskReturned,
		cloudevent.TypeTaskCopied, cloudevent.TypeTaskUrged:
		if n.data.TaskID.IsZero() {
			return ErrEvent
		}
		return n.task(ctx)
	case cloudevent.TypeInstanceEnded:
		return n.tellStarter(ctx, InstanceEnded)
	case cloudevent.TypeInstanceCancelled:
		return n.tellStarter(ctx, InstanceCancelled)
	case cloudevent.TypeIncidentRaised:
		return n.tellOperators(ctx)
	}
	if shown[n.event.Type()] == "" {
		return ErrEvent
	}
	return nil
}

func (n notice) task(ctx context.Context) error {
	switch {
	case n.event.Type() == cloudevent.TypeTaskCompleted, n.event.Type() == cloudevent.TypeTaskReturned:
		return n.announce(ctx, store.Notice{Read: n.read(n.data.Actor)})
	case n.event.Type() == cloudevent.TypeTaskCopied:
		return n.copied(ctx)
	case n.event.Type() == cloudevent.TypeTaskUrged:
		return n.urge(ctx)
	case n.event.Type() == cloudevent.TypeTaskCancelled:
		return n.announce(ctx, store.Notice{Read: n.read("")})
	case n.data.Assignee == "":
		return n.offer(ctx)
	}
	return n.assign(ctx)
}

// at is when it happened, as a DATETIME(3) column keeps it.
func (n notice) at() time.Time { return n.event.Time().UTC().Truncate(time.Millisecond) }

// read is that the offers of the task are over for everybody, and all that concerns it for a person, where one is named.
func (n notice) read(username string) *store.Reading {
	return &store.Reading{Type: TaskOffered, Username: username, At: n.at()}
}

// offer tells the candidates of a task that nobody has. By the time the event comes somebody may have
// it: then there is nothing to offer.
func (n notice) offer(ctx context.Context) error {
	task, err := n.tasks.Join(ctx, n.data.TaskID)
	if err != nil || task == nil {
		return err
	}
	people, err := n.audience(ctx, store.Audience{Users: task.CandidateUsers, Identities: task.CandidateGroups, Except: n.data.Actor})
	if err != nil || len(people) == 0 {
		return err
	}
	return n.announce(ctx, store.Notice{Tell: func(now store.Task) store.Telling {
		if !now.Open() || now.Assignee != nil {
			return store.Telling{}
		}
		return n.telling(n.notifications(TaskOffered, now.Name, people))
	}})
}

// assign tells the person who has a task. That he has done it before the event came, he knows. Nobody else can claim it
// now.
func (n notice) assign(ctx context.Context) error {
	people, err := n.audience(ctx, store.Audience{Users: []string{n.data.Assignee}, Except: n.data.Actor})
	if err != nil {
		return err
	}
	var told store.Notice
	if n.event.Type() == cloudevent.TypeTaskAssigned {
		told.Read = n.read("")
	}
	if len(people) > 0 {
		told.Tell = func(now store.Task) store.Telling {
			list := n.notifications(TaskAssigned, now.Name, people)
			if now.EndedBy != nil && *now.EndedBy == n.data.Assignee {
				list[0].ReadAt = now.EndedAt
			}
			return n.telling(list)
		}
	}
	return n.announce(ctx, told)
}

// announce writes what a notice of the event's task tells, and tells those who are looking.
func (n notice) announce(ctx context.Context, told store.Notice) error {
	if told.Tell == nil && told.Read == nil {
		return nil
	}
	var list []store.Notification
	if tell := told.Tell; tell != nil {
		told.Tell = func(now store.Task) store.Telling {
			t := tell(now)
			list = t.Notifications
			return t
		}
	}
	told.TaskID = n.data.TaskID
	if _, err := n.notices.Join(ctx, told); err != nil {
		return err
	}
	n.added(ctx, list)
	return nil
}

// telling is a list of notifications, with how they leave the product.
func (n notice) telling(list []store.Notification) store.Telling {
	return store.Telling{Notifications: list, Deliveries: n.plan.deliveries(list)}
}

// copied tells those who were sent a copy of a task, whatever has become of it.
func (n notice) copied(ctx context.Context) error {
	people, err := n.audience(ctx, store.Audience{Users: n.data.CopiedTo, Except: n.data.Actor})
	if err != nil || len(people) == 0 {
		return err
	}
	if n.text, err = n.said(ctx); err != nil {
		return err
	}
	return n.announce(ctx, store.Notice{Tell: func(now store.Task) store.Telling { return n.telling(n.notifications(TaskCopied, now.Name, people)) }})
}

func (n notice) tellStarter(ctx context.Context, kind string) error {
	origin, err := n.origins.Join(ctx, n.data.InstanceID)
	if err != nil || origin == nil {
		return err
	}
	return n.tell(ctx, kind, *origin, store.Audience{Users: []string{origin.Starter}, Except: n.data.Actor})
}

func (n notice) tellOperators(ctx context.Context) error {
	origin, err := n.origins.Join(ctx, n.data.InstanceID)
	if err != nil || origin == nil {
		return err
	}
	return n.tell(ctx, IncidentRaised, *origin, store.Audience{Permission: string(access.WorkflowOperate), Except: n.data.Actor})
}

func (n notice) tell(ctx context.Context, kind string, origin store.Origin, a store.Audience) error {
	people, err := n.audience(ctx, a)
	if err != nil || len(people) == 0 {
		return err
	}
	n.origin = origin
	subject := origin.ProcessName
	if origin.BusinessKey != "" {
		subject += "（" + origin.BusinessKey + "）"
	}
	return n.write(ctx, n.telling(n.notifications(kind, subject, people)))
}

// audience is who is told, and how.
func (n *notice) audience(ctx context.Context, a store.Audience) ([]string, error) {
	people, err := n.members.Join(ctx, a)
	if err == nil && len(people) > 0 {
		n.plan, err = n.Service.plan(ctx, people)
	}
	return people, err
}

// notifications are what each of people is told.
func (n notice) notifications(kind, subject string, people []string) []store.Notification {
	d, at := n.data, n.at()
	c := Content{
		InstanceID: d.InstanceID, ProcessKey: d.ProcessKey, ProcessName: n.origin.ProcessName, BusinessKey: n.origin.BusinessKey, TaskID: d.TaskID,
		NodeID: d.NodeID, IncidentID: d.IncidentID, Code: d.Code, Reason: d.Reason, Actor: d.Actor, Subject: subject, Text: n.text,
	}
	content, _ := json.Marshal(c) // texts and ids always marshal
	list := make([]store.Notification, 0, len(people))
	for _, username := range people {
		list = append(list, store.Notification{
			ID: derive(n.event.ID(), username, at), Username: username, Type: kind, Title: n.plan.title(kind, username, c), Content: content, TaskID: d.TaskID, CreatedAt: at,
		})
	}
	return list
}

// derive returns the id of what a person is told by an event: a UUIDv7 of the event's time, so that ids
// are in the order of time, whose other bits are a hash.
func derive(eventID, username string, at time.Time) engine.ID {
	var milliseconds [8]byte
	binary.BigEndian.PutUint64(milliseconds[:], uint64(max(at.UnixMilli(), 0)))
	hash := sha256.Sum256([]byte(eventID + "\n" + username))
	id := engine.ID(hash[:16])
	copy(id[:6], milliseconds[2:])
	id[6], id[8] = 0x70|id[6]&0x0f, 0x80|id[8]&0x3f
	return id
}

func instant() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
