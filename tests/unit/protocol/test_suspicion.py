"""φ against values computed by other means; states; the mean; whose fault silence is."""

from __future__ import annotations

from statistics import NormalDist

import pytest

from protocol.suspicion import PHI_MAX, observed, own_fault, state_of, suspicion

PERIOD = 100_000


def first(phi: float) -> float:
    """The silence, in periods, after which φ is reached."""
    return next(t for t in range(0, 10 * PERIOD, 100) if suspicion(t, PERIOD, 0) >= phi) / PERIOD


@pytest.mark.parametrize(("phi", "periods"), [(1, 1.32), (3, 1.77), (8, 2.40)])
def test_the_design_values(phi: float, periods: float) -> None:
    """HEALTH-1: 1, 3 and 8 after about 1.3, 1.8 and 2.4 periods."""
    assert first(phi) == pytest.approx(periods, abs=0.005)


@pytest.mark.parametrize("periods", [0.0, 0.5, 1.0, 1.2, 1.5, 1.9])
def test_phi_is_the_tail_of_a_normal_distribution(periods: float) -> None:
    """HEALTH-1: against the standard library's; mean 1 period, σ a quarter of it."""
    tail = 1 - NormalDist(1, 0.25).cdf(periods)
    assert 10 ** -suspicion(int(periods * PERIOD), PERIOD, 0) == pytest.approx(tail, rel=1e-9)


@pytest.mark.parametrize(
    ("sigmas", "phi"), [(10, 23.118053), (15, 50.435219), (20, 88.560095), (21, 97.484222)]
)
def test_phi_far_out(sigmas: int, phi: float) -> None:
    """HEALTH-1: −log10 Q(z) by its continued fraction, up to where the scale ends."""
    assert suspicion(PERIOD + sigmas * PERIOD // 4, PERIOD, 0) == pytest.approx(phi, abs=1e-5)
    assert suspicion(PERIOD + 22 * PERIOD // 4, PERIOD, 0) == PHI_MAX


def test_at_the_announced_moment_half_of_all_beats_are_late() -> None:
    """HEALTH-1: φ = log10 2."""
    assert suspicion(PERIOD, PERIOD, 0) == pytest.approx(0.30103, abs=1e-5)


@pytest.mark.parametrize(
    ("announced", "seen"), [(PERIOD, 1_000), (1_000, PERIOD), (PERIOD, PERIOD)]
)
def test_the_larger_of_what_was_announced_and_observed_counts(announced: int, seen: int) -> None:
    """HEALTH-1: neither a promise of haste nor a habit of it makes a peer suspect."""
    assert suspicion(150_000, announced, seen) == suspicion(150_000, PERIOD, PERIOD)


def test_the_ends_of_the_scale() -> None:
    """HEALTH-1: no overflow, no negative zero, no division by nothing."""
    largest = 2**53 - 1
    assert suspicion(largest, 0, 0) == suspicion(largest, 1, 1) == PHI_MAX
    assert suspicion(0, largest, largest) < 0.001
    assert str(suspicion(-largest, 1_000, 0)) == "0.0"
    assert suspicion(0, 0, 0) >= 0


@pytest.mark.parametrize(
    ("phi", "state"),
    [
        (0.0, "alive"), (0.999, "alive"), (1.0, "late"), (2.999, "late"), (3.0, "suspect"),
        (7.999, "suspect"), (8.0, "dead"), (PHI_MAX, "dead"),
    ],
)  # fmt: skip
def test_states(phi: float, state: str) -> None:
    """HEALTH-2: each threshold belongs to the worse state."""
    assert state_of(phi) == state


def test_the_observed_mean() -> None:
    """HEALTH-3: the first interval, then a quarter of every difference."""
    assert observed(0, 400) == 400
    assert observed(400, 800) == 500
    assert observed(400, 0) == 300
    mean = 1_000
    for _ in range(30):
        mean = observed(mean, 60_000)
    assert mean == pytest.approx(60_000, rel=0.001)


@pytest.mark.parametrize(
    ("watched", "silent", "mine"),
    [(4, 3, True), (4, 2, False), (3, 3, False), (5, 3, True), (5, 2, False), (0, 0, False)],
)
def test_when_most_fall_silent_the_fault_is_mine(watched: int, silent: int, mine: bool) -> None:
    """HEALTH-6: more than half, of four or more."""
    assert own_fault(watched, silent) is mine
