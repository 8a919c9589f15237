-- Overlap as a setting of the script, what was measured of a run, and settings of the instance.

ALTER TABLE scripts ADD COLUMN overlap TEXT NOT NULL DEFAULT 'queue';
ALTER TABLE scripts ADD COLUMN parallel_limit INTEGER;

ALTER TABLE runs ADD COLUMN parallel_limit INTEGER;
ALTER TABLE runs ADD COLUMN usage TEXT;
ALTER TABLE runs ADD COLUMN artifacts TEXT;

-- Only what somebody has set; the value is JSON.
CREATE TABLE settings (
    key        TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
