"""The peers of a cluster on the share: their folders, cards and heartbeats.

Peers are walked by the roster that stewards signed, never by the listing of `peers/`.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocol import limits
from protocol.errors import ShareError
from registry import layout, yard
from registry.share import Share

CANARY = "canary"


def fetch_card(share: Share, name: str) -> bytes:
    """The card of whoever wants to be called `name`; ShareError where there is none."""
    return share.read(layout.card(name), limits.document_bytes_max)


def place_card(share: Share, name: str, data: bytes) -> None:
    """Write the own card."""
    yard.place(share, name, layout.card(name), data)


def fetch_heartbeats(
    share: Share, names: Sequence[str], known: Sequence[bytes | None]
) -> list[bytes | ShareError | None]:
    """The heartbeats of peers, in order; None where its digest is the known one."""
    return share.read_many(
        [layout.heartbeat(name) for name in names], limits.document_bytes_max, known
    )


def place_heartbeat(share: Share, name: str, data: bytes) -> None:
    """Replace the own heartbeat."""
    yard.place(share, name, layout.heartbeat(name), data)


def sing(share: Share, name: str, song: bytes) -> bool:
    """Write, read back and remove a canary: whether the share does what it says.

    ShareError where it cannot be written at all.
    """
    path = f"{layout.peer_folder(name)}/{CANARY}"
    yard.place(share, name, path, song)
    heard = share.read(path, len(song))
    share.remove(path)
    return heard == song
