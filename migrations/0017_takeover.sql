-- Passwords of another product: a salted hash is longer than bcrypt's. It is replaced at the first log-in.

-- +goose Up
ALTER TABLE sys_user MODIFY COLUMN password VARCHAR(255) COLLATE utf8mb4_bin NOT NULL;

-- +goose Down
ALTER TABLE sys_user MODIFY COLUMN password VARCHAR(100) COLLATE utf8mb4_bin NOT NULL;
