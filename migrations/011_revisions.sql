-- Who made a revision (model::revision), and what somebody calls it.
ALTER TABLE revisions ADD COLUMN made_by TEXT NOT NULL DEFAULT 'api';
ALTER TABLE revisions ADD COLUMN label TEXT;

-- What their messages tell of those from before.
UPDATE revisions
SET made_by = CASE
    WHEN message = 'Created' THEN 'created'
    WHEN message LIKE 'Restored revision %' THEN 'restore'
    WHEN message LIKE 'Changed outside %' THEN 'outside'
    ELSE 'editor'
END;

-- Which runs had a revision, the newest first.
CREATE INDEX runs_by_revision ON runs (script_id, revision, number) WHERE revision IS NOT NULL;
CREATE INDEX runs_kept ON runs (script_id, revision) WHERE kept;
