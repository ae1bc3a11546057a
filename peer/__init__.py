"""A running peer: its home, its tick, its command line. The API for programs is `peer.instance`."""
