package store

import (
	"context"
	"database/sql"

	"diom.io/workflow/shared/engine"
)

// waiting are the ways in which something waits for a person, each by its own index.
var waiting = []struct{ text, prefix string }{
	{`INSERT IGNORE INTO workflow_batch_item (batch_id, instance_id, state, attempts) SELECT DISTINCT ?, t.instance_id, 1, 0 FROM workflow_task t WHERE t.assignee = ? AND t.state = 1`, ""},
	{`INSERT IGNORE INTO workflow_batch_item (batch_id, instance_id, state, attempts) SELECT DISTINCT ?, t.instance_id, 1, 0 FROM workflow_task t WHERE t.owner = ? AND t.state = 1`, ""},
	{`INSERT IGNORE INTO workflow_batch_item (batch_id, instance_id, state, attempts) SELECT DISTINCT ?, t.instance_id, 1, 0 FROM workflow_task_candidate c JOIN workflow_task t ON t.id = c.task_id WHERE c.identity = ? AND t.state = 1`, "u:"},
}

// insertWaiting makes items of the instances in which something waits for a person.
func insertWaiting(ctx context.Context, tx *sql.Tx, id engine.ID, of BatchOf) (int, error) {
	total := 0
	for _, way := range waiting {
		text, arguments := way.text, []any{id[:], way.prefix + of.Person}
		if n := len(of.ProcessKeys); n > 0 {
			text += ` AND t.process_key IN (` + placeholders(n) + `)`
			for _, key := range of.ProcessKeys {
				arguments = append(arguments, key)
			}
		}
		result, err := tx.ExecContext(ctx, text+` LIMIT ?`, append(arguments, MaxBatch+1)...)
		if err != nil {
			return 0, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		total += int(n)
	}
	return total, nil
}
