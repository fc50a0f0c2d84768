-- +goose Up
-- Until when the event of a deployment is left to the process that sends it, so that it goes out once.
ALTER TABLE workflow_definition ADD COLUMN locked_until DATETIME(3) NULL;

-- +goose Down
ALTER TABLE workflow_definition DROP COLUMN locked_until;
