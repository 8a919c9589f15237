-- Variables that runs get: of all scripts (no script_id) or of one. A secret is sealed; the key to it is not in this file
-- (see `vault`). A secret without a value came with an imported script, and somebody has to enter it.

CREATE TABLE variables (
    script_id   TEXT REFERENCES scripts (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    secret      INTEGER NOT NULL,
    value       TEXT,
    sealed      TEXT,
    description TEXT NOT NULL,
    -- When its value was set.
    updated_at  INTEGER NOT NULL,
    CHECK (CASE WHEN secret THEN value IS NULL ELSE value IS NOT NULL AND sealed IS NULL END)
) STRICT;

CREATE UNIQUE INDEX variables_by_name ON variables (coalesce(script_id, ''), name);

-- Which of them a run was given: names and when each was set, never a value. Absent: not known.
ALTER TABLE runs ADD COLUMN variables TEXT;
