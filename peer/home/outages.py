"""What a home remembers of a share that cannot be used: since when, why, and what was told of it.

Rules: one outage at a time; it begins with whoever meets it first and ends with the next tick that
comes through. Writers stand inside a transaction.
"""

from __future__ import annotations

from typing import NamedTuple

from peer.home.state import State

_SINCE, _FAULT, _TOLD = "away_since", "away_fault", "away_told"


class Outage(NamedTuple):
    """Wall-clock ms of its beginning, and of the last failed tick told of it (0: none yet)."""

    since_ms: int
    fault: str
    told_ms: int


def current(state: State) -> Outage | None:
    """The outage under way; None while the share can be used, as far as this home knows."""
    since = state.number(_SINCE)
    return Outage(since, state.text(_FAULT) or "", state.number(_TOLD)) if since else None


def begin(state: State, now_ms: int, fault: str, *, told: bool) -> None:
    """The share cannot be used, first or still; `told`: a failed tick is told of it now."""
    known = current(state)
    since, told_ms = (known.since_ms, known.told_ms) if known else (now_ms, 0)
    state.put_all({_SINCE: since, _FAULT: fault, _TOLD: now_ms if told else told_ms})


def end(state: State) -> None:
    """The share is back."""
    if state.number(_SINCE):
        state.put(_SINCE, 0)
