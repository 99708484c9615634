-- Who changed what, and who was refused. A change's row is written in the change's own transaction.
CREATE TABLE audit (
    sequence  INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    action    TEXT NOT NULL, -- the store's name for the change, or `refused`
    principal TEXT,
    address   TEXT,
    request   TEXT NOT NULL,
    method    TEXT NOT NULL,
    route     TEXT NOT NULL,
    target    TEXT NOT NULL,
    detail    TEXT NOT NULL,
    status    INTEGER,       -- of a refusal
    code      TEXT,          -- of a refusal
    times     INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- Retention takes old rows away; nothing takes young ones.
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit WHEN old.at > (unixepoch('now') - 29 * 86400) * 1000
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
