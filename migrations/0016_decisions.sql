-- Deployed decisions. A decision is one version of a decision of a DMN file; model_key is the id of the file's
-- definitions: the decisions of one file are deployed together and find each other in it.

-- +goose Up
CREATE TABLE IF NOT EXISTS workflow_decision (
  id            BINARY(16)   NOT NULL,
  decision_key  VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  version       INT UNSIGNED NOT NULL,
  latest        TINYINT      NOT NULL,
  name          VARCHAR(255) NOT NULL,
  version_tag   VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  model_key     VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  deployment_id BINARY(16)   NOT NULL,
  resource_name VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  deployed_by   VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  deployed_at   DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY decision_version (decision_key, version),
  KEY latest_key (latest, decision_key, version),
  KEY deployment_id (deployment_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE IF EXISTS workflow_decision;
