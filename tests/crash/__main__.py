"""`python -m tests.crash`: kill, cut, lie and fail, and say what came of it; not 0 on a failure.

`make crash` calls it. It takes long; `--kills` is how many processes it kills or calls it strikes
at least, all means together.
"""

from __future__ import annotations

import argparse
import sys

from tests.crash import means
from tests.crash.campaign import Campaign, workshop
from tests.crash.power import power

EACH = ("share", "call", "error", "lie", "short")


def main() -> int:
    """Run what is asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=10_000, help="at least so many")
    parser.add_argument("--cuts", type=int, default=10, help="power cuts of each kind of drive")
    parser.add_argument("--seed", type=int, default=1, help="chance, to be repeated")
    parser.add_argument("--only", default="", help="a means, or the beginning of a trial's name")
    parser.add_argument("--thin", type=int, default=1, help="strike every so manieth point only")
    asked = parser.parse_args()
    with workshop() as base:
        campaign = Campaign(base, seed=asked.seed, only=asked.only, thin=asked.thin)
        for name in EACH:
            if campaign.wants(name):
                getattr(means, name)(campaign)
        if campaign.wants("instant"):
            means.instant(campaign, max(0, asked.kills - campaign.kills))
        if asked.cuts and campaign.wants("power"):
            power(campaign, asked.cuts)
        print(f"\nseed {campaign.seed}\n{campaign.show()}")
        for failure in campaign.failures:
            print(f"FAILED {failure}")
        return 1 if campaign.failures else 0


if __name__ == "__main__":
    sys.exit(main())
