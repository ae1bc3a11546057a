"""Simulated networks: real peers on a drive and on clocks that do not exist (see README.md)."""
