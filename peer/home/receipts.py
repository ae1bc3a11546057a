"""What readers say they have received of my pages: receipts seen, and what they cover.

Rules: a page that was covered and is not any more is offered again for `OFFERED_AGAIN_DAYS`, also
where its letters' own term is over: its reader had received them, and lost them with his home. Not
here: the receipts that this identity writes itself (`journal`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from peer.home.database import Database
from peer.home.outgoing import WITHDRAWN
from protocol import canonical, wire

if TYPE_CHECKING:
    from protocol.receipt import Receipt, StreamReceipt

OFFERED_AGAIN_DAYS = 15  # at least
_AGAIN_MS = OFFERED_AGAIN_DAYS * 86_400_000


class Receipts:
    """The table `receipt`, and what it says of `own_page`. Writers are in a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def keep(self, receipt: Receipt, at: int) -> bool:
        """Take a reader's receipt; False when a further one of that epoch was seen before."""
        return bool(
            self._db.write(
                "INSERT INTO receipt VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (reader, epoch)"
                " DO UPDATE SET n = excluded.n, data = excluded.data, at = excluded.at"
                " WHERE excluded.n > n",
                *(receipt.reader, receipt.reader_epoch, receipt.n),
                canonical.encode(wire.dump(receipt)),
                at,
            )
        )

    def epochs(self, reader: str) -> list[str]:
        """The epochs of a reader that receipts were seen of."""
        rows = self._db.read("SELECT epoch FROM receipt WHERE reader = ?", reader)
        return [row[0] for row in rows]

    def bodies(self, reader: str) -> list[bytes]:
        """The bodies of the receipts of a reader that count, canonical JSON."""
        rows = self._db.read("SELECT data FROM receipt WHERE reader = ? AND over = 0", reader)
        return [row[0] for row in rows]

    def end(self, reader: str, epochs: tuple[str, ...]) -> None:
        """Receipts of these epochs of a reader count no more."""
        self._db.write_many(
            "UPDATE receipt SET over = 1 WHERE reader = ? AND epoch = ?",
            [(reader, epoch) for epoch in epochs],
        )

    def reopen(self, reader: str, lived_ms: int) -> None:
        """A reader may have lost everything: no page to it counts as received."""
        rows = self._db.read(
            "SELECT n FROM own_page WHERE audience = ? AND covered_at <> ?", reader, WITHDRAWN
        )
        self._open([row[0] for row in rows], lived_ms)

    def cover(
        self, receipt: Receipt, streams: Sequence[StreamReceipt], at: int, lived_ms: int
    ) -> int:
        """Close every page that these lines of a receipt cover; returns how many.

        `at` is the time, and `lived_ms` how long this home has lived.
        """
        covered = 0
        for stream in streams:
            rows = self._db.read(
                "SELECT n, seq FROM own_page WHERE audience = ? AND covered_at IS NULL"
                " AND epoch = ?",
                receipt.reader,
                stream.epoch,
            )
            done = [n for n, seq in rows if stream.covers(seq)]
            covered += len(done)
            # What it covered once and does not any more, its reader has lost with its home.
            beyond = self._db.read(
                "SELECT n, seq FROM own_page WHERE epoch = ? AND audience = ? AND seq > ?"
                " AND covered_at > ?",
                *(stream.epoch, receipt.reader, stream.received, WITHDRAWN),
            )
            self._open([n for n, seq in beyond if not stream.covers(seq)], lived_ms)
            self._db.write_many(
                "UPDATE own_page SET covered_at = ? WHERE n = ?", [(at, n) for n in done]
            )
            self._db.write_many(
                "UPDATE own_page SET placed_at = NULL WHERE epoch = ? AND seq = ?"
                " AND audience = ? AND covered_at IS NULL",
                [(stream.epoch, seq, stream.audience) for seq in stream.damaged],
            )
            self._db.write_many(
                "UPDATE own_page SET acted_at = ? WHERE epoch = ? AND audience = ? AND seq <= ?"
                " AND acted_at IS NULL AND covered_at IS NOT NULL",
                [(at, stream.epoch, receipt.reader, stream.acted)],
            )
            self._db.write_many(
                "UPDATE own_page SET refused = ? WHERE epoch = ? AND audience = ? AND seq = ?",
                [(r.rule, stream.epoch, receipt.reader, r.seq) for r in stream.refused],
            )
        return covered

    def doubt(self, epoch: str, lived_ms: int) -> None:
        """Open every page of an epoch whose receipt proves nothing about its content.

        Ranges above a hole carry no hash: what a reader holds there may be of another life of mine.
        Up to the head of a receipt, where that is mine, the chain proves every page.
        """
        from protocol.receipt import Receipt

        proven: dict[str, int] = {}
        for reader, data in self._db.read("SELECT reader, data FROM receipt WHERE over = 0"):
            for line in wire.trusted(Receipt, canonical.decode(data)).streams:
                if (line.epoch, line.audience) == (epoch, reader):
                    head = self._digest(epoch, reader, line.received)
                    if head == line.head:
                        proven[reader] = max(proven.get(reader, 0), line.received)
        rows = self._db.read(
            "SELECT n, audience, seq FROM own_page"
            " WHERE epoch = ? AND audience <> 'all' AND covered_at > ?",
            *(epoch, WITHDRAWN),
        )
        self._open([n for n, reader, seq in rows if seq > proven.get(reader, 0)], lived_ms)

    def _digest(self, epoch: str, reader: str, seq: int) -> str | None:
        row = self._db.one(
            "SELECT digest FROM own_page WHERE epoch = ? AND audience = ? AND seq = ?",
            *(epoch, reader, seq),
        )
        return None if row is None else str(row[0])

    def _open(self, ns: list[int], lived_ms: int) -> None:
        """These pages do not count as received any more."""
        rows = [(lived_ms + _AGAIN_MS, n) for n in ns]
        self._db.write_many(
            "UPDATE own_page SET covered_at = NULL, due_ms = max(due_ms, ?) WHERE n = ?", rows
        )
        self._db.write_many(
            "UPDATE item SET due_ms = max(due_ms, ?) WHERE due_ms IS NOT NULL AND mine = 1 AND"
            " (epoch, audience, seq) = (SELECT epoch, audience, seq FROM own_page WHERE n = ?)",
            rows,
        )
