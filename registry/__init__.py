"""The share: a folder that everyone can reach. Finds, reads with caps, places; decides nothing.

`share` is the port, a written contract. `folder`, `memory` and `faulty` are its adapters; one suite
(`tests/contract`) holds all of them to it. Imports go `registry → protocol`, never to `peer`.
This package does *not* verify signatures and does not know what a file means.
"""
