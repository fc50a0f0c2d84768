package workflow

import (
	"context"
	"encoding/json"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

// UrgeTask reminds those who have an open task, or may claim it. The starter of its instance, who waits for it to come
// back, and those who operate may. It returns ErrNotYours, engine.ErrUrged with the time to wait, or one of the
// engine's conflicts.
func (s *Service) UrgeTask(ctx context.Context, call Call, id engine.ID, r Remark) (json.RawMessage, error) {
	if err := checkTexts("", r.Comment); err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		if !mayUrge(call.Principal, sub.task, sub.instance) {
			return nil, ErrNotYours
		}
		v := s.Settings.Now(ctx)
		return engine.UrgeTask{Task: id, Comment: r.Comment, Pause: v.Duration(setting.UrgeCooldown), Ladder: v.Int(setting.UrgeLadder)}, nil
	}))
}

// mayUrge reports whether a person waits for a task.
func mayUrge(p access.Principal, t store.Task, in *engine.Instance) bool {
	return in.Starter == p.Username || t.Owner != nil && *t.Owner == p.Username || p.Can(access.WorkflowOperate)
}
