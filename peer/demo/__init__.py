"""A day of five peers: played for a reader (`play`), and frozen as the sample network (`sample`)."""
