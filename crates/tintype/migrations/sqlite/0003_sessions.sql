-- A session is a row: without it its tokens are worth nothing.
CREATE TABLE sessions (
    id             TEXT PRIMARY KEY,
    -- SHA-256 of the secret in the session's tokens.
    secret_hash    BLOB NOT NULL,
    user           TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    elevated_until INTEGER
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user, created_at, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Whoever changes a user: its sessions end in the same transaction.
CREATE TRIGGER sessions_end_with_the_password AFTER UPDATE OF password_hash ON users
WHEN NEW.password_hash <> OLD.password_hash
BEGIN
    DELETE FROM sessions WHERE user = NEW.name;
END;
CREATE TRIGGER sessions_end_with_the_user AFTER UPDATE OF enabled ON users
WHEN NEW.enabled = 0
BEGIN
    DELETE FROM sessions WHERE user = NEW.name;
END;

CREATE TABLE totp_devices (
    user         TEXT PRIMARY KEY REFERENCES users (name) ON DELETE CASCADE,
    -- Another one for each enrolment.
    id           TEXT NOT NULL,
    secret       BLOB NOT NULL, -- sealed
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,
    -- The newest time step whose code was used: no code counts twice.
    last_step    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Unused ones; a used one is deleted.
CREATE TABLE recovery_codes (
    user TEXT NOT NULL REFERENCES totp_devices (user) ON DELETE CASCADE,
    hash BLOB NOT NULL,
    PRIMARY KEY (user, hash)
) STRICT, WITHOUT ROWID;

-- No one had a second factor when the keys that exist were made.
ALTER TABLE api_keys ADD COLUMN elevated INTEGER NOT NULL DEFAULT 1;
