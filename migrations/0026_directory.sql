-- People who come from elsewhere: who is whose account at a provider of sign-ins or in an address book, and the runs
-- that bring the organisation of an address book over.

-- +goose Up
-- source is the issuer of an OpenID provider, or the kind and the name of a directory (ldap:head-office); kind is
-- user or department, subject what the source calls it for good. left_at is when a run found that a person was gone;
-- what an administrator has disabled has none.
CREATE TABLE IF NOT EXISTS sys_identity (
  source     VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  kind       VARCHAR(16)  COLLATE utf8mb4_bin NOT NULL,
  subject    VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  object_id  BINARY(16)   NOT NULL,
  created_at DATETIME(3)  NOT NULL,
  left_at    DATETIME(3)  NULL,
  PRIMARY KEY (source, kind, subject),
  UNIQUE KEY object (object_id, source, kind)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- state is waiting, running, done, stopped (too many would be disabled) or failed. leased_until is when another process
-- may take a run that is not ended. report is JSON.
CREATE TABLE IF NOT EXISTS sys_directory_run (
  id           BINARY(16)   NOT NULL,
  directory    VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  dry_run      TINYINT      NOT NULL,
  forced       TINYINT      NOT NULL,
  asked_by     VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  state        VARCHAR(16)  COLLATE utf8mb4_bin NOT NULL,
  created_at   DATETIME(3)  NOT NULL,
  leased_until DATETIME(3)  NULL,
  ended_at     DATETIME(3)  NULL,
  report       MEDIUMTEXT   COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (id),
  KEY directory (directory, id),
  KEY state (state, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- +goose Down
DROP TABLE IF EXISTS sys_directory_run, sys_identity;
