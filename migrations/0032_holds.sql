-- +goose Up
-- What must not be deleted until somebody lifts the hold (法律保留). Exactly one of the four says what: an instance, as the root of
-- its calls, or all that have a business key, are of a process, or were started by a person. Lifted ones stay, as a record.
CREATE TABLE IF NOT EXISTS workflow_hold (
  id           BINARY(16)    NOT NULL,
  root_id      BINARY(16)    NULL,
  business_key VARCHAR(255)  COLLATE utf8mb4_bin NULL,
  process_key  VARCHAR(255)  COLLATE utf8mb4_bin NULL,
  username     VARCHAR(64)   COLLATE utf8mb4_bin NULL,
  instance_id  BINARY(16)    NULL,
  reason       VARCHAR(1000) NOT NULL,
  placed_by    VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  placed_at    DATETIME(3)   NOT NULL,
  lifted_by    VARCHAR(64)   COLLATE utf8mb4_bin NULL,
  lifted_at    DATETIME(3)   NULL,
  PRIMARY KEY (id),
  KEY root (root_id, lifted_at),
  KEY business_key (business_key, lifted_at),
  KEY process (process_key, lifted_at),
  KEY person (username, lifted_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Retention finds what has ended long ago.
ALTER TABLE workflow_instance ADD KEY ended (ended_at);

INSERT IGNORE INTO sys_permission (id, code, name, parent_id, position, built_in, version, created_at) VALUES
  (x'01900000000070008000000000000112', 'WORKFLOW_HOLD', '法律保留', x'01900000000070008000000000000100', 12, 1, 1, '2024-06-10 00:00:00.000');

INSERT IGNORE INTO sys_role_permission (role_id, permission_id)
SELECT r.id, p.id FROM sys_role r JOIN sys_permission p ON r.code = 'SUPER_ADMIN' AND p.code = 'WORKFLOW_HOLD';

-- +goose Down
DELETE FROM sys_role_permission WHERE permission_id = x'01900000000070008000000000000112';
DELETE FROM sys_permission WHERE id = x'01900000000070008000000000000112';
ALTER TABLE workflow_instance DROP KEY ended;
DROP TABLE IF EXISTS workflow_hold;
