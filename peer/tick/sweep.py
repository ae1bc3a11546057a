"""My own folders on the share: what crowds them without being a document goes, and is told.

Only its owner may clear a folder, and he must: every listing of it pays for each name in it.
"""

from __future__ import annotations

from collections.abc import Callable

from peer.instance import RunningPeer
from peer.tick.report import Report
from protocol.errors import ShareError
from registry import crowd


def sweep(
    peer: RunningPeer, folder: str, junk: int, is_ours: Callable[[str], bool], report: Report
) -> None:
    """Clear some of the names that are not ours, where a listing of the folder met many of them."""
    state, key = peer.home.state, f"junk:{folder}"
    seen = state.data(key)
    if junk <= crowd.names_max:
        if seen is not None:
            with peer.home.transaction(durable=False):
                state.forget(key)
        return
    try:
        cleared = crowd.clear(peer.share, folder, is_ours, seen or b"")
    except ShareError as error:
        report.problems.append(f"{folder} is crowded with {junk} odd names: {error}")
        return
    with peer.home.transaction(durable=False):
        state.put(key, cleared.waiting)
    report.problems.append(
        f"{folder} is crowded with {junk} names that are none of the network's;"
        f" {cleared.names} of them are cleared away, more at the next tick"
    )
