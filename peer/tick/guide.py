"""A new home looks for a mentor: one letter, at most three in all, each to somebody else.

Rules: only while the home is new, admitted, no mailbox, has no mentor and waits for nobody's
answer, and only where its settings and the charters let it. Everything is read from the home; that
somebody was asked is committed with the letter. Who answers how is `peer.handlers.guiding`.
"""

from __future__ import annotations

from peer import guiding, learning, permission, tying
from peer.asking import automatic
from peer.instance import DAY_MS, RunningPeer
from peer.knowing import Knowing
from peer.stewards.standing import Standing, living
from protocol.guidance import ASKED_MAX, NEW_DAYS, Tie, best, is_older
from protocol.messages import Mentoring

UNWANTED = "mentor_unwanted"  # a person said so
ASKS = "I am new here; would you be my mentor?"


def guide(peer: RunningPeer, standing: Standing) -> None:
    """Ask whoever seems best to be my mentor, if one is to be asked now."""
    if not _is_due(peer, standing):
        return
    known = Knowing(peer.home, peer.address, peer.clock.wall_ms())
    name = candidate(peer, known, peer.home.state.number("tick"))
    if name is None or permission.judge(peer, [Mentoring.kind], name).verdict not in _UNASKED:
        return
    if not permission.has_room(peer, name) or permission.over_budget(peer, "send", 1):
        return
    item = automatic(peer, asking(known), priority=2)
    with peer.home.transaction():
        peer.home.outgoing.add(
            [item], name, peer.clock.wall_ms(), due_ms=peer.due_ms(peer.term_ms())
        )
        learning.keep(peer, item, name)


_UNASKED = ("free", "notice")  # no steward is bothered with it


def asking(known: Knowing) -> Mentoring:
    """The words in which somebody is asked, with what this peer is interested in."""
    return Mentoring(step="ask", text=ASKS, topics=guiding.interests(known))


def candidate(peer: RunningPeer, known: Knowing, ticks: int | None = None) -> str | None:
    """The full address of who should be asked: alive, and never asked or told no before.

    By itself (`ticks`: so often it ticked) it asks only those who were here long before.
    """
    spoken_to = {tie.peer for tie in tying.ties(peer.home, peer.lived_ms)}
    among = [
        row
        for address, row in living(peer).items()
        if address not in spoken_to and (ticks is None or is_older(row.tick, ticks))
    ]
    if not among:
        return None
    prospects, shared = guiding.prospects(known, among)
    return best(prospects, shared)


def _is_due(peer: RunningPeer, standing: Standing) -> bool:
    """Cheap for everybody who is not new."""
    if peer.lived_ms >= NEW_DAYS * DAY_MS or peer.settings.mentor.wanted != "auto":
        return False
    if peer.home.state.earlier_epochs:
        return False  # it had a life before, and may have asked in it
    if standing.member is None or standing.is_mailbox or peer.home.state.number(UNWANTED):
        return False
    return _is_free(tying.ties(peer.home, peer.lived_ms))


def _is_free(ties: list[Tie]) -> bool:
    mentors = [tie for tie in ties if tie.role == "mentor"]
    if len(mentors) >= ASKED_MAX:
        return False
    return not any(tie.state in ("asked", "active", "ended") for tie in mentors)
