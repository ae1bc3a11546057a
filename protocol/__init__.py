"""The protocol of the network: bytes and values in, values out.

Nothing in this package reads a clock, a disk, an environment variable or a source of randomness,
and nothing logs: time, keys, salts and nonces are arguments. SPEC.md states the same rules in
words; every rule that can be broken from outside has an id there, carried by `RuleError`.

What it does *not* do: find, store or send anything. That is `registry` (the share) and `peer`.
"""
