package store

import "diom.io/workflow/shared/engine"

// migration writes what a migration of the instance changes of the rows that were there before.
func (w *writer) migration() {
	if !w.migrated() || w.Before == nil {
		return
	}
	in := w.After
	w.closeGuard()
	w.batch.Add(`UPDATE workflow_instance SET definition_id = ?, process_key = ?, process_version = ? WHERE id = ?`,
		in.DefinitionID[:], in.ProcessKey, in.ProcessVersion, in.ID[:])
	for _, t := range in.Tasks {
		if w.Before.Task(t.ID) != nil {
			w.batch.Add(`UPDATE workflow_task SET node_id = ?, process_key = ?, version = ? WHERE id = ?`, t.Node, in.ProcessKey, t.Version, t.ID[:])
		}
	}
	for _, j := range in.Jobs {
		if w.Before.Job(j.ID) != nil {
			w.batch.Add(`UPDATE workflow_job SET node_id = ?, process_key = ? WHERE id = ?`, j.Node, in.ProcessKey, j.ID[:])
		}
	}
	for _, i := range in.Incidents {
		if w.Before.Incident(i.ID) != nil {
			w.batch.Add(`UPDATE workflow_incident SET node_id = ?, process_key = ? WHERE id = ?`, i.Node, in.ProcessKey, i.ID[:])
		}
	}
	w.migratedEvents()
}

// caller writes by which call activity the instance is waited for now.
func (w *writer) caller() {
	if w.Before != nil && w.Before.ParentNode != w.After.ParentNode {
		w.closeGuard()
		w.batch.Add(`UPDATE workflow_instance SET parent_node = ? WHERE id = ?`, w.After.ParentNode, w.After.ID[:])
	}
}

func (w *writer) migratedEvents() {
	in := w.After
	for _, t := range in.Timers {
		if w.Before.Timer(t.ID) != nil {
			w.batch.Add(`UPDATE workflow_timer SET node_id = ?, process_key = ?, definition_id = ? WHERE id = ?`, t.Node, in.ProcessKey, in.DefinitionID[:], t.ID[:])
		}
	}
	for _, s := range in.Subscriptions {
		if w.Before.Subscription(s.ID) != nil {
			w.batch.Add(`UPDATE workflow_subscription SET node_id = ?, process_key = ?, definition_id = ? WHERE id = ?`, s.Node, in.ProcessKey, in.DefinitionID[:], s.ID[:])
		}
	}
}

// migrated reports whether the step has given the instance another definition.
func (w *writer) migrated() bool {
	for i := range w.Changes {
		if w.Changes[i].Kind == engine.InstanceMigrated {
			return true
		}
	}
	return false
}
