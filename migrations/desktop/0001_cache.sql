-- What the desktop keeps between starts. Everything but `drafts` and `outbox` can be had from the dialer again.

CREATE TABLE profiles (
    account    TEXT NOT NULL PRIMARY KEY,  -- the dialer's address, or `practice`
    me         TEXT NOT NULL               -- protocol::Me, JSON
) STRICT;

CREATE TABLE campaigns (
    agent_id   TEXT NOT NULL PRIMARY KEY,
    campaigns  TEXT NOT NULL               -- [protocol::Campaign], JSON
) STRICT;

CREATE TABLE calls (
    agent_id   TEXT NOT NULL,
    attempt_id TEXT NOT NULL,              -- a ULID: its order is the order of time
    call       TEXT NOT NULL,              -- protocol::CallRecord, JSON
    PRIMARY KEY (agent_id, attempt_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE drafts (
    agent_id    TEXT NOT NULL,
    attempt_id  TEXT NOT NULL,
    disposition TEXT,
    note        TEXT NOT NULL,
    PRIMARY KEY (agent_id, attempt_id)
) STRICT, WITHOUT ROWID;

-- Wrap-ups that the dialer has not accepted yet.
CREATE TABLE outbox (
    agent_id    TEXT NOT NULL,
    attempt_id  TEXT NOT NULL,
    wrap_up     TEXT NOT NULL,             -- protocol::WrapUp, JSON
    PRIMARY KEY (agent_id, attempt_id)
) STRICT, WITHOUT ROWID;
