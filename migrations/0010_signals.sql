-- Signals: who waits for one, and what is being spread.

-- +goose Up
-- A row with signal_name waits for a signal and has an empty message. created_at is the clock of the
-- database, as thrown_at is: who began to wait later gets nothing.
ALTER TABLE workflow_subscription
  ADD COLUMN signal_name VARCHAR(255) COLLATE utf8mb4_bin NULL,
  ADD COLUMN created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6);
ALTER TABLE workflow_subscription ADD KEY signal_receiver (signal_name, id);

-- A signal that was thrown, until everybody has it. passed is the subscription up to which they have;
-- instance_id threw it and has received it already. locked_until: nobody spreads it before then.
CREATE TABLE IF NOT EXISTS workflow_signal (
  id           BINARY(16)   NOT NULL,
  instance_id  BINARY(16)   NULL,
  name         VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  business_key VARCHAR(255) COLLATE utf8mb4_bin NULL,
  hops         INT          NOT NULL,
  variables    LONGBLOB     NOT NULL,
  thrown_at    DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  passed       BINARY(16)   NOT NULL,
  attempts     INT          NOT NULL,
  locked_until DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  KEY due (locked_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE IF EXISTS workflow_signal;
ALTER TABLE workflow_subscription DROP KEY signal_receiver, DROP COLUMN created_at, DROP COLUMN signal_name;
