"""The tick, one heartbeat session: `session` is the order of its phases, one file each."""
