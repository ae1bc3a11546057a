"""What a steward knows: every document of shelf and share that verifies, and what waits there.

Rules: all is read, however much it is, one file after the other (`pile`), so that nobody's crowd
keeps others from signing; what says who may sign comes first, until nothing new follows from it.
Of what waits for more signatures those who signed it crowd out only their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from peer.stewards.pile import Documents, Leaf, Pile
from peer.stewards.shelf import Shelf
from protocol.authority import (
    StewardDocument,
    joined,
    open_document,
    open_next_root,
    open_part,
)
from protocol.decision import TYPE as DECISION
from protocol.delegation import TYPE as DELEGATION
from protocol.delegation import Delegation
from protocol.errors import RuleError, ShareError, ShareUnavailableError
from protocol.order import TYPE as ORDER
from protocol.root import TYPE as ROOT
from protocol.root import Root
from protocol.ruling import CHANGES_TRUST, Ruling, ruling_of
from protocol.trust import Signed, Trust, ever, trust_of
from registry import charter
from registry.share import Share

# Of what waits, signed by the same keys so far.
waiting_max = 1_024
waiting_bytes_max = 8 * 1024 * 1024


@dataclass(slots=True)
class _Waiting:
    """What is signed by some who may and is not known as it is, put together."""

    incomplete: list[StewardDocument] = field(default_factory=list)
    ready: list[StewardDocument] = field(default_factory=list)
    crowds: set[frozenset[str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Known:
    """What a steward knows: every document that verified, and what is in force of them.

    `files`: everything that he can read, documents and parts of them. `hearsay`: halts and pauses
    that only former rights bear out, and that this steward never saw while they did: maybe peers
    obey them, so that he can lift them, but nobody may sign them again for that.
    """

    documents: Documents
    ruling: Ruling
    files: tuple[Leaf, ...]
    pile: Pile
    hearsay: frozenset[str] = frozenset()
    _joined: dict[Trust, _Waiting] = field(init=False, default_factory=dict, compare=False)

    @property
    def trust(self) -> Trust:
        """Who may sign what now."""
        return self.ruling.trust

    @property
    def parts(self) -> list[StewardDocument]:
        """Documents that too few have signed yet, each as far as it is signed."""
        return self.parts_under(self.trust)

    def parts_under(self, trust: Trust) -> list[StewardDocument]:
        """The same as `trust` would have it, which is not in force yet.

        Whoever can write the share can name his own key in a root: one that nobody of the root
        before it has signed is nobody's proposal.
        """
        return self._waiting(trust).incomplete

    @property
    def ready(self) -> list[StewardDocument]:
        """Documents whose parts are enough, and which nobody has put together yet."""
        return self._waiting(self.trust).ready

    @property
    def crowds(self) -> list[str]:
        """Who signed so much that waits that some of it is not looked at, by name."""
        found = self._waiting(self.trust).crowds
        return sorted({self.trust.name_of(key) for keys in found for key in keys})

    def newest(self, type_: str, scope: str) -> StewardDocument | None:
        """What is in force of a type and scope, or None."""
        digest = self.ruling.newest.get((type_, scope))
        return None if digest is None else self.documents[digest]

    def _waiting(self, trust: Trust) -> _Waiting:
        found = self._joined.get(trust)
        if found is None:
            found = self._joined[trust] = _waiting(self, trust)
        return found


def _waiting(known: Known, trust: Trust) -> _Waiting:
    found, many, size = _Waiting(), Counter[frozenset[str]](), Counter[frozenset[str]]()
    for part in _put_together(known, trust):
        lacks = not _whole(part, trust)
        if lacks:
            of_interest = part.type != ROOT or any(
                trust.has_right("root", "*", key) for key in part.keys
            )
        else:
            of_interest = known.documents.keys_of(part.digest) != part.keys
        if not of_interest:
            continue
        many[part.keys] += 1
        size[part.keys] += len(part.data)
        if many[part.keys] > waiting_max or size[part.keys] > waiting_bytes_max:
            if lacks:  # what is ready has its turn in the next round
                found.crowds.add(part.keys)
        else:
            (found.incomplete if lacks else found.ready).append(part)
    found.incomplete.sort(key=order_of_signing)
    found.ready.sort(key=order_of_signing)
    return found


def _put_together(known: Known, trust: Trust) -> Iterator[StewardDocument]:
    """What is signed by some who may; also what was enough under a former root."""
    sure = known.documents.files_under(trust)
    by_digest: dict[str, dict[bytes, None]] = {}
    for leaf in known.files:
        if leaf.key not in sure and (part := _part(known, leaf.key, trust)) is not None:
            by_digest.setdefault(part.digest, {})[leaf.key] = None
    for leaf in known.files:
        if leaf.key in sure and leaf.digest in by_digest:
            by_digest[leaf.digest][leaf.key] = None
    for files in by_digest.values():
        parts = [part for key in files if (part := _part(known, key, trust)) is not None]
        if len(parts) == 1:
            yield parts[0]
        elif parts:
            yield open_part(joined(parts), trust)


def _part(known: Known, file: bytes, trust: Trust) -> StewardDocument | None:
    try:
        return open_part(known.pile.read(file), trust)
    except (RuleError, ShareUnavailableError):  # a part that is complete meanwhile goes
        return None


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
    pile, paths = Pile(), iter(()) if share is None else charter.documents(share)
    own = pile.add(first.data)
    assert own is not None
    mine = {leaf.key: leaf for data in shelf.everything() if (leaf := pile.add(data)) is not None}
    others = {leaf.key: leaf for leaf in (*_read(share, paths, pile), *_given(files, pile))}
    found = Documents(pile)
    found.put(first, own, trust_of(first.digest, _root(first), first.digest))
    left = sorted(
        (leaf for leaf in {**mine, **others}.values() if leaf.trusts),
        key=lambda leaf: (leaf.rank, leaf.version, leaf.digest, leaf.key),
    )
    while True:  # once for each root, and for each delegation that hangs on another
        ruling = _ruled(found, first.digest, now_ms)
        fresh = _learn_first(found, left, ruling.trust)
        if not fresh:
            break
        left = [leaf for leaf in left if leaf.key not in fresh]
    new = sorted((leaf for leaf in others.values() if leaf.key not in mine), key=_by_claim)
    for leaf in new:
        _learn(found, leaf, ruling.trust)
    former = stages(found, ruling)
    for leaf in mine.values():
        if not _learn(found, leaf, ruling.trust):
            _recall(found, leaf, former)
    sure = found.keys() | set()
    for leaf in new:
        if leaf.stops:  # peers that saw it obey it, whatever became of who signed it
            _recall(found, leaf, former)
    ruling = _ruled(found, first.digest, now_ms)
    waiting = () if share is None else _read(share, charter.parts(share), pile)
    every = (*others.values(), *mine.values(), *waiting)
    return Known(found, ruling, every, pile, frozenset(found.keys() - sure))


def _by_claim(leaf: Leaf) -> tuple[str, bytes]:
    return leaf.digest, leaf.key


def _read(share: Share | None, paths: Iterable[str], pile: Pile) -> Iterator[Leaf]:
    """What can be read of these files and is of a known type, valid or not."""
    for path in paths:
        assert share is not None
        again: Callable[[], bytes] = partial(charter.fetch_document, share, path)
        with suppress(ShareError):
            leaf = pile.add(again(), again)
            if leaf is not None:
                yield leaf


def _given(files: Iterable[bytes], pile: Pile) -> Iterator[Leaf]:
    return (leaf for data in files if (leaf := pile.add(data)) is not None)


def _ruled(found: Documents, network: str, now_ms: int) -> Ruling:
    ruling = ruling_of(network, [one for _, one in found.held()], now_ms)
    assert ruling is not None
    return ruling


def _learn_first(found: Documents, left: Iterable[Leaf], trust: Trust) -> set[bytes]:
    """The next root; else the delegations that hold; else revocations, those of the root's first.

    Those of one kind are weighed together: neither is worth less because another was read first.
    Returns the files that are known now.
    """
    of_root = {key for one in trust.grants if not one.depth for key in one.keys}
    opened: dict[bytes, Leaf] = {}
    firm: set[bytes] = set()
    rank = None
    for leaf in left:
        if opened and leaf.rank != rank:
            break
        try:
            document = open_document(found.pile.read(leaf.key), trust)
        except RuleError:
            continue  # peers quarantine and report it; a steward only must not build on it
        rank, opened[leaf.key] = leaf.rank, leaf
        if of_root.issuperset(document.keys):
            firm.add(leaf.key)
        if document.type == ROOT:
            break
    chosen = firm or opened.keys()
    for key in chosen:
        document = open_document(found.pile.read(key), trust)
        if document.digest not in found:
            found.put(document, opened[key], trust)
    return set(chosen)


def _learn(found: Documents, leaf: Leaf, trust: Trust) -> bool:
    """Whether a document verifies under `trust`; the form with more signatures is known."""
    try:
        document = open_document(found.pile.read(leaf.key), trust)
    except RuleError:
        return False
    known = found.entry(document.digest) if document.digest in found else None
    if known is None or len(document.keys) > len(known.keys) or leaf.key == known.file:
        found.put(document, leaf, trust)
    return True


def _recall(found: Documents, leaf: Leaf, former: Iterable[Trust]) -> None:
    """Know a document by what stewards could sign once, unless one is known that holds now."""
    if leaf.digest in found:
        return
    for trust in former:
        with suppress(RuleError):
            document = open_document(found.pile.read(leaf.key), trust)
            found.put(document, leaf, trust)
            return


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


def stages(found: Documents, ruling: Ruling) -> list[Trust]:
    """What each root of the chain let its stewards do at any time, the last root first."""
    signed = [
        Signed(one.body, one.keys, one.digest)
        for one in found.of(DELEGATION)
        if isinstance(one.body, Delegation)
    ]
    network = ruling.roots[0]
    trusts = [trust_of(network, _root(found[digest]), digest) for digest in ruling.roots]
    return [ever(trust, signed) for trust in reversed(trusts)]


def _root(document: StewardDocument) -> Root:
    assert isinstance(document.body, Root)
    return document.body
