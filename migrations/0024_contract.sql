-- What integrators and people who look for things need: saved filters, and webhooks for events of the product.

-- +goose Up
-- A filter of a list that somebody has saved. audience is whose it is, too: u:username where it is its owner's
-- alone, g:code of a role or a group, d:code of a department. content is JSON: parameters, condition and sort.
CREATE TABLE IF NOT EXISTS workflow_saved_filter (
  id         BINARY(16)   NOT NULL,
  owner      VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  list       VARCHAR(32)  COLLATE utf8mb4_bin NOT NULL,
  name       VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  audience   VARCHAR(130) COLLATE utf8mb4_bin NOT NULL,
  content    TEXT         COLLATE utf8mb4_bin NOT NULL,
  position   INT          NOT NULL,
  preferred  TINYINT      NOT NULL,
  version    BIGINT       NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  updated_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY name (owner, list, name),
  KEY audience (audience, list)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Who is told of events of the product. types and process_keys are JSON; sealed holds the URL, the secret, and
-- until retires_at the secret before it; host is what is shown of the URL.
CREATE TABLE IF NOT EXISTS workflow_webhook (
  id           BINARY(16)   NOT NULL,
  name         VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  host         VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  sealed       BLOB         NOT NULL,
  retires_at   DATETIME(3)  NULL,
  types        TEXT         COLLATE utf8mb4_bin NOT NULL,
  process_keys TEXT         COLLATE utf8mb4_bin NOT NULL,
  enabled      TINYINT      NOT NULL,
  version      BIGINT       NOT NULL,
  created_at   DATETIME(3)  NOT NULL,
  updated_at   DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY name (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Of what goes to a webhook the event is here; channel_id is the webhook's then, and nobody's username.
ALTER TABLE workflow_delivery ADD COLUMN event MEDIUMBLOB NULL;

-- +goose Down
ALTER TABLE workflow_delivery DROP COLUMN event;
DROP TABLE IF EXISTS workflow_webhook, workflow_saved_filter;
