-- Whose words a concern says: the item that it was made from, NULL where there is none.
ALTER TABLE concern ADD COLUMN item TEXT;
UPDATE concern SET item = substr(key, -26) WHERE key LIKE 'item:%@%:%'
    AND EXISTS (SELECT 1 FROM item WHERE item.id = substr(concern.key, -26));
