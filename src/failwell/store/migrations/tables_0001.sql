-- The tables of the first version, which SQLite alone had.

CREATE TABLE answers (
    id INTEGER NOT NULL,
    application TEXT NOT NULL,
    environment TEXT NOT NULL,
    release TEXT NOT NULL,
    code TEXT NOT NULL,
    status INTEGER NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (application, environment, release, code, status, method, route)
);

CREATE TABLE counter_marks (
    unit_id TEXT NOT NULL,
    slot BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (unit_id, slot)
) WITHOUT ROWID;

CREATE TABLE groups (
    id INTEGER NOT NULL,
    application TEXT NOT NULL,
    hash TEXT NOT NULL,
    code TEXT NOT NULL,
    type TEXT NOT NULL,
    culprit TEXT NOT NULL,
    message TEXT NOT NULL,
    first_seen BIGINT,
    last_seen BIGINT,
    total BIGINT NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX groups_by_last_seen ON groups (last_seen);

CREATE TABLE quarantine (
    id INTEGER NOT NULL,
    unit_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE stacks (
    hash TEXT NOT NULL,
    frames BLOB NOT NULL,
    PRIMARY KEY (hash)
);

CREATE TABLE unit_keys (
    unit_id TEXT NOT NULL,
    "key" BLOB NOT NULL,
    definition BLOB NOT NULL,
    PRIMARY KEY (unit_id, "key")
) WITHOUT ROWID;

CREATE TABLE unit_stacks (
    unit_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    hash TEXT NOT NULL,
    culprit TEXT NOT NULL,
    PRIMARY KEY (unit_id, "key")
) WITHOUT ROWID;

CREATE TABLE used_tokens (
    token_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (token_id)
);

CREATE TABLE watermarks (
    unit_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    finished BOOLEAN NOT NULL,
    moved_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id)
);

CREATE TABLE answer_hours (
    answer_id INTEGER NOT NULL,
    hour BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (answer_id, hour),
    FOREIGN KEY(answer_id) REFERENCES answers (id)
) WITHOUT ROWID;

CREATE TABLE events (
    id TEXT NOT NULL,
    group_id INTEGER NOT NULL,
    at BIGINT NOT NULL,
    environment TEXT NOT NULL,
    release TEXT NOT NULL,
    type TEXT NOT NULL,
    user_id TEXT,
    request_id TEXT,
    payload BLOB NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(group_id) REFERENCES groups (id)
);

CREATE INDEX events_by_group ON events (group_id, at);

CREATE INDEX events_by_time ON events (at);

CREATE TABLE group_hashes (
    hash TEXT NOT NULL,
    application TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    group_id INTEGER NOT NULL,
    PRIMARY KEY (hash, application, algorithm),
    FOREIGN KEY(group_id) REFERENCES groups (id)
) WITHOUT ROWID;

CREATE INDEX group_hashes_by_group ON group_hashes (group_id);

CREATE TABLE group_hours (
    group_id INTEGER NOT NULL,
    hour BIGINT NOT NULL,
    environment TEXT NOT NULL,
    release TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (group_id, hour, environment, release),
    FOREIGN KEY(group_id) REFERENCES groups (id)
) WITHOUT ROWID;

CREATE INDEX group_hours_by_hour ON group_hours (hour, group_id, n);

CREATE TABLE group_minutes (
    minute BIGINT NOT NULL,
    group_id INTEGER NOT NULL,
    environment TEXT NOT NULL,
    release TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (minute, group_id, environment, release),
    FOREIGN KEY(group_id) REFERENCES groups (id)
) WITHOUT ROWID;
