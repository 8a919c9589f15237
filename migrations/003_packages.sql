-- Packages: which may be built from source for a script, and what a build was asked to do.

ALTER TABLE scripts ADD COLUMN build_from_source TEXT NOT NULL DEFAULT '[]';

-- JSON; null for runs of a script, and for builds of before.
ALTER TABLE runs ADD COLUMN build TEXT;
