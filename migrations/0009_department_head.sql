-- The person who heads a department, by username as everywhere: he may read the instances that the
-- people of the department and of those below it have started.

-- +goose Up
ALTER TABLE sys_department ADD COLUMN head VARCHAR(64) COLLATE utf8mb4_bin NULL, ADD KEY head (head);

-- +goose Down
ALTER TABLE sys_department DROP KEY head, DROP COLUMN head;
