"""Charters at a steward's desk and in a home: which are in force, and the next version of one.

Rules: a new version is made over the newest that share and shelf show, or not at all; an id that a
goal had is never given to another one, because announcements name goals by their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from peer.stewards.desk import Desk, draft_after
from peer.stewards.drafts import Draft
from peer.stewards.gathering import Known
from peer.stewards.wording import words
from protocol import canonical, limits, wire
from protocol.authority import StewardDocument, says_more
from protocol.charter import TYPE, Charter, Goal
from protocol.errors import NotFoundError, UsageError
from protocol.policy import policy_of

_signatures_bytes_max = 64 * 1024  # what signatures and the head may add to what is signed


def charters_of(known: Known) -> list[Charter]:
    """The charters in force that a steward knows, widest first."""
    newest = known.ruling.newest.items()
    bodies = [known.documents[digest].body for (type_, _), digest in newest if type_ == TYPE]
    return list(policy_of([body for body in bodies if isinstance(body, Charter)]).charters)


def at_desk(desk: Desk) -> list[Charter]:
    """The charters in force as the share shows them and the steward remembers them."""
    return charters_of(desk.known())


def next_version(
    desk: Desk, scope: str, parts: Mapping[str, Any], base: StewardDocument | None
) -> Charter:
    """The charter that follows `base` (None: the first of its scope), and says these parts."""
    body = Charter(
        network=desk.identity.network,
        scope=scope,
        version=base.number + 1 if base else 1,
        prev=base.digest if base else None,
        at=desk.clock.wall_ms(),
        **parts,
    )
    size = len(canonical.encode(wire.dump(body)))
    if size > limits.steward_bytes_max - _signatures_bytes_max:
        raise UsageError(
            f"the charter would have {size} bytes; a charter has at most"
            f" {limits.steward_bytes_max - _signatures_bytes_max}: shorten its texts"
        )
    return body


def newest(desk: Desk, scope: str) -> StewardDocument | None:
    """The charter of a scope that the next version is made over.

    It says what this steward signed already, where that waits for others.
    """
    known = desk.known()
    found = known.newest(TYPE, scope)
    if found is None:
        return None
    if says_more(found):
        raise UsageError("a newer version wrote the charter; upgrade soma-network before you sign")
    return replace(found, body=draft_after(desk, known, found))


def sign_draft(desk: Desk, scope: str, draft: Draft) -> tuple[Charter, bool]:
    """Sign what a draft says as the next version; (charter in force, whether it changed)."""
    return _sign(desk, scope, draft, newest(desk, scope), lambda charter: False)


def _sign(
    desk: Desk,
    scope: str,
    draft: Draft,
    base: StewardDocument | None,
    is_in: Callable[[Charter], bool],
) -> tuple[Charter, bool]:
    """`is_in`: whether another charter says what is asked for, although not all of the draft."""
    body = drafted(desk, scope, draft, base)
    if body is None:
        desk.put_back()
        assert base is not None
        in_force = desk.known().documents[base.digest].body
        assert isinstance(base.body, Charter)
        assert isinstance(in_force, Charter)
        if in_force != base.body and not is_in(in_force):
            raise desk.still_waits(base.body)
        return in_force, False
    desk.sign(body)
    return body, True


def drafted(desk: Desk, scope: str, draft: Draft, base: StewardDocument | None) -> Charter | None:
    """The next version by a draft; None where the newest says it already.

    UsageError where the draft was made from another version: it would take back what was signed
    since.
    """
    body = next_version(desk, scope, draft.parts, base)
    if base is not None and _said(base) == draft.parts:
        return None
    number = base.number if base else 0
    if draft.replaces is not None and draft.replaces != number:
        raise UsageError(
            f"the draft was made from version {draft.replaces}, and version {number} is the newest;"
            " make a new one with `peer charter show --toml`, or see what both say, and write"
            f" replaces = {number}"
        )
    return body


def nothing_said(scope: str) -> Charter:
    """What stands for the charter of a scope that has none yet: version 0, which nobody signs."""
    return Charter(network="", scope=scope, version=0, at=0)


def compare(draft: Draft, former: Charter | None, network: str, scope: str) -> dict[str, Any]:
    """What signing a draft would change, as `peer charter diff --json` has it."""
    before = former or nothing_said(scope)
    body = Charter(network=network, scope=scope, version=before.version + 1, at=0, **draft.parts)
    return {
        "scope": scope,
        "version": body.version,
        "changed": former is None or any(getattr(former, n) != v for n, v in draft.parts.items()),
        "stale": draft.replaces not in (None, before.version),
        "lines": words(body, former),
    }


def _said(base: StewardDocument) -> dict[str, Any]:
    assert isinstance(base.body, Charter)
    return {name: getattr(base.body, name) for name in Draft().parts}


def add_goal(desk: Desk, scope: str, id: str, text: str) -> tuple[Charter, bool]:
    """Put a goal in force, a new one or one that was retired; (charter in force, whether changed).

    UsageError where the id stands, or stood, for another goal.
    """
    base = newest(desk, scope)
    goals = _goals(base)
    known = next((goal for goal in goals if goal.id == id), None)
    if known is not None and known.text != text:
        raise UsageError(
            f"{id} is the goal {' '.join(known.text.split())[:80]!r} ({known.state}); choose"
            " another id, because announcements name goals by their ids"
        )
    if known is None and len(goals) >= limits.goals_max:
        raise UsageError(
            f"a charter has at most {limits.goals_max} goals, retired ones included; take those out"
            " that are over with `peer charter show --toml` and `peer charter sign`"
        )
    goal = Goal(id=id, text=text)
    changed = tuple(goal if one.id == id else one for one in goals)
    return _with_goals(desk, scope, base, changed if known else (*goals, goal), goal)


def retire_goal(desk: Desk, scope: str, id: str, because: str) -> tuple[Charter, bool]:
    """Say that a goal is over; NotFoundError where the charter of the scope has none of this id."""
    base = newest(desk, scope)
    goals = _goals(base)
    known = next((goal for goal in goals if goal.id == id), None)
    if known is None:
        raise NotFoundError(f"no goal {id} in the charter of {scope}; `peer goal list` names them")
    over = replace(known, state="retired", because=because or known.because)
    changed = tuple(over if one.id == id else one for one in goals)
    return _with_goals(desk, scope, base, changed, over)


def _goals(base: StewardDocument | None) -> tuple[Goal, ...]:
    if base is None:
        return ()
    assert isinstance(base.body, Charter)
    return base.body.goals


def _with_goals(
    desk: Desk, scope: str, base: StewardDocument | None, goals: tuple[Goal, ...], goal: Goal
) -> tuple[Charter, bool]:
    draft = Draft(**((_said(base) if base else {}) | {"goals": goals}))
    return _sign(desk, scope, draft, base, lambda charter: goal in charter.goals)
