-- The notification centre and the design studio: tables whose names the replaced product gave.

-- +goose Up
CREATE TABLE IF NOT EXISTS workflow_notification (
  id         BINARY(16)   NOT NULL,
  username   VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  type       VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  title      VARCHAR(255) NOT NULL,
  content    TEXT         NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  read_at    DATETIME(3)  NULL,
  PRIMARY KEY (id),
  KEY inbox (username, read_at, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS workflow_process_design (
  id          BINARY(16)   NOT NULL,
  process_key VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  name        VARCHAR(255) NOT NULL,
  content     MEDIUMTEXT   NOT NULL,
  version     BIGINT       NOT NULL,
  updated_by  VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  updated_at  DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY process_key (process_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS workflow_process_design_history (
  design_id BINARY(16)   NOT NULL,
  version   BIGINT       NOT NULL,
  content   MEDIUMTEXT   NOT NULL,
  saved_by  VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  saved_at  DATETIME(3)  NOT NULL,
  PRIMARY KEY (design_id, version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS workflow_template (
  id         BINARY(16)   NOT NULL,
  name       VARCHAR(255) NOT NULL,
  owner      VARCHAR(64)  COLLATE utf8mb4_bin NULL,
  content    MEDIUMTEXT   NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  KEY owner (owner, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS workflow_draft (
  id          BINARY(16)   NOT NULL,
  username    VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  process_key VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  content     MEDIUMTEXT   NOT NULL,
  updated_at  DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  KEY owner (username, process_key, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE workflow_draft, workflow_template, workflow_process_design_history, workflow_process_design, workflow_notification;
