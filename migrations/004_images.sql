-- Images in which scripts run: the instance's own, which its configuration names, and those that somebody added.

CREATE TABLE images (
    -- What scripts say.
    name TEXT PRIMARY KEY COLLATE NOCASE,
    -- What it is made from, and the Debian packages that are added (JSON).
    base TEXT NOT NULL,
    system_packages TEXT NOT NULL DEFAULT '[]',
    state TEXT NOT NULL,
    message TEXT,
    -- What the engine is asked for, once there is something.
    reference TEXT,
    origin TEXT,
    -- Whether the base was brought here for this image.
    base_pulled INTEGER NOT NULL DEFAULT 0,
    digest TEXT,
    python TEXT,
    uv TEXT,
    size_bytes INTEGER,
    added_at INTEGER NOT NULL,
    prepared_at INTEGER
) STRICT;

-- An image's name; null: the instance's own.
ALTER TABLE scripts ADD COLUMN image TEXT;
