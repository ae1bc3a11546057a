"""A worker that the share held fast until it died: told once, then once for each slot it costs.

The slots that pass while a worker lives are told by its loop (`peer.run.resident`). Who freezes is
no longer in that loop: another thread has the last words, or the next worker says it at its start.
"""

from __future__ import annotations

from peer import operations
from peer.home import outages
from peer.instance import RunningPeer
from peer.run.beats import came_since


def last_words(peer: RunningPeer, text: str) -> None:
    """The share is frozen and this process ends itself at once; from whatever thread."""
    operations.note_frozen(peer, text, _is_news)


def note_death(peer: RunningPeer, text: str) -> None:
    """The worker before this one was killed and could not say so."""
    if _is_news(peer):
        operations.note_failed(peer, "Silent", text)


def _is_news(peer: RunningPeer) -> bool:
    """Whether no failed tick was told of this outage yet, or none since a slot came."""
    outage, now = outages.current(peer.home.state), peer.clock.wall_ms()
    if outage is None or not outage.told_ms:
        return True
    return came_since(peer.settings.schedule.timetable(peer.address), outage.told_ms, now)
