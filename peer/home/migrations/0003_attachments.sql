-- Files that items name; their bytes stand in `blobs/` beside the database. Of what I wrote, `open`:
-- 1 while the file may have to lie on the share, 2 where it is to be written there anew.
CREATE TABLE attachment (
    item   TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size   INTEGER NOT NULL,
    mine   INTEGER NOT NULL,
    open   INTEGER NOT NULL,
    PRIMARY KEY (item, sha256)
) WITHOUT ROWID;
CREATE INDEX attachment_file ON attachment (sha256);
CREATE INDEX attachment_open ON attachment (open) WHERE open > 0;

-- A reader lost what it had received: the files have to lie there again.
CREATE TRIGGER attachment_reopened AFTER UPDATE OF covered_at ON own_page
WHEN OLD.covered_at IS NOT NULL AND NEW.covered_at IS NULL
BEGIN
    UPDATE attachment SET open = 1 WHERE mine = 1 AND open = 0;
END;

-- It waits for a page of another epoch, which will name them again.
CREATE TRIGGER attachment_waiting AFTER UPDATE OF state ON item
WHEN OLD.state <> 'waiting' AND NEW.state = 'waiting'
BEGIN
    UPDATE attachment SET open = 1 WHERE item = NEW.id AND mine = 1 AND open = 0;
END;

-- What I wrote and sealed, as it was before: only its reader can open the item itself.
CREATE TABLE sealed (
    item  TEXT PRIMARY KEY,
    plain BLOB NOT NULL
) WITHOUT ROWID;
