"""Reading what stewards signed: the marker and the documents on the share, and heads in heartbeats.

Rules: what verifies is remembered for good; what does not changes nothing and goes to quarantine;
what is in force and missing on the share is put back. `opening` verifies, and is imported only
where there is something new: a tick that finds nothing new pays for no validation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from peer.home.archive import Stored
from peer.home.quarantine import unreadable
from peer.instance import RunningPeer
from peer.stewards import strangers
from peer.stewards.standing import in_force, standing
from protocol import limits, order
from protocol.errors import (
    MissingError,
    OversizedError,
    RuleError,
    ShareDeniedError,
    ShareError,
    SpecialFileError,
)
from protocol.trust import Trust
from registry import charter as shelf
from registry import layout

if TYPE_CHECKING:
    from protocol.head import Head


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
    known = _remembered(peer)
    flood = strangers.Flood(peer, heads)
    paths = shelf.listed(peer.share, flood.names_max(known), flood.rank(known))
    trust = standing(peer).trust
    problems: list[str] = []
    for path in flood.chosen([path for path in paths if path not in known]):
        size, told = _learn(peer, trust, path)
        problems += told
        if flood.has_read(path, size):
            break
    problems += flood.told()
    now = standing(peer)
    if now.member is not None and not now.hidden_orders:
        _put_back(peer, set(paths))
    _tell_rivals(peer)
    return problems


def _remembered(peer: RunningPeer) -> set[str]:
    archive = peer.home.archive
    return archive.derived(
        "paths", lambda: {layout.document_path(*document) for document in archive.everything()}
    )


def _learn(peer: RunningPeer, trust: Trust, path: str) -> tuple[int | None, list[str]]:
    """Read a file that I do not know: (how many bytes of junk, None if it is none; problems)."""
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
        return size, [f"{path}: {rule or error}"]
    if peer.home.quarantine.holds(path, data):
        return len(data), []
    try:
        document = open_at(data, path, trust)
    except RuleError as error:
        with peer.home.transaction(durable=False):
            tick = peer.home.state.number("tick")
            done = peer.home.quarantine.refuse(path, data, error, tick, now, None)
        return len(data), [] if done is None else [f"{path}: {error}"]
    with peer.home.transaction():
        for digest in peer.home.archive.remember(document, now):
            peer.home.concerns.resolve(f"hidden:{digest}", now)
    return None, []


def _put_back(peer: RunningPeer, present: set[str]) -> None:
    """Documents in force that vanished or rotted on the share are placed again, where I can."""
    for stored in in_force(peer):
        path = layout.document_path(stored.type, stored.number, stored.digest)
        try:
            if path in present and _stands(peer, path, stored):
                continue
            _place_over(peer, path, stored.data)
        except (ShareDeniedError, MissingError, SpecialFileError, OversizedError):
            continue  # somebody else can, or a person must


def _place_over(peer: RunningPeer, path: str, data: bytes) -> None:
    try:
        peer.share.place(path, data)
    except SpecialFileError:
        peer.share.remove(path)  # no document is a folder
        peer.share.place(path, data)


def _stands(peer: RunningPeer, path: str, stored: Stored) -> bool:
    try:
        return shelf.fetch_document(peer.share, path) == stored.data
    except (MissingError, SpecialFileError, OversizedError):
        return False


def _tell_rivals(peer: RunningPeer) -> None:
    for type_, scope, number in peer.home.archive.rivals():
        word = type_.split("/")[1]
        with peer.home.transaction(durable=False):
            peer.home.concerns.open(
                f"rivals:{type_}:{scope}:{number}",
                "human",
                f"two {word} documents of {scope} carry number {number}; the lower hash holds",
                "ask the stewards who signed the other one, and sign its changes again",
                peer.clock.wall_ms(),
            )


_signed, _hash = itemgetter("signed"), itemgetter("hash")


def hear_heads(peer: RunningPeer, heads: Sequence[dict[str, Any]]) -> list[Head]:
    """The heads among these that a steward signed for a document which I do not hold."""
    known = peer.home.archive.digests()
    with suppress(KeyError, TypeError):  # the usual case at one go: nothing that I do not hold
        if known.issuperset(map(_hash, map(_signed, heads))):
            return []
    unknown: dict[str, Head] = {}
    for value in heads:
        try:
            digest = value["signed"]["hash"]
            if digest in known or digest in unknown:
                continue
            head = _open_head(peer, value)
        except (RuleError, KeyError, TypeError):
            continue  # a peer's unsigned claim proves nothing
        if not _superseded(peer, head):
            unknown[head.hash] = head
    return list(unknown.values())


def _open_head(peer: RunningPeer, value: dict[str, Any]) -> Head:
    from peer.stewards.opening import open_head

    return open_head(value, standing(peer).trust)


def _superseded(peer: RunningPeer, head: Head) -> bool:
    if head.of == order.TYPE:
        return False
    mine = peer.home.archive.newest(head.of, head.scope)
    return mine is not None and mine.number >= head.number


def hide(peer: RunningPeer, heads: list[Head]) -> list[str]:
    """Signed heads name what neither home nor share holds: somebody hides it. Returns problems."""
    problems = []
    now = peer.clock.wall_ms()
    with peer.home.transaction():
        for head in heads:
            peer.home.archive.hide(head, b"", now)
            word = head.of.split("/")[1]
            text = f"a {word} for {head.scope} that a steward signed is missing on the share"
            peer.home.concerns.open(
                f"hidden:{head.hash}",
                "human",
                text,
                "ask the steward to place it again, and see who can write the share",
                now,
            )
            problems.append(text)
    return problems
