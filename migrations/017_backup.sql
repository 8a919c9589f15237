-- What was found when backups in `backups/` were read back. The files themselves are the truth about what there is.

CREATE TABLE backup_checks (
    name       TEXT PRIMARY KEY,
    -- As it was then: a file of another size is another file.
    size_bytes INTEGER NOT NULL,
    checked_at INTEGER NOT NULL,
    -- Null: it is whole.
    problem    TEXT,
    -- JSON: what it comes to, of one that is whole.
    account    TEXT
) STRICT, WITHOUT ROWID;
