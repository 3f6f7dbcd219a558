-- Who signs in, what they hold, and whom they may call.

CREATE TABLE tenants (
    tenant_id     TEXT PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    created_at_ms BIGINT NOT NULL
);

-- Everybody who signs in: reps, managers and admins.
CREATE TABLE agents (
    agent_id      TEXT PRIMARY KEY,
    tenant_id     TEXT NOT NULL REFERENCES tenants (tenant_id),
    email         TEXT NOT NULL UNIQUE, -- lower case
    name          TEXT NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('rep', 'manager', 'admin')),
    password_hash TEXT,                 -- argon2id, PHC string; none on the practice floor
    last_seq      BIGINT NOT NULL DEFAULT 0,
    created_at_ms BIGINT NOT NULL
);

CREATE INDEX agents_by_tenant ON agents (tenant_id, name);

-- One sign-in on one machine: every token that descends from it. `used_generation` and `used_hash` name the refresh
-- token that was used last; what that means is said in `store/tokens.rs`.
CREATE TABLE token_families (
    family_id       TEXT PRIMARY KEY,
    agent_id        TEXT NOT NULL REFERENCES agents (agent_id),
    used_generation BIGINT NOT NULL DEFAULT 0,
    used_hash       TEXT NOT NULL DEFAULT '',
    created_at_ms   BIGINT NOT NULL,
    revoked_at_ms   BIGINT
);

CREATE TABLE authorization_codes (
    code_hash      TEXT PRIMARY KEY,
    agent_id       TEXT NOT NULL REFERENCES agents (agent_id),
    redirect_uri   TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    expires_at_ms  BIGINT NOT NULL,
    family_id      TEXT REFERENCES token_families (family_id) -- set when the code was redeemed
);

CREATE TABLE refresh_tokens (
    token_hash    TEXT PRIMARY KEY,
    family_id     TEXT NOT NULL REFERENCES token_families (family_id),
    generation    BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);

CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at_ms);

CREATE TABLE access_tokens (
    token_hash    TEXT PRIMARY KEY,
    family_id     TEXT NOT NULL REFERENCES token_families (family_id),
    expires_at_ms BIGINT NOT NULL
);

CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at_ms);

CREATE TABLE campaigns (
    campaign_id   TEXT PRIMARY KEY,
    tenant_id     TEXT NOT NULL REFERENCES tenants (tenant_id),
    name          TEXT NOT NULL,
    script        TEXT NOT NULL,
    dispositions  TEXT NOT NULL, -- JSON list, in the order of the keys
    created_at_ms BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);

-- Our own numbers, and the campaigns whose calls may show them.
CREATE TABLE numbers (
    tenant_id     TEXT NOT NULL REFERENCES tenants (tenant_id),
    phone_number  TEXT NOT NULL UNIQUE, -- E.164
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, phone_number)
);

CREATE TABLE pool_numbers (
    campaign_id  TEXT NOT NULL REFERENCES campaigns (campaign_id),
    phone_number TEXT NOT NULL REFERENCES numbers (phone_number),
    PRIMARY KEY (campaign_id, phone_number)
);

CREATE TABLE leads (
    lead_id       TEXT PRIMARY KEY,
    tenant_id     TEXT NOT NULL REFERENCES tenants (tenant_id),
    campaign_id   TEXT NOT NULL REFERENCES campaigns (campaign_id),
    phone_number  TEXT NOT NULL, -- E.164
    name          TEXT NOT NULL,
    company       TEXT NOT NULL,
    fields        TEXT NOT NULL, -- JSON list of {name, value}, in the order of the file
    last_note     TEXT NOT NULL DEFAULT '',
    consent_at_ms BIGINT,        -- when the lead agreed in writing to be dialed automatically
    done_at_ms    BIGINT,        -- when a disposition took the lead off the list
    not_before_ms BIGINT,        -- an appointment to call back, or a pause after a try
    created_at_ms BIGINT NOT NULL,
    UNIQUE (campaign_id, phone_number)
);

CREATE INDEX leads_to_call ON leads (campaign_id, lead_id) WHERE done_at_ms IS NULL;
CREATE INDEX leads_by_number ON leads (tenant_id, phone_number);

-- Numbers that nobody of the tenant calls again.
CREATE TABLE do_not_call (
    tenant_id    TEXT NOT NULL REFERENCES tenants (tenant_id),
    phone_number TEXT NOT NULL, -- E.164
    added_at_ms  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, phone_number)
);

-- What each agent's desktop is told. The newest are kept; `agents.last_seq` counts them all.
CREATE TABLE events (
    agent_id TEXT NOT NULL REFERENCES agents (agent_id),
    seq      BIGINT NOT NULL,
    body     TEXT NOT NULL, -- JSON, protocol::Event
    PRIMARY KEY (agent_id, seq)
);
