-- +goose Up
-- People whose data were erased, or are being (清除个人数据). terms is JSON, the texts that are still looked for; NULL when nothing
-- more is. passed is the instance that the round under way has come to. A row is due when its lease is over.
CREATE TABLE IF NOT EXISTS sys_erasure (
  user_id      BINARY(16)    NOT NULL,
  username     VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  pseudonym    VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  reason       VARCHAR(1000) NOT NULL,
  asked_by     VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  asked_at     DATETIME(3)   NOT NULL,
  terms        TEXT          COLLATE utf8mb4_bin NULL,
  passed       BINARY(16)    NOT NULL,
  changed      INT           NOT NULL,
  waiting      INT           NOT NULL,
  due_at       DATETIME(3)   NULL,
  ended_at     DATETIME(3)   NULL,
  PRIMARY KEY (user_id),
  KEY due (due_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT IGNORE INTO sys_permission (id, code, name, parent_id, position, built_in, version, created_at)
SELECT x'01900000000070008000000000000209', 'SYS_ERASE', '清除个人数据', parent_id, 9, 1, 1, '2024-06-10 00:00:00.000' FROM sys_permission WHERE code = 'SYS_USER';

INSERT IGNORE INTO sys_role_permission (role_id, permission_id)
SELECT r.id, p.id FROM sys_role r JOIN sys_permission p ON r.code = 'SUPER_ADMIN' AND p.code = 'SYS_ERASE';

-- +goose Down
DELETE FROM sys_role_permission WHERE permission_id = x'01900000000070008000000000000209';
DELETE FROM sys_permission WHERE id = x'01900000000070008000000000000209';
DROP TABLE IF EXISTS sys_erasure;
