-- Tables of the earlier DIOM in their second form; the database has no others. Rows are our own.
CREATE TABLE sys_user (id BIGINT AUTO_INCREMENT PRIMARY KEY, username VARCHAR(50) NOT NULL UNIQUE, password VARCHAR(100), nickname VARCHAR(50), email VARCHAR(100), phone VARCHAR(20), status INT, create_time DATETIME, update_time DATETIME) DEFAULT CHARSET=utf8mb4;
INSERT INTO sys_user VALUES
(1, 'root', '$2a$10$cNmVSgaU0E9VZTk2QilT/O5h87zLG5v/umPEz51qmzV51i73./zaS', '超级管理员', NULL, NULL, 1, '2024-03-01 09:00:00', NULL),
(2, 'hanmei', '$2a$10$brx5LQogjOr4NiOid/IP0e/zErJPIiRcZVXR4Pj/Cxjf1qI3XTgLq', '韩梅', 'hanmei@old.example', NULL, 1, '2024-03-02 09:00:00', NULL),
(3, 'lilei', '$2a$10$yUbNO6Xo7uIJuvxe/pOEt.hcIwrt3WIl4hNxiiprflTUy.g4.ua1K', '李雷', 'lilei@old.example', NULL, 1, '2024-03-02 09:00:00', NULL);
CREATE TABLE sys_role (id BIGINT AUTO_INCREMENT PRIMARY KEY, role_code VARCHAR(100) NOT NULL UNIQUE, role_name VARCHAR(100), description VARCHAR(500), status INT DEFAULT 1, sort_order INT, create_time TIMESTAMP NULL, update_time TIMESTAMP NULL, create_by VARCHAR(100), update_by VARCHAR(100)) DEFAULT CHARSET=utf8mb4;
INSERT INTO sys_role (id, role_code, role_name, status) VALUES (1, 'SUPER_ADMIN', '超级管理员', 1), (2, 'MANAGER', '经理', 1), (3, 'EMPLOYEE', '员工', 1), (4, 'HR', '人事', 1), (5, 'ROLE_ADMIN', '旧管理员', 0);
CREATE TABLE sys_permission (id BIGINT AUTO_INCREMENT PRIMARY KEY, parent_id BIGINT, permission_code VARCHAR(100) NOT NULL UNIQUE, permission_name VARCHAR(100), permission_type VARCHAR(20), menu_path VARCHAR(200), api_pattern VARCHAR(200), icon VARCHAR(50), description VARCHAR(500), status INT DEFAULT 1, sort_order INT, create_time DATETIME, update_time DATETIME) DEFAULT CHARSET=utf8mb4;
INSERT INTO sys_permission (id, parent_id, permission_code, permission_type) VALUES
(1, 0, 'DASHBOARD', 'MENU'), (2, 0, 'WORKFLOW', 'MENU'), (3, 2, 'WORKFLOW_TASK', 'MENU'), (4, 2, 'WORKFLOW_START_BTN', 'BUTTON'), (5, 2, 'WORKFLOW_API_QUERY', 'API'),
(6, 2, 'WORKFLOW_TEMPLATE_CREATE', 'BUTTON'), (7, 0, 'SYSTEM_USER', 'MENU'), (8, 2, 'WORKFLOW_DESIGNER', 'MENU'), (9, 0, 'SYSTEM_ROLE', 'MENU');
CREATE TABLE sys_user_role (id BIGINT AUTO_INCREMENT PRIMARY KEY, user_id BIGINT, username VARCHAR(50), role_id BIGINT, create_time DATETIME) DEFAULT CHARSET=utf8mb4;
INSERT INTO sys_user_role (id, user_id, username, role_id) VALUES (1, 1, 'root', 1), (2, 2, 'hanmei', 4), (3, NULL, 'hanmei', 3), (4, 3, 'lilei', 2), (5, NULL, 'nobody', 2), (6, 3, 'lilei', 5);
CREATE TABLE sys_role_permission (id BIGINT AUTO_INCREMENT PRIMARY KEY, role_id BIGINT, permission_id BIGINT, create_time DATETIME);
INSERT INTO sys_role_permission (id, role_id, permission_id) VALUES (1, 4, 7), (2, 4, 6), (3, 2, 3), (4, 2, 5), (5, 2, 8), (6, 3, 1), (7, 3, 4), (8, 3, 9);
