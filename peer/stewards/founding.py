"""Founding a network: a steward's key, the first root, charter and roster, and last the marker."""

from __future__ import annotations

import os
from dataclasses import dataclass

from peer import keys
from peer.clock import Clock, Entropy
from peer.home.drive import check_home
from peer.home.files import make_private_folder
from peer.home.places import Identity, directory, save_identity
from peer.stewards.shelf import FolderShelf, Shelf
from peer.wiring import create_share
from protocol import authority, limits, names
from protocol.charter import Charter
from protocol.errors import MissingError, RuleError, UsageError
from protocol.marker import form_marker
from protocol.root import Role, Root, Steward
from protocol.roster import STEWARD, Member, MemberKey, Roster
from protocol.sealing import opener_of
from protocol.signing import Signer
from protocol.trust import ROLES, trust_of
from registry import charter as documents
from registry import layout
from registry.share import Share


@dataclass(frozen=True, slots=True)
class Founded:
    """A new network; `network` is the full id, 64 hex digits."""

    network: str
    cluster: str
    steward: str
    folder: str


def create_network(
    home: str,
    share_path: str,
    cluster: str,
    steward: str,
    passphrase: bytes | None,
    clock: Clock,
    entropy: Entropy,
    seed: bytes | None = None,
    *,
    mailbox: bytes | None = None,
) -> Founded:
    """Make a folder a network whose only steward's key lies in this home.

    `mailbox`: the seed of another key, an agent's, for a peer of the steward's name, which is a
    member from the beginning and still has to join (`peer.membership.found`).

    Raises UsageError for bad names, or where the folder already holds something, MissingError
    where it would lie in none.
    """
    try:
        names.check_cluster(cluster)
        names.check_name(steward)
    except RuleError as error:
        raise UsageError(f"{error.reason}; choose another name") from error
    path = os.path.abspath(share_path)
    check_home(home, path)
    if not os.path.isdir(above := os.path.dirname(path)):
        raise MissingError(
            f"there is no folder {above}, in which {os.path.basename(path)} would lie; make it, or"
            " mount the drive that belongs there"
        )
    share = create_share(path, steward, entropy)
    if found := share.names("", 1):
        what = "a network already" if found == [layout.MARKER] else "not empty"
        raise UsageError(f"{path} is {what}; name a new folder, for instance {path}/soma_network")
    seed = seed or entropy.draw(limits.seed_bytes)
    signer = Signer(seed)
    now = clock.wall_ms()
    first = authority.seal_document(first_root(steward, signer, now), "", signer)
    network = authority.open_root(first).digest
    identity = Identity(name=steward, cluster=cluster, network=network, share=path, key=signer.key)
    folder = directory(home, "stewards", steward, network)
    make_private_folder(folder)
    if passphrase is None:
        keys.store_key(folder, seed)
    else:
        keys.store_sealed_key(folder, seed, passphrase, entropy)
    save_identity(home, "stewards", identity)
    members: tuple[Member, ...] = ()
    if mailbox is not None:
        there = directory(home, "peers", steward, network)
        make_private_folder(there)
        agent = keys.store_key(there, mailbox)
        key = MemberKey(key=agent.key, sealing=opener_of(agent).key)
        members = (Member(name=steward, keys=(key,), roles=(STEWARD,)),)
    lay_out(share, FolderShelf(folder), cluster, first, signer, now, members)
    return Founded(network, cluster, steward, folder)


def first_root(steward: str, signer: Signer, at: int) -> Root:
    """Root version 1: one steward whose key has every role."""
    return Root(
        version=1,
        at=at,
        stewards=(Steward(name=steward, key=signer.key),),
        roles=tuple(Role(role=role, keys=(signer.key,)) for role in ROLES),
    )


def lay_out(
    share: Share, shelf: Shelf, cluster: str, first: bytes, signer: Signer, at: int,
    members: tuple[Member, ...] = (),
) -> None:  # fmt: skip
    """Make an empty share the network whose sealed first root this is; the marker comes last."""
    root = authority.open_root(first)
    assert isinstance(root.body, Root)
    documents.make_folders(share)
    bodies = (
        Charter(network=root.digest, version=1, at=at),
        Roster(network=root.digest, cluster=cluster, version=1, at=at, members=members),
    )
    sealed = [first] + [authority.seal_document(body, root.digest, signer) for body in bodies]
    for data in sealed:
        document = authority.open_document(data, trust_of(root.digest, root.body, root.digest))
        shelf.keep(document)
        documents.place_document(share, document)
    share.place(layout.MARKER, form_marker(cluster, first))
