-- Designs with their history, categories, templates and drafts. The tables of this family that 0005 made were never
-- written or read by any version, so they are made anew. What is in content is as people gave it, byte for byte: a
-- BPMN or DMN file, a form schema (JSON), or the values of a form (JSON).

-- +goose Up
DROP TABLE IF EXISTS workflow_draft, workflow_template, workflow_process_design_history, workflow_process_design;

CREATE TABLE IF NOT EXISTS workflow_category (
  id         BINARY(16)   NOT NULL,
  code       VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  name       VARCHAR(255) NOT NULL,
  position   INT          NOT NULL,
  version    BIGINT       NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  updated_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY code (code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- kind is bpmn, dmn or form. published is the version that was published last.
CREATE TABLE IF NOT EXISTS workflow_process_design (
  id            BINARY(16)    NOT NULL,
  kind          VARCHAR(8)    COLLATE utf8mb4_bin NOT NULL,
  process_key   VARCHAR(255)  COLLATE utf8mb4_bin NOT NULL,
  name          VARCHAR(255)  NOT NULL,
  description   VARCHAR(1000) NOT NULL,
  category_id   BINARY(16)    NULL,
  content       MEDIUMTEXT    COLLATE utf8mb4_bin NOT NULL,
  version       BIGINT        NOT NULL,
  deprecated    TINYINT       NOT NULL,
  published     BIGINT        NULL,
  deployment_id BINARY(16)    NULL,
  published_by  VARCHAR(64)   COLLATE utf8mb4_bin NULL,
  published_at  DATETIME(3)   NULL,
  created_by    VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  created_at    DATETIME(3)   NOT NULL,
  updated_by    VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  updated_at    DATETIME(3)   NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY design_key (kind, process_key),
  KEY category (category_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- One row for each version: what was done and what the content was then.
CREATE TABLE IF NOT EXISTS workflow_process_design_history (
  design_id     BINARY(16)    NOT NULL,
  version       BIGINT        NOT NULL,
  action        VARCHAR(16)   COLLATE utf8mb4_bin NOT NULL,
  content       MEDIUMTEXT    COLLATE utf8mb4_bin NOT NULL,
  comment       VARCHAR(1000) NOT NULL,
  deployment_id BINARY(16)    NULL,
  saved_by      VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  saved_at      DATETIME(3)   NOT NULL,
  PRIMARY KEY (design_id, version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- definition_id is the version of the process whose start form the values are for, where it is known.
CREATE TABLE IF NOT EXISTS workflow_template (
  id            BINARY(16)    NOT NULL,
  name          VARCHAR(255)  NOT NULL,
  description   VARCHAR(1000) NOT NULL,
  process_key   VARCHAR(255)  COLLATE utf8mb4_bin NOT NULL,
  definition_id BINARY(16)    NULL,
  owner         VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  public        TINYINT       NOT NULL,
  use_count     INT           NOT NULL,
  content       MEDIUMTEXT    COLLATE utf8mb4_bin NOT NULL,
  version       BIGINT        NOT NULL,
  created_at    DATETIME(3)   NOT NULL,
  updated_at    DATETIME(3)   NOT NULL,
  PRIMARY KEY (id),
  KEY owner (owner, id),
  KEY public (public, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS workflow_draft (
  id            BINARY(16)   NOT NULL,
  name          VARCHAR(255) NOT NULL,
  process_key   VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  definition_id BINARY(16)   NULL,
  owner         VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  content       MEDIUMTEXT   COLLATE utf8mb4_bin NOT NULL,
  version       BIGINT       NOT NULL,
  created_at    DATETIME(3)  NOT NULL,
  updated_at    DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  KEY owner (owner, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE IF EXISTS workflow_draft, workflow_template, workflow_process_design_history, workflow_process_design, workflow_category;
