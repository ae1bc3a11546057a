-- Whose signatures a steward document carries, ascending, joined by blanks: what is in force is asked
-- anew whenever somebody's right to sign changes.
ALTER TABLE document ADD COLUMN keys TEXT NOT NULL DEFAULT '';
UPDATE document SET keys = (
    SELECT group_concat(json_extract(value, '$.key'), ' ')
    FROM json_each(CAST(document.data AS TEXT), '$.signatures')
);
