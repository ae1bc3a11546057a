"""Five peers, four ticks a day, for years: nothing on the share or in a home grows with time.

Every run plays 100 days against the absolute bounds; `make years` (MONTHS=24) plays two years,
and compares them.

The bound is stated in the README: after the first year, when everything has had its time once, it
is a plateau.
"""

from __future__ import annotations

import os

import pytest

from peer.simulate.plan import Plan
from peer.simulate.run import run
from peer.simulate.scenario import load

YEAR = 4 * 365
ALL = YEAR * int(os.environ.get("MONTHS", "0")) // 12 or 400
files_max, share_bytes_max, home_bytes_max = 600, 500_000, 5 * 5_000_000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_second_year_needs_no_more_room_than_the_first() -> None:
    outcome = run(Plan(load("five-at-home"), seed=1, ticks=ALL))
    assert not outcome.violations
    first, second = outcome.rounds[:YEAR], outcome.rounds[YEAR + 100 : ALL]
    for what in ("files", "share_bytes", "home_bytes") if second else ():
        before = max(getattr(one, what) for one in first)
        after = max(getattr(one, what) for one in second)
        assert after <= before * 1.25, f"{what}: {before} in the first year, then {after}"
    assert max(one.files for one in outcome.rounds) <= files_max
    assert max(one.share_bytes for one in outcome.rounds) <= share_bytes_max
    assert max(one.home_bytes for one in outcome.rounds) <= home_bytes_max
