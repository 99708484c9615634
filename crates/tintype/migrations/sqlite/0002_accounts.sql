-- What is known of a user besides its right to sign in.
ALTER TABLE users ADD COLUMN full_name TEXT;
ALTER TABLE users ADD COLUMN email TEXT;
ALTER TABLE users ADD COLUMN builtin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN created_by TEXT;
ALTER TABLE users ADD COLUMN updated_by TEXT;
ALTER TABLE users ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
-- Until here there was one user, made at the first start.
UPDATE users SET builtin = 1, updated_at = created_at;
-- Two names that differ only in case would be taken for each other.
CREATE UNIQUE INDEX users_by_folded_name ON users (name COLLATE NOCASE);
