-- When the bytecode of an environment had been compiled: until now that was part of its build, from now on it comes after.
ALTER TABLE environments ADD COLUMN compiled_at INTEGER;
UPDATE environments SET compiled_at = created_at;

-- Equal locks share their files.
CREATE INDEX environments_by_image ON environments (image_digest, created_at);
