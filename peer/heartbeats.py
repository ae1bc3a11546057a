"""What a heartbeat says, who sent it, and when the last and the next beat were and will be.

Mine is what my home signed last. That of another one is read from the share and believed under a
key that the roster knows; where the share cannot be read, what my last tick heard is all there is.
"""

from __future__ import annotations

from peer.clock import read
from peer.glance import glance
from peer.home.neighbours import Neighbour
from peer.instance import RunningPeer
from peer.rows import Row, moment
from peer.stewards.standing import Standing, standing
from peer.tick.listen import elapsed
from peer.tick.look import table
from protocol import limits
from protocol.errors import NotFoundError, RuleError, ShareError
from protocol.heartbeat import Heartbeat, open_heartbeat
from registry import layout


def last_tick_at(peer: RunningPeer) -> int | None:
    """When my last tick ended, however it did, ms; None before the first."""
    state = peer.home.state
    return max(state.number("last_tick_at"), state.number("tick_ended")) or None


def next_beat_at(peer: RunningPeer) -> int | None:
    """By when my next beat is due, ms: what my last one announced, which is what others go by.

    It may lie in the past: then nothing has run a tick when it was due. None before the first.
    """
    beat = _last_beat(peer)
    return None if beat is None else beat.at + beat.next_beat_ms


def heartbeat(peer: RunningPeer, name: str | None) -> Row:
    """The heartbeat of a member (None: mine); NotFoundError where no member is called so."""
    if name is None or name == peer.name:
        return _mine(peer)
    holds = standing(peer)
    if holds.find(name) is None:
        raise NotFoundError(f"no member is called {name}; `peer peers` lists them")
    return _of(peer, holds, name)


def _mine(peer: RunningPeer) -> Row:
    now, beat = peer.clock.wall_ms(), _last_beat(peer)
    last = None if beat is None else beat.at
    return {
        "name": peer.name,
        "source": "home",
        "fault": None,
        **_said(beat),
        **_times(now, last, next_beat_at(peer)),
    }


def _last_beat(peer: RunningPeer) -> Heartbeat | None:
    data = peer.home.state.data("beat")
    return None if data is None else open_heartbeat(data, peer.identity.network, peer.address)


def _of(peer: RunningPeer, holds: Standing, name: str) -> Row:
    row, now = peer.home.neighbours.all().get(name), peer.clock.wall_ms()
    health = next(line for line in table(peer, holds) if line["name"] == name)
    beat, fault = _read(peer, holds, name)
    # By my own clock: how long its silence is, not what it believes the time to be.
    since = None if row is None else now - elapsed(row, read(peer.clock))
    if beat is not None and (row is None or (beat.epoch, beat.seq) != (row.epoch, row.seq)):
        # Newer than my last tick: since then, and its own clock says when, for what that is worth.
        since = min(now, max(beat.at, last_tick_at(peer) or 0))
    announced = beat.next_beat_ms if beat is not None else row.next_ms if row is not None else None
    coming = None if since is None or announced is None else since + announced
    return {
        "name": name,
        "source": "share" if beat is not None else "remembered",
        "fault": fault,
        **(_said(beat) if beat is not None or row is None else _remembered(row)),
        **_times(now, since, coming),
        "state": health["state"],
        "phi": health["phi"],
    }


def _read(peer: RunningPeer, holds: Standing, name: str) -> tuple[Heartbeat | None, str | None]:
    """The heartbeat on the share, or why there is none to believe."""
    path, member = layout.heartbeat(name), holds.find(name)
    try:
        data = glance(lambda: peer.share.read(path, limits.document_bytes_max))
        beat = open_heartbeat(data, peer.identity.network, peer.full(name))
    except (ShareError, RuleError) as error:
        return None, str(error)
    if member is None or member.state_of(beat.key) != "active":
        return None, f"the heartbeat on the share is signed by a key that is not {name}'s"
    return beat, None


def _times(now: int, last: int | None, coming: int | None) -> Row:
    """`next_beat_s` below 0: it was due so long ago."""
    return {
        "last_beat": None if last is None else moment(last),
        "last_beat_s": None if last is None else max(now - last, 0) // 1000,
        "next_beat": None if coming is None else moment(coming),
        "next_beat_s": None if coming is None else (coming - now) // 1000,
    }


def _said(beat: Heartbeat | None) -> Row:
    """What a heartbeat says; `at` by its author's clock."""
    if beat is None:
        return dict.fromkeys((*_REMEMBERED, "halted", "software", "feed", "mail", "heads"))
    feed = beat.feed
    return {
        "seq": beat.seq,
        "tick": beat.tick,
        "epoch": beat.epoch,
        "at": moment(beat.at),
        "lifecycle": beat.lifecycle,
        "halted": beat.halted,
        "software": beat.software,
        "feed": feed and {"epoch": feed.epoch, "seq": feed.seq, "floor": feed.floor},
        "mail": list(beat.mail),
        "heads": [_head(head) for head in beat.heads],
    }


def _head(signed: Row) -> Row:
    """What a steward's signed head names; a heartbeat may hold anything there."""
    body = signed.get("signed")
    return {key: body.get(key) if isinstance(body, dict) else None for key in _HEAD}


_HEAD = ("of", "scope", "number")
_REMEMBERED = ("seq", "tick", "epoch", "at", "lifecycle")


def _remembered(row: Neighbour) -> Row:
    return {
        **_said(None),
        "seq": row.seq,
        "tick": row.tick,
        "epoch": row.epoch,
        "at": moment(row.at),
        "lifecycle": row.lifecycle,
    }
