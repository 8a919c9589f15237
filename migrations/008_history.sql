-- What history is searched by, what is kept of it, and what is being removed.

-- Marked by somebody: never removed by itself.
ALTER TABLE runs ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
-- JSON: what the script says about keeping its runs; absent fields are the instance's.
ALTER TABLE scripts ADD COLUMN retention TEXT NOT NULL DEFAULT '{}';

-- From an instant to a number. How far behind an earlier run one was ever queued (a clock was put back) is in `meta`.
CREATE INDEX runs_by_queued_at ON runs (queued_at);
INSERT INTO meta (key, value)
SELECT 'queued_disorder_ms', max(latest - queued_at)
FROM (SELECT queued_at, max(queued_at) OVER (ORDER BY number) AS latest FROM runs)
HAVING max(latest - queued_at) > 0;

-- What a finished run is like, in everything that has few values. `span` is a step of duration, -1 without one.
CREATE TABLE run_shapes (
    id             INTEGER PRIMARY KEY,
    kind           TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    trigger        TEXT NOT NULL,
    span           INTEGER NOT NULL,
    kept           INTEGER NOT NULL,
    runs           INTEGER NOT NULL,
    log_bytes      INTEGER NOT NULL,
    artifact_bytes INTEGER NOT NULL,
    UNIQUE (kind, outcome, trigger, span, kept)
) STRICT;

-- A shape among the runs of one schedule of one script ('': of none).
CREATE TABLE run_shelves (
    id             INTEGER PRIMARY KEY,
    script_id      TEXT NOT NULL,
    schedule_id    TEXT NOT NULL,
    shape          INTEGER NOT NULL REFERENCES run_shapes (id),
    runs           INTEGER NOT NULL,
    log_bytes      INTEGER NOT NULL,
    artifact_bytes INTEGER NOT NULL,
    UNIQUE (script_id, schedule_id, shape)
) STRICT;
CREATE INDEX run_shelves_by_schedule ON run_shelves (schedule_id);

-- Where each finished run stands. Written when it finishes and when it is kept or removed, and narrow.
CREATE TABLE filed_runs (
    number         INTEGER PRIMARY KEY,
    shape          INTEGER NOT NULL,
    shelf          INTEGER NOT NULL,
    finished_at    INTEGER NOT NULL,
    duration_ms    INTEGER,
    log_bytes      INTEGER NOT NULL,
    artifact_bytes INTEGER NOT NULL
) STRICT;

-- Script runs that finished in an hour of UTC; what was removed since stays counted.
CREATE TABLE run_hours (
    hour    INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    runs    INTEGER NOT NULL,
    PRIMARY KEY (hour, outcome)
) STRICT, WITHOUT ROWID;

-- What is said at the end of runs that did not succeed; the text itself is in their rows.
CREATE VIRTUAL TABLE run_errors USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'trigram');

-- Their rows are gone, their directories not yet.
CREATE TABLE removals (
    run_id    TEXT PRIMARY KEY,
    queued_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE saved_filters (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    query      TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX saved_filters_by_name ON saved_filters (name COLLATE NOCASE);

-- The runs there are already.
CREATE TEMP TABLE facts AS
SELECT number, script_id, coalesce(schedule_id, '') AS schedule_id, kind, outcome,
    coalesce(trigger ->> '$.kind', 'system') AS trigger, coalesce(finished_at, queued_at) AS finished_at,
    CASE WHEN started_at IS NULL OR finished_at IS NULL THEN NULL ELSE max(finished_at - started_at, 0) END AS duration_ms,
    coalesce(log ->> '$.stdout_bytes', 0) + coalesce(log ->> '$.stderr_bytes', 0) AS log_bytes,
    coalesce(artifacts ->> '$.bytes', 0) AS artifact_bytes
FROM runs WHERE state = 'finished' AND outcome IS NOT NULL;
CREATE TEMP TABLE spanned AS
SELECT *, CASE WHEN duration_ms IS NULL THEN -1 WHEN duration_ms < 1000 THEN 0 WHEN duration_ms < 2000 THEN 1
    WHEN duration_ms < 5000 THEN 2 WHEN duration_ms < 10000 THEN 3 WHEN duration_ms < 30000 THEN 4
    WHEN duration_ms < 60000 THEN 5 WHEN duration_ms < 120000 THEN 6 WHEN duration_ms < 300000 THEN 7
    WHEN duration_ms < 600000 THEN 8 WHEN duration_ms < 1800000 THEN 9 WHEN duration_ms < 3600000 THEN 10
    WHEN duration_ms < 7200000 THEN 11 WHEN duration_ms < 21600000 THEN 12 WHEN duration_ms < 43200000 THEN 13
    WHEN duration_ms < 86400000 THEN 14 ELSE 15 END AS span
FROM facts;
INSERT INTO run_shapes (kind, outcome, trigger, span, kept, runs, log_bytes, artifact_bytes)
SELECT kind, outcome, trigger, span, 0, count(*), sum(log_bytes), sum(artifact_bytes) FROM spanned GROUP BY kind, outcome, trigger, span;
INSERT INTO run_shelves (script_id, schedule_id, shape, runs, log_bytes, artifact_bytes)
SELECT script_id, schedule_id, shape.id, count(*), sum(spanned.log_bytes), sum(spanned.artifact_bytes)
FROM spanned JOIN run_shapes AS shape USING (kind, outcome, trigger, span) GROUP BY script_id, schedule_id, shape.id;
INSERT INTO filed_runs (number, shape, shelf, finished_at, duration_ms, log_bytes, artifact_bytes)
SELECT number, shape.id, shelf.id, finished_at, duration_ms, spanned.log_bytes, spanned.artifact_bytes
FROM spanned JOIN run_shapes AS shape USING (kind, outcome, trigger, span)
JOIN run_shelves AS shelf ON shelf.script_id = spanned.script_id AND shelf.schedule_id = spanned.schedule_id
    AND shelf.shape = shape.id
ORDER BY number;
INSERT INTO run_hours (hour, outcome, runs)
SELECT finished_at / 3600000, outcome, count(*) FROM facts WHERE kind = 'script' GROUP BY 1, 2;
DROP TABLE spanned;
DROP TABLE facts;
INSERT INTO run_errors (rowid, text)
SELECT number, substr(
    coalesce((SELECT group_concat(value, char(10)) FROM json_each(state_json, '$.outcome.stderr_tail')), '') || char(10)
    || coalesce((state_json ->> '$.outcome.traceback.exception') || ': ' || (state_json ->> '$.outcome.traceback.message'), '')
    || char(10) || coalesce(state_json ->> '$.outcome.message', ''), -4096)
FROM runs WHERE state = 'finished' AND outcome NOT IN ('succeeded', 'skipped') ORDER BY number;

-- These carry the duration so that a step of it is never left for the rows.
CREATE INDEX filed_runs_by_shape ON filed_runs (shape, number, duration_ms);
CREATE INDEX filed_runs_by_shelf ON filed_runs (shelf, number, duration_ms);
CREATE INDEX filed_runs_by_duration ON filed_runs (duration_ms, shape, shelf) WHERE duration_ms IS NOT NULL;
-- What they were for is answered by shapes, shelves and hours.
DROP INDEX runs_by_outcome;
DROP INDEX runs_by_script_outcome;
DROP INDEX runs_by_finish;
