/**
 * The database's tables, as the ordered steps that led to them. Step n takes the file from schema version n - 1 to n (`PRAGMA user_version`).
 * A released step never changes: a new shape is a new step at the end.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE commits (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    commit_id TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (stream, version)
  ) STRICT;

  CREATE TABLE heads (
    stream TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    hash TEXT NOT NULL,
    at TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    evolve INTEGER NOT NULL,
    state TEXT NOT NULL,
    due_at TEXT
  ) STRICT;
  CREATE INDEX heads_due ON heads (due_at, stream) WHERE due_at IS NOT NULL;

  CREATE TABLE checkpoints (
    consumer TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE view_rows (
    view TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    owner TEXT NOT NULL,
    doc TEXT NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (view, key)
  ) STRICT;
  CREATE INDEX view_rows_owner ON view_rows (view, owner, key) WHERE removed = 0;

  CREATE TABLE sealed_rows (
    ref TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    iv BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    tag BLOB NOT NULL
  ) STRICT;

  CREATE TABLE challenge_tokens (
    token TEXT NOT NULL PRIMARY KEY,
    key_authorization TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE holders (
    value TEXT NOT NULL,
    holder TEXT NOT NULL,
    PRIMARY KEY (value, holder)
  ) STRICT, WITHOUT ROWID;
  `,
  // What rows are watched by, in order of time. Rows that stand already have none of it: the mark has the views made anew at the next start.
  `
  ALTER TABLE view_rows ADD COLUMN expires TEXT;
  ALTER TABLE view_rows ADD COLUMN owed TEXT;
  ALTER TABLE view_rows ADD COLUMN issuer TEXT;
  ALTER TABLE view_rows ADD COLUMN failing INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX view_rows_expires ON view_rows (view, expires) WHERE expires IS NOT NULL;
  CREATE INDEX view_rows_owed ON view_rows (view, owed) WHERE owed IS NOT NULL;
  INSERT INTO view_rows (view, key, version, owner, doc)
    SELECT 'rebuild', 'under way', 1, '-', '{}' WHERE EXISTS (SELECT 1 FROM view_rows)
    ON CONFLICT (view, key) DO UPDATE SET removed = 0;
  `,
  // What the limits of CAs stand at.
  `
  CREATE TABLE limit_rows (
    key TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    doc TEXT NOT NULL,
    expires TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX limit_rows_expires ON limit_rows (expires);
  `,
];
