"""What an identity knows of itself: epoch, counters, the times of its last tick.

Rules: counters only grow within an epoch, and are committed before their number is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from peer.home.database import Database
from protocol import canonical
from protocol.errors import HomeError

_DAY_MS = 24 * 3_600_000
_VALUES_MAX = 200  # from here on only what there is, is held, not what there is not


class State:
    """The table `self`: named values. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stamp = db.stamp("self")
        self._values: dict[str, Any] = {}  # what was read or written; None: there is none
        self._flags: dict[str, list[str]] = {}  # by prefix

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

    @property
    def days_lived(self) -> int:
        """How many days this home has lived; no wrong clock makes it older."""
        return self.number("lived_ms") // _DAY_MS

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
        value = self._value(name)
        return None if value is None else str(value)

    def number(self, name: str) -> int:
        """A value as a number; 0 where there is none."""
        return int(self._value(name) or 0)

    def data(self, name: str) -> bytes | None:
        """A value as bytes, or None."""
        value = self._value(name)
        return None if value is None else bytes(value)

    def some(self, *names: str) -> dict[str, str]:
        """Those of these values that there are, as text."""
        found = {name: self.text(name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def flags(self, prefix: str) -> list[str]:
        """What follows `prefix`, which ends in a colon, in the names that begin with it, ascending.

        Not to be changed.
        """
        self._catch_up()
        if prefix not in self._flags:
            rows = self._db.read(
                "SELECT substr(name, ?) FROM self WHERE name >= ? AND name < ? ORDER BY 1",
                *(len(prefix) + 1, prefix, prefix + "\x7f"),
            )
            self._flags[prefix] = [row[0] for row in rows]
        return self._flags[prefix]

    def forget(self, name: str) -> None:
        """Let go of a value."""
        self._catch_up()
        self._db.write("DELETE FROM self WHERE name = ?", name)
        self._note({name: None})

    def put(self, name: str, value: str | int | bytes) -> None:
        """Remember a value."""
        self.put_all({name: value})

    def put_all(self, values: Mapping[str, str | int | bytes]) -> None:
        """Remember values."""
        self._catch_up()
        self._db.write_many(
            "INSERT INTO self VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            list(values.items()),
        )
        self._note(values)

    def _value(self, name: str) -> Any:
        self._catch_up()
        if name in self._values:
            return self._values[name]
        row = self._db.one("SELECT value FROM self WHERE name = ?", name)
        value = None if row is None else row[0]
        if value is not None or len(self._values) < _VALUES_MAX:
            self._values[name] = value
        return value

    def _note(self, values: Mapping[str, str | int | bytes | None]) -> None:
        self._values.update(values)
        for name in values:
            self._flags.pop(name[: name.find(":") + 1], None)
        self._stamp = self._db.stamp("self")

    def _catch_up(self) -> None:
        """Forget what was read where others, or a rollback, changed it since."""
        stamp = self._db.stamp("self")
        if stamp != self._stamp:
            self._values.clear()
            self._flags.clear()
            self._stamp = stamp
