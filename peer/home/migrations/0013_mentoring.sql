-- Who guides whom: a row for each other peer (full address) that I asked to be my mentor, or that asked
-- me (then it is a mentee). `since_ms`: what this home had lived when it came to `state`. `item`: of my
-- mentors the letter with which they offered, of others the last letter between us.
CREATE TABLE mentoring (
    peer     TEXT NOT NULL,
    role     TEXT NOT NULL,
    state    TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    item     TEXT,
    PRIMARY KEY (peer, role)
) WITHOUT ROWID;

-- Proofs fade by days that this home has lived: a clock that is set forgives nobody.
ALTER TABLE evidence ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
UPDATE evidence SET day = coalesce((SELECT CAST(value AS INTEGER) / 86400000 FROM self WHERE name = 'lived_ms'), 0);

-- What I said of others is asked for with every claim that is weighed.
CREATE INDEX node_opinion ON node (author, n) WHERE kind IN ('dispute', 'endorsement');
