"""Which checker catches which planted bug, and after how many seeds: see the package."""

from __future__ import annotations

import json
import os
import sys
from multiprocessing import Pool

from tests.simulation.bugs import catalogue
from tests.simulation.bugs.hunting import KEPT, hunt, kept, shorten


def main(arguments: list[str]) -> int:
    names = [name for name in arguments if name != "--keep"] or list(catalogue())
    if unknown := sorted(set(names) - set(catalogue())):
        print(f"no bug {', '.join(unknown)}; there are {', '.join(catalogue())}", file=sys.stderr)
        return 2
    with Pool(min(os.cpu_count() or 1, len(names)), maxtasksperchild=4) as pool:
        if "--keep" in arguments:
            return _keep(dict(pool.imap(shorten, names)))
        free = 0
        print(f"{'bug':30} {'caught by':14} {'seeds':>5}  what it says")
        for name, seeds, found in pool.imap(hunt, names):
            by, text = ("nobody", "") if found is None else (found.checker, found.text)
            print(f"{name:30} {by:14} {seeds:>5}  {text[:100]}", flush=True)
            free += found is None
    print(f"{len(names) - free} of {len(names)} caught")
    return 1 if free else 0


def _keep(found: dict[str, dict[str, object] | None]) -> int:
    runs = {name: run for name, run in (kept() | found).items() if run and name in catalogue()}
    KEPT.write_text(json.dumps(runs, indent=1, sort_keys=True) + "\n")
    missing = [name for name, run in found.items() if run is None]
    print(f"{len(runs)} runs kept in {KEPT.name}; none found for: {' '.join(missing) or 'nobody'}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
