-- What an office needs of requests: their numbers and summaries, who started for whom and in which post, what they
-- were made of and are linked with; working calendars; the posts of people; how much of the company a role may see.

-- +goose Up
-- number is unique in its process, NULL where the process has no numbers; summary is what lists show of it. department
-- is the code of the post in which starter has started, started_by who did it for him, NULL for himself. origin_id is
-- the instance that it was made of.
ALTER TABLE workflow_instance
  ADD COLUMN number     VARCHAR(64)   COLLATE utf8mb4_bin NULL,
  ADD COLUMN summary    VARCHAR(1000) NULL,
  ADD COLUMN department VARCHAR(64)   COLLATE utf8mb4_bin NULL,
  ADD COLUMN started_by VARCHAR(64)   COLLATE utf8mb4_bin NULL,
  ADD COLUMN origin_id  BINARY(16)    NULL,
  ADD UNIQUE KEY number (number, process_key),
  ADD KEY origin (origin_id, id);

-- The last number of a process in a period, such as 202607; a number that was taken by a start that failed is left out.
CREATE TABLE IF NOT EXISTS workflow_sequence (
  process_key VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  period      VARCHAR(8)   COLLATE utf8mb4_bin NOT NULL,
  value       BIGINT       NOT NULL,
  PRIMARY KEY (process_key, period)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- A link is seen from both sides; instance_id is the side where it was made.
CREATE TABLE IF NOT EXISTS workflow_instance_link (
  instance_id BINARY(16)    NOT NULL,
  other_id    BINARY(16)    NOT NULL,
  comment     VARCHAR(1000) NOT NULL,
  linked_by   VARCHAR(64)   COLLATE utf8mb4_bin NOT NULL,
  linked_at   DATETIME(3)   NOT NULL,
  PRIMARY KEY (instance_id, other_id),
  KEY other (other_id, instance_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- department is the code of the one that works by it, with those below; NULL for the whole installation, of which
-- there is one, with the code default. hours is a JSON object from the days of a week to spans, days one from dates to
-- off or work.
CREATE TABLE IF NOT EXISTS workflow_calendar (
  id         BINARY(16)   NOT NULL,
  code       VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  name       VARCHAR(255) NOT NULL,
  department VARCHAR(64)  COLLATE utf8mb4_bin NULL,
  time_zone  VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  hours      TEXT         COLLATE utf8mb4_bin NOT NULL,
  days       MEDIUMTEXT   COLLATE utf8mb4_bin NOT NULL,
  version    BIGINT       NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  updated_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY code (code),
  UNIQUE KEY department (department)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- The posts of a person beside the main one, which is in sys_user.
CREATE TABLE IF NOT EXISTS sys_user_post (
  user_id       BINARY(16)   NOT NULL,
  department_id BINARY(16)   NOT NULL,
  title         VARCHAR(255) NOT NULL,
  PRIMARY KEY (user_id, department_id),
  KEY department (department_id, user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- data_scope: own, department, below (the department and those below it), chosen (those in sys_role_department), all.
ALTER TABLE sys_role ADD COLUMN data_scope VARCHAR(16) COLLATE utf8mb4_bin NOT NULL DEFAULT 'own';

CREATE TABLE IF NOT EXISTS sys_role_department (
  role_id       BINARY(16) NOT NULL,
  department_id BINARY(16) NOT NULL,
  PRIMARY KEY (role_id, department_id),
  KEY department (department_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT IGNORE INTO sys_permission (id, code, name, parent_id, position, built_in, version, created_at) VALUES
  (x'01900000000070008000000000000111', 'WORKFLOW_START_FOR', '代他人发起', x'01900000000070008000000000000100', 11, 1, 1, '2024-06-10 00:00:00.000');

INSERT IGNORE INTO sys_role_permission (role_id, permission_id)
SELECT r.id, p.id FROM sys_role r JOIN sys_permission p ON r.code = 'SUPER_ADMIN' AND p.code = 'WORKFLOW_START_FOR';

-- +goose Down
DELETE FROM sys_role_permission WHERE permission_id = x'01900000000070008000000000000111';
DELETE FROM sys_permission WHERE id = x'01900000000070008000000000000111';
DROP TABLE IF EXISTS sys_role_department, sys_user_post, workflow_calendar, workflow_instance_link, workflow_sequence;
ALTER TABLE sys_role DROP COLUMN data_scope;
ALTER TABLE workflow_instance DROP KEY origin, DROP KEY number, DROP COLUMN origin_id, DROP COLUMN started_by, DROP COLUMN department, DROP COLUMN summary, DROP COLUMN number;
