-- Stewards and their mailboxes: what waits for a yes, what they are told of.

-- Items of mine (of state `asked`) that wait for a steward's yes. `hash`: what a decision must name;
-- `cause`: what wanted it, so that nothing is asked for twice; `until`: by the clock, as told to
-- stewards; `due_ms`: what this home will have lived when it lapses. state: open, approved, denied,
-- lapsed, forbidden, withdrawn.
CREATE TABLE ask (
    item     TEXT PRIMARY KEY,
    hash     TEXT NOT NULL UNIQUE,
    cause    TEXT UNIQUE,
    effect   TEXT NOT NULL,
    audience TEXT NOT NULL,
    kind     TEXT NOT NULL,
    rule     TEXT NOT NULL,
    at       INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    due_ms   INTEGER NOT NULL,
    state    TEXT NOT NULL DEFAULT 'open',
    because  TEXT NOT NULL DEFAULT '',
    ended    INTEGER
) WITHOUT ROWID;
CREATE INDEX ask_left ON ask (state) WHERE state IN ('open', 'approved');

-- Which mailboxes have been asked.
CREATE TABLE ask_told (
    item    TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    PRIMARY KEY (item, mailbox)
) WITHOUT ROWID;

-- What was done with notice, or refused, since the last digest: how often.
CREATE TABLE deed (
    verdict TEXT NOT NULL,
    effect  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    times   INTEGER NOT NULL,
    PRIMARY KEY (verdict, effect, kind)
) WITHOUT ROWID;

-- Concerns that a steward's mailbox was told of; `last_ms`: what this home had lived then.
CREATE TABLE reported (
    key     TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    since   INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    times   INTEGER NOT NULL,
    PRIMARY KEY (key, mailbox)
) WITHOUT ROWID;

-- In a steward's mailbox: the newest item of each author about one matter; `over`: it is mended.
CREATE TABLE matter (
    author TEXT NOT NULL,
    name   TEXT NOT NULL,
    item   TEXT NOT NULL,
    over   INTEGER NOT NULL,
    PRIMARY KEY (author, name)
) WITHOUT ROWID;
CREATE INDEX matter_item ON matter (item);

-- Budgets count what was written lately. The condition keeps it from being used for anything else.
CREATE INDEX item_written ON item (stored_at) WHERE mine = 1 AND stored_at > 0;
