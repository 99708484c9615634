-- What a cluster's verdict needs of its last look, beside the document: a whole fleet is counted and sorted by it
-- without a document being read. Filled with each look.
CREATE TABLE standings (
    cluster_id TEXT PRIMARY KEY REFERENCES clusters (id) ON DELETE CASCADE,
    reachable  INTEGER NOT NULL,
    failing    INTEGER NOT NULL,
    last_good  INTEGER
) STRICT, WITHOUT ROWID;
