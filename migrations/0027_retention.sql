-- +goose Up
-- A list of networks, or of types of files, is longer than a word.
ALTER TABLE workflow_setting MODIFY COLUMN value VARCHAR(2000) COLLATE utf8mb4_bin NULL;

-- +goose Down
UPDATE workflow_setting SET value = NULL WHERE CHAR_LENGTH(value) > 255;
ALTER TABLE workflow_setting MODIFY COLUMN value VARCHAR(255) COLLATE utf8mb4_bin NULL;
