-- Call activities: who called an instance. parent_node is the call activity, root_id the outermost caller;
-- all are NULL where nobody did.

-- +goose Up
ALTER TABLE workflow_instance
  ADD COLUMN parent_id   BINARY(16)   NULL,
  ADD COLUMN parent_node VARCHAR(255) COLLATE utf8mb4_bin NULL,
  ADD COLUMN root_id     BINARY(16)   NULL;
ALTER TABLE workflow_instance ADD KEY parent (parent_id, id);

-- +goose Down
ALTER TABLE workflow_instance DROP KEY parent, DROP COLUMN root_id, DROP COLUMN parent_node, DROP COLUMN parent_id;
