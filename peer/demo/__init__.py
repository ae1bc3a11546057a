"""A day of five peers: played (`play`), and frozen as the sample network (`sample`)."""
