-- What is told to the outside: changes in the order in which they were committed, who wants to hear of what, and how
-- each cluster's snapshots stand.

-- AUTOINCREMENT: a sequence number is never used again, whatever was pruned.
CREATE TABLE changes (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    cluster_id   TEXT,
    operation_id TEXT,
    document     TEXT NOT NULL
) STRICT;

-- How old the newest good snapshot may be before the cluster is late; the configuration's default when absent.
ALTER TABLE clusters ADD COLUMN max_age_seconds INTEGER;

-- The verdict of the last look, apart from its document, so that all clusters are counted in one narrow scan; and
-- which alerts were raised, so that each is told once.
CREATE TABLE cluster_health (
    cluster_id    TEXT PRIMARY KEY REFERENCES clusters (id) ON DELETE CASCADE,
    attached_at   INTEGER NOT NULL,
    reachable     INTEGER NOT NULL,
    latest_good   INTEGER,
    good_at       INTEGER,
    good_name     TEXT,
    late_since    INTEGER,
    failing_since INTEGER
) STRICT;

CREATE TABLE webhooks (
    id               TEXT PRIMARY KEY,
    url              TEXT NOT NULL,
    secret           BLOB NOT NULL, -- sealed
    events           TEXT NOT NULL, -- JSON; empty: all
    clusters         TEXT NOT NULL, -- JSON; empty: all
    enabled          INTEGER NOT NULL,
    disabled_because TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    version          INTEGER NOT NULL
) STRICT;

-- Operations only become more: counting them for each scrape would take ever longer.
CREATE TABLE operation_counts (
    kind   TEXT NOT NULL,
    status TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (kind, status)
) STRICT, WITHOUT ROWID;
INSERT INTO operation_counts (kind, status, number) SELECT kind, status, count(*) FROM operations GROUP BY kind, status;

CREATE TRIGGER operations_counted AFTER INSERT ON operations BEGIN
    INSERT INTO operation_counts (kind, status, number) VALUES (NEW.kind, NEW.status, 1)
    ON CONFLICT (kind, status) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER operations_counted_again AFTER UPDATE OF status ON operations WHEN NEW.status <> OLD.status BEGIN
    UPDATE operation_counts SET number = number - 1 WHERE kind = OLD.kind AND status = OLD.status;
    INSERT INTO operation_counts (kind, status, number) VALUES (NEW.kind, NEW.status, 1)
    ON CONFLICT (kind, status) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER operations_uncounted AFTER DELETE ON operations BEGIN
    UPDATE operation_counts SET number = number - 1 WHERE kind = OLD.kind AND status = OLD.status;
END;
