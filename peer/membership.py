"""Joining, leaving, asking for a new key: a peer's part of membership. Admitting is a steward's."""

from __future__ import annotations

import os
from dataclasses import dataclass

from peer import inforce, keys, lock
from peer.clock import Clock, Entropy
from peer.home import Home, create_home
from peer.home.drive import check_home
from peer.home.files import make_private_folder
from peer.home.places import (
    DATABASE,
    Identity,
    directory,
    identities,
    read_identity,
    same_place,
    save_identity,
)
from peer.instance import RunningPeer
from peer.stewards.founding import Founded, create_network
from peer.stewards.gathering import gather
from peer.stewards.opening import open_marker
from peer.stewards.reading import read_marker
from peer.stewards.shelf import NO_SHELF
from peer.stewards.standing import standing
from peer.tick import own
from peer.tick.beat import beat
from peer.tick.card import CARD, place_card
from peer.wiring import open_share
from protocol import canonical, limits, names, roster
from protocol.authority import StewardDocument
from protocol.errors import (
    HomeError,
    RuleError,
    UsageError,
    WrongShareError,
)
from protocol.roster import Roster
from protocol.signing import Signer, fingerprint, same_fingerprint, show_fingerprint
from registry import charter, yard
from registry.share import Share


@dataclass(frozen=True, slots=True)
class Joined:
    """Who joined which network; `pinned`: the root's fingerprint was given, not taken on trust."""

    identity: Identity
    fingerprint: str
    root: str
    pinned: bool
    admitted: bool
    warning: str | None


def root_fingerprint(network: str) -> str:
    """A network id as people compare it: the start of the root's hash."""
    return show_fingerprint(canonical.b32(bytes.fromhex(network))[:26])


def found(
    home: str, share_path: str, cluster: str, steward: str, passphrase: bytes | None, clock: Clock,
    entropy: Entropy,
) -> Founded:  # fmt: skip
    """`create_network`, with a mailbox: a peer of the steward's name, in the same home.

    It has a key of its own, as agents have; the steward's key signs no letters.
    """
    made = create_network(
        home, share_path, cluster, steward, passphrase, clock, entropy,
        mailbox=entropy.draw(limits.seed_bytes),
    )  # fmt: skip
    join(home, share_path, steward, made.network, clock, entropy)
    return made


def join(
    home: str,
    share_path: str,
    name: str,
    root: str | None,
    clock: Clock,
    entropy: Entropy,
    seed: bytes | None = None,
) -> Joined:
    """Make an identity in the home and its folder with a card on the share; again is harmless.

    Raises UsageError for a bad name, WrongShareError where the folder is no network or the root
    has another fingerprint than `root`, ShareError where it cannot be written.
    """
    try:
        names.check_name(name)
    except RuleError as error:
        raise UsageError(f"{name!r} cannot be a name: {error.reason}") from error
    path = os.path.abspath(share_path)
    warning = check_home(home, path)
    share = open_share(path, name, entropy)
    marker = charter.fetch_marker(share)
    cluster, document = open_marker(marker, None)
    check_root(document.digest, root)
    check_pinned(home, path, document.digest, root)
    members = _check_cluster(share, document, cluster, clock)
    identity, folder = _identity(home, path, name, cluster, document.digest, entropy, seed)
    signer = keys.load_key(folder)
    stored = create_home(os.path.join(folder, DATABASE), entropy.draw)
    enter(identity, stored, share, signer, clock, keys.load_next(folder))
    stored.close()
    member = members.member(name)
    admitted = member is not None and member.state_of(signer.key) == "active"
    shown = show_fingerprint(fingerprint(signer.public))
    return Joined(
        identity, shown, root_fingerprint(document.digest), root is not None, admitted, warning
    )


def enter(
    identity: Identity,
    home: Home,
    share: Share,
    signer: Signer,
    clock: Clock,
    asked: Signer | None = None,
) -> None:
    """Pin the root in a home, and put its folder with a card on the share; again is harmless.

    `asked`: the key that it asked to change to.
    """
    marker = charter.fetch_marker(share)
    _, document = open_marker(marker, identity.network)
    with home.transaction():
        home.archive.remember(document, clock.wall_ms())
        home.state.put("marker", marker)
        home.state.forget("left")
        home.state.put("card", CARD)
    yard.make_folders(share, identity.name)
    place_card(identity, share, signer, clock, asked)


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """Who asked for a new key, and the fingerprints of both; `again`: it had asked before."""

    name: str
    former: str
    fingerprint: str
    again: bool


def rekey(peer: RunningPeer) -> Rekeyed:
    """Ask for a new key; the peer goes on under the present one until a steward admits it.

    Again is harmless, and places the card again. HumanNeededError where the peer is parked,
    ShareError where the card cannot be written: then asking again is all that is needed.
    """
    own.check_parked(peer)
    read_marker(peer)
    assert peer.folder is not None
    with lock.held(peer.folder) as mine:  # so that two at once do not ask for two keys
        if not mine:
            raise HomeError("a tick of this peer is running; try again when it has ended")
        asked = keys.load_next(peer.folder)
        again = asked is not None
        if asked is None:
            asked = keys.store_key(peer.folder, peer.entropy.draw(limits.seed_bytes), keys.NEXT)
        peer.next_signer = asked
        shown = show_fingerprint(fingerprint(asked.public))
        with peer.home.transaction():
            peer.home.concerns.open(
                "rekey",
                "human",
                f"{peer.name} asks for a new key, {shown}, and goes on under the old one",
                f"a steward: `peer admit {peer.name} --rekey --fingerprint {shown}`",
                peer.clock.wall_ms(),
            )
        place_card(peer.identity, peer.share, peer.signer, peer.clock, asked)
    return Rekeyed(peer.name, peer.fingerprint, shown, again)


def check_root(network: str, expected: str | None) -> None:
    """WrongShareError where a network's root has another fingerprint than the expected one."""
    shown = root_fingerprint(network)
    if expected is None or expected.lower() == network or same_fingerprint(expected, shown):
        return
    raise WrongShareError(
        f"this network's root is {shown}, not {expected}; check the path, and ask a steward"
    )


def check_pinned(home: str, path: str, network: str, expected: str | None) -> None:
    """A path that this home knows as another network is not trusted again on first use."""
    if expected is not None:
        return
    for _, known in identities(home, "peers", faults=[]):
        if known.network != network and same_place(known.share, path):
            raise WrongShareError(
                f"{path} was the network {root_fingerprint(known.network)} until now, and shows"
                f" the root {root_fingerprint(network)}; ask a steward, and give the right one"
                " with --root"
            )


def _check_cluster(share: Share, first: StewardDocument, cluster: str, clock: Clock) -> Roster:
    """The roster in force of the cluster that the marker names; a hint alone is not enough."""
    known = gather(NO_SHELF, share, first, clock.wall_ms())
    found = known.newest(roster.TYPE, cluster)
    if found is None:
        raise WrongShareError(
            f"no steward signed a roster of {cluster} here, though NETWORK.json names it;"
            " ask a steward"
        )
    assert isinstance(found.body, Roster)
    return inforce.without(known.trust, found.body)


def _identity(
    home: str, path: str, name: str, cluster: str, network: str, entropy: Entropy,
    seed: bytes | None,
) -> tuple[Identity, str]:  # fmt: skip
    """The identity and its directory, made if need be; an existing key is never replaced."""
    folder = directory(home, "peers", name, network)
    known = _known(folder)
    if known is not None:
        signer = keys.load_key(folder)
        if known.network != network or known.key != signer.key:
            raise HomeError(f"{folder} belongs to another network or key; use another --home")
    else:
        make_private_folder(folder)
        if os.path.exists(os.path.join(folder, "key")):
            signer = keys.load_key(folder)  # an earlier join was interrupted
        else:
            signer = keys.store_key(folder, seed or entropy.draw(32))
    identity = Identity(name=name, cluster=cluster, network=network, share=path, key=signer.key)
    save_identity(home, "peers", identity)
    return identity, folder


def _known(folder: str) -> Identity | None:
    """Who a directory belongs to; None where it is new, or lost that and kept its key."""
    if not os.path.exists(os.path.join(folder, "identity.json")):
        return None
    try:
        return read_identity(folder)
    except HomeError:
        if not os.path.exists(os.path.join(folder, "key")):
            raise
        return None


def leave(peer: RunningPeer) -> int:
    """Say goodbye in a last heartbeat; returns its seq. The home keeps everything."""
    own.check_parked(peer)
    read_marker(peer)
    # Said first, then remembered: who could not say it has not left.
    seq = beat(peer, "left", halted=standing(peer).halted)
    with peer.home.transaction():
        peer.home.state.put("left", 1)
    return seq
