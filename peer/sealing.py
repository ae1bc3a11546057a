"""Sealed items at a peer: whose key, and what is in a box that was made for this one.

Rules: a home keeps sealed what came sealed, and opens it when it is shown or acted on; of its own
it keeps what it wrote. Keys of earlier days open what was sealed for them.
"""

from __future__ import annotations

from peer import inforce, keys
from peer.home import Home
from peer.instance import RunningPeer
from protocol.messages import Item
from protocol.sealing import Opened, Opener, can_seal, opener_of, read_plain, unseal


def openers(peer: RunningPeer) -> list[Opener]:
    """The keys of a peer, newest first."""
    return [opener_of(peer.signer)] if peer.folder is None else keys.sealing_keys(peer.folder)


def open_item(peer: RunningPeer, item: Item, audience: str) -> Opened | None:
    """What is in a sealed item that came to `audience`, or that this peer wrote, or None."""
    return opened(peer.home, item, peer.identity.network, audience, openers(peer))


def opened(
    home: Home, item: Item, network: str, audience: str, mine: list[Opener]
) -> Opened | None:
    """The same for whoever has a home and keys only."""
    plain = home.attachments.plain(item.id)
    return unseal(item, network, audience, mine) if plain is None else read_plain(item, plain)


def reader_key(peer: RunningPeer, address: str) -> str | None:
    """The key to seal with for a member, by the roster in force; None where it names none."""
    return _reader_keys(peer).get(address)


def _reader_keys(peer: RunningPeer) -> dict[str, str]:
    return peer.home.archive.derived("sealing", lambda: _read_keys(peer))


def _read_keys(peer: RunningPeer) -> dict[str, str]:
    found = inforce.members(peer.home, peer.identity.network, peer.identity.cluster)
    return {
        peer.full(member.name): known.sealing
        for member in (found.members if found else ())
        for known in member.keys
        if known.state == "active" and known.sealing is not None and can_seal(known.sealing)
    }
