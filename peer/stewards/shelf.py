"""What a steward's home remembers: every document its steward signed or saw in force.

A steward who forgot the newest roster would sign over it, so the base of a new version is the
newest of what the share shows and what this shelf holds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from peer.home.files import make_private_folder, read_private, write_private
from protocol import canonical
from protocol.acts import StewardBody
from protocol.authority import (
    StewardDocument,
    joined,
    open_document,
    open_next_root,
    open_part,
    open_root,
)
from protocol.decision import TYPE as DECISION
from protocol.delegation import Delegation
from protocol.errors import HomeError, RuleError, ShareError
from protocol.order import TYPE as ORDER
from protocol.root import TYPE as ROOT
from protocol.root import Root
from protocol.ruling import CHANGES_TRUST, Held, Ruling, ruling_of
from protocol.trust import STOPS, Signed, Trust, ever, trust_of
from registry import charter, layout
from registry.share import Share

_FOLDER = "documents"


class Shelf(Protocol):
    """Where a steward keeps documents."""

    def keep(self, document: StewardDocument) -> None:
        """Remember a document; again is harmless."""
        ...

    def everything(self) -> list[bytes]:
        """The bytes of every document kept."""
        ...


class _NoShelf:
    """Of whoever remembers nothing yet."""

    def keep(self, document: StewardDocument) -> None:
        """Nothing is kept."""

    def everything(self) -> list[bytes]:
        """Nothing was kept."""
        return []


NO_SHELF = _NoShelf()


class FolderShelf:
    """The shelf in a steward's directory."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.join(folder, _FOLDER)

    def keep(self, document: StewardDocument) -> None:
        """See `Shelf.keep`."""
        make_private_folder(self._folder)
        path = layout.document_path(document.type, document.number, document.digest)
        write_private(os.path.join(self._folder, path.replace("/", ".")), document.data)

    def everything(self) -> list[bytes]:
        """See `Shelf.everything`."""
        try:
            names = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return []
        except OSError as error:
            # Whoever signed without what stands here would sign over it.
            raise HomeError(
                f"{self._folder} cannot be read ({error.strerror}); check who owns it"
            ) from error
        return [
            read_private(os.path.join(self._folder, name))
            for name in names
            if name.endswith(".json")
        ]


@dataclass(frozen=True, slots=True)
class Known:
    """What a steward knows: every document that verified, and what is in force of them.

    `files`: everything that he can read, documents and parts of them. `hearsay`: halts and pauses
    that only former rights bear out, and that this steward never saw while they did: maybe peers
    obey them, so that he can lift them, but nobody may sign them again for that.
    """

    documents: dict[str, StewardDocument]
    ruling: Ruling
    files: tuple[bytes, ...]
    hearsay: frozenset[str] = frozenset()

    @property
    def trust(self) -> Trust:
        """Who may sign what now."""
        return self.ruling.trust

    @property
    def parts(self) -> tuple[StewardDocument, ...]:
        """Documents that too few have signed yet, each as far as it is signed."""
        return self.parts_under(self.trust)

    def parts_under(self, trust: Trust) -> tuple[StewardDocument, ...]:
        """The same as `trust` would have it, which is not in force yet.

        Whoever can write the share can name his own key in a root: one that nobody of the root
        before it has signed is nobody's proposal.
        """
        return tuple(
            part
            for part in _joined(self.files, trust)
            if not _whole(part, trust)
            and (part.type != ROOT or any(trust.has_right("root", "*", key) for key in part.keys))
        )

    @property
    def ready(self) -> tuple[StewardDocument, ...]:
        """Documents whose parts are enough, and which nobody has put together yet."""
        found = [part for part in _joined(self.files, self.trust) if _whole(part, self.trust)]
        return tuple(
            part
            for part in found
            if part.digest not in self.documents or self.documents[part.digest].keys != part.keys
        )

    def newest(self, type_: str, scope: str) -> StewardDocument | None:
        """What is in force of a type and scope, or None."""
        digest = self.ruling.newest.get((type_, scope))
        return None if digest is None else self.documents[digest]


def gather(
    shelf: Shelf,
    share: Share | None,
    first: StewardDocument,
    now_ms: int,
    files: Iterable[bytes] = (),
) -> Known:
    """Every valid document of the shelf, of the share and of `files`; `first`: root version 1.

    None: the share is out of reach. What the shelf holds was verified when it came there, maybe
    under a root that is over.
    """
    mine = [data for data in shelf.everything() if _type(data) is not None]
    found = {first.digest: first}
    others = [*([] if share is None else shared(share)), *files]
    left = sorted((_place(data), data) for data in {*mine, *others} if _trusts(data))
    while True:  # once for each root, and for each delegation that hangs on another
        ruling = _ruled(found.values(), first.digest, now_ms)
        fresh = _first_that_open(left, ruling.trust)
        if not fresh:
            break
        left = [one for one in left if one[1] not in fresh]
        for document in fresh.values():
            found.setdefault(document.digest, document)
    for data in sorted({*others} - {*mine}):
        _learn(found, data, ruling.trust)
    former = stages(found, ruling)
    for data in mine:
        if not _learn(found, data, ruling.trust):
            _recall(found, data, former)
    sure = found.keys() | set()
    for data in sorted({*others} - {*mine}):
        if _stops(data):  # peers that saw it obey it, whatever became of who signed it
            _recall(found, data, former)
    ruling = _ruled(found.values(), first.digest, now_ms)
    parts = [] if share is None else shared_parts(share)
    return Known(found, ruling, (*others, *mine, *parts), frozenset(found.keys() - sure))


def first_root(shelf: Shelf, network: str) -> StewardDocument:
    """Root version 1 as the shelf holds it; HomeError where it does not."""
    for data in shelf.everything():
        try:
            return open_root(data, network)
        except RuleError:
            continue
    raise HomeError("the first root is not remembered here; run the command beside the share once")


def held(documents: Iterable[StewardDocument]) -> list[Held]:
    """Documents as a ruling weighs them."""

    def one(d: StewardDocument) -> Held:
        def read() -> StewardBody:
            return d.body

        return Held(d.type, d.scope, d.number, d.digest, d.keys, read)

    return [one(document) for document in documents]


def _ruled(documents: Iterable[StewardDocument], network: str, now_ms: int) -> Ruling:
    ruling = ruling_of(network, held(documents), now_ms)
    assert ruling is not None
    return ruling


def _first_that_open(
    left: Sequence[tuple[tuple[int, int], bytes]], trust: Trust
) -> dict[bytes, StewardDocument]:
    """The next root; else the delegations that hold; else revocations, those of the root's first.

    Those of one kind are weighed together: neither is worth less because another was read first.
    """
    of_root = {key for one in trust.grants if not one.depth for key in one.keys}
    found: dict[bytes, StewardDocument] = {}
    reading = None
    for (kind, _), data in left:
        if found and kind != reading:
            break
        try:
            found[data] = open_document(data, trust)
        except RuleError:
            continue  # peers quarantine and report it; a steward only must not build on it
        reading = kind
        if found[data].type == ROOT:
            break
    return {data: one for data, one in found.items() if of_root.issuperset(one.keys)} or found


def _learn(found: dict[str, StewardDocument], data: bytes, trust: Trust) -> bool:
    """Whether a document verifies under `trust`; the form with more signatures is known."""
    try:
        document = open_document(data, trust)
    except RuleError:
        return False
    known = found.get(document.digest)
    if known is None or len(document.keys) > len(known.keys):
        found[document.digest] = document
    return True


def _recall(found: dict[str, StewardDocument], data: bytes, former: Iterable[Trust]) -> None:
    """Know a document by what stewards could sign once, unless one is known that holds now."""
    for trust in former:
        with suppress(RuleError):
            document = open_document(data, trust)
            found.setdefault(document.digest, document)
            return


def _joined(files: Iterable[bytes], trust: Trust) -> list[StewardDocument]:
    """What is signed by some who may, put together; also what was enough under a former root."""
    by_digest: dict[str, list[StewardDocument]] = {}
    for data in dict.fromkeys(files):
        try:
            part = open_part(data, trust)
        except RuleError:
            continue
        by_digest.setdefault(part.digest, []).append(part)
    found = [open_part(joined(parts), trust) for parts in by_digest.values()]
    return sorted(found, key=order_of_signing)


def _whole(part: StewardDocument, trust: Trust) -> bool:
    try:
        if part.type == ROOT:
            open_next_root(part.data, trust)
        else:
            open_document(part.data, trust)
    except RuleError:
        return False
    return True


def order_of_signing(document: StewardDocument) -> tuple[int, str, int, str]:
    """Roots first, then what says who may sign, then the rest."""
    rank = {type_: place for place, type_ in enumerate(CHANGES_TRUST)}
    last = len(rank) + (document.type in (ORDER, DECISION))
    place = rank.get(document.type, last)
    return (place, document.scope, document.number, document.digest)


def stages(found: Mapping[str, StewardDocument], ruling: Ruling) -> list[Trust]:
    """What each root of the chain let its stewards do at any time, the last root first."""
    signed = [
        Signed(one.body, one.keys, one.digest)
        for one in found.values()
        if isinstance(one.body, Delegation)
    ]
    network = ruling.roots[0]
    trusts = [trust_of(network, _root(found[digest]), digest) for digest in ruling.roots]
    return [ever(trust, signed) for trust in reversed(trusts)]


def _stops(data: bytes) -> bool:
    return _type(data) == ORDER and canonical.decode(data)["signed"].get("order") in STOPS


def _root(document: StewardDocument) -> Root:
    assert isinstance(document.body, Root)
    return document.body


def _type(data: bytes) -> str | None:
    try:
        type_ = canonical.decode(data)["signed"]["type"]
    except (RuleError, KeyError, TypeError):
        return None
    return type_ if isinstance(type_, str) else None


def _trusts(data: bytes) -> bool:
    return _type(data) in CHANGES_TRUST


def _place(data: bytes) -> tuple[int, int]:
    version = canonical.decode(data)["signed"].get("version")
    return (CHANGES_TRUST.index(_type(data) or ""), version if isinstance(version, int) else 0)


def shared(share: Share) -> list[bytes]:
    """The bytes of every document that can be read on the share, valid or not."""
    return _readable(share, charter.documents(share))


def shared_parts(share: Share) -> list[bytes]:
    """The bytes of every part of a document that can be read on the share, valid or not."""
    return _readable(share, charter.parts(share))


def _readable(share: Share, paths: Iterable[str]) -> list[bytes]:
    data = []
    for path in paths:
        try:
            data.append(charter.fetch_document(share, path))
        except ShareError:
            continue
    return data
