-- What is known: items as nodes, what they say of each other as edges. `seen`: the day of this home's
-- life on which it came. Numbers are never given twice: indices of words and vectors go by them.
CREATE TABLE node (
    n        INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    kind     TEXT NOT NULL,
    author   TEXT NOT NULL,
    audience TEXT NOT NULL,
    at       INTEGER NOT NULL,
    seen     INTEGER NOT NULL,
    data     BLOB NOT NULL
);
CREATE INDEX node_kind ON node (kind, n) WHERE kind <> 'insight';
CREATE INDEX node_author ON node (author, n);

CREATE TABLE about (
    topic TEXT NOT NULL,
    node  INTEGER NOT NULL,
    PRIMARY KEY (topic, node)
) WITHOUT ROWID;
CREATE INDEX about_node ON about (node);

-- `target` is an id: what is spoken of may come later, or never.
CREATE TABLE edge (
    target TEXT NOT NULL,
    link   TEXT NOT NULL,
    source INTEGER NOT NULL,
    PRIMARY KEY (target, link, source)
) WITHOUT ROWID;
CREATE INDEX edge_source ON edge (source);

INSERT INTO node (id, kind, author, audience, at, seen, data)
SELECT id, kind, author, audience, json_extract(CAST(data AS TEXT), '$.at'),
    coalesce((SELECT CAST(value AS INTEGER) / 86400000 FROM self WHERE name = 'lived_ms'), 0), data
FROM item
WHERE understood = 1 AND kind IN ('insight', 'answer', 'question', 'announcement', 'endorsement', 'dispute')
    AND state NOT IN ('asked', 'dropped', 'cancelled', 'erased')
ORDER BY n;
INSERT OR IGNORE INTO about
SELECT topic.value, node.n FROM node, json_each(CAST(node.data AS TEXT), '$.body.topics') AS topic;
INSERT OR IGNORE INTO edge
SELECT json_extract(CAST(data AS TEXT), '$.re'),
    CASE kind WHEN 'endorsement' THEN 'supports' WHEN 'dispute' THEN 'refutes' ELSE 'answers' END, n
FROM node
WHERE kind IN ('answer', 'endorsement', 'dispute') AND json_extract(CAST(data AS TEXT), '$.re') IS NOT NULL;
INSERT OR IGNORE INTO edge
SELECT claim.value, 'derived-from', node.n
FROM node, json_each(CAST(node.data AS TEXT), '$.body.claims') AS claim WHERE node.kind = 'answer';
DROP TABLE claim;
DELETE FROM evidence WHERE kind IN ('endorsement', 'dispute');
