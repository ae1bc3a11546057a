"""`python -m tests.crash`: kill, cut, lie and fail, and say what came of it; not 0 on a failure.

`make crash` calls it, and it takes long. `--kills` is how many processes it kills at random
instants, besides those at every call; `--cuts` how often the power goes, on each kind of drive.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.crash import means
from tests.crash.campaign import Campaign, workshop
from tests.crash.power import power

EACH = ("share", "call", "error", "lie", "short")
SHORT = {
    "share": 160,
    "call": 400,
    "error": 1400,
    "lie": 200,
    "short": 120,
}  # thin, in a short form
SHORT_KILLS = 30


def main(words: Sequence[str] | None = None) -> int:
    """Run what is asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=10_000, help="at random instants, so many")
    parser.add_argument("--cuts", type=int, default=10, help="of the power, on each kind of drive")
    parser.add_argument("--seed", type=int, default=1, help="chance, to be repeated")
    parser.add_argument("--only", default="", help="a means, or the beginning of a trial's name")
    parser.add_argument("--thin", type=int, default=1, help="strike every so manieth point only")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="copy worlds that failed there")
    parser.add_argument("--short", action="store_true", help="a few of everything but power")
    asked = parser.parse_args(words)
    with workshop() as base:
        campaign = Campaign(
            base, seed=asked.seed, only=asked.only, thin=asked.thin, keep=asked.keep
        )
        try:
            _play(campaign, asked)
        except KeyboardInterrupt:
            campaign.skipped.append("the rest, when it was interrupted")
        print(f"\nseed {campaign.seed}\n{campaign.show()}")
        for failure in campaign.failures:
            print(f"FAILED {failure}")
        return 1 if campaign.failures else 0


def _play(campaign: Campaign, asked: argparse.Namespace) -> None:
    for name in EACH:
        if campaign.wants(name):
            campaign.thin = SHORT[name] if asked.short else asked.thin
            getattr(means, name)(campaign)
    if campaign.wants("instant"):
        means.instant(campaign, SHORT_KILLS if asked.short else asked.kills)
    if campaign.wants("power") and not asked.short:
        power(campaign, asked.cuts)


if __name__ == "__main__":
    sys.exit(main())
