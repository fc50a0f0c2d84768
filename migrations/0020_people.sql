-- What people need beside their tasks: copies of what others have decided, threads of comments, and who
-- stands in for whom.

-- +goose Up
-- Who was told of a task that is not his. read_at is NULL until he opens it.
CREATE TABLE IF NOT EXISTS workflow_copy (
  username    VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  task_id     BINARY(16)    NOT NULL,
  instance_id BINARY(16)    NOT NULL,
  copied_by   VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  comment     VARCHAR(4000) NOT NULL,
  copied_at   DATETIME(3)   NOT NULL,
  read_at     DATETIME(3)   NULL,
  PRIMARY KEY (username, task_id),
  KEY unread (username, read_at, task_id),
  KEY instance (instance_id, username)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- parent_id is the comment that one answers, also when that was deleted. mentions is JSON: usernames; NULL is nobody.
ALTER TABLE workflow_comment ADD COLUMN parent_id BINARY(16) NULL, ADD COLUMN mentions TEXT COLLATE utf8mb4_bin NULL;

-- Who stands in for whom from begins_at until before ends_at: for the processes with these keys (JSON), NULL is all.
CREATE TABLE IF NOT EXISTS workflow_delegation (
  id           BINARY(16)    NOT NULL,
  owner        VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  substitute   VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  begins_at    DATETIME(3)   NOT NULL,
  ends_at      DATETIME(3)   NOT NULL,
  process_keys TEXT          COLLATE utf8mb4_bin NULL,
  reason       VARCHAR(1000) NOT NULL,
  created_by   VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  version      BIGINT        NOT NULL,
  created_at   DATETIME(3)   NOT NULL,
  updated_at   DATETIME(3)   NOT NULL,
  PRIMARY KEY (id),
  KEY owner (owner, id),
  KEY substitute (substitute, id),
  KEY ends_at (ends_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Whoever hands over what waits for a person looks for the tasks that come back to him, too.
ALTER TABLE workflow_task ADD KEY owner (owner, state);

-- +goose Down
ALTER TABLE workflow_task DROP KEY owner;
DROP TABLE IF EXISTS workflow_delegation;
ALTER TABLE workflow_comment DROP COLUMN mentions, DROP COLUMN parent_id;
DROP TABLE IF EXISTS workflow_copy;
