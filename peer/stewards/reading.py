"""Reading what stewards signed: the marker and the documents on the share, and heads in heartbeats.

Rules: what verifies is remembered for good; what does not changes nothing and goes to quarantine;
what is in force and missing on the share is put back. `opening` verifies, and is imported only
where there is something new: a tick that finds nothing new pays for no validation.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from peer import inforce
from peer.home.archive import Stored
from peer.home.quarantine import BY_TRUST, unreadable
from peer.instance import DAY_MS, RunningPeer
from peer.stewards import crowds, hiding, strangers
from peer.stewards.standing import also_kept, forlorn, in_force, standing
from protocol import limits, order
from protocol.errors import (
    MissingError,
    OversizedError,
    RuleError,
    ShareDeniedError,
    ShareError,
    SpecialFileError,
)
from protocol.revocation import Revocation
from protocol.ruling import CHANGES_TRUST
from protocol.trust import Trust
from registry import charter as shelf
from registry import layout

if TYPE_CHECKING:
    from protocol.authority import StewardDocument
    from protocol.head import Head


root_warning_ms = 30 * DAY_MS
anew_looks_max = 4


def refresh(peer: RunningPeer, *, hasty: bool = False) -> list[str]:
    """Read marker and documents, unless that was done less than a second ago; returns problems.

    `hasty`: a share that does not answer within seconds counts as away (ShareUnavailableError).
    """
    if peer.saw_lately("stewards"):
        return []
    try:
        read_marker(peer, hasty=hasty)
        return read_documents(peer)
    except BaseException:  # also a death: whoever goes on must look again
        peer.looked.pop("stewards")
        raise


def read_marker(peer: RunningPeer, *, hasty: bool = False) -> None:
    """The share is the network that this home pinned, or WrongShareError."""
    look = partial(shelf.fetch_marker, peer.share)
    data = peer.glance(look) if hasty else look()
    known = peer.identity.network in peer.home.archive.digests()
    if known and data == peer.home.state.data("marker"):
        return
    from peer.stewards.opening import open_marker

    _, document = open_marker(data, peer.identity.network)
    with peer.home.transaction():
        peer.home.archive.remember(document, peer.clock.wall_ms())
        peer.home.state.put("marker", data)


def read_documents(peer: RunningPeer, heads: Iterable[Head] = ()) -> list[str]:
    """Learn every new document on the share and mend what I remember there; returns problems.

    In a flood of files that are named like documents and are none: first those that these heads
    name, and of the others so many at each look, in turn (`strangers`).
    """
    crowds.reconsider(peer)
    known = _remembered(peer)
    flood = strangers.Flood(peer, heads)
    paths = shelf.listed(peer.share, flood.names_max(known), flood.rank(known))
    problems: list[str] = []
    for _ in range(limits.delegation_depth_max):
        told, trust = [], standing(peer).trust
        now = trust
        for path in flood.chosen([path for path in paths if path not in _remembered(peer)]):
            size, said, document = _learn(peer, now, path)
            told += said
            if document is not None and _may_change(now, document):
                now = standing(peer).trust  # worked out from everything, so only where it must be
            if flood.has_read(path, size):
                break
        _look_again(peer, set(paths))
        if not crowds.reconsider(peer) and standing(peer).trust == trust:
            break  # else what was refused for who signed it may say something now
    hiding.forget(peer)
    problems += [*told, *flood.told()]
    holds = standing(peer)
    if holds.member is not None and not holds.hidden_orders:
        _put_back(peer, set(paths))
    _tell_rivals(peer)
    _tell_of_end(peer, holds.trust)
    return problems


def _remember(peer: RunningPeer, document: StewardDocument) -> None:
    """Keep it; and where it says who may sign, look again at what was refused for that (AUTH-20).

    Both or neither: who dies in between would never look again.
    """
    now = peer.clock.wall_ms()
    if isinstance(document.body, order.Order) and document.body.ms is not None:
        peer.home.state.put(f"paused:{document.digest}", peer.lived_ms)
    for digest in peer.home.archive.remember(document, now):
        peer.home.concerns.resolve(f"hidden:{digest}", now)
    if document.type in CHANGES_TRUST:
        peer.home.quarantine.reconsider(shelf.FOLDERS, BY_TRUST)


def _remembered(peer: RunningPeer) -> set[str]:
    archive = peer.home.archive
    return archive.derived(
        "paths",
        lambda: {layout.document_path(d.type, d.number, d.digest) for d in archive.everything()},
    )


def _may_change(trust: Trust, document: StewardDocument) -> bool:
    """Whether others may be worth something else once this one is known."""
    body = document.body
    if isinstance(body, Revocation):
        named = any(body.key in grant.keys for grant in trust.grants)
        return named and not trust.is_void(body.key, body.scope)
    return document.type in CHANGES_TRUST


def _learn(
    peer: RunningPeer, trust: Trust, path: str
) -> tuple[int | None, list[str], StewardDocument | None]:
    """Read a file that I do not know.

    Returns how many bytes of junk it has, None if it is none; problems; the document.
    """
    from peer.stewards.opening import open_at

    now = peer.clock.wall_ms()
    try:
        data = shelf.fetch_document(peer.share, path)
    except ShareError as error:
        rule = unreadable(error)
        if rule is not None:
            with peer.home.transaction(durable=False):
                peer.home.quarantine.add(path, b"", rule, now)
        size = limits.steward_bytes_max if isinstance(error, OversizedError) else 0
        return size, [f"{path}: {rule or error}"], None
    if peer.home.quarantine.holds(path, data):
        return len(data), [], None
    document = None
    try:
        document = open_at(data, path, trust)
        crowds.check(peer, document, trust)
    except RuleError as error:
        with peer.home.transaction(durable=False):
            tick = peer.home.state.number("tick")
            done = peer.home.quarantine.refuse(path, data, error, tick, now, None)
            if document is not None:
                crowds.note(peer, document)
        _tell_rival_root(peer, data, error)
        return len(data), [] if done is None else [f"{path}: {error}"], None
    with peer.home.transaction():
        _remember(peer, document)
    return None, [], document


def _look_again(peer: RunningPeer, present: set[str]) -> None:
    """What is by nobody who may sign it now may be signed anew, by those who may.

    Where something else is in force all the same, some in each tick, in turn: a thief whose key was
    withdrawn may have left many that nobody signs ever again.
    """
    first, others = inforce.maybe_signed_anew(peer.home, peer.identity.network)
    turn = peer.home.state.number("tick") * anew_looks_max % max(len(others), 1)
    chosen = [*others[turn:], *others[:turn]][:anew_looks_max]
    for stored in (*first, *chosen):
        path = layout.document_path(stored.type, stored.number, stored.digest)
        if path in present:
            whole = peer.home.archive.get(stored.digest)
            assert whole is not None
            _stands(peer, path, whole)


def _tell_rival_root(peer: RunningPeer, data: bytes, error: RuleError) -> None:
    """Two roots that follow one: what I follow stays, and its stewards have to know."""
    if error.rule != "ROOT-7":
        return
    from peer.stewards.opening import rival_root

    chain = inforce.ruling(peer.home, peer.identity.network).roots
    found = rival_root(data, [(digest, peer.home.archive.get(digest)) for digest in chain])
    if found is None:
        return
    with peer.home.transaction(durable=False):
        peer.home.concerns.open(
            f"rival-root:{found.digest}",
            "human",
            f"another root {found.number} ({found.digest[:8]}…) was signed by stewards of root"
            f" {found.number - 1}; the one that I saw first holds",
            "ask the stewards which one is theirs; if it is the other one, keys of theirs were"
            " stolen or they signed at once, and peers that follow different roots must join again",
            peer.clock.wall_ms(),
        )


def _put_back(peer: RunningPeer, present: set[str]) -> None:
    """Documents in force that vanished or rotted on the share are placed again, where I can."""
    left = forlorn(peer)
    for stored in in_force(peer):
        path = layout.document_path(stored.type, stored.number, stored.digest)
        try:
            if path in present and _stands(peer, path, stored):
                continue
            if stored.digest not in left:
                _place_over(peer, path, stored.data)
        except (ShareDeniedError, MissingError, SpecialFileError, OversizedError):
            continue  # somebody else can, or a person must
    for stored in also_kept(peer):
        path = layout.document_path(stored.type, stored.number, stored.digest)
        if path not in present and stored.digest not in left:
            with suppress(ShareDeniedError, MissingError, SpecialFileError):
                peer.share.place(path, stored.data)


def _place_over(peer: RunningPeer, path: str, data: bytes) -> None:
    try:
        peer.share.place(path, data)
    except SpecialFileError:
        peer.share.remove(path)  # no document is a folder
        peer.share.place(path, data)


def _stands(peer: RunningPeer, path: str, stored: Stored) -> bool:
    """Whether the document stands there, with my signatures or with others that hold as well."""
    try:
        data = shelf.fetch_document(peer.share, path)
    except (MissingError, SpecialFileError, OversizedError):
        return False
    return data == stored.data or _adopted(peer, path, stored, data)


def _adopted(peer: RunningPeer, path: str, stored: Stored, data: bytes) -> bool:
    """Other bytes in the place of a document that I hold: whether they are better than mine.

    Of two forms that verify, all keep the one with more signatures, then the lower bytes.
    """
    from peer.stewards.opening import is_sound, open_at, same_signed

    trust = standing(peer).trust
    mine = is_sound(stored.data, path, trust)
    try:
        found = open_at(data, path, trust)
    except RuleError:
        return not mine and same_signed(data, stored.data)  # neither helps anybody: no quarrel
    if found.digest != stored.digest:
        return False
    if mine and (-len(stored.keys.split()), stored.data) < (-len(found.keys), data):
        return False
    with peer.home.transaction():
        peer.home.archive.remember(found, peer.clock.wall_ms())
        if found.type in CHANGES_TRUST:  # others signed it than I knew
            peer.home.quarantine.reconsider(shelf.FOLDERS, BY_TRUST)
    return True


def _tell_rivals(peer: RunningPeer) -> None:
    for type_, scope, number, digest in peer.home.archive.rivals():
        word = type_.split("/")[1]
        newest = inforce.newest(peer.home, peer.identity.network, type_, scope)
        if newest is None or newest.number != number or newest.digest == digest:
            continue
        with peer.home.transaction(durable=False):
            peer.home.concerns.open(
                f"rivals:{type_}:{scope}:{number}",
                "human",
                f"two {word} documents of {scope} carry number {number}; the lower hash holds,"
                f" and {layout.document_path(type_, number, digest)} does not",
                "ask the stewards who signed that one, and sign its changes again",
                peer.clock.wall_ms(),
            )


def _tell_of_end(peer: RunningPeer, trust: Trust) -> None:
    """A root with an end is told of 30 days before; nothing new counts two days after it."""
    key, now = f"root-ends:{trust.digest}", peer.clock.wall_ms()
    left = None if trust.root.until is None else trust.root.until - now
    if left is None or left > root_warning_ms:
        return
    days = max(left, 0) // DAY_MS
    text = f"root {trust.root.version} ends in {days} days" if left > 0 else "the root has ended"
    with peer.home.transaction(durable=False):
        peer.home.concerns.renew(
            key,
            "human",
            f"{text}; then only halts and the next root are accepted",
            "its stewards run `peer root rotate --until 365d`",
            now,
        )
