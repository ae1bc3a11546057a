"""A new key for the same peer: which key signs now, and the change from one to the next.

Rules: a peer that asked for a new key (`peer.membership.rekey`) goes on under the old one until the
roster in force calls the new one active. Then it changes, in one transaction: the new key, a new
epoch under it, everything that no receipt covers waiting again. The database says which key that
is; the files follow. Whoever takes a number asks again in the same transaction, for another process
may have changed the key meanwhile: no stream and no epoch is ever of two keys.
"""

from __future__ import annotations

import os
from dataclasses import replace

from peer import keys, lock
from peer.home.places import read_identity, save_identity
from peer.instance import RunningPeer
from peer.lives import begin_epoch, told
from peer.stewards.standing import standing
from protocol.errors import HomeError
from protocol.signing import Signer

# All that a feed offers: what stands there is of the old key, and its heads are not said any more.
PUBLISHED_AGAIN_DAYS = 90


def keep_up(peer: RunningPeer) -> None:
    """Sign with the key that the home says, whatever process changed it."""
    key = peer.home.state.text("key")
    if key is None or key == peer.signer.key:
        return
    if peer.next_signer is not None and peer.next_signer.key == key:
        _sign_with(peer, peer.next_signer)
    elif peer.folder is not None:
        _sign_with(peer, keys.find_key(peer.folder, key))
    else:
        raise HomeError(f"the key {key[:8]}… that this peer changed to is gone")


def is_due(peer: RunningPeer) -> bool:
    """Whether the stewards made the key that I asked for a member's."""
    if peer.next_signer is None and peer.folder is not None:
        peer.next_signer = keys.load_next(peer.folder)  # asked for since this process began
    if peer.next_signer is None:
        return False
    member = standing(peer).find(peer.name)
    return member is not None and member.state_of(peer.next_signer.key) == "active"


def change(peer: RunningPeer) -> None:
    """Go on under the next key, in a new epoch; whoever calls has the lock and knows it is due."""
    assert peer.next_signer is not None
    former, signer = peer.identity, peer.next_signer
    # Of the new key nothing lies there, unless this home is a copy from before the change.
    lives = told(peer.share, former, [signer.key])
    begin_epoch(
        peer.home, lives, peer.clock, peer.entropy,
        key=signer.key, published_days=PUBLISHED_AGAIN_DAYS,
    )  # fmt: skip
    _sign_with(peer, signer)


def change_alone(peer: RunningPeer) -> bool:
    """The same outside a tick: whether it could be done; where a tick runs, that one does it."""
    with lock.held(peer.folder) as mine:
        if mine:
            keep_up(peer)
            if is_due(peer):
                change(peer)
        return standing(peer).member is not None


def settle(peer: RunningPeer) -> None:
    """Let the files of the home follow what the database says; whoever calls has the lock."""
    if not peer.home.state.number("unsettled"):
        return
    if peer.folder is not None:
        keys.settle_next(peer.folder, peer.signer.key)
        known = read_identity(peer.folder)  # its share may be another than this process uses
        home = os.path.dirname(os.path.dirname(peer.folder))
        save_identity(home, "peers", replace(known, key=peer.signer.key))
    with peer.home.transaction():
        peer.home.state.forget("unsettled")


def _sign_with(peer: RunningPeer, signer: Signer) -> None:
    peer.signer, peer.next_signer = signer, None
    peer.identity = replace(peer.identity, key=signer.key)
    peer.home.archive.derive_again()
