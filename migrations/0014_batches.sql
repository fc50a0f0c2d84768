-- Batches: one operation on many instances.

-- +goose Up
-- done and failed count the items. locked_until: nobody works on the batch before then; far away while there
-- is nothing to do. state: 1 running, 2 paused, 3 completed, 4 cancelled.
CREATE TABLE IF NOT EXISTS workflow_batch (
  id           BINARY(16)  NOT NULL,
  kind         VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
  state        TINYINT     NOT NULL,
  request      MEDIUMBLOB  NOT NULL,
  total        INT         NOT NULL,
  done         INT         NOT NULL,
  failed       INT         NOT NULL,
  created_by   VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
  created_at   DATETIME(3) NOT NULL,
  ended_at     DATETIME(3) NULL,
  locked_until DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY due (locked_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- state: 1 pending, 2 done, 3 failed. That the work on an instance is done once its step holds, by its row in
-- workflow_inbox.
CREATE TABLE IF NOT EXISTS workflow_batch_item (
  batch_id    BINARY(16)    NOT NULL,
  instance_id BINARY(16)    NOT NULL,
  state       TINYINT       NOT NULL,
  attempts    INT           NOT NULL,
  code        VARCHAR(64)   COLLATE utf8mb4_bin NULL,
  message     VARCHAR(1000) NULL,
  PRIMARY KEY (batch_id, instance_id),
  KEY state (batch_id, state, instance_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Whoever deletes an instance looks for what was delivered to it.
ALTER TABLE workflow_inbox ADD KEY instance (instance_id);

-- +goose Down
ALTER TABLE workflow_inbox DROP KEY instance;
DROP TABLE IF EXISTS workflow_batch_item, workflow_batch;
