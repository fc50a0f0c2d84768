-- Contents of attachments and files in a bucket of S3-compatible storage.

-- +goose Up
-- An object of the bucket. It is written here before it is put, so that none is there that nobody knows of. state is 1
-- while nothing has it, 2 when an attachment or a file has it (their place), 3 when it is to be removed.
CREATE TABLE IF NOT EXISTS workflow_object (
  name       VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  state      TINYINT      NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (name),
  KEY waiting (state, created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- place says where the content is: null or empty for this row, else the name of an object. sha256 is null for what was
-- attached before.
ALTER TABLE workflow_attachment
  ADD COLUMN sha256 BINARY(32)   NULL AFTER size,
  ADD COLUMN place  VARCHAR(255) COLLATE utf8mb4_bin NULL AFTER sha256;

-- +goose Down
ALTER TABLE workflow_attachment DROP COLUMN place, DROP COLUMN sha256;
DROP TABLE IF EXISTS workflow_object;
