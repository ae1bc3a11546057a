"""What was promised and what became of it, written down outside the product.

A letter is promised once it stands in its author's home, and taken back only when that home goes
back to an older backup without it. Who acted is counted for each home, as effects live there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from peer.simulate.instance import Instance

ALL = "all"


@dataclass(slots=True)
class Letter:
    """An item that a peer wrote; names are bare. `sure`: its author's home still holds it."""

    id: str
    author: str
    to: str
    kind: str
    auto: bool
    round: int
    readers: tuple[str, ...]  # who they were when it was written
    sure: bool = True


@dataclass(slots=True)
class Ledger:
    """Letters by id, who has acted on which (and in which round), and what stewards signed."""

    letters: dict[str, Letter] = field(default_factory=dict)
    acted: dict[tuple[str, str], int] = field(default_factory=dict)
    signed: dict[str, bytes] = field(default_factory=dict)  # by digest
    waiting: set[tuple[str, str]] = field(default_factory=set)  # (reader, id) that is still to come
    promised: int = 0
    taken_back: int = 0
    waits: list[int] = field(default_factory=list)

    def collect(
        self, instance: Instance, active: Callable[[], list[Instance]], round_: int
    ) -> list[tuple[str, str]]:
        """What is new in a home: its own letters are promised; (id, author) of those of others."""
        if not instance.news("ledger", "item"):
            return []
        rows = instance.home.db.read(
            "SELECT n, id, audience, kind, auto FROM item WHERE mine = 1 AND n > ? ORDER BY n",
            instance.own_seen,
        )
        for n, id_, audience, kind, auto in rows:
            instance.own_seen = n
            to = ALL if audience == ALL else audience.partition("@")[0]
            readers = (
                tuple(o.name for o in active() if o.name != instance.name) if to == ALL else (to,)
            )
            self.promise(Letter(id_, instance.name, to, kind, bool(auto), round_, readers))
        rows = instance.home.db.read(
            "SELECT n, id, author FROM item WHERE mine = 0 AND n > ? ORDER BY n",
            instance.others_seen,
        )
        if rows:
            instance.others_seen = rows[-1][0]
        return [(row[1], row[2]) for row in rows]

    def promise(self, letter: Letter) -> None:
        """An author's home holds one more letter."""
        if letter.id not in self.letters:
            self.letters[letter.id] = letter
            self.promised += len(letter.readers)
            pairs = {(reader, letter.id) for reader in letter.readers}
            self.waiting |= pairs - self.acted.keys()

    def act(self, reader: str, id_: str, round_: int) -> None:
        """A reader's home holds the effects of a letter; the first time counts for the waits."""
        if (reader, id_) in self.acted:
            return
        self.acted[reader, id_] = round_
        self.waiting.discard((reader, id_))
        letter = self.letters.get(id_)
        # Who acts while its author still sends did not wait.
        self.waits.append(0 if letter is None else round_ - letter.round)

    def take_back(self, author: str, held: Iterable[str], *, automatic: bool = False) -> int:
        """A home went back in time: what it does not hold is promised no more.

        `automatic`: only what it answers by itself, and will again; what was sent stays promised.
        """
        kept = set(held)
        lost = [
            letter
            for letter in self.letters.values()
            if letter.author == author and letter.id not in kept and (letter.auto or not automatic)
        ]
        for letter in lost:
            self._forgo(letter)
        return len(lost)

    def give_up(self, reader: str) -> None:
        """What was written to a reader so far need not reach it: it is hostile, or another one."""
        for letter in self.letters.values():
            if letter.to == reader:
                self._forgo(letter)
        self._stop_waiting({pair for pair in self.waiting if pair[0] == reader})

    def forgo(self, id_: str) -> None:
        """A steward said no to a letter, or nobody answered in time: it need not arrive."""
        if (letter := self.letters.get(id_)) is not None:
            self._forgo(letter)

    def _forgo(self, letter: Letter) -> None:
        letter.sure = False
        self._stop_waiting({(reader, letter.id) for reader in letter.readers} & self.waiting)

    def _stop_waiting(self, pairs: set[tuple[str, str]]) -> None:
        self.taken_back += len(pairs)
        self.waiting -= pairs
