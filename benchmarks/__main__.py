"""The command: `python -m benchmarks [--list] [--rounds N] [NAME…]`; without names, all of them."""

from __future__ import annotations

import argparse
import importlib
import sys

# The order in which they run: what people ask for first comes first.
PROGRAMS = (
    "delivery",
    "letter",
    "receiving",
    "recall",
    "retrieval",
    "attachments",
    "waiting",
    "waking",
    "halting",
    "commands",
    "authority",
    "history",
    "neighbours",
    "simulation",
)


def main() -> int:
    """Run what was asked for; 0 also where a target was missed, 2 for a name nobody knows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones; default: all")
    parser.add_argument("--list", action="store_true", help="what there is, with its targets")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often everybody takes a turn")
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in PROGRAMS]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(PROGRAMS)}")
    for name in asked.names or PROGRAMS:
        program = importlib.import_module(f"benchmarks.{name}")
        if asked.list:
            print(f"{name}: {str(program.__doc__).splitlines()[0]}")
            for target in program.TARGETS:
                print(f"    {target}")
        else:
            program.run(asked.rounds or program.ROUNDS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
