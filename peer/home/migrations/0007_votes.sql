-- What was proposed, by the hash of its item `id`.
CREATE TABLE proposal (
    hash    TEXT PRIMARY KEY,
    id      TEXT NOT NULL,
    author  TEXT NOT NULL,
    key     TEXT NOT NULL,
    roster  INTEGER NOT NULL,
    version INTEGER NOT NULL,
    value   TEXT NOT NULL,
    because TEXT NOT NULL,
    at      INTEGER NOT NULL
) WITHOUT ROWID;

-- Ballots whose signatures verified, and the item that brought each first. Who may vote is asked
-- when they are counted.
CREATE TABLE ballot (
    key      TEXT NOT NULL,
    roster   INTEGER NOT NULL,
    members  TEXT NOT NULL,
    version  INTEGER NOT NULL,
    proposal TEXT NOT NULL,
    value    TEXT NOT NULL,
    yes      INTEGER NOT NULL,
    voter    TEXT NOT NULL,
    sig      TEXT NOT NULL,
    item     TEXT NOT NULL,
    PRIMARY KEY (key, roster, members, version, voter, proposal, value, yes)
) WITHOUT ROWID;

-- What was agreed on, or is said to be: `taken` 0 until it was verified. `data`: the body of the
-- item, of the newest of each key that were taken; `day`: the day of this home's life on which it
-- was last offered.
CREATE TABLE certificate (
    item     TEXT PRIMARY KEY,
    taken    INTEGER NOT NULL,
    key      TEXT NOT NULL,
    roster   INTEGER NOT NULL,
    members  TEXT NOT NULL,
    version  INTEGER NOT NULL,
    proposal TEXT NOT NULL,
    value    TEXT NOT NULL,
    data     BLOB,
    day      INTEGER NOT NULL
) WITHOUT ROWID;
