-- How notifications leave the product: channels, what is delivered by them, and what people want of that.

-- +goose Up
-- kind is mail, webhook, dingtalk, wecom or feishu. types is JSON: the kinds of notifications that the channel
-- carries to people who have not said otherwise. sealed holds the URL and the secret; host is what is shown of it.
CREATE TABLE IF NOT EXISTS workflow_channel (
  id         BINARY(16)   NOT NULL,
  name       VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  kind       VARCHAR(16)  COLLATE utf8mb4_bin NOT NULL,
  host       VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  sealed     BLOB         NULL,
  types      TEXT         COLLATE utf8mb4_bin NOT NULL,
  enabled    TINYINT      NOT NULL,
  version    BIGINT       NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  updated_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY name (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- One notification by one channel, or one digest of several: then they have its id. due_at is when it is tried
-- next, and while it is being tried when another process may; null once it is over, and for what is in a digest.
-- state is waiting, digest, sent, skipped or failed; status is that of the receiver's last answer.
CREATE TABLE IF NOT EXISTS workflow_delivery (
  id              BINARY(16)    NOT NULL,
  channel_id      BINARY(16)    NOT NULL,
  username        VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  type            VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  notification_id BINARY(16)    NULL,
  digest_id       BINARY(16)    NULL,
  state           VARCHAR(16)   COLLATE utf8mb4_bin NOT NULL,
  attempts        INT           NOT NULL,
  status          INT           NOT NULL,
  reason          VARCHAR(1000) NOT NULL,
  due_at          DATETIME(3)   NULL,
  created_at      DATETIME(3)   NOT NULL,
  ended_at        DATETIME(3)   NULL,
  PRIMARY KEY (id),
  KEY due (due_at),
  KEY state (state, id),
  KEY channel (channel_id, id),
  KEY person (username, id),
  KEY digest (digest_id, notification_id),
  KEY ended (ended_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- What a person wants: language, quiet hours, when digests come, and by which channel which kind comes (JSON).
CREATE TABLE IF NOT EXISTS workflow_notification_preference (
  username   VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
  settings   TEXT        COLLATE utf8mb4_bin NOT NULL,
  version    BIGINT      NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (username)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- The words of a kind of notification in a language, where they are not the product's own.
CREATE TABLE IF NOT EXISTS workflow_notification_template (
  kind       VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  language   VARCHAR(8)    COLLATE utf8mb4_bin NOT NULL,
  title      VARCHAR(255)  NOT NULL,
  text       VARCHAR(4000) NOT NULL,
  version    BIGINT        NOT NULL,
  updated_by VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  updated_at DATETIME(3)   NOT NULL,
  PRIMARY KEY (kind, language)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- A link by which a person completes one task from a message. What it says is signed; here is whose it is.
CREATE TABLE IF NOT EXISTS workflow_task_link (
  id         BINARY(16)  NOT NULL,
  task_id    BINARY(16)  NOT NULL,
  username   VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  used_at    DATETIME(3) NULL,
  PRIMARY KEY (id),
  KEY expires (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE IF EXISTS workflow_task_link, workflow_notification_template, workflow_notification_preference, workflow_delivery, workflow_channel;
