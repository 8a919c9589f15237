-- What tags look like, and folders that are to go.

-- Only tags whose colour somebody has chosen; the others have one by their name.
CREATE TABLE tag_colours (
    tag    TEXT PRIMARY KEY,
    colour TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Folders in scripts/ that belong to no script: of one that is being made, until its row is there, or of one that was
-- removed for good. What is left here at a start was cut short, and goes.
CREATE TABLE stray_folders (
    slug TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The schedules of one script, whether they are enabled.
CREATE INDEX schedules_enabled ON schedules (script_id) WHERE deleted_at IS NULL AND enabled;
