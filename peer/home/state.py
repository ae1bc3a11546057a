"""What an identity knows of itself: epoch, counters, the times of its last tick.

Rules: counters only grow within an epoch, and are committed before their number is signed.
"""

from __future__ import annotations

from collections.abc import Callable

from peer.home.database import Database
from protocol import canonical
from protocol.errors import HomeError


class State:
    """The table `self`: named values. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @property
    def epoch(self) -> str:
        """The epoch of this database."""
        epoch = self.text("epoch")
        if epoch is None:
            raise HomeError("this home has lost its epoch; run `peer repair`")
        return epoch

    @property
    def earlier_epochs(self) -> tuple[str, ...]:
        """Epochs of this identity that are over, oldest first."""
        return tuple((self.text("earlier_epochs") or "").split())

    def begin_epoch(self, draw: Callable[[int], bytes], earlier: tuple[str, ...] = ()) -> str:
        """Start an epoch; the current one and `earlier` are over from now on."""
        over = [*earlier, *self.earlier_epochs]
        if (current := self.text("epoch")) is not None:
            over.append(current)
        epoch = canonical.b32(draw(16))
        self.put("epoch", epoch)
        self.put("earlier_epochs", " ".join(dict.fromkeys(over)))
        self.put("beat_seq", 0)
        return epoch

    def text(self, name: str) -> str | None:
        """A value as text, or None."""
        row = self._db.one("SELECT value FROM self WHERE name = ?", name)
        return None if row is None else str(row[0])

    def number(self, name: str) -> int:
        """A value as a number; 0 where there is none."""
        row = self._db.one("SELECT value FROM self WHERE name = ?", name)
        return 0 if row is None else int(row[0])

    def data(self, name: str) -> bytes | None:
        """A value as bytes, or None."""
        row = self._db.one("SELECT value FROM self WHERE name = ?", name)
        return None if row is None else bytes(row[0])

    def some(self, *names: str) -> dict[str, str]:
        """Those of these values that there are, as text."""
        marks = ", ".join("?" * len(names))
        rows = self._db.read(f"SELECT name, value FROM self WHERE name IN ({marks})", *names)
        return {name: str(value) for name, value in rows}

    def flags(self, prefix: str) -> list[str]:
        """What follows `prefix` in the names that begin with it, ascending."""
        rows = self._db.read(
            "SELECT substr(name, ?) FROM self WHERE name >= ? AND name < ? ORDER BY 1",
            *(len(prefix) + 1, prefix, prefix + "\x7f"),
        )
        return [row[0] for row in rows]

    def forget(self, name: str) -> None:
        """Let go of a value."""
        self._db.write("DELETE FROM self WHERE name = ?", name)

    def put(self, name: str, value: str | int | bytes) -> None:
        """Remember a value."""
        self._db.write(
            "INSERT INTO self VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value,
        )

    def next(self, name: str) -> int:
        """The next number of a counter, taken."""
        number = self.number(name) + 1
        self.put(name, number)
        return number
