-- Who vouches for what, and of each item how many others do: what many stand for must be found whatever
-- else is said, without counting opinions each time.
CREATE TABLE support (
    target TEXT NOT NULL,
    author TEXT NOT NULL,
    PRIMARY KEY (target, author)
) WITHOUT ROWID;
ALTER TABLE node ADD COLUMN supporters INTEGER NOT NULL DEFAULT 0;
INSERT OR IGNORE INTO support
SELECT edge.target, node.author FROM edge JOIN node ON node.n = edge.source WHERE edge.link = 'supports';
UPDATE node SET supporters =
    (SELECT count(*) FROM support WHERE support.target = node.id AND support.author <> node.author)
WHERE id IN (SELECT target FROM support);
CREATE INDEX node_supported ON node (supporters, n) WHERE supporters > 0;
