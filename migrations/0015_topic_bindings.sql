-- Topics whose jobs the product does itself or sends to somebody, in place of a worker that fetches them.

-- +goose Up
-- kind is url, event or builtin; target is a URL, or the name of a built-in. headers is JSON: names with
-- a value, or with the name of a secret file, never with a secret. sealed_key signs what is sent;
-- without one the product's own key does.
CREATE TABLE IF NOT EXISTS workflow_topic_binding (
  id              BINARY(16)    NOT NULL,
  topic           VARCHAR(255)  COLLATE utf8mb4_bin NOT NULL,
  kind            VARCHAR(16)   COLLATE utf8mb4_bin NOT NULL,
  target          VARCHAR(2048) COLLATE utf8mb4_bin NOT NULL,
  method          VARCHAR(16)   COLLATE utf8mb4_bin NOT NULL,
  headers         TEXT          COLLATE utf8mb4_bin NOT NULL,
  timeout_seconds INT           NOT NULL,
  result_seconds  INT           NOT NULL,
  retries         INT           NOT NULL,
  key_id          VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  sealed_key      BLOB          NULL,
  enabled         TINYINT       NOT NULL,
  version         BIGINT        NOT NULL,
  created_at      DATETIME(3)   NOT NULL,
  updated_at      DATETIME(3)   NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY topic (topic)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE IF EXISTS workflow_topic_binding;
