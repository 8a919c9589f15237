-- Packages: which are built from source for a script, what a build was asked to do, earlier environments.

ALTER TABLE scripts ADD COLUMN build_from_source TEXT NOT NULL DEFAULT '[]';

-- What the list of requirements and the entry file's metadata block were when they last were the same; null without a block.
ALTER TABLE scripts ADD COLUMN inline_agreed TEXT;

-- JSON; null for runs of a script, and for builds of before.
ALTER TABLE runs ADD COLUMN build TEXT;

-- When it last became the live one; what was found to be wrong with its files.
ALTER TABLE environments ADD COLUMN live_at INTEGER;
ALTER TABLE environments ADD COLUMN damage TEXT;
UPDATE environments SET live_at = created_at;
