"""Goals that changed: what was flagged because it served none may serve one now.

Nothing is flagged here: a handler does that, once for each announcement (`peer.handlers`).
"""

from __future__ import annotations

from peer.home.mail import Letter
from peer.instance import RunningPeer
from peer.stewards.aims import goal_rows, policy_for, remembered
from protocol.errors import NotFoundError
from protocol.messages import Announcement, stored_item
from protocol.policy import Flag

_KNOWN = "goals"
_PREFIX = "item:"


def unflag(peer: RunningPeer) -> None:
    """Resolve what was said of announcements that the goals in force explain."""
    charters = remembered(peer.home, peer.identity.network)
    ids = " ".join(f"{row['scope']}/{row['id']}" for row in goal_rows(charters))
    if ids == (peer.home.state.text(_KNOWN) or ""):
        return
    now = peer.clock.wall_ms()
    with peer.home.transaction(durable=False):
        for concern in peer.home.concerns.all():
            letter = _announcement(peer, concern.key)
            if letter is not None and not _flag(peer, letter):
                peer.home.concerns.resolve(concern.key, now)
        peer.home.state.put(_KNOWN, ids)


def _announcement(peer: RunningPeer, key: str) -> Letter | None:
    """The announcement that a concern is about, where it is about one."""
    if not key.startswith(_PREFIX):
        return None
    try:
        letter = peer.home.mail.get(key.rpartition(":")[2])
    except NotFoundError:
        return None  # its time at home is over
    if letter.kind != Announcement.kind or not letter.understood or letter.state == "erased":
        return None
    return letter


def _flag(peer: RunningPeer, letter: Letter) -> Flag | None:
    """What is odd about it by the goals in force for its author."""
    body = stored_item(letter.data, understood=True).body
    assert isinstance(body, Announcement)
    return policy_for(peer.home, peer.identity.network, letter.author).flag(body.serves)
