-- Who is told of what runs come to, and what is on its way to them.

-- `terms` is JSON (model::webhook). URL and secret are sealed: many such addresses are secrets themselves.
CREATE TABLE webhooks (
    id               TEXT PRIMARY KEY,
    -- NULL: every script.
    script_id        TEXT REFERENCES scripts (id) ON DELETE CASCADE,
    terms            TEXT NOT NULL,
    enabled          INTEGER NOT NULL,
    url              TEXT NOT NULL,
    url_shown        TEXT NOT NULL,
    secret           TEXT,
    disabled_because TEXT,
    failing_since    INTEGER,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX webhooks_by_script ON webhooks (script_id);

-- The outbox and its log. What belongs to a run is written in the transaction that stores what it tells of. Within a lane (a
-- script's, of one webhook) messages are sent in the order of their numbers. `due_at`: from when it may be sent at all.
CREATE TABLE webhook_deliveries (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT NOT NULL UNIQUE,
    webhook_id      TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    lane            TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    run_id          TEXT,
    event           TEXT NOT NULL,
    -- JSON: what there was to tell, as it was then.
    report          TEXT NOT NULL,
    state           TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    next_attempt_at INTEGER,
    ended_at        INTEGER,
    -- JSON: what was sent last.
    request         TEXT
) STRICT;
CREATE INDEX webhook_deliveries_open ON webhook_deliveries (webhook_id, lane, number) WHERE ended_at IS NULL;
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, number);
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE webhook_attempts (
    delivery         INTEGER NOT NULL REFERENCES webhook_deliveries (number) ON DELETE CASCADE,
    attempt          INTEGER NOT NULL,
    at               INTEGER NOT NULL,
    duration_ms      INTEGER NOT NULL,
    status           INTEGER,
    error            TEXT,
    response_excerpt TEXT,
    PRIMARY KEY (delivery, attempt)
) STRICT, WITHOUT ROWID;

-- How often the same has come of a script in a row. Written with the outcome; no row: nothing of the kind.
CREATE TABLE script_streaks (
    script_id     TEXT PRIMARY KEY REFERENCES scripts (id) ON DELETE CASCADE,
    failures      INTEGER NOT NULL,
    failing_since INTEGER,
    skips         INTEGER NOT NULL,
    lates         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Scripts that are failing already.
WITH last_success AS (
    SELECT shelf.script_id, max((SELECT max(f.number) FROM filed_runs AS f WHERE f.shelf = shelf.id)) AS number
    FROM run_shelves AS shelf JOIN run_shapes AS shape ON shape.id = shelf.shape
    WHERE shape.kind = 'script' AND shape.outcome = 'succeeded'
    GROUP BY shelf.script_id
)
INSERT INTO script_streaks (script_id, failures, failing_since, skips, lates)
SELECT r.script_id, count(*), min(r.finished_at), 0, 0
FROM runs AS r LEFT JOIN last_success AS l ON l.script_id = r.script_id
WHERE r.kind = 'script' AND r.state = 'finished' AND r.outcome NOT IN ('succeeded', 'skipped', 'cancelled')
    AND r.number > coalesce(l.number, 0)
GROUP BY r.script_id;
