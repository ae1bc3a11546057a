"""The composition root: the one place where adapters meet ports."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from peer import keys
from peer.clock import Clock, Entropy, SystemClock, SystemEntropy
from peer.deadline import watch
from peer.glance import glance
from peer.home import Home, open_home
from peer.home.blobs import FOLDER, FolderBlobs
from peer.home.places import DATABASE, Identity
from peer.instance import HOUR_MS, RunningPeer
from peer.settings import load
from protocol import canonical
from protocol.errors import UsageError
from protocol.trouble import Trouble
from registry.folder import FolderShare
from registry.share import Share

CHECKS = ("command", "disk", "ticks")  # what every peer looks for in itself; see `peer.checks`


def open_share(path: str, writer: str, entropy: Entropy | None = None) -> Share:
    """The share at a path; nothing is touched before it is used."""
    if "://" in path:
        raise UsageError(f"{path} is no folder; this version works on folders only")
    source = entropy or SystemEntropy()
    return FolderShare(path, writer, lambda: canonical.b32(source.draw(10)))


def create_share(path: str, writer: str, entropy: Entropy) -> Share:
    """A folder to become a share; it is made where only itself is missing."""
    return FolderShare.create(path, writer, lambda: canonical.b32(entropy.draw(10)))


def open_peer(
    folder: str,
    identity: Identity,
    *,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
    watched: bool = False,
    checked: bool = False,
    home: Home | None = None,
) -> RunningPeer:
    """The peer of an identity's directory; `watched`: end the process if the share freezes.

    `checked`: its ticks look for troubles of its own. `home` is that of the directory, where it is
    open already.
    """
    clock = clock or SystemClock()
    entropy = entropy or SystemEntropy()
    share = open_share(identity.share, identity.name, entropy)
    settings = load(folder, os.environ)
    home = home or open_home(os.path.join(folder, DATABASE))
    # The files may lag behind the database, which says which key signs (`peer.rekeying`).
    key = home.state.text("key")
    guarded = watch(share, clock) if watched else None
    peer = RunningPeer(
        identity=identity if key is None else replace(identity, key=key),
        home=home,
        share=guarded or share,
        signer=keys.load_key(folder) if key is None else keys.find_key(folder, key),
        clock=clock,
        entropy=entropy,
        folder=folder,
        settings=settings,
        next_beat_ms=_announced_ms(home),
        blobs=FolderBlobs(os.path.join(folder, FOLDER)),
        glance=glance,
    )
    if guarded is not None:
        peer.foresee = guarded.foresee
    if checked:
        peer.checks = {name: partial(_look, peer, name) for name in CHECKS}
    return peer


def _look(peer: RunningPeer, name: str) -> Iterable[Trouble]:
    """Make one of the checks; most commands make none, and need not load them."""
    from peer.checks import product

    return product(peer)[name]()


def _announced_ms(home: Home) -> int:
    """The wait that my last heartbeat announced, which the next one repeats unless a tick begins.

    So a letter that is sent beside a resident, or under other settings, changes nothing of that.
    """
    data = home.state.data("beat")
    return 6 * HOUR_MS if data is None else int(canonical.decode(data)["signed"]["next_beat_ms"])
