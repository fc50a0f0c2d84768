-- Deployed models. A definition is one version of a process; the uploaded bytes are kept as they came.

-- +goose Up
CREATE TABLE IF NOT EXISTS workflow_deployment (
  id          BINARY(16)   NOT NULL,
  name        VARCHAR(255) NOT NULL,
  deployed_by VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  deployed_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS workflow_resource (
  deployment_id BINARY(16)   NOT NULL,
  name          VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  kind          VARCHAR(8)   COLLATE utf8mb4_bin NOT NULL,
  sha256        BINARY(32)   NOT NULL,
  content       MEDIUMBLOB   NOT NULL,
  PRIMARY KEY (deployment_id, name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS workflow_definition (
  id              BINARY(16)   NOT NULL,
  process_key     VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  version         INT UNSIGNED NOT NULL,
  latest          TINYINT      NOT NULL,
  suspended       TINYINT      NOT NULL DEFAULT 0,
  name            VARCHAR(255) NOT NULL,
  version_tag     VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  deployment_id   BINARY(16)   NOT NULL,
  resource_name   VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  deployed_by     VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  deployed_at     DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY process_version (process_key, version),
  KEY latest_key (latest, process_key, version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE workflow_definition, workflow_resource, workflow_deployment;
