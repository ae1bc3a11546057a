"""What the stewards want, as a home knows it: charters in force, their goals, what serves none.

Rules: a goal is in force for whoever its charter speaks for, so what somebody announces is measured
by the goals for its author, not by those for its reader. The share is not touched, and what short
commands need of it loads no keys and no validation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peer.home.archive import Archive
from protocol import canonical, wire
from protocol.charter import TYPE, Charter
from protocol.order import contains
from protocol.policy import Policy, policy_of


def remembered(archive: Archive, address: str | None = None) -> tuple[Charter, ...]:
    """The charters in force that a home holds, widest first; only those that speak for `address`.

    Without one: all of every scope.
    """
    found = archive.derived("charters", lambda: _parsed(archive))
    if address is None:
        return found
    return tuple(one for one in found if contains(one.scope, address))


def policy_for(archive: Archive, address: str) -> Policy:
    """What holds for a peer, as far as this home knows."""
    return Policy(remembered(archive, address))


def _parsed(archive: Archive) -> tuple[Charter, ...]:
    charters = [
        wire.trusted(Charter, canonical.decode(stored.data)["signed"])
        for stored in archive.newest_of_all()
        if stored.type == TYPE
    ]
    return policy_of(charters).charters


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
