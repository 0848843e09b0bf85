-- The tables that version 0002 brought, or made anew, in SQLite.

CREATE TABLE answer_hours (
    answer_id BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (answer_id, hour)
) WITHOUT ROWID;

CREATE TABLE events (
    id TEXT NOT NULL,
    fingerprint_id BIGINT NOT NULL,
    kind_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    user_id TEXT,
    request_id TEXT,
    route TEXT NOT NULL,
    payload BLOB NOT NULL
);

CREATE INDEX events_by_fingerprint ON events (fingerprint_id, at);

CREATE INDEX events_by_id ON events (id);

CREATE INDEX events_by_time ON events (at, kind_id);

CREATE INDEX events_by_user ON events (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE facets (
    fingerprint_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    n BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (fingerprint_id, name, value)
) WITHOUT ROWID;

CREATE INDEX facets_by_value ON facets (name, value);

CREATE TABLE fingerprint_hours (
    fingerprint_id BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    kind_id BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (fingerprint_id, hour, kind_id)
) WITHOUT ROWID;

CREATE INDEX fingerprint_hours_by_hour ON fingerprint_hours (hour, fingerprint_id, n);

CREATE TABLE fingerprint_minutes (
    minute BIGINT NOT NULL,
    fingerprint_id BIGINT NOT NULL,
    kind_id BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (minute, fingerprint_id, kind_id)
) WITHOUT ROWID;

CREATE TABLE fingerprint_totals (
    fingerprint_id BIGINT NOT NULL,
    kind_id BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (fingerprint_id, kind_id)
) WITHOUT ROWID;

CREATE INDEX fingerprint_totals_by_kind ON fingerprint_totals (kind_id);

CREATE TABLE fingerprint_users (
    fingerprint_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    sketch BLOB NOT NULL,
    PRIMARY KEY (fingerprint_id, day)
);

CREATE TABLE fingerprints (
    id INTEGER NOT NULL,
    application TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    hash TEXT NOT NULL,
    group_id BIGINT NOT NULL,
    home_group_id BIGINT NOT NULL,
    parts TEXT DEFAULT '[]' NOT NULL,
    total BIGINT DEFAULT 0 NOT NULL,
    first_seen BIGINT,
    last_seen BIGINT,
    PRIMARY KEY (id),
    UNIQUE (application, algorithm, hash)
);

CREATE INDEX fingerprints_by_group ON fingerprints (group_id);

CREATE INDEX fingerprints_by_hash ON fingerprints (hash);

CREATE INDEX fingerprints_by_home ON fingerprints (home_group_id);

CREATE TABLE groups (
    id INTEGER NOT NULL,
    application TEXT NOT NULL,
    code TEXT NOT NULL,
    type TEXT NOT NULL,
    culprit TEXT NOT NULL,
    message TEXT NOT NULL,
    search TEXT NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    state_at BIGINT,
    total BIGINT DEFAULT 0 NOT NULL,
    users BIGINT DEFAULT 0 NOT NULL,
    first_seen BIGINT,
    last_seen BIGINT,
    PRIMARY KEY (id)
);

CREATE INDEX groups_by_first_seen ON groups (first_seen, id);

CREATE INDEX groups_by_last_seen ON groups (last_seen, id);

CREATE INDEX groups_by_total ON groups (total, id);

CREATE TABLE kind_days (
    day BIGINT NOT NULL,
    kind_id BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (day, kind_id)
) WITHOUT ROWID;

CREATE TABLE kind_hours (
    hour BIGINT NOT NULL,
    kind_id BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (hour, kind_id)
) WITHOUT ROWID;

CREATE TABLE kind_minutes (
    minute BIGINT NOT NULL,
    kind_id BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (minute, kind_id)
) WITHOUT ROWID;

CREATE TABLE kinds (
    id INTEGER NOT NULL,
    application TEXT NOT NULL,
    environment TEXT NOT NULL,
    release TEXT NOT NULL,
    code TEXT NOT NULL,
    type TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (application, environment, release, code, type)
);

CREATE TABLE landmarks (
    id TEXT NOT NULL,
    fingerprint_id BIGINT NOT NULL,
    kind_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    user_id TEXT,
    request_id TEXT,
    route TEXT NOT NULL,
    payload BLOB NOT NULL
);

CREATE INDEX landmarks_by_fingerprint ON landmarks (fingerprint_id, at);

CREATE INDEX landmarks_by_id ON landmarks (id);

CREATE INDEX landmarks_by_user ON landmarks (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE loss_hours (
    loss_id BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (loss_id, hour)
) WITHOUT ROWID;

CREATE TABLE losses (
    id INTEGER NOT NULL,
    application TEXT NOT NULL,
    environment TEXT NOT NULL,
    release TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (application, environment, release, reason)
);

CREATE TABLE stacks (
    hash TEXT NOT NULL,
    frames BLOB NOT NULL,
    last_used BIGINT NOT NULL,
    PRIMARY KEY (hash)
);

CREATE INDEX stacks_by_last_used ON stacks (last_used);
