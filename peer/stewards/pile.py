"""All files that a steward's program has seen, however many and large, in bounded memory.

Rules: a file is held by its SHA-256. So many bytes stay in memory; what is beyond is read again
where it stands, and counts only if it is the same still. Of a document only what a ruling weighs is
kept; the whole is opened again when somebody asks for it. Not here: what any of it is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple

from protocol import canonical, wire
from protocol.acts import FORMS, StewardBody
from protocol.authority import StewardDocument, open_document
from protocol.errors import RuleError, ShareError, ShareUnavailableError
from protocol.order import TYPE as ORDER
from protocol.ruling import CHANGES_TRUST, Held
from protocol.trust import STOPS, Trust

# Opened documents take about six times their bytes.
held_bytes_max = 8 * 1024 * 1024
opened_bytes_max = 4 * 1024 * 1024

Again = Callable[[], bytes]


class Leaf(NamedTuple):
    """What a file claims, so that most need not be read again; nothing of it is verified.

    `rank`: of what says who may sign, by the order in which that is read; else the last one.
    """

    key: bytes
    rank: int
    version: int
    digest: str
    stops: bool
    size: int

    @property
    def trusts(self) -> bool:
        """Whether it would change who may sign."""
        return self.rank < len(CHANGES_TRUST)


class Pile:
    """The bytes of files, each once."""

    def __init__(self) -> None:
        self._held: dict[bytes, bytes] = {}
        self._again: dict[bytes, Again] = {}
        self._size = 0

    def add(self, data: bytes, again: Again | None = None) -> Leaf | None:
        """Take in a file; None where it is of no known type. `again` reads it another time."""
        leaf = _leaf(data)
        if leaf is None or leaf.key in self._held or leaf.key in self._again:
            return leaf
        if again is not None and self._size + len(data) > held_bytes_max:
            self._again[leaf.key] = again
        else:
            self._held[leaf.key] = data
            self._size += len(data)
        return leaf

    def read(self, key: bytes) -> bytes:
        """The bytes again; ShareUnavailableError where others stand there now."""
        data = self._held.get(key)
        if data is None:
            try:
                data = self._again[key]()
            except ShareError as error:
                raise ShareUnavailableError(f"{error}; it was there before, try again") from error
            if sha256(data).digest() != key:
                raise ShareUnavailableError("a document changed while it was read; try again")
        return data


def _leaf(data: bytes) -> Leaf | None:
    try:
        value = canonical.decode(data)
        signed, digest = value["signed"], value["head"]["signed"]["hash"]
        type_, version = signed["type"], signed.get("version")
    except (RuleError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(type_, str) or type_ not in FORMS:
        return None
    changes = type_ in CHANGES_TRUST
    return Leaf(
        sha256(data).digest(),
        CHANGES_TRUST.index(type_) if changes else len(CHANGES_TRUST),
        version if changes and isinstance(version, int) else 0,
        digest if isinstance(digest, str) else "",
        type_ == ORDER and signed.get("order") in STOPS,
        len(data),
    )


class Entry(NamedTuple):
    """What a ruling weighs; under `trust` the file `file` is this document."""

    type: str
    scope: str
    number: int
    keys: frozenset[str]
    file: bytes
    size: int
    trust: Trust


class Documents(Mapping[str, StewardDocument]):
    """Verified documents by their digest."""

    def __init__(self, pile: Pile) -> None:
        self.pile = pile
        self._entries: dict[str, Entry] = {}
        self._opened: dict[str, StewardDocument] = {}
        self._size = 0

    def put(self, document: StewardDocument, leaf: Leaf, trust: Trust) -> None:
        """Know a document, which the file `leaf` is under `trust`; a former form of it goes."""
        digest = document.digest
        if (former := self._opened.pop(digest, None)) is not None:
            self._size -= len(former.data)
        if self._size + len(document.data) <= opened_bytes_max:
            self._opened[digest] = document
            self._size += len(document.data)
        self._entries[digest] = Entry(
            *(document.type, document.scope, document.number, document.keys),
            *(leaf.key, leaf.size, trust),
        )

    def __getitem__(self, digest: str) -> StewardDocument:
        """ShareUnavailableError where it has to be read again, and is not there any more."""
        found = self._opened.get(digest)
        if found is None:
            entry = self._entries[digest]
            found = open_document(self.pile.read(entry.file), entry.trust)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, digest: object) -> bool:
        return digest in self._entries

    def entry(self, digest: str) -> Entry:
        """What is known of a document without opening it."""
        return self._entries[digest]

    def keys_of(self, digest: str) -> frozenset[str]:
        """Whose signatures a document carries; nobody's where it is not known."""
        found = self._entries.get(digest)
        return frozenset() if found is None else found.keys

    def files_under(self, trust: Trust) -> set[bytes]:
        """The files of documents that verified under just this trust."""
        same = {id(one.trust): one.trust for one in self._entries.values()}
        equal = {key for key, other in same.items() if other == trust}
        return {one.file for one in self._entries.values() if id(one.trust) in equal}

    def of(self, *types: str) -> Iterator[StewardDocument]:
        """Those of some types, one after the other."""
        return (self[digest] for digest, one in self._entries.items() if one.type in types)

    def held(self) -> Iterator[tuple[str, Held]]:
        """What a ruling weighs, by digest; the order is that in which they were put."""
        return ((digest, self._held(digest, one)) for digest, one in self._entries.items())

    def _held(self, digest: str, one: Entry) -> Held:
        def read() -> StewardBody:
            opened = self._opened.get(digest)
            if opened is not None:
                return opened.body
            # It was verified when it came here.
            return wire.trusted(
                FORMS[one.type], canonical.decode(self.pile.read(one.file))["signed"]
            )

        return Held(one.type, one.scope, one.number, digest, one.keys, read)
