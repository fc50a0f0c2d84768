-- The edge to other systems: who may send events, what could not be delivered, and who may fetch jobs
-- and send messages.

-- +goose Up
-- sealed_key is the source's key, encrypted for this row and column (AES-256-GCM). types and mappings
-- are JSON.
CREATE TABLE IF NOT EXISTS workflow_event_source (
  id         BINARY(16)   NOT NULL,
  source     VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  key_id     VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  sealed_key BLOB         NOT NULL,
  types      MEDIUMTEXT   COLLATE utf8mb4_bin NOT NULL,
  mappings   MEDIUMTEXT   COLLATE utf8mb4_bin NOT NULL,
  enabled    TINYINT      NOT NULL,
  version    BIGINT       NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  updated_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY source (source)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Events that nobody could make use of. direction is in (from another system) or out (ours). One that
-- was resubmitted and fails again has another row. content is the event as CloudEvents JSON.
CREATE TABLE IF NOT EXISTS workflow_dead_letter (
  id             BINARY(16)    NOT NULL,
  direction      VARCHAR(3)    COLLATE utf8mb4_bin NOT NULL,
  source         VARCHAR(255)  COLLATE utf8mb4_bin NOT NULL,
  event_id       VARCHAR(255)  COLLATE utf8mb4_bin NOT NULL,
  type           VARCHAR(255)  COLLATE utf8mb4_bin NOT NULL,
  reason         VARCHAR(1000) NOT NULL,
  attempts       INT           NOT NULL,
  content        MEDIUMBLOB    NOT NULL,
  created_at     DATETIME(3)   NOT NULL,
  resubmitted_at DATETIME(3)   NULL,
  PRIMARY KEY (id),
  KEY event (source, event_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT IGNORE INTO sys_permission (id, code, name, parent_id, position, built_in, version, created_at) VALUES
  (x'01900000000070008000000000000109', 'WORKFLOW_JOB',     '领取并完成作业', x'01900000000070008000000000000100', 9,  1, 1, '2024-06-10 00:00:00.000'),
  (x'0190000000007000800000000000010a', 'WORKFLOW_MESSAGE', '发送消息',       x'01900000000070008000000000000100', 10, 1, 1, '2024-06-10 00:00:00.000');

INSERT IGNORE INTO sys_role (id, code, name, description, built_in, version, created_at) VALUES
  (x'01900000000070008000000000000006', 'INTEGRATOR', '集成', '供其他系统使用：领取并完成作业，发送消息', 1, 1, '2024-06-10 00:00:00.000');

INSERT IGNORE INTO sys_role_permission (role_id, permission_id)
SELECT r.id, p.id FROM sys_role r JOIN sys_permission p ON
     r.code IN ('SUPER_ADMIN', 'OPERATOR', 'INTEGRATOR') AND p.code IN ('WORKFLOW_JOB', 'WORKFLOW_MESSAGE');

-- +goose Down
DELETE rp FROM sys_role_permission rp JOIN sys_permission p ON p.id = rp.permission_id WHERE p.code IN ('WORKFLOW_JOB', 'WORKFLOW_MESSAGE');
DELETE FROM sys_role WHERE code = 'INTEGRATOR';
DELETE FROM sys_permission WHERE code IN ('WORKFLOW_JOB', 'WORKFLOW_MESSAGE');
DROP TABLE workflow_dead_letter, workflow_event_source;
