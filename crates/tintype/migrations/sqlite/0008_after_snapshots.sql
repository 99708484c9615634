-- Verifying each snapshot when it was taken.

ALTER TABLE verification_schedules ADD COLUMN after_snapshots INTEGER NOT NULL DEFAULT 0;

-- Snapshots that were taken under such a schedule and whose verification was not begun yet; written with the end of the take.
CREATE TABLE snapshots_to_verify (
    operation_id TEXT PRIMARY KEY REFERENCES operations (id), -- the take
    repository   TEXT NOT NULL REFERENCES verification_schedules (repository) ON DELETE CASCADE,
    cluster_id   TEXT NOT NULL,
    snapshot     TEXT NOT NULL -- its uuid
) STRICT;
CREATE INDEX snapshots_to_verify_of_repository ON snapshots_to_verify (repository);
