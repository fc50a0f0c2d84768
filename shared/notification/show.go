package notification

import (
	"context"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/live"
	"diom.io/workflow/shared/store"
)

// shown are the events that those who are looking are told of, and as what.
var shown = map[string]string{
	cloudevent.TypeTaskCreated:       live.TaskCreated,
	cloudevent.TypeTaskAssigned:      live.TaskCreated,
	cloudevent.TypeTaskCompleted:     live.TaskCompleted,
	cloudevent.TypeTaskCancelled:     live.TaskCompleted,
	cloudevent.TypeTaskReturned:      live.TaskCompleted,
	cloudevent.TypeTaskCopied:        live.InstanceUpdated,
	cloudevent.TypeTaskUrged:         live.InstanceUpdated,
	cloudevent.TypeInstanceStarted:   live.InstanceUpdated,
	cloudevent.TypeInstanceEnded:     live.InstanceUpdated,
	cloudevent.TypeInstanceCancelled: live.InstanceUpdated,
	cloudevent.TypeInstanceSuspended: live.InstanceUpdated,
	cloudevent.TypeInstanceResumed:   live.InstanceUpdated,
	cloudevent.TypeInstanceMigrated:  live.InstanceUpdated,
	cloudevent.TypeIncidentRaised:    live.IncidentCreated,
	cloudevent.TypeIncidentResolved:  live.InstanceUpdated,
}

// show tells those who are looking of an event, and who may see what it is about: the starter, those who have
// or may have the task, and who sees everything. It tells fewer rather than more, and it fails nothing.
func (n notice) show(ctx context.Context) {
	kind := shown[n.event.Type()]
	if kind == "" || !n.watched(ctx) {
		return
	}
	e := live.Event{Type: kind, Seers: true, Data: live.Data{
		InstanceID: n.data.InstanceID, ProcessKey: n.data.ProcessKey, TaskID: n.data.TaskID, IncidentID: n.data.IncidentID,
	}}
	if origin, err := n.origins.Join(ctx, n.data.InstanceID); err == nil && origin != nil {
		e.Users = append(e.Users, origin.Starter)
	}
	if !n.data.TaskID.IsZero() {
		if task, err := n.tasks.Join(ctx, n.data.TaskID); err == nil && task != nil {
			e.Users, e.Identities = append(e.Users, people(*task)...), task.CandidateGroups
		}
	}
	n.feed.Publish(ctx, e)
}

// people are those whom a task names.
func people(t store.Task) []string {
	list := t.CandidateUsers
	for _, name := range []*string{t.Assignee, t.Owner, t.EndedBy} {
		if name != nil {
			list = append(list, *name)
		}
	}
	return list
}

// consumeProgress tells of a batch those who see everything and are looking.
func (s *Service) consumeProgress(ctx context.Context, e event.Event) error {
	var b cloudevent.BatchProgress
	if err := e.DataAs(&b); err != nil || b.ID.IsZero() {
		return ErrEvent
	}
	if s.watched(ctx) {
		s.feed.Publish(ctx, live.Event{Type: live.BatchProgress, Seers: true, Data: live.Data{BatchID: b.ID}})
	}
	return nil
}

// write writes notifications that are about no task of their own, and tells those who are looking.
func (s *Service) write(ctx context.Context, t store.Telling) error {
	if _, err := s.notices.Join(ctx, store.Notice{Tell: func(store.Task) store.Telling { return t }}); err != nil {
		return err
	}
	s.added(ctx, t.Notifications)
	return nil
}

// added tells each person of his notification.
func (s *Service) added(ctx context.Context, list []store.Notification) {
	if len(list) == 0 || !s.watched(ctx) {
		return
	}
	e := live.Event{Type: live.NotificationCreated, Own: make(map[string]engine.ID, len(list))}
	for i := range list {
		e.Own[list[i].Username] = list[i].ID
	}
	s.feed.Publish(ctx, e)
}

// watched reports whether somebody is looking.
func (s *Service) watched(ctx context.Context) bool {
	looks, err := s.looks.Join(ctx, struct{}{})
	return err == nil && looks
}
