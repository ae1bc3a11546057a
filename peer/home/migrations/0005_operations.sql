-- What waits is counted after every tick: without these that would read every letter of a year.
CREATE INDEX item_page ON item (epoch, audience, seq) WHERE mine = 1;
CREATE INDEX item_expired ON item (n) WHERE mine = 1 AND state = 'expired';
