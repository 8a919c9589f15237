-- Who may ask, where that is not everybody: access tokens, the browsers that have signed in with one, and the addresses
-- at which a call starts a script. What is secret of a token is nowhere; here is its SHA-256.

CREATE TABLE access_tokens (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    fingerprint  BLOB NOT NULL UNIQUE,
    -- How it begins, for people to tell it by.
    hint         TEXT NOT NULL,
    scope        TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER
) STRICT;
CREATE UNIQUE INDEX access_tokens_by_name ON access_tokens (name COLLATE NOCASE);

-- Of a browser; ends with its token.
CREATE TABLE access_sessions (
    fingerprint BLOB PRIMARY KEY,
    token_id    TEXT NOT NULL REFERENCES access_tokens (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_sessions_by_token ON access_sessions (token_id);

CREATE TABLE triggers (
    script_id    TEXT PRIMARY KEY REFERENCES scripts (id),
    fingerprint  BLOB NOT NULL UNIQUE,
    hint         TEXT NOT NULL,
    enabled      INTEGER NOT NULL,
    signed       INTEGER NOT NULL,
    -- What callers sign with, sealed (see `vault`); it stays while signatures are not asked for.
    secret       TEXT,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;
