-- Letters in full: a term of their own, priorities, published items that their author erased.

-- `due_ms`: how long this home will have lived (its state `lived_ms`) when the letter is offered no
-- more, for the page when its last one is; null: after the usual days. `priority`: 0 is most urgent.
ALTER TABLE item ADD COLUMN due_ms INTEGER;
ALTER TABLE item ADD COLUMN priority INTEGER NOT NULL DEFAULT 2;
ALTER TABLE own_page ADD COLUMN due_ms INTEGER;
-- The highest seq that is offered no more although it was not received: floors rise to it as soon as
-- all below it is received, or offered no more itself.
ALTER TABLE own_stream ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
CREATE INDEX item_due ON item (due_ms)
    WHERE due_ms IS NOT NULL AND state IN ('waiting', 'paged');
CREATE INDEX own_page_due ON own_page (due_ms) WHERE due_ms IS NOT NULL AND covered_at IS NULL;
DROP INDEX item_new;
CREATE INDEX item_new ON item (stream, seq, place, priority) WHERE state = 'new';

-- Items whose authors took them back, by the hash that their pages list; `day` of this home's life.
CREATE TABLE erased (
    author TEXT NOT NULL,
    hash   TEXT NOT NULL,
    day    INTEGER NOT NULL,
    PRIMARY KEY (author, hash)
) WITHOUT ROWID;
