-- The record. workflow_history is three things in one row: the history (changes), the fence (its
-- primary key) and the outbox (unsent).

-- +goose Up
CREATE TABLE IF NOT EXISTS workflow_history (
  instance_id  BINARY(16)  NOT NULL,
  seq          BIGINT      NOT NULL,
  command_id   BINARY(16)  NOT NULL,
  command      VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
  actor        VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
  at           DATETIME(3) NOT NULL,
  changes      MEDIUMBLOB  NOT NULL,
  unsent       TINYINT     NULL,
  locked_until DATETIME(3) NULL,
  attempts     INT         NOT NULL DEFAULT 0,
  PRIMARY KEY (instance_id, seq),
  KEY unsent (unsent)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS workflow_idempotency (
  principal       VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  idempotency_key VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  route           VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  hash            BINARY(32)   NOT NULL,
  status          SMALLINT     NOT NULL,
  body            MEDIUMBLOB   NOT NULL,
  created_at      DATETIME(3)  NOT NULL,
  PRIMARY KEY (principal, idempotency_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE workflow_idempotency, workflow_history;
