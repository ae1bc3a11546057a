-- What one author says of what others said: how far this home trusts them is asked with every recall.
CREATE INDEX node_witness ON node (author) WHERE kind IN ('endorsement', 'dispute');
