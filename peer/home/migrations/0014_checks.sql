-- My own troubles that last. Times are ms that this home has lived. `severity`, `text`, `mend`: as last
-- found; `alert`: the first item that told of it, NULL: nobody could be told yet; `worst`, `told`,
-- `times`: the severity that others know, when they were told last, and how often.
CREATE TABLE trouble (
    key      TEXT PRIMARY KEY,
    severity TEXT NOT NULL,
    text     TEXT NOT NULL,
    mend     TEXT NOT NULL,
    since    INTEGER NOT NULL,
    seen     INTEGER NOT NULL,
    alert    TEXT,
    worst    TEXT NOT NULL DEFAULT 'info',
    told     INTEGER,
    times    INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
