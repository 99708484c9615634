-- Times are milliseconds since 1970, UTC. Flags are 0 or 1. JSON is text. A sealed column is AES-256-GCM bound to
-- `table/id/column`.

-- Marks the file as Tintype's: "Tint".
PRAGMA application_id = 1416195700;

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE clusters (
    id                TEXT PRIMARY KEY,
    name              TEXT NOT NULL,
    -- Id and name in lower case, for searching.
    folded            TEXT NOT NULL,
    url               TEXT NOT NULL,
    access            TEXT NOT NULL,
    auth              TEXT NOT NULL,
    uuid              TEXT NOT NULL UNIQUE,
    distribution      TEXT NOT NULL,
    engine_version    TEXT NOT NULL,
    ca                TEXT,
    fingerprint       TEXT,
    allow_plain_http  INTEGER NOT NULL,
    repository        TEXT,
    engine_repository TEXT,
    location          TEXT,
    secrets           BLOB NOT NULL, -- sealed
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    version           INTEGER NOT NULL
) STRICT;
CREATE INDEX clusters_by_repository ON clusters (repository) WHERE repository IS NOT NULL;

CREATE TABLE observations (
    cluster_id TEXT PRIMARY KEY REFERENCES clusters (id) ON DELETE CASCADE,
    document   TEXT NOT NULL
) STRICT;

CREATE TABLE repositories (
    name       TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    settings   TEXT NOT NULL,
    secrets    BLOB, -- sealed
    reader     BLOB, -- sealed
    is_default INTEGER NOT NULL DEFAULT 0,
    preflight  TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX repositories_one_default ON repositories (is_default) WHERE is_default = 1;

-- An operation outlives its cluster, so it does not reference it.
CREATE TABLE operations (
    id               TEXT PRIMARY KEY,
    kind             TEXT NOT NULL,
    cluster_id       TEXT NOT NULL,
    requested_by     TEXT NOT NULL,
    parameters       TEXT NOT NULL,
    status           TEXT NOT NULL,
    state            TEXT NOT NULL,
    answer           TEXT,
    outcome          TEXT,
    failure          TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    -- Whether the present or last owner was told of the request to cancel when it got the lease.
    cancel_seen      INTEGER NOT NULL DEFAULT 0,
    attempts         INTEGER NOT NULL DEFAULT 0,
    due_at           INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    finished_at      INTEGER,
    lease_owner      TEXT,
    lease_token      INTEGER NOT NULL DEFAULT 0,
    lease_until      INTEGER
) STRICT;
CREATE INDEX operations_open ON operations (status, id) WHERE status IN ('queued', 'running');
CREATE INDEX operations_of_cluster ON operations (cluster_id, id);
CREATE INDEX operations_by_status ON operations (status);

CREATE TABLE events (
    operation_id TEXT NOT NULL REFERENCES operations (id),
    sequence     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    message      TEXT NOT NULL,
    PRIMARY KEY (operation_id, sequence)
) STRICT, WITHOUT ROWID;

-- Keyed by the engine's uuid and not by the cluster, so that a burned name outlives a detach. A row whose operation has
-- ended is burned, whatever its flag says: nobody can free it any more.
CREATE TABLE snapshot_names (
    cluster_uuid TEXT NOT NULL,
    repository   TEXT NOT NULL,
    name         TEXT NOT NULL,
    operation_id TEXT NOT NULL REFERENCES operations (id),
    burned       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (cluster_uuid, repository, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshot_names_of_operation ON snapshot_names (operation_id);

CREATE TABLE idempotency_keys (
    scope        TEXT NOT NULL,
    key          TEXT NOT NULL,
    body_mac     BLOB NOT NULL,
    operation_id TEXT NOT NULL REFERENCES operations (id),
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

CREATE TABLE users (
    name          TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL,
    roles         TEXT NOT NULL,
    enabled       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id          TEXT PRIMARY KEY,
    secret_hash BLOB NOT NULL,
    user        TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX api_keys_of_user ON api_keys (user, created_at, id);
