"""Each target of an issue as a program that prints ours, theirs and the ratio, from one run.

`python -m benchmarks --list` names them, `python -m benchmarks [NAME…]` runs them. They measure on
the machine at hand, so they are no tests: a missed target is printed, never an exit code.
"""
