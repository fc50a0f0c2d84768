-- Deployments by name: what has not changed is not deployed again.

-- +goose Up
-- source is the tool that a deployment comes from.
ALTER TABLE workflow_deployment
  ADD COLUMN source VARCHAR(255) NULL,
  ADD KEY name (name, id);

-- +goose Down
ALTER TABLE workflow_deployment DROP KEY name, DROP COLUMN source;
