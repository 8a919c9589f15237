-- Schedules, and what runs have to do with them.

CREATE TABLE schedules (
    id         TEXT PRIMARY KEY,
    script_id  TEXT NOT NULL REFERENCES scripts (id),
    -- Grows with every change; fires are named by schedule, version and instant.
    version    INTEGER NOT NULL,
    -- JSON: what somebody decided. `enabled` is in it as well, and here for the index.
    terms      TEXT NOT NULL,
    enabled    INTEGER NOT NULL,
    -- Every fire up to here has its row; moved in the transaction that makes those rows.
    cursor     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- One that is deleted stays, for the history that names it.
    deleted_at INTEGER
) STRICT;

CREATE INDEX schedules_by_script ON schedules (script_id, created_at) WHERE deleted_at IS NULL;

-- Of runs that a schedule has fired: which, for which instant, and which attempt it is.
ALTER TABLE runs ADD COLUMN schedule_id TEXT;
ALTER TABLE runs ADD COLUMN schedule_version INTEGER;
ALTER TABLE runs ADD COLUMN slot INTEGER;
ALTER TABLE runs ADD COLUMN attempt INTEGER;
-- JSON: whether it is tried again; null for what no schedule has fired.
ALTER TABLE runs ADD COLUMN retry TEXT;
-- It waits at least until then.
ALTER TABLE runs ADD COLUMN not_before INTEGER;

-- A fire runs once.
CREATE UNIQUE INDEX runs_by_slot ON runs (schedule_id, slot, schedule_version, attempt) WHERE schedule_id IS NOT NULL;
-- When a run belongs in the calendar.
CREATE INDEX runs_by_moment ON runs (coalesce(slot, started_at, queued_at)) WHERE kind = 'script';
