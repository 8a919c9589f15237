-- What was changed in the settings, one row per field; the newest 1,000. Values are JSON as they were set, `null` where
-- nothing was; secrets never.
CREATE TABLE settings_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    field TEXT NOT NULL,
    was TEXT NOT NULL,
    becomes TEXT NOT NULL
) STRICT;
CREATE INDEX settings_changes_by_field ON settings_changes (field, id);
