"""Mentoring: what there is between a newcomer and who guides it, and how steps change that.

What two peers are to each other is a function of the letters that went between them: `ask`, then
`offer` or `decline`, and `end` (`protocol.messages.Mentoring`). Rules: an offer that nobody asked
for is nothing; nobody has two mentors; time alone ends what nobody answered, and what is long ago,
so no end need arrive. Times are ms that the own home has lived. Not here: who answers how.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from protocol.messages import Item, Mentoring

Role = Literal["mentor", "mentee"]
State = Literal["asked", "active", "declined", "refused", "silent", "ended"]

DAY_MS: Final = 24 * 3_600_000
NEW_DAYS: Final = 7  # so long a home counts as new
PATIENCE_DAYS: Final = 2  # who has not answered by then is asked no more
TERM_DAYS: Final = 30  # so long somebody is guided
OLDER_TICKS: Final = 3  # so many more has a mentor seen, at least
SHARED_ENOUGH: Final = 5  # insights; who published more is no better a mentor for it
ASKED_MAX: Final = 3  # so many are asked without a person saying so
AGAIN_MS: Final = DAY_MS  # one answer to one newcomer in that time
_ROLES: Final[tuple[Role, ...]] = ("mentor", "mentee")
_BY_TIME: Final[tuple[tuple[State, State, int], ...]] = (
    ("asked", "silent", PATIENCE_DAYS),
    ("active", "ended", TERM_DAYS),
)

# (whose step it is, step, what the other is) → the state before → the state after. A `decline` that
# answers nothing is a `refuse` here: whoever was asked, guides or is guided says that it is over.
_ANY: Final[tuple[State | None, ...]] = (
    None, "asked", "active", "declined", "refused", "silent", "ended",
)  # fmt: skip
_Moves = dict[State | None, State]
_OVER: Final[_Moves] = {"asked": "declined", "silent": "declined", "active": "ended"}
_GIVEN_UP: Final[_Moves] = {"asked": "ended", "active": "ended", "silent": "ended"}
_NEXT: Final[dict[tuple[bool, str, Role], _Moves]] = {
    (True, "ask", "mentor"): dict.fromkeys(_ANY, "asked"),
    (True, "offer", "mentee"): dict.fromkeys(_ANY, "active"),
    (True, "decline", "mentee"): {**dict.fromkeys(_ANY, "declined"), "refused": "refused"},
    (True, "refuse", "mentor"): {"asked": "refused", "active": "refused", "silent": "refused"},
    (True, "refuse", "mentee"): {"active": "refused"},
    (True, "end", "mentor"): _GIVEN_UP,
    (True, "end", "mentee"): {"active": "ended"},
    (False, "offer", "mentor"): {"asked": "active", "silent": "active"},
    (False, "decline", "mentor"): _OVER,
    (False, "refuse", "mentor"): _OVER,
    (False, "refuse", "mentee"): {"active": "ended"},
    (False, "end", "mentor"): _OVER,
    (False, "end", "mentee"): {"active": "ended"},
}


@dataclass(frozen=True, slots=True)
class Tie:
    """What `peer` (full address) is to me, and how that stands since `since_ms`.

    `refused` is my own no, `declined` the no of whoever was asked. `item`: the letter that last
    changed it.
    """

    peer: str
    role: Role
    state: State
    since_ms: int
    item: str | None = None


@dataclass(frozen=True, slots=True)
class Starter:
    """What a newcomer should know first, and the ids of the insights that say so."""

    text: str
    topics: tuple[str, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prospect:
    """Somebody who could be a mentor.

    `score`: how much he knows, 0 to 1; `shared`: how many insights he published; `next_ms`: when he
    said he would beat again; `ticks`: how often he did.
    """

    address: str
    score: float
    shared: int
    next_ms: int
    ticks: int


def now(tie: Tie, lived_ms: int) -> Tie:
    """The same after some time."""
    for state, then, days in _BY_TIME:
        end_ms = tie.since_ms + days * DAY_MS
        if tie.state == state and lived_ms >= end_ms:
            return replace(tie, state=then, since_ms=end_ms)
    return tie


def after(ties: Iterable[Tie], other: str, letter: Item, lived_ms: int, *, mine: bool) -> list[Tie]:
    """The ties that a letter changes; `ties` as they stand now, `mine`: I wrote it to `other`."""
    assert isinstance(letter.body, Mentoring)
    step = letter.body.step
    if step == "decline" and letter.head.re is None:
        step = "refuse"
    known = list(ties)
    changed = []
    for role in _ROLES:
        moves = _NEXT.get((mine, step, role), {})
        state = next((t.state for t in known if (t.peer, t.role) == (other, role)), None)
        if state not in moves or (not mine and step == "offer" and guided(known)):
            continue
        changed.append(Tie(other, role, moves[state], lived_ms, letter.id))
    return changed


def guided(ties: Iterable[Tie]) -> str | None:
    """Who is my mentor."""
    return next((t.peer for t in ties if t.role == "mentor" and t.state == "active"), None)


def room(ties: Iterable[Tie], mentees_max: int, but: str = "") -> int:
    """For how many more mentees there is room; `but` is not counted."""
    full = sum(t.role == "mentee" and t.state == "active" and t.peer != but for t in ties)
    return max(mentees_max - full, 0)


def is_older(theirs: int, ticks: int) -> bool:
    """Whether one was here before who ticked so often; nobody was where all began at once."""
    return theirs >= max(ticks + OLDER_TICKS, 2 * ticks)


def best(prospects: Iterable[Prospect], shared: int) -> str | None:
    """Who should be asked, of those who published more than a newcomer that `shared` so much.

    Who knows most; of equals who published more, which counts up to `SHARED_ENOUGH`, as anybody can
    publish much; then who comes back soonest, and is here longest.
    """
    able = [one for one in prospects if one.shared > shared]

    def order(one: Prospect) -> tuple[float, int, int, int, str]:
        enough = min(one.shared, SHARED_ENOUGH)
        return (-round(one.score, 2), -enough, one.next_ms, -one.ticks, one.address)

    return min(able, key=order).address if able else None
