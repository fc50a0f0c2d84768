-- +goose Up
-- What a person writes again and again beside his decisions (常用语). phrases is JSON: a list of texts, in his order.
CREATE TABLE IF NOT EXISTS sys_phrase (
  user_id    BINARY(16)  NOT NULL,
  phrases    TEXT        COLLATE utf8mb4_bin NOT NULL,
  version    BIGINT      NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE IF EXISTS sys_phrase;
