-- Clean-ups: what was decided, while it is carried out, and what came of it.
CREATE TABLE cleanups (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    trigger     TEXT    NOT NULL,
    kinds       TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    -- How often a start has taken it up again.
    continued   INTEGER NOT NULL DEFAULT 0,
    report      TEXT
) STRICT;

-- One at a time.
CREATE UNIQUE INDEX cleanups_running ON cleanups ((finished_at IS NULL)) WHERE finished_at IS NULL;

-- Of the one that is carried out: stored before anything goes, and taken away with its report.
CREATE TABLE cleanup_items (
    cleanup_id INTEGER NOT NULL REFERENCES cleanups (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    what       TEXT    NOT NULL,
    mark       TEXT    NOT NULL,
    bytes      INTEGER NOT NULL,
    state      TEXT    NOT NULL DEFAULT 'pending',
    reason     TEXT,
    PRIMARY KEY (cleanup_id, position)
) STRICT, WITHOUT ROWID;

-- What was built here, by its content: an image that somebody has built on one of ours carries our label as well.
CREATE TABLE built_images (
    id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO built_images SELECT digest FROM images WHERE origin = 'built' AND digest IS NOT NULL;
-- Earlier contents, which were renewed since: told by environments that were built on them.
INSERT OR IGNORE INTO built_images SELECT image_digest FROM environments WHERE image_digest IS NOT NULL;
