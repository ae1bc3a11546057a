"""Steward documents that verified once: what is in force lives here, not on the share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from peer.home.database import Database, Stamp

if TYPE_CHECKING:
    from protocol.authority import StewardDocument
    from protocol.head import Head

T = TypeVar("T")


class Stored(NamedTuple):
    """A document as it was verified: `data` are the bytes of its file, `keys` sign it."""

    digest: str
    type: str
    scope: str
    number: int
    data: bytes
    keys: str = ""  # joined by blanks


class Archive:
    """The tables `document` and `hidden`. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._derived: dict[str, tuple[Stamp, Any]] = {}

    def derived(self, name: str, work: Callable[[], T]) -> T:
        """What `work` makes of these tables, made again only where they changed."""
        stamp = self._db.stamp("document", "hidden")
        found = self._derived.get(name)
        if found is None or found[0] != stamp:
            found = self._derived[name] = (stamp, work())
        made: T = found[1]
        return made

    def derive_again(self) -> None:
        """What was derived rests on something else than these tables, and that changed."""
        self._derived.clear()

    def remember(self, document: StewardDocument, at: int) -> list[str]:
        """Keep a verified document for good; returns the digests that are hidden no more.

        One that is known is kept with the signatures that it carries now.
        """
        self._db.write(
            "INSERT INTO document (digest, type, scope, number, data, at, keys)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (digest) DO UPDATE SET data = excluded.data, keys = excluded.keys",
            *(document.digest, document.type, document.scope, document.number, document.data, at),
            " ".join(sorted(document.keys)),
        )
        found = (
            " FROM hidden WHERE digest = ?1"
            " OR (type = ?2 AND scope = ?3 AND number > 0 AND number <= ?4)"
        )
        values = (document.digest, document.type, document.scope, document.number)
        digests = [row[0] for row in self._db.read(f"SELECT digest{found}", *values)]
        self._db.write(f"DELETE{found}", *values)
        return digests

    def all(self, type_: str) -> list[Stored]:
        """Documents of a type, newest number first, then lowest digest."""
        rows = self._db.read(
            "SELECT digest, type, scope, number, data, keys FROM document WHERE type = ?"
            " ORDER BY number DESC, digest",
            type_,
        )
        return [Stored(*row) for row in rows]

    def everything(self) -> list[Stored]:
        """Everything remembered, but for the bytes."""
        rows = self._db.read("SELECT digest, type, scope, number, x'', keys FROM document")
        return [Stored(*row) for row in rows]

    def signed(self, types: Iterable[str]) -> list[tuple[str, int]]:
        """(keys, bytes) of every document of these types."""
        listed = ", ".join(f"'{type_}'" for type_ in types)
        rows = self._db.read(f"SELECT keys, length(data) FROM document WHERE type IN ({listed})")
        return [(row[0], row[1]) for row in rows]

    def get(self, digest: str) -> Stored | None:
        """One document by its digest."""
        row = self._db.one(
            "SELECT digest, type, scope, number, data, keys FROM document WHERE digest = ?", digest
        )
        return None if row is None else Stored(*row)

    def digests(self) -> set[str]:
        """The digests of everything remembered. Not to be changed."""
        return self.derived(
            "digests", lambda: {row[0] for row in self._db.read("SELECT digest FROM document")}
        )

    def rivals(self) -> list[tuple[str, str, int, str]]:
        """(type, scope, number, digest) of documents that share one number."""
        rows = self._db.held(
            "SELECT type, scope, number, digest FROM document AS one WHERE number > 0 AND EXISTS"
            " (SELECT 1 FROM document AS other WHERE other.type = one.type"
            " AND other.scope = one.scope AND other.number = one.number"
            " AND other.digest <> one.digest) ORDER BY 1, 2, 3, 4"
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def hide(self, head: Head, data: bytes, at: int) -> None:
        """A signed head names a document that is nowhere to be found."""
        self._db.write(
            "INSERT OR IGNORE INTO hidden VALUES (?, ?, ?, ?, ?, ?)",
            head.hash,
            head.of,
            head.scope,
            head.number,
            data,
            at,
        )

    def forget_hidden(self, digests: Iterable[str]) -> None:
        """These are not missed any more."""
        for digest in digests:
            self._db.write("DELETE FROM hidden WHERE digest = ?", digest)

    def hidden(self) -> list[Stored]:
        """Documents that somebody hides; `data` are the bytes of the signed head."""
        rows = self._db.held("SELECT digest, type, scope, number, data FROM hidden ORDER BY digest")
        return [Stored(*row) for row in rows]
