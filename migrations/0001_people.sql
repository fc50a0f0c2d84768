-- People: who may log in, in which departments, groups and roles, and their sessions. Names that
-- models and tokens refer to (username, code, group_key) compare by bytes.

-- +goose Up
CREATE TABLE IF NOT EXISTS sys_department (
  id         BINARY(16)   NOT NULL,
  code       VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  name       VARCHAR(255) NOT NULL,
  parent_id  BINARY(16)   NULL,
  version    BIGINT       NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY code (code),
  KEY parent (parent_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- token_version is the ver of the access tokens that are valid; it begins with the time of creation,
-- so that a name which is given again does not revive its last owner's tokens.
CREATE TABLE IF NOT EXISTS sys_user (
  id            BINARY(16)   NOT NULL,
  username      VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  password      VARCHAR(100) COLLATE utf8mb4_bin NOT NULL,
  display_name  VARCHAR(255) NOT NULL,
  email         VARCHAR(255) NOT NULL,
  title         VARCHAR(255) NOT NULL,
  department_id BINARY(16)   NULL,
  enabled       TINYINT      NOT NULL,
  token_version BIGINT       NOT NULL,
  version       BIGINT       NOT NULL,
  created_at    DATETIME(3)  NOT NULL,
  updated_at    DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY username (username),
  KEY department (department_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS sys_role (
  id          BINARY(16)   NOT NULL,
  code        VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  name        VARCHAR(255) NOT NULL,
  description VARCHAR(1000) NOT NULL,
  built_in    TINYINT      NOT NULL,
  version     BIGINT       NOT NULL,
  created_at  DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY code (code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS sys_permission (
  id         BINARY(16)   NOT NULL,
  code       VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  name       VARCHAR(255) NOT NULL,
  parent_id  BINARY(16)   NULL,
  position   INT          NOT NULL,
  built_in   TINYINT      NOT NULL,
  version    BIGINT       NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY code (code),
  KEY parent (parent_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS sys_user_role (
  user_id BINARY(16) NOT NULL,
  role_id BINARY(16) NOT NULL,
  PRIMARY KEY (user_id, role_id),
  KEY role (role_id, user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS sys_role_permission (
  role_id       BINARY(16) NOT NULL,
  permission_id BINARY(16) NOT NULL,
  PRIMARY KEY (role_id, permission_id),
  KEY permission (permission_id, role_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS sys_group (
  id         BINARY(16)   NOT NULL,
  group_key  VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  name       VARCHAR(255) NOT NULL,
  version    BIGINT       NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY group_key (group_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS sys_user_group (
  user_id  BINARY(16) NOT NULL,
  group_id BINARY(16) NOT NULL,
  PRIMARY KEY (user_id, group_id),
  KEY member (group_id, user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- One row a refresh token, by the SHA-256 of it. The tokens that were rotated out of one log-in are a
-- family; started_at is that log-in.
CREATE TABLE IF NOT EXISTS sys_session (
  id         BINARY(16)  NOT NULL,
  family_id  BINARY(16)  NOT NULL,
  user_id    BINARY(16)  NOT NULL,
  token_hash BINARY(32)  NOT NULL,
  started_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  rotated_at DATETIME(3) NULL,
  revoked_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY token_hash (token_hash),
  KEY family (family_id),
  KEY owner (user_id, id),
  KEY expiry (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT IGNORE INTO sys_permission (id, code, name, parent_id, position, built_in, version, created_at) VALUES
  (x'01900000000070008000000000000100', 'WORKFLOW',            '流程',         NULL, 1, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000101', 'WORKFLOW_START',      '发起流程',     x'01900000000070008000000000000100', 1, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000102', 'WORKFLOW_TASK',       '办理任务',     x'01900000000070008000000000000100', 2, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000103', 'WORKFLOW_INSTANCE',   '我的流程',     x'01900000000070008000000000000100', 3, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000104', 'WORKFLOW_DEFINITION', '查看流程定义', x'01900000000070008000000000000100', 4, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000105', 'WORKFLOW_DESIGN',     '设计流程',     x'01900000000070008000000000000100', 5, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000106', 'WORKFLOW_DEPLOY',     '部署流程',     x'01900000000070008000000000000100', 6, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000107', 'WORKFLOW_OPERATE',    '流程运维',     x'01900000000070008000000000000100', 7, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000108', 'WORKFLOW_AUDIT',      '查看全部流程', x'01900000000070008000000000000100', 8, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000200', 'SYS',                 '系统管理',     NULL, 2, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000201', 'SYS_USER',            '用户管理',     x'01900000000070008000000000000200', 1, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000202', 'SYS_ROLE',            '角色管理',     x'01900000000070008000000000000200', 2, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000203', 'SYS_PERMISSION',      '权限管理',     x'01900000000070008000000000000200', 3, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000204', 'SYS_DEPARTMENT',      '部门管理',     x'01900000000070008000000000000200', 4, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000205', 'SYS_GROUP',           '用户组管理',   x'01900000000070008000000000000200', 5, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000206', 'SYS_SETTING',         '系统设置',     x'01900000000070008000000000000200', 6, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000207', 'SYS_AUDIT',           '审计日志',     x'01900000000070008000000000000200', 7, 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000208', 'SYS_BACKUP',          '备份恢复',     x'01900000000070008000000000000200', 8, 1, 1, '2024-06-10 00:00:00.000');

INSERT IGNORE INTO sys_role (id, code, name, description, built_in, version, created_at) VALUES
  (x'01900000000070008000000000000001', 'SUPER_ADMIN', '超级管理员', '拥有全部权限',                 1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000002', 'EMPLOYEE',    '员工',       '发起流程，办理自己的任务',     1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000003', 'DESIGNER',    '流程设计师', '设计并部署流程',               1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000004', 'OPERATOR',    '运维人员',   '查看全部流程实例，处理异常',   1, 1, '2024-06-10 00:00:00.000'),
  (x'01900000000070008000000000000005', 'AUDITOR',     '审计员',     '查看全部流程与审计日志，只读', 1, 1, '2024-06-10 00:00:00.000');

INSERT IGNORE INTO sys_role_permission (role_id, permission_id)
SELECT r.id, p.id FROM sys_role r JOIN sys_permission p ON
     r.code = 'SUPER_ADMIN'
  OR r.code = 'EMPLOYEE' AND p.code IN ('WORKFLOW_START', 'WORKFLOW_TASK', 'WORKFLOW_INSTANCE', 'WORKFLOW_DEFINITION')
  OR r.code = 'DESIGNER' AND p.code IN ('WORKFLOW_DEFINITION', 'WORKFLOW_DESIGN', 'WORKFLOW_DEPLOY')
  OR r.code = 'OPERATOR' AND p.code IN ('WORKFLOW_DEFINITION', 'WORKFLOW_INSTANCE', 'WORKFLOW_OPERATE')
  OR r.code = 'AUDITOR'  AND p.code IN ('WORKFLOW_DEFINITION', 'WORKFLOW_INSTANCE', 'WORKFLOW_AUDIT', 'SYS_AUDIT');

-- +goose Down
DROP TABLE sys_session, sys_user_group, sys_group, sys_role_permission, sys_user_role, sys_permission, sys_role, sys_user, sys_department;
