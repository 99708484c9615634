-- What was proved of snapshots by reading their storage, when it is proved again, and what was attested of them.

-- When each blob last passed a check, by a hash of its location, name, length and recorded checksum.
CREATE TABLE ledger (
    key            BLOB PRIMARY KEY,
    fingerprint_at INTEGER,
    checksum_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE verification_reports (
    operation_id TEXT PRIMARY KEY REFERENCES operations (id),
    repository   TEXT NOT NULL,
    cluster_id   TEXT NOT NULL,
    document     TEXT NOT NULL
) STRICT;
CREATE INDEX verification_reports_of_cluster ON verification_reports (repository, cluster_id, operation_id);

-- Of each snapshot the deepest look and those that are younger; `depth` orders them.
CREATE TABLE proofs (
    cluster_id   TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    location     TEXT NOT NULL,
    snapshot     TEXT NOT NULL, -- its uuid
    depth        INTEGER NOT NULL,
    level        TEXT NOT NULL,
    verdict      TEXT NOT NULL,
    oldest_check INTEGER NOT NULL,
    checked_at   INTEGER NOT NULL,
    operation_id TEXT NOT NULL,
    PRIMARY KEY (cluster_id, location, snapshot, depth)
) STRICT, WITHOUT ROWID;

CREATE TABLE verification_schedules (
    repository    TEXT PRIMARY KEY REFERENCES repositories (name) ON DELETE CASCADE,
    every_seconds INTEGER NOT NULL,
    options       TEXT NOT NULL,
    last_started  INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE attest_keys (
    id         TEXT PRIMARY KEY,
    public_key TEXT NOT NULL,
    secret     BLOB NOT NULL, -- sealed
    created_at INTEGER NOT NULL,
    retired_at INTEGER
) STRICT;
CREATE UNIQUE INDEX attest_keys_one_in_use ON attest_keys (retired_at IS NULL) WHERE retired_at IS NULL;

-- They outlive the cluster and the repository.
CREATE TABLE attestations (
    cluster_id   TEXT NOT NULL,
    location     TEXT NOT NULL,
    snapshot     TEXT NOT NULL, -- its uuid
    name         TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    key_id       TEXT NOT NULL REFERENCES attest_keys (id),
    at           INTEGER NOT NULL,
    document     TEXT NOT NULL,
    PRIMARY KEY (cluster_id, location, snapshot)
) STRICT;

CREATE INDEX operations_verifications ON operations (parameters ->> 'repository', id) WHERE kind = 'verify_repository';
