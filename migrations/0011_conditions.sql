-- Conditions: who waits for one has a row without a message and a signal.

-- +goose Up
-- start_condition is 1 for the conditional start events of the latest versions, which are looked at on request.
ALTER TABLE workflow_subscription
  ADD COLUMN start_condition TINYINT NULL,
  ADD KEY start_condition (start_condition, id);

-- +goose Down
ALTER TABLE workflow_subscription DROP KEY start_condition, DROP COLUMN start_condition;
