-- `node_opinion` finds all that it found.
DROP INDEX node_witness;
