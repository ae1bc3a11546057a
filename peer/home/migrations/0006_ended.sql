-- How letters of mine ended that nobody received: `expired_at`, and `cancelled_at`, when I took one
-- back or put away one that had expired; its state is `cancelled` then, and nothing of what it said
-- is kept.
ALTER TABLE item ADD COLUMN expired_at INTEGER;
ALTER TABLE item ADD COLUMN cancelled_at INTEGER;
