-- Deployed forms, drafts of tasks and of a version of a form, and files that were uploaded for a form.

-- +goose Up
-- A form is one of a deployment; form_key is the id of its schema. A form whose content is that of the latest version is
-- that version once more. latest is 1 for the newest row of a key.
CREATE TABLE IF NOT EXISTS workflow_form (
  id            BINARY(16)   NOT NULL,
  form_key      VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  version       INT UNSIGNED NOT NULL,
  latest        TINYINT      NOT NULL,
  hash          BINARY(32)   NOT NULL,
  deployment_id BINARY(16)   NOT NULL,
  resource_name VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  deployed_by   VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  deployed_at   DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY form_deployment (form_key, deployment_id),
  KEY form_version (form_key, version),
  KEY latest_key (latest, form_key),
  KEY deployment_id (deployment_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- A draft may be that of a task; form_id is the form that it was begun with.
ALTER TABLE workflow_draft
  ADD COLUMN task_id BINARY(16) NULL AFTER definition_id,
  ADD COLUMN form_id BINARY(16) NULL AFTER task_id,
  ADD KEY task (task_id),
  ADD KEY updated (updated_at);

-- A file that was uploaded for a form. instance_id is that of the instance whose form has it; null: no form has been
-- submitted with it. place says where the content is: empty for this row, else the name of an object.
CREATE TABLE IF NOT EXISTS workflow_file (
  id           BINARY(16)    NOT NULL,
  owner        VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  instance_id  BINARY(16)    NULL,
  name         VARCHAR(255)  NOT NULL,
  content_type VARCHAR(255)  NOT NULL,
  size         INT           NOT NULL,
  sha256       BINARY(32)    NOT NULL,
  place        VARCHAR(255)  COLLATE utf8mb4_bin NOT NULL,
  content      MEDIUMBLOB    NULL,
  created_at   DATETIME(3)   NOT NULL,
  PRIMARY KEY (id),
  KEY owner (owner, id),
  KEY instance (instance_id, id),
  KEY unbound (instance_id, created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE IF EXISTS workflow_file;
ALTER TABLE workflow_draft DROP KEY updated, DROP KEY task, DROP COLUMN form_id, DROP COLUMN task_id;
DROP TABLE IF EXISTS workflow_form;
