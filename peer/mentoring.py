"""Mentoring as a person sees and steers it: who guides this peer, and whom it guides."""

from __future__ import annotations

from collections.abc import Callable

from peer import tying
from peer.home.mail import Letter
from peer.instance import DAY_MS, RunningPeer
from peer.knowing import Knowing
from peer.rows import Row, moment, short
from peer.send import Sent, send
from peer.stewards.standing import standing
from peer.tick.guide import UNWANTED, asking, candidate
from protocol import canonical
from protocol.errors import NotFoundError, UsageError
from protocol.guidance import Role, Tie, room
from protocol.messages import Mentoring

TEXT_CHARS, TEXT_LINES = 10_000, 100  # of what a mentor says; what peers say by themselves is less
_OPEN = ("asked", "active", "silent")


def mentoring(peer: RunningPeer) -> Row:
    """Everything about it, as `peer mentor --json` prints it."""
    ties = tying.ties(peer.home, peer.lived_ms)
    asked = [tie for tie in ties if tie.role == "mentor" and tie.state == "asked"]
    shown = [tie for tie in ties if tie.state not in ("active", "asked")]
    mentor = next((t for t in ties if t.role == "mentor" and t.state == "active"), None)
    return {
        "mentor": _row(peer, mentor) if mentor else None,
        "asked": _row(peer, asked[0]) if asked else None,
        "mentees": [
            _row(peer, tie) for tie in ties if tie.role == "mentee" and tie.state == "active"
        ],
        "past": [_row(peer, tie) for tie in shown],
        "room": room(ties, peer.settings.mentor.mentees_max),
        "wanted": peer.settings.mentor.wanted == "auto" and not peer.home.state.number(UNWANTED),
        "digest": _digest(peer, mentor),
    }


def _row(peer: RunningPeer, tie: Tie) -> Row:
    return {
        "name": short(tie.peer, peer.identity.cluster),
        "role": tie.role,
        "state": tie.state,
        "days": max(peer.lived_ms - tie.since_ms, 0) // DAY_MS,
    }


def _digest(peer: RunningPeer, mentor: Tie | None) -> Row | None:
    """What the mentor said there is to know first."""
    if mentor is None or mentor.item is None:
        return None
    letter = _stored(peer, mentor.item)
    if letter is None:
        return None
    value = canonical.decode(letter.data)
    body = value["body"]
    text = body.get("text", "")
    told = "\n".join(text[:TEXT_CHARS].split("\n")[:TEXT_LINES])
    return {
        "id": letter.id,
        "from": short(letter.author, peer.identity.cluster),
        "at": moment(value["at"]),
        "text": told,
        "cut": told != text,
        "topics": list(body.get("topics", ())),
        "claims": list(body.get("claims", ())),
    }


def _stored(peer: RunningPeer, id_: str) -> Letter | None:
    try:
        return peer.home.mail.get(id_)
    except NotFoundError:
        return None


def ask(peer: RunningPeer, name: str | None) -> Sent:
    """Ask somebody, or whoever seems best, to be the mentor; whatever was said before.

    UsageError where there is a mentor, or somebody has not answered yet; NotFoundError where the
    name is unknown, or nobody who could be asked is alive.
    """
    ties = tying.ties(peer.home, peer.lived_ms)
    for tie in ties:
        if tie.role == "mentor" and tie.state in ("asked", "active"):
            who = peer.bare(tie.peer)
            is_ = "is your mentor" if tie.state == "active" else "was asked, and has not answered"
            raise UsageError(f"{who} {is_}; `peer mentor end {who}` ends that")
    holds = standing(peer)
    known = Knowing(peer.home, peer.address, peer.clock.wall_ms())
    best = candidate(peer, known) if name is None else peer.full(peer.bare(name))
    if best is None:
        raise NotFoundError("nobody alive here has shared more than you; `peer mentor ask NAME`")
    if peer.bare(best) in holds.mailboxes:
        raise UsageError(f"{peer.bare(best)} is the mailbox of a steward; ask an agent")
    return _send(peer, best, asking(known), lambda: peer.home.state.forget(UNWANTED))


def decline(peer: RunningPeer, name: str | None, because: str = "") -> Sent | None:
    """Want no mentor at all, or have nothing to do with one peer; None: nobody had to be told.

    Who was asked, guides this peer, or is guided by it, is told. Without a name nobody is asked by
    itself any more.
    """
    ties = tying.ties(peer.home, peer.lived_ms)
    address = None if name is None else _member(peer, name)
    concerned = [
        tie
        for tie in ties
        if tie.state in _OPEN
        and (tie.peer == address or (address is None and tie.role == "mentor"))
    ]

    def along() -> None:
        if address is None:
            peer.home.state.put(UNWANTED, 1)
            return
        for role in _ROLES:
            peer.home.ties.put(Tie(address, role, "refused", peer.lived_ms))

    told = dict.fromkeys(tie.peer for tie in concerned)
    if told:
        return _send(peer, ",".join(told), Mentoring(step="decline", text=because), along)
    with peer.home.transaction():
        along()
    return None


_ROLES: tuple[Role, ...] = ("mentee", "mentor")


def end(peer: RunningPeer, name: str) -> Sent:
    """It is over between this peer and its mentor, or one of its mentees, who is told."""
    address = peer.full(peer.bare(name))
    ties = tying.ties(peer.home, peer.lived_ms)
    if not any(tie.peer == address and tie.state in _OPEN for tie in ties):
        raise NotFoundError(f"{name} neither guides you nor is guided by you; see `peer mentor`")
    return _send(peer, address, Mentoring(step="end"), None)


def _send(
    peer: RunningPeer, addresses: str, body: Mentoring, along: Callable[[], None] | None
) -> Sent:
    return send(peer, addresses.split(","), [body], along=along)


def _member(peer: RunningPeer, name: str) -> str:
    bare = peer.bare(name)
    if bare not in standing(peer).others:
        raise NotFoundError(f"no peer {name} in {peer.identity.cluster}; `peer peers` lists them")
    return peer.full(bare)
