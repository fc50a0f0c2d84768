-- Running instances. The body of workflow_instance is the whole state; the other tables are
-- projections of the changes in workflow_history and can be rebuilt from it.

-- +goose Up
CREATE TABLE IF NOT EXISTS workflow_instance (
  id              BINARY(16)   NOT NULL,
  definition_id   BINARY(16)   NOT NULL,
  process_key     VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  process_version INT UNSIGNED NOT NULL,
  business_key    VARCHAR(255) COLLATE utf8mb4_bin NULL,
  state           TINYINT      NOT NULL,
  version         BIGINT       NOT NULL,
  starter         VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  started_at      DATETIME(3)  NOT NULL,
  ended_at        DATETIME(3)  NULL,
  body            MEDIUMBLOB   NOT NULL,
  PRIMARY KEY (id),
  KEY starter (starter, id),
  KEY state (state, id),
  KEY process (process_key, id),
  KEY business_key (business_key, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS workflow_task (
  id           BINARY(16)   NOT NULL,
  instance_id  BINARY(16)   NOT NULL,
  process_key  VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  node_id      VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  name         VARCHAR(255) NOT NULL,
  state        TINYINT      NOT NULL,
  assignee     VARCHAR(64)  COLLATE utf8mb4_bin NULL,
  owner        VARCHAR(64)  COLLATE utf8mb4_bin NULL,
  candidates   TEXT         COLLATE utf8mb4_bin NULL,
  priority     INT          NOT NULL,
  form_key     VARCHAR(255) COLLATE utf8mb4_bin NULL,
  due_at       DATETIME(3)  NULL,
  follow_up_at DATETIME(3)  NULL,
  created_at   DATETIME(3)  NOT NULL,
  ended_at     DATETIME(3)  NULL,
  ended_by     VARCHAR(64)  COLLATE utf8mb4_bin NULL,
  version      BIGINT       NOT NULL,
  PRIMARY KEY (id),
  KEY instance (instance_id, id),
  KEY inbox (assignee, state, id),
  KEY ended_by (ended_by, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- identity is "u:<username>" or "g:<group key or role code>"; the rows go when the task ends.
CREATE TABLE IF NOT EXISTS workflow_task_candidate (
  identity VARCHAR(130) COLLATE utf8mb4_bin NOT NULL,
  task_id  BINARY(16)   NOT NULL,
  PRIMARY KEY (identity, task_id),
  KEY task (task_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS workflow_incident (
  id          BINARY(16)   NOT NULL,
  instance_id BINARY(16)   NOT NULL,
  process_key VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  node_id     VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  code        VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  message     VARCHAR(1000) NOT NULL,
  raised_at   DATETIME(3)  NOT NULL,
  resolved_at DATETIME(3)  NULL,
  PRIMARY KEY (id),
  KEY instance (instance_id, id),
  KEY open (resolved_at, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE workflow_incident, workflow_task_candidate, workflow_task, workflow_instance;
