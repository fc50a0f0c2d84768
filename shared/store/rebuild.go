package store

import (
	"context"

	"diom.io/workflow/shared/engine"
)

// Rebuild writes the rows that repeat parts of an instance's state anew, as its state has them: tasks with
// their candidates, jobs, timers, subscriptions, open incidents, and the columns of the instance itself.
// State and history stay as they are. A worker that holds a job of the instance loses it, and gets it again.
// It returns ErrNoInstance, and database.ErrGuard when the instance went on meanwhile: nothing was changed.
func (s *Store) Rebuild(ctx context.Context, id engine.ID) error {
	in, err := s.LoadInstance(ctx, id)
	if err != nil {
		return err
	}
	w := writer{Step: Step{Before: in, After: in, Changes: creations(in)}, guarded: true}
	w.batch.Add(`UPDATE workflow_instance SET version = IF(version = ?, version, NULL), definition_id = ?, process_key = ?, process_version = ?, business_key = ?, state = ?, starter = ?, started_at = ?, ended_at = ?, number = ?, summary = ?, department = ?, started_by = ?, origin_id = ? WHERE id = ?`,
		append(append([]any{in.Version, in.DefinitionID[:], in.ProcessKey, in.ProcessVersion, null(in.BusinessKey), stateCode(in.State), in.Starter, in.StartedAt, nullTime(in.EndedAt)}, requestArguments(in)...), in.ID[:])...)
	for _, text := range []string{
		`DELETE c FROM workflow_task t JOIN workflow_task_candidate c ON c.task_id = t.id WHERE t.instance_id = ?`,
		`DELETE FROM workflow_task WHERE instance_id = ? AND state = 1`,
		`DELETE FROM workflow_job WHERE instance_id = ?`,
		`DELETE FROM workflow_timer WHERE instance_id = ?`,
		`DELETE FROM workflow_subscription WHERE instance_id = ?`,
		`DELETE FROM workflow_incident WHERE instance_id = ? AND resolved_at IS NULL`,
	} {
		w.batch.Add(text, in.ID[:])
	}
	// Rows that say of themselves that they are over, or another's.
	w.remove("workflow_task", ids(in.Tasks, func(t engine.Task) engine.ID { return t.ID }))
	w.remove("workflow_job", ids(in.Jobs, func(j engine.Job) engine.ID { return j.ID }))
	w.remove("workflow_timer", ids(in.Timers, func(t engine.Timer) engine.ID { return t.ID }))
	w.remove("workflow_subscription", ids(in.Subscriptions, func(s engine.Subscription) engine.ID { return s.ID }))
	w.remove("workflow_incident", ids(in.Incidents, func(i engine.Incident) engine.ID { return i.ID }))
	w.tasks()
	w.incidents()
	w.jobs()
	w.timers()
	w.subscriptions()
	return s.DB.Run(ctx, &w.batch)
}

// creations are changes that make all that an instance has open.
func creations(in *engine.Instance) []engine.Change {
	var list []engine.Change
	for i := range in.Tasks {
		list = append(list, engine.Change{Kind: engine.TaskCreated, Task: &in.Tasks[i]})
	}
	for i := range in.Incidents {
		list = append(list, engine.Change{Kind: engine.IncidentRaised, Incident: &in.Incidents[i]})
	}
	for i := range in.Jobs {
		list = append(list, engine.Change{Kind: engine.JobCreated, Job: &in.Jobs[i]})
	}
	for i := range in.Timers {
		list = append(list, engine.Change{Kind: engine.TimerCreated, Timer: &in.Timers[i]})
	}
	for i := range in.Subscriptions {
		list = append(list, engine.Change{Kind: engine.SubscriptionOpened, Subscription: &in.Subscriptions[i]})
	}
	return list
}
