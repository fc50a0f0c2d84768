-- The trace in which a step was made, where it is kept: its id and that of the span, by which its events go on with it.
-- NULL where no traces are kept, and for all steps before.

-- +goose Up
ALTER TABLE workflow_history ADD COLUMN trace BINARY(24) NULL;

-- +goose Down
ALTER TABLE workflow_history DROP COLUMN trace;
