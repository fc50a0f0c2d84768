package notification

import (
	"context"
	"slices"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// urge tells those who have a task, or may claim it, that somebody waits for it; when they were urged often, who is
// above the assignee is told, too. By the time the event comes the task may be done: then nobody is urged.
func (n notice) urge(ctx context.Context) error {
	task, err := n.tasks.Join(ctx, n.data.TaskID)
	if err != nil || task == nil {
		return err
	}
	a := store.Audience{Users: []string{n.data.Assignee}, Except: n.data.Actor}
	if n.data.Assignee == "" {
		a.Users, a.Identities = task.CandidateUsers, task.CandidateGroups
	}
	people, err := n.store.Members(ctx, a, maxAudience)
	if err != nil {
		return err
	}
	above, err := n.above(ctx)
	if err == nil {
		n.text, err = n.said(ctx)
	}
	if err == nil {
		n.plan, err = n.Service.plan(ctx, slices.Concat(people, above))
	}
	if err != nil {
		return err
	}
	return n.announce(ctx, store.Notice{Tell: func(now store.Task) store.Telling {
		if !now.Open() {
			return store.Telling{}
		}
		return n.telling(append(n.notifications(TaskUrged, now.Name, people), n.notifications(TaskEscalated, now.Name, above)...))
	}})
}

// above returns who is above the assignee, where he is to be told.
func (n notice) above(ctx context.Context) ([]string, error) {
	if n.data.Reason != engine.Escalated || n.data.Assignee == "" {
		return nil, nil
	}
	head, err := n.store.Superior(ctx, n.data.Assignee)
	if err != nil || head == "" {
		return nil, err
	}
	return n.store.Members(ctx, store.Audience{Users: []string{head}, Except: n.data.Actor}, 1)
}

// said returns the comment of the change that an event tells of: events do not carry it.
func (n notice) said(ctx context.Context) (string, error) {
	id, ok := cloudevent.ParseID(n.event.ID())
	if !ok {
		return "", nil
	}
	c, err := n.store.Change(ctx, id)
	if err != nil || c == nil {
		return "", err
	}
	return c.Comment, nil
}
