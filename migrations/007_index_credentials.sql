-- Who signs in to a package index. The password is sealed; the key to it is not in this file (see `vault`).

CREATE TABLE index_credentials (
    address    TEXT PRIMARY KEY,
    username   TEXT NOT NULL,
    password   TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
