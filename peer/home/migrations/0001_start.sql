-- The database of one identity: everything it knows, in one file that never leaves its machine.

-- What this identity knows of itself: epoch, counters, times of the last tick.
CREATE TABLE self (
    name  TEXT PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;

-- Steward documents that verified, and stay in force whatever happens to the share.
CREATE TABLE document (
    digest TEXT PRIMARY KEY,
    type   TEXT NOT NULL,
    scope  TEXT NOT NULL,
    number INTEGER NOT NULL,
    data   BLOB NOT NULL,
    at     INTEGER NOT NULL
) WITHOUT ROWID;

-- Signed heads that name a document neither home nor share holds: somebody hides it.
CREATE TABLE hidden (
    digest TEXT PRIMARY KEY,
    type   TEXT NOT NULL,
    scope  TEXT NOT NULL,
    number INTEGER NOT NULL,
    data   BLOB NOT NULL,
    at     INTEGER NOT NULL
) WITHOUT ROWID;

-- Every item I wrote or received. `stream`, `seq` and `place` say where it stands once it is in a
-- page. state: waiting, paged, expired (mine); new, acted, set-aside (received).
CREATE TABLE item (
    n          INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    mine       INTEGER NOT NULL,
    author     TEXT NOT NULL,
    audience   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    thread     TEXT NOT NULL,
    auto       INTEGER NOT NULL,
    depth      INTEGER NOT NULL,
    understood INTEGER NOT NULL,
    data       BLOB NOT NULL,
    epoch      TEXT,
    stream     INTEGER REFERENCES stream,
    seq        INTEGER,
    place      INTEGER,
    state      TEXT NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    stored_at  INTEGER NOT NULL,
    acted_at   INTEGER,
    read_at    INTEGER
);
CREATE INDEX item_waiting ON item (audience, n) WHERE state = 'waiting';
CREATE INDEX item_new ON item (stream, seq, place) WHERE state = 'new';
CREATE INDEX item_unread ON item (n) WHERE mine = 0 AND read_at IS NULL;
CREATE INDEX item_reply ON item (thread) WHERE thread <> id;
CREATE INDEX item_auto ON item (audience, stored_at) WHERE mine = 1 AND auto = 1;

-- My own streams of the current and earlier epochs: the counters that must never go back. `floor`:
-- the lowest seq that I still offer; `told`: the floor that the newest page names; `owes`: a reader
-- may wait for what expired, and must be told.
CREATE TABLE own_stream (
    epoch    TEXT NOT NULL,
    audience TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    digest   TEXT NOT NULL,
    stopped  TEXT,
    floor    INTEGER NOT NULL DEFAULT 1,
    told     INTEGER NOT NULL DEFAULT 1,
    owes     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (epoch, audience)
) WITHOUT ROWID;

-- Pages I formed; `placed_at`: put on the share, `covered_at`: a receipt covered it.
CREATE TABLE own_page (
    n          INTEGER PRIMARY KEY,
    epoch      TEXT NOT NULL,
    audience   TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    data       BLOB NOT NULL,
    formed_at  INTEGER NOT NULL,
    placed_at  INTEGER,
    covered_at INTEGER,
    acted_at   INTEGER,
    refused    TEXT,
    pulled     INTEGER NOT NULL DEFAULT 0,
    UNIQUE (epoch, audience, seq)
);
CREATE INDEX own_page_open ON own_page (audience, n) WHERE covered_at IS NULL;

-- The furthest receipt of each reader and epoch of the reader.
CREATE TABLE receipt (
    reader TEXT NOT NULL,
    epoch  TEXT NOT NULL,
    n      INTEGER NOT NULL,
    data   BLOB NOT NULL,
    at     INTEGER NOT NULL,
    over   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (reader, epoch)
) WITHOUT ROWID;

-- Streams of others. `received`: highest seq without a hole; `frozen`: the rule that stopped it;
-- `over`: the day of this home's life, from 1, by which its epoch had ended; `kept`: pages below it were received and are known no more;
-- `announced`: the newest page of a feed by its author's heartbeat.
CREATE TABLE stream (
    n        INTEGER PRIMARY KEY,
    author   TEXT NOT NULL,
    key      TEXT NOT NULL,
    epoch    TEXT NOT NULL,
    audience TEXT NOT NULL,
    received INTEGER NOT NULL DEFAULT 0,
    head     TEXT,
    floor    INTEGER NOT NULL DEFAULT 1,
    frozen   TEXT,
    over     INTEGER NOT NULL DEFAULT 0,
    kept     INTEGER NOT NULL DEFAULT 1,
    announced      INTEGER NOT NULL DEFAULT 0,
    announced_hash TEXT,
    UNIQUE (author, key, epoch, audience)
);

CREATE INDEX stream_ahead ON stream (author)
    WHERE audience = 'all' AND announced > received AND frozen IS NULL;

-- Pages of others that were journalled: `bare` is the signed header, enough for a proof.
CREATE TABLE page (
    stream  INTEGER NOT NULL REFERENCES stream,
    seq     INTEGER NOT NULL,
    digest  TEXT NOT NULL,
    prev    TEXT,
    bare    BLOB NOT NULL,
    refused TEXT,
    PRIMARY KEY (stream, seq)
) WITHOUT ROWID;

-- Pages that I cannot read although a file stands at their name in their author's own folder.
CREATE TABLE damage (
    author   TEXT NOT NULL,
    epoch8   TEXT NOT NULL,
    audience TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (author, epoch8, audience, seq)
) WITHOUT ROWID;

-- Receipts I owe or wrote, one for each author; `placed`: the digest of the newest on the share.
CREATE TABLE own_receipt (
    author TEXT PRIMARY KEY,
    n      INTEGER NOT NULL DEFAULT 0,
    due    INTEGER NOT NULL DEFAULT 0,
    placed BLOB
) WITHOUT ROWID;

-- Neighbours as their newest heartbeat, whose bytes have this digest, shows them, and when I first
-- saw it. The heartbeats themselves stay on the share: 1,000 homes need not keep 1,000 each.
CREATE TABLE neighbour (
    name        TEXT PRIMARY KEY,
    digest      BLOB NOT NULL,
    epoch       TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    tick        INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    lifecycle   TEXT NOT NULL,
    next_ms     INTEGER NOT NULL,
    mean_ms     INTEGER NOT NULL,
    seen_boot   TEXT NOT NULL,
    seen_mono   INTEGER NOT NULL,
    seen_wall   INTEGER NOT NULL,
    mail        INTEGER NOT NULL,
    state       TEXT NOT NULL
) WITHOUT ROWID;

-- Files that did not parse when first seen; the same bytes at a later tick go to quarantine.
CREATE TABLE unripe (
    file   TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    tick   INTEGER NOT NULL
) WITHOUT ROWID;

-- Other people's bad bytes and my own poisoned items, with the rule that each broke.
CREATE TABLE quarantine (
    n      INTEGER PRIMARY KEY,
    file   TEXT NOT NULL,
    digest TEXT NOT NULL,
    author TEXT,
    rule   TEXT NOT NULL,
    reason TEXT NOT NULL,
    size   INTEGER NOT NULL,
    data   BLOB NOT NULL,
    item   TEXT,
    at     INTEGER NOT NULL,
    times  INTEGER NOT NULL DEFAULT 1,
    UNIQUE (file, digest, rule)
);

-- What status and escalations show; `key` makes each say itself once.
CREATE TABLE concern (
    key      TEXT PRIMARY KEY,
    level    TEXT NOT NULL,
    text     TEXT NOT NULL,
    mend     TEXT NOT NULL,
    since    INTEGER NOT NULL,
    resolved INTEGER
) WITHOUT ROWID;

-- What others published and I remember; its use grows with the knowledge base.
CREATE TABLE claim (
    topic TEXT NOT NULL,
    item  TEXT NOT NULL,
    PRIMARY KEY (topic, item)
) WITHOUT ROWID;

-- Who vouched for, or contradicted, which item; proofs of double use.
CREATE TABLE evidence (
    about TEXT NOT NULL,
    kind  TEXT NOT NULL,
    by    TEXT NOT NULL,
    data  BLOB NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (about, kind, by)
) WITHOUT ROWID;

-- How old rows are, in days that this home has lived: by its own clock while that ran on, so that
-- no wrong clock ages anything. `item`, `page`: the newest rows of `item`, `own_page` on that day.
CREATE TABLE age (
    day  INTEGER PRIMARY KEY,
    item INTEGER NOT NULL,
    page INTEGER NOT NULL
);
