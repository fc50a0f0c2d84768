-- +goose Up
-- Whether a model hides the variable from somebody at one of its tasks: then only its starter, and who sees all, find
-- the instance by it. What is there already is hidden unless its model says of nothing that it is.
ALTER TABLE workflow_search_variable ADD COLUMN hidden TINYINT NOT NULL DEFAULT 1;
UPDATE workflow_search_variable v JOIN workflow_instance i ON i.id = v.instance_id
JOIN workflow_definition d ON d.id = i.definition_id
JOIN workflow_resource r ON r.deployment_id = d.deployment_id AND r.name = d.resource_name
SET v.hidden = 0 WHERE LOCATE('hidden', r.content) = 0;

-- +goose Down
ALTER TABLE workflow_search_variable DROP COLUMN hidden;
