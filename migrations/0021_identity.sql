-- Passwords that end and must be changed, log-ins as people see them, tokens of machines, settings that hold at
-- once everywhere, and the audit trail.

-- +goose Up
-- password_at is when the password was given, NULL for one from before this migration; must_change says that
-- whoever has it may do nothing else before he has chosen another one.
ALTER TABLE sys_user ADD COLUMN must_change TINYINT NOT NULL DEFAULT 0, ADD COLUMN password_at DATETIME(3) NULL;

-- The hashes of passwords that were replaced, the newest few of each user.
CREATE TABLE IF NOT EXISTS sys_password_history (
  id      BINARY(16)   NOT NULL,
  user_id BINARY(16)   NOT NULL,
  hash    VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (id),
  KEY owner (user_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Where a refresh token was given to: what a person recognises a log-in by.
ALTER TABLE sys_session ADD COLUMN address VARCHAR(64) NOT NULL DEFAULT '', ADD COLUMN device VARCHAR(255) NOT NULL DEFAULT '', ADD KEY ended (user_id, revoked_at);

-- token_hash is the SHA-256 of the token; permissions is a JSON list of codes. last_used_at is exact to some minutes.
CREATE TABLE IF NOT EXISTS sys_api_token (
  id           BINARY(16)   NOT NULL,
  user_id      BINARY(16)   NOT NULL,
  name         VARCHAR(255) NOT NULL,
  prefix       VARCHAR(16)  COLLATE utf8mb4_bin NOT NULL,
  token_hash   BINARY(32)   NOT NULL,
  permissions  TEXT         COLLATE utf8mb4_bin NOT NULL,
  created_at   DATETIME(3)  NOT NULL,
  expires_at   DATETIME(3)  NOT NULL,
  revoked_at   DATETIME(3)  NULL,
  last_used_at DATETIME(3)  NULL,
  PRIMARY KEY (id),
  UNIQUE KEY token_hash (token_hash),
  KEY owner (user_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- What is set while the product runs. A setting without a row, or without a value, is what the environment says.
CREATE TABLE IF NOT EXISTS workflow_setting (
  setting_key VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  value       VARCHAR(255) COLLATE utf8mb4_bin NULL,
  version     BIGINT       NOT NULL,
  updated_by  VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  updated_at  DATETIME(3)  NOT NULL,
  PRIMARY KEY (setting_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- One row for each administrative change and for each account that begins to be delayed. Rows are only ever added;
-- seal is the batch in which a row was sealed. before_digest and after_digest are SHA-256 of the object's rows.
CREATE TABLE IF NOT EXISTS sys_audit (
  id            BINARY(16)    NOT NULL,
  at            DATETIME(3)   NOT NULL,
  actor         VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  token         VARCHAR(16)   COLLATE utf8mb4_bin NOT NULL,
  action        VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  object_type   VARCHAR(32)   COLLATE utf8mb4_bin NOT NULL,
  object_id     VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  object_name   VARCHAR(255)  COLLATE utf8mb4_bin NOT NULL,
  decision      VARCHAR(16)   COLLATE utf8mb4_bin NOT NULL,
  before_digest BINARY(32)    NULL,
  after_digest  BINARY(32)    NULL,
  detail        VARCHAR(1000) NOT NULL,
  address       VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  trace         VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  seal          BIGINT        NULL,
  PRIMARY KEY (id),
  KEY seal (seal, id),
  KEY actor (actor, id),
  KEY object (object_type, object_id, id),
  KEY action (action, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- hash is HMAC-SHA-256 with a key that is derived from the data key key_id (SHA-256 where that is empty) over the seal
-- before, this one's other columns and the rows that it seals, in the order of their ids; last_id is the last of them.
CREATE TABLE IF NOT EXISTS sys_audit_seal (
  seal      BIGINT       NOT NULL,
  size      INT          NOT NULL,
  last_id   BINARY(16)   NOT NULL,
  sealed_at DATETIME(3)  NOT NULL,
  key_id    VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  hash      BINARY(32)   NOT NULL,
  PRIMARY KEY (seal)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE IF EXISTS sys_audit_seal, sys_audit, workflow_setting, sys_api_token;
ALTER TABLE sys_session DROP KEY ended, DROP COLUMN device, DROP COLUMN address;
DROP TABLE IF EXISTS sys_password_history;
ALTER TABLE sys_user DROP COLUMN password_at, DROP COLUMN must_change;
