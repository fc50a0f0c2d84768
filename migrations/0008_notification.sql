-- What a notification is about, and the list of a person's notifications. unsent is 1 in a definition
-- whose event definition.deployed has not been accepted yet.

-- +goose Up
ALTER TABLE workflow_notification ADD COLUMN task_id BINARY(16) NULL;
ALTER TABLE workflow_notification ADD KEY task (task_id), ADD KEY person (username, id);
ALTER TABLE workflow_definition ADD COLUMN unsent TINYINT NULL, ADD KEY unsent (unsent);

-- +goose Down
ALTER TABLE workflow_definition DROP KEY unsent, DROP COLUMN unsent;
ALTER TABLE workflow_notification DROP KEY person, DROP KEY task, DROP COLUMN task_id;
