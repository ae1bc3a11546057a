"""A steward's own keys: becoming one more steward, unlocking a key, changing it for a new one.

Rules: a new key lies beside the present one before anybody signs for it, and takes its place once a
root is in force that names it; so a death at any point loses neither. Not here: what keys may sign.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from peer import keys
from peer.clock import Clock, Entropy
from peer.home.drive import check_home
from peer.home.files import make_private_folder
from peer.home.places import Identity, directory, identities, save_identity
from peer.membership import check_pinned, check_root
from peer.stewards.desk import Desk
from peer.stewards.opening import open_marker
from peer.stewards.shelf import FolderShelf
from peer.stewards.trusting import Change, rotate
from peer.wiring import open_share
from protocol import limits
from protocol.errors import HumanNeededError, NotFoundError, UsageError
from protocol.root import Root
from protocol.signing import Signer
from registry import charter, layout


@dataclass(frozen=True, slots=True)
class MadeSteward:
    """A steward's key that signs nothing yet; `pinned`: the root's fingerprint was given."""

    identity: Identity
    folder: str
    pinned: bool


def create_steward(
    home: str,
    share_path: str,
    name: str,
    root: str | None,
    passphrase: bytes | None,
    clock: Clock,
    entropy: Entropy,
) -> MadeSteward:
    """Make a steward's key in this home for the network of a share.

    Raises UsageError where this home has such a steward already, WrongShareError where the folder
    is no network or its root has another fingerprint than `root`.
    """
    path = os.path.abspath(share_path)
    check_home(home, path)
    share = open_share(path, name, entropy)
    cluster, first = open_marker(charter.fetch_marker(share), None)
    check_root(first.digest, root)
    check_pinned(home, path, first.digest, root)
    for _, known in identities(home, "stewards", name):
        if known.network == first.digest:
            raise UsageError(
                f"this home holds a key of the steward {name} already; `peer root rotate --new-key`"
                " changes it"
            )
    seed = entropy.draw(limits.seed_bytes)
    folder = directory(home, "stewards", name, first.digest)
    make_private_folder(folder)
    signer = store(folder, seed, passphrase, entropy)
    identity = Identity(
        name=name, cluster=cluster, network=first.digest, share=path, key=signer.key
    )
    save_identity(home, "stewards", identity)
    FolderShelf(folder).keep(first)
    return MadeSteward(identity, folder, root is not None)


def store(
    folder: str, seed: bytes, passphrase: bytes | None, entropy: Entropy, name: str = keys.KEY
) -> Signer:
    """Keep a steward's seed, sealed where there is a passphrase."""
    if passphrase is None:
        return keys.store_key(folder, seed, name)
    return keys.store_sealed_key(folder, seed, passphrase, entropy, name)


class KeyRing:
    """The keys of a steward's directory; `ask` gives his passphrase, and is asked once."""

    def __init__(self, home: str, folder: str, identity: Identity, ask: Callable[[], bytes]):
        self._home = home
        self._folder = folder
        self._identity = identity
        self._ask = ask
        self._asked: bytes | None = None
        self._loaded: dict[str, Signer] = {}

    def unlock(self) -> Signer:
        """The key that signs; HumanNeededError where the passphrase is wrong."""
        return self._load(keys.KEY)

    def next(self, entropy: Entropy) -> Signer:
        """The key that he changes to, made where there is none yet."""
        if not keys.has_next(self._folder):
            self.unlock()  # the passphrase is the right one, and seals the new key, too
            store(
                self._folder, entropy.draw(limits.seed_bytes), self._passphrase(), entropy,
                keys.NEXT,
            )  # fmt: skip
        return self._load(keys.NEXT)

    def settle(self, named: Collection[str]) -> Identity:
        """Who he is by the keys that the root in force names: his next key may be one now."""
        if not keys.has_next(self._folder):
            return self._identity
        fresh = self._load(keys.NEXT)
        if fresh.key in named:
            keys.take_next(self._folder)
            self._identity = replace(self._identity, key=fresh.key)
            save_identity(self._home, "stewards", self._identity)
            self._loaded = {keys.KEY: fresh}
        return self._identity

    def _load(self, name: str) -> Signer:
        if name not in self._loaded:
            passphrase = self._passphrase()
            self._loaded[name] = (
                keys.load_key(self._folder, name)
                if passphrase is None
                else keys.load_sealed_key(self._folder, passphrase, name)
            )
        return self._loaded[name]

    def _passphrase(self) -> bytes | None:
        if self._asked is None and keys.is_sealed(self._folder):
            self._asked = self._ask()
        return self._asked


def rotate_root(
    desk: Desk, ring: KeyRing, change: Change, disown: Collection[str], *, new_key: bool
) -> Root:
    """`trusting.rotate`, with documents by their file names, and perhaps a new key for himself.

    NotFoundError where a file that is disowned is none in charter/ or orders/.
    """
    known = desk.known()
    paths = {
        layout.document_path(d.type, d.number, d.digest).rpartition("/")[2]: d.digest
        for d in known.documents.values()
    }
    names = [path.rpartition("/")[2] for path in disown]
    if unknown := [name for name in names if name not in paths]:
        raise NotFoundError(f"no document {unknown[0]} that verifies; see charter/ and orders/")
    fresh = None
    if new_key:
        if desk.identity.name not in {one.name for one in known.trust.root.stewards}:
            raise HumanNeededError(
                "the root does not name you; who delegated to you has to name another key"
            )
        fresh = ring.next(desk.entropy)
        change = replace(change, add={**change.add, desk.identity.name: fresh.key})
    body = rotate(desk, change, fresh, {paths[name] for name in names})
    ring.settle([steward.key for steward in body.stewards])
    return body
