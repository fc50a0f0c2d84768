-- Comments on tasks and instances, what is attached to tasks, evaluations of decisions, and the progress of batches
-- that is to be told.

-- +goose Up
-- kind: comment is what somebody wrote. task_id is NULL where it is about the instance. edited_at is NULL until
-- the author writes it anew. Ids are in the order of creation.
CREATE TABLE IF NOT EXISTS workflow_comment (
  id          BINARY(16)   NOT NULL,
  instance_id BINARY(16)   NOT NULL,
  task_id     BINARY(16)   NULL,
  kind        VARCHAR(32)  COLLATE utf8mb4_bin NOT NULL,
  author      VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  text        TEXT         NOT NULL,
  created_at  DATETIME(3)  NOT NULL,
  edited_at   DATETIME(3)  NULL,
  PRIMARY KEY (id),
  KEY instance (instance_id, id),
  KEY task (task_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- An attachment is a content of ours or a url elsewhere; kind is its author's word for it, size the length of
-- content in bytes.
CREATE TABLE IF NOT EXISTS workflow_attachment (
  id           BINARY(16)    NOT NULL,
  instance_id  BINARY(16)    NOT NULL,
  task_id      BINARY(16)    NULL,
  kind         VARCHAR(255)  NULL,
  author       VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  name         VARCHAR(255)  NULL,
  description  VARCHAR(4000) NULL,
  url          VARCHAR(4000) NULL,
  content_type VARCHAR(255)  NULL,
  size         INT           NULL,
  content      MEDIUMBLOB    NULL,
  created_at   DATETIME(3)   NOT NULL,
  PRIMARY KEY (id),
  KEY instance (instance_id, id),
  KEY task (task_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- A decision that was made at somebody's request; made has it with those that it requires.
CREATE TABLE IF NOT EXISTS workflow_evaluation (
  id           BINARY(16)   NOT NULL,
  decision_id  BINARY(16)   NOT NULL,
  decision_key VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  version      INT UNSIGNED NOT NULL,
  actor        VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  at           DATETIME(3)  NOT NULL,
  made         MEDIUMBLOB   NOT NULL,
  PRIMARY KEY (id),
  KEY actor (actor, id),
  KEY at (at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- The progress of a batch is told no earlier than tell_at; NULL: there is nothing to tell. revision counts what
-- could be told.
ALTER TABLE workflow_batch ADD COLUMN revision BIGINT NOT NULL DEFAULT 0, ADD COLUMN tell_at DATETIME(3) NULL, ADD KEY tell_at (tell_at);

-- +goose Down
ALTER TABLE workflow_batch DROP KEY tell_at, DROP COLUMN tell_at, DROP COLUMN revision;
DROP TABLE IF EXISTS workflow_evaluation, workflow_attachment, workflow_comment;
