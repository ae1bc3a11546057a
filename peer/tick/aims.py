"""Goals that changed: what was flagged because it served none may serve one now.

Nothing is flagged here: a handler does that, once for each announcement (`peer.handlers`).
"""

from __future__ import annotations

from peer.instance import RunningPeer
from peer.stewards.standing import standing
from protocol.errors import NotFoundError
from protocol.messages import Announcement, stored_item

_KNOWN = "goals"
_PREFIX = "item:"


def unflag(peer: RunningPeer) -> None:
    """Resolve what was said of announcements that the goals in force explain."""
    policy = standing(peer).policy
    ids = " ".join(goal.id for goal in policy.goals)
    if ids == (peer.home.state.text(_KNOWN) or ""):
        return
    now = peer.clock.wall_ms()
    with peer.home.transaction(durable=False):
        for concern in peer.home.concerns.all():
            body = _announced(peer, concern.key)
            if body is not None and policy.flag(body.serves) is None:
                peer.home.concerns.resolve(concern.key, now)
        peer.home.state.put(_KNOWN, ids)


def _announced(peer: RunningPeer, key: str) -> Announcement | None:
    """The announcement that a concern is about, where it is about one."""
    if not key.startswith(_PREFIX):
        return None
    try:
        letter = peer.home.mail.get(key.rpartition(":")[2])
    except NotFoundError:
        return None  # its time at home is over
    if letter.kind != Announcement.kind or not letter.understood or letter.state == "erased":
        return None
    body = stored_item(letter.data, understood=True).body
    assert isinstance(body, Announcement)
    return body
