-- Metadata only: script files, environments and logs live beside the database on the volume.
-- Times are Unix milliseconds; JSON columns hold what is never filtered by.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE scripts (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    slug            TEXT NOT NULL UNIQUE,
    description     TEXT NOT NULL,
    entry_point     TEXT NOT NULL,
    paused          INTEGER NOT NULL,
    limits          TEXT NOT NULL,
    requirements    TEXT NOT NULL,
    revision        INTEGER NOT NULL,
    environment_key TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    deleted_at      INTEGER
) STRICT;

-- A name is taken while its script lives; the trash gives it free.
CREATE UNIQUE INDEX scripts_by_name ON scripts (name COLLATE NOCASE) WHERE deleted_at IS NULL;

CREATE TABLE script_tags (
    script_id TEXT NOT NULL REFERENCES scripts (id) ON DELETE CASCADE,
    tag       TEXT NOT NULL,
    position  INTEGER NOT NULL,
    PRIMARY KEY (script_id, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX script_tags_by_tag ON script_tags (tag, script_id);

-- The manifest of a revision (which file has which content) is a file on the volume; this is its listing.
CREATE TABLE revisions (
    script_id  TEXT NOT NULL REFERENCES scripts (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    message    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (script_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE environments (
    script_id    TEXT NOT NULL REFERENCES scripts (id) ON DELETE CASCADE,
    key          TEXT NOT NULL,
    lock_hash    TEXT NOT NULL,
    requirements TEXT NOT NULL,
    image        TEXT NOT NULL,
    image_digest TEXT NOT NULL,
    packages     TEXT NOT NULL,
    run_id       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (script_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    number            INTEGER PRIMARY KEY AUTOINCREMENT,
    id                TEXT NOT NULL UNIQUE,
    script_id         TEXT NOT NULL REFERENCES scripts (id),
    kind              TEXT NOT NULL,
    -- The state's name and the outcome's kind, for filters; `state_json` is the whole.
    state             TEXT NOT NULL,
    outcome           TEXT,
    state_json        TEXT NOT NULL,
    version           INTEGER NOT NULL,
    trigger           TEXT NOT NULL,
    overlap           TEXT NOT NULL,
    idempotency_key   TEXT,
    queued_at         INTEGER NOT NULL,
    started_at        INTEGER,
    finished_at       INTEGER,
    args              TEXT NOT NULL,
    env               TEXT NOT NULL,
    limits            TEXT NOT NULL,
    image             TEXT NOT NULL,
    requirements      TEXT NOT NULL,
    build_run_id      TEXT,
    revision          INTEGER,
    environment_key   TEXT,
    lock_hash         TEXT,
    image_digest      TEXT,
    exit_code         INTEGER,
    signal            INTEGER,
    peak_memory_bytes INTEGER,
    cpu_ms            INTEGER,
    log               TEXT
) STRICT;

CREATE INDEX runs_by_script ON runs (script_id, kind, number);
CREATE INDEX runs_by_kind ON runs (kind, number);
CREATE INDEX runs_by_outcome ON runs (outcome, number);
CREATE INDEX runs_by_script_outcome ON runs (script_id, outcome, number);
CREATE INDEX runs_unfinished ON runs (number) WHERE state <> 'finished';
CREATE INDEX runs_by_finish ON runs (finished_at, outcome) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX runs_by_idempotency_key ON runs (script_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Append-only: every step of every run, in order.
CREATE TABLE run_events (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    event  TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;
