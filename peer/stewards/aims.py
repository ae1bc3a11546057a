"""What the stewards want, as a home knows it: charters in force, their goals, what serves none.

Rules: a goal is in force for whoever its charter speaks for, so what somebody announces is measured
by the goals for its author, not by those for its reader. The share is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peer import inforce
from peer.home import Home
from protocol.charter import TYPE, Charter
from protocol.order import contains
from protocol.policy import Policy, policy_of
from protocol.ruling import Ruling


def remembered(home: Home, network: str, address: str | None = None) -> tuple[Charter, ...]:
    """The charters in force that a home holds, widest first; only those that speak for `address`.

    Without one: all of every scope.
    """
    ruling = inforce.ruling(home, network)
    found = home.archive.derived("charters", lambda: _parsed(home, ruling))
    if address is None:
        return found
    return tuple(one for one in found if contains(one.scope, address))


def policy_for(home: Home, network: str, address: str) -> Policy:
    """What holds for a peer, as far as this home knows."""
    return Policy(remembered(home, network, address))


def _parsed(home: Home, ruling: Ruling) -> tuple[Charter, ...]:
    found = [
        home.archive.get(digest) for (type_, _), digest in ruling.newest.items() if type_ == TYPE
    ]
    bodies = [inforce.body_of(Charter, stored.data) for stored in found if stored is not None]
    return policy_of(bodies).charters


def goal_rows(charters: Iterable[Charter], *, everything: bool = False) -> list[dict[str, Any]]:
    """The goals of charters as JSON has them, active ones only unless `everything`.

    Of goals of one id the widest charter says what it is, for everybody it speaks for.
    """
    rows: list[dict[str, Any]] = []
    for charter in policy_of(list(charters)).charters:
        for goal in charter.goals:
            row: dict[str, Any] = {"id": goal.id, "text": goal.text, "scope": charter.scope}
            if everything:
                rows.append(row | {"state": goal.state, "because": goal.because})
            elif goal.state == "active" and not _is_said(rows, row):
                rows.append(row)
    return rows


def _is_said(rows: list[dict[str, Any]], row: dict[str, Any]) -> bool:
    return any(one["id"] == row["id"] and contains(one["scope"], row["scope"]) for one in rows)
