-- Comments on tasks and instances, and what is attached to tasks.

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

-- +goose Down
DROP TABLE IF EXISTS workflow_attachment, workflow_comment;
