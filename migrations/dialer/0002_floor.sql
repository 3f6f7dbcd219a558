-- Seats, attempts, what came in from Twilio, and what the law wants counted.

-- An agent's place on a campaign. `epoch` moves on with every change of the line; writes compare it first.
CREATE TABLE seats (
    seat_id          TEXT PRIMARY KEY,
    tenant_id        TEXT NOT NULL REFERENCES tenants (tenant_id),
    campaign_id      TEXT NOT NULL REFERENCES campaigns (campaign_id),
    agent_id         TEXT NOT NULL REFERENCES agents (agent_id),
    epoch            BIGINT NOT NULL DEFAULT 0,
    leg              TEXT,                      -- CallSid of the agent's leg while it is in the room
    dialing          BIGINT NOT NULL DEFAULT 0, -- 1 between start and pause
    line             TEXT NOT NULL DEFAULT 'idle' CHECK (line IN ('idle', 'dialing', 'talking', 'wrap_up')),
    attempt_id       TEXT,                      -- unless the line is idle
    waiting_reason   TEXT,                      -- why nothing is dialed
    waiting_until_ms BIGINT,
    leg_checked_at_ms BIGINT,                   -- when Twilio last confirmed the leg
    created_at_ms    BIGINT NOT NULL,
    left_at_ms       BIGINT                     -- when the agent left; the leg may live on for a moment
);

CREATE UNIQUE INDEX seats_taken ON seats (agent_id) WHERE left_at_ms IS NULL;
CREATE INDEX seats_with_leg ON seats (campaign_id) WHERE leg IS NOT NULL OR left_at_ms IS NULL;

-- One dial of one lead. The row exists before Twilio is asked; `phase` and `result` are the fold of `call_events`.
-- `*_at_ms` are rule time, except for `intent_at_ms`, which is real time as in `call_events`.
CREATE TABLE attempts (
    attempt_id     TEXT PRIMARY KEY,
    tenant_id      TEXT NOT NULL REFERENCES tenants (tenant_id),
    campaign_id    TEXT NOT NULL REFERENCES campaigns (campaign_id),
    lead_id        TEXT NOT NULL REFERENCES leads (lead_id),
    seat_id        TEXT NOT NULL REFERENCES seats (seat_id),   -- whose line it is, and after a claim, who talks
    agent_id       TEXT NOT NULL REFERENCES agents (agent_id),
    to_number      TEXT NOT NULL, -- E.164
    from_number    TEXT NOT NULL, -- E.164
    try_number     BIGINT NOT NULL,
    reasons        TEXT NOT NULL, -- JSON list of sentences
    intent_at_ms   BIGINT NOT NULL,
    placed_at_ms   BIGINT NOT NULL,
    call_sid       TEXT UNIQUE,
    answered_at_ms BIGINT,
    ended_at_ms    BIGINT,
    open           BIGINT NOT NULL DEFAULT 1, -- 0 once the fold says that the call is over
    result         TEXT,
    hung_up_at_ms  BIGINT,        -- when the rep asked to end it
    disposition    TEXT,
    note           TEXT NOT NULL DEFAULT '',
    saved_at_ms    BIGINT         -- when the rep saved the disposition, by the desktop's clock
);

-- The lock on a number: nobody of a tenant dials it while an attempt at it has not ended.
CREATE UNIQUE INDEX attempts_in_flight ON attempts (tenant_id, to_number) WHERE ended_at_ms IS NULL;
CREATE INDEX attempts_open ON attempts (attempt_id) WHERE open = 1;
CREATE INDEX attempts_by_number ON attempts (tenant_id, to_number, placed_at_ms);
CREATE INDEX attempts_by_agent ON attempts (agent_id, attempt_id);
CREATE INDEX attempts_by_from ON attempts (from_number, placed_at_ms);

-- The set of what is known about an attempt's call.
CREATE TABLE call_events (
    attempt_id TEXT NOT NULL REFERENCES attempts (attempt_id),
    body       TEXT NOT NULL, -- JSON, dialer_core::attempt::CallEvent
    PRIMARY KEY (attempt_id, body)
);

-- Every webhook that carried a good signature, as it came.
CREATE TABLE inbox (
    request_key    TEXT PRIMARY KEY, -- hash of path and parameters: the same request again has the same key
    path           TEXT NOT NULL,
    params         TEXT NOT NULL,    -- JSON list of [name, value]
    received_at_ms BIGINT NOT NULL
);

CREATE INDEX inbox_by_time ON inbox (received_at_ms);

-- Every call a person or machine answered: connected to a rep, or abandoned. Kept for five years (16 CFR 310.5).
CREATE TABLE ledger (
    attempt_id     TEXT PRIMARY KEY REFERENCES attempts (attempt_id),
    campaign_id    TEXT NOT NULL REFERENCES campaigns (campaign_id),
    answered_at_ms BIGINT NOT NULL,
    outcome        TEXT NOT NULL CHECK (outcome IN ('connected', 'abandoned'))
);

CREATE INDEX ledger_by_campaign ON ledger (campaign_id, answered_at_ms);
