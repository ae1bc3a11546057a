"""φ over all times that can be written down: it rises, it ends, it never breaks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.suspicion import PHI_MAX, observed, own_fault, state_of, suspicion, verdict
from tests.strategies import millis

ORDER = ("alive", "late", "suspect", "dead")
periods = st.integers(0, 10**8)


@given(millis, millis, millis)
def test_phi_is_a_number_of_the_scale(elapsed: int, announced: int, seen: int) -> None:
    """HEALTH-1: no overflow, no exception, whatever a neighbour announces."""
    assert 0 <= suspicion(elapsed, announced, seen) <= PHI_MAX


@given(periods, periods, st.integers(0, 10**9), st.integers(0, 10**9))
def test_phi_never_falls_while_silence_grows(
    announced: int, seen: int, elapsed: int, more: int
) -> None:
    """HEALTH-1, HEALTH-2: nor does the state get better by waiting."""
    before = suspicion(elapsed, announced, seen)
    after = suspicion(elapsed + more, announced, seen)
    assert before <= after
    assert ORDER.index(state_of(before)) <= ORDER.index(state_of(after))


@given(st.integers(1, 10**8), st.integers(0, 120))
def test_phi_rises_from_step_to_step(period: int, hundredths: int) -> None:
    """HEALTH-1: across every seam of the formula, in steps of a thousandth of a period."""
    start = period * hundredths // 10
    step = max(period // 1_000, 1)
    values = [suspicion(start + step * n, period, 0) for n in range(20)]
    assert values == sorted(values)


@given(periods, periods, millis)
def test_a_longer_period_is_never_more_suspect(announced: int, seen: int, elapsed: int) -> None:
    """HEALTH-1: the larger of announcement and habit counts."""
    longest = max(announced, seen)
    assert suspicion(elapsed, announced, seen) == suspicion(elapsed, longest, longest)
    assert suspicion(elapsed, longest + 1, seen) <= suspicion(elapsed, announced, seen)


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_the_mean_lies_between_what_was_and_what_is(mean: int, interval: int) -> None:
    """HEALTH-3: a single beat never moves it past itself."""
    assert min(mean, interval) <= observed(mean, interval) <= max(mean, interval)
    assert observed(0, interval) == interval


@given(st.integers(0, 100), st.integers(0, 100))
def test_fewer_silent_neighbours_are_less_my_fault(watched: int, silent: int) -> None:
    """HEALTH-6: monotone in how many fell silent, and never for three or fewer."""
    if own_fault(watched, silent):
        assert watched >= 4
        assert own_fault(watched, silent + 1)
        assert silent > watched - silent


@given(st.integers(0, 3 * 10**8), periods, periods)
def test_the_short_way_to_a_state_leads_to_the_same(
    elapsed: int, announced: int, seen: int
) -> None:
    assert verdict(elapsed, announced, seen) == state_of(suspicion(elapsed, announced, seen))
