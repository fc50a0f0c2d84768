package workflow

import (
	"context"
	"encoding/json"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

const (
	// drillTasks is how many waiting tasks a drill tries, drillSteps how many of one instance it completes.
	drillTasks, drillSteps = 50, 20
)

// GoOn proves that the instances of a restored database can go on: it completes tasks that wait, whoever's they are,
// until one instance has ended or all of a page were tried, and returns an instance that has gone on. Zero where none
// waited that the model lets go on without being told more. For databases alone that are dropped afterwards.
func (s *Service) GoOn(ctx context.Context) (went engine.ID, ended bool, err error) {
	open, err := s.store.Tasks(ctx, store.TaskFilter{View: store.All, Open: true}, page.Request{Limit: drillTasks, Sort: "createdAt", Descending: true})
	if err != nil {
		return went, false, err
	}
	for _, t := range open.Items {
		id, over, err := s.finish(ctx, t)
		if err != nil {
			return went, false, err
		}
		if over {
			return id, true, nil
		}
		if went.IsZero() {
			went = id
		}
	}
	return went, false, nil
}

// finish completes a task and those that follow in its instance. What the model refuses is no error.
func (s *Service) finish(ctx context.Context, t store.Task) (went engine.ID, ended bool, err error) {
	call := Call{Principal: access.Principal{Username: "diom-drill", Roles: []string{access.SuperAdmin}}, Steward: true, Strict: true}
	for range drillSteps {
		raw, err := s.CompleteTask(ctx, call, t.ID, Completion{})
		if kind := fault.KindOf(err); err != nil && kind != fault.Internal && kind != fault.Unavailable {
			return went, false, nil // it waits for what only people know
		}
		var answer TaskAnswer
		if err == nil {
			err = json.Unmarshal(raw, &answer)
		}
		if err != nil {
			return went, false, err
		}
		if went = t.InstanceID; answer.Instance.State.Ended() || len(answer.Next) == 0 {
			return went, answer.Instance.State.Ended(), nil
		}
		t = answer.Next[0]
	}
	return went, false, nil
}
