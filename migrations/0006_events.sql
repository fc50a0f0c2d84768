-- What instances wait for besides people: jobs, timers and messages. The rows of instances are
-- projections of the changes, as in 0003; a row ends with what it stands for. suspended follows the
-- instance, or the definition of a start event, whose rows have no instance.

-- +goose Up
-- locked_until: nobody takes the job before then, because a worker has it (worker_id), because it waits
-- for its next attempt, or because it has no retries and waits for an operator ('9999-12-31'); NULL: at
-- once. precedence is minus the priority, so that one index gives the order precedence, id. topic is
-- empty for an asynchronous continuation. kind is 1 external, 2 before, 3 after.
CREATE TABLE IF NOT EXISTS workflow_job (
  id           BINARY(16)   NOT NULL,
  instance_id  BINARY(16)   NOT NULL,
  process_key  VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  business_key VARCHAR(255) COLLATE utf8mb4_bin NULL,
  node_id      VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  kind         TINYINT      NOT NULL,
  topic        VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  precedence   BIGINT       NOT NULL,
  retries      INT          NOT NULL,
  due_at       DATETIME(3)  NULL,
  suspended    TINYINT      NOT NULL,
  worker_id    VARCHAR(255) COLLATE utf8mb4_bin NULL,
  locked_until DATETIME(3)  NULL,
  created_at   DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  KEY instance (instance_id, id),
  KEY process (process_key, id),
  KEY queue (topic, suspended, locked_until, precedence, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- locked_until: nobody takes the timer before then, because it is not due or because somebody has it.
-- cycle, anchor and fired say how a timer goes on that is due more than once.
CREATE TABLE IF NOT EXISTS workflow_timer (
  id            BINARY(16)   NOT NULL,
  instance_id   BINARY(16)   NULL,
  definition_id BINARY(16)   NOT NULL,
  process_key   VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  node_id       VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  due_at        DATETIME(3)  NOT NULL,
  cycle         TEXT         COLLATE utf8mb4_bin NULL,
  anchor        DATETIME(3)  NULL,
  fired         INT          NOT NULL,
  suspended     TINYINT      NOT NULL,
  locked_until  DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  KEY instance (instance_id, id),
  KEY process (process_key, id),
  KEY due (suspended, locked_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- start_message repeats message in the row of a start event: a message starts one process at most.
CREATE TABLE IF NOT EXISTS workflow_subscription (
  id            BINARY(16)   NOT NULL,
  instance_id   BINARY(16)   NULL,
  definition_id BINARY(16)   NOT NULL,
  process_key   VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  node_id       VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  message       VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  start_message VARCHAR(255) COLLATE utf8mb4_bin NULL,
  business_key  VARCHAR(255) COLLATE utf8mb4_bin NULL,
  suspended     TINYINT      NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY start_message (start_message),
  KEY instance (instance_id, message),
  KEY message (message, suspended, business_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- The variables of the process scope of instances that wait for messages, to find them by correlation
-- keys. value is JSON; what is longer than the column is not kept. The rows go when the instance ends.
CREATE TABLE IF NOT EXISTS workflow_search_variable (
  instance_id BINARY(16)   NOT NULL,
  name        VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  value       VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (instance_id, name),
  KEY name (name, value, instance_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- The CloudEvents that have come: what makes a second delivery harmless. state is 1 parked (nobody
-- waits for it yet), 2 done, 3 expired; what it was mapped to is kept until it is done.
CREATE TABLE IF NOT EXISTS workflow_inbox (
  source           VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  event_id         VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  state            TINYINT      NOT NULL,
  instance_id      BINARY(16)   NULL,
  message          VARCHAR(255) COLLATE utf8mb4_bin NULL,
  business_key     VARCHAR(255) COLLATE utf8mb4_bin NULL,
  correlation_keys MEDIUMBLOB   NULL,
  variables        MEDIUMBLOB   NULL,
  received_at      DATETIME(3)  NOT NULL,
  expires_at       DATETIME(3)  NULL,
  PRIMARY KEY (source, event_id),
  KEY message (state, message, business_key, received_at),
  KEY expiry (state, expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- job_id names the job whose retries are used up.
ALTER TABLE workflow_incident ADD COLUMN job_id BINARY(16) NULL;

-- Old records are found by their age to be removed.
ALTER TABLE workflow_idempotency ADD KEY age (created_at);

-- +goose Down
ALTER TABLE workflow_idempotency DROP KEY age;
ALTER TABLE workflow_incident DROP COLUMN job_id;
DROP TABLE workflow_inbox, workflow_search_variable, workflow_subscription, workflow_timer, workflow_job;
