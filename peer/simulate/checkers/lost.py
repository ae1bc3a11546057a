"""Every letter that an honest author still holds is acted on by each honest reader, in its home.

A letter to all is for every honest member, also for whoever joined later. And what somebody sent is
in his home: after a send that ended well, and at the end still. Not demanded of letters
whose author or reader is hostile or has left, of those that a home which went back in time does not
hold any more (`sure` in the ledger), nor of those that expired or had their year.
"""

from __future__ import annotations

from peer.home import Home
from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.ledger import ALL, Letter
from peer.simulate.reading import page_file
from peer.simulate.world import World

told_max = 5


class Check(Checker):
    """Looks after each send, and once at the end."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._sending: dict[Instance, list[tuple[Home, int]]] = {}

    def before(self, instance: Instance, what: str) -> None:
        """See `Checker.before`."""
        if what == "send":
            held = (instance.home, instance.newest(1))
            self._sending.setdefault(instance, []).append(held)

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if what != "send":
            return
        home, newest = self._sending[instance].pop()
        if instance.failed is None and instance.home is home and instance.newest(1) == newest:
            self.fail(instance.name, "a send ended well, and its home holds no new letter")

    def settled(self) -> None:
        """See `Checker.settled`."""
        if self.world.quiet:  # a shortened run has no quiet phase
            self._unacted()
        for author in self.world.honest():
            held = set(self.world.held(author))
            for letter in self.world.ledger.letters.values():
                if letter.author == author.name and letter.sure and letter.id not in held:
                    if self.is_old(letter):
                        continue
                    what = f"{letter.kind} {letter.id[:8]} to {letter.to} (round {letter.round})"
                    self.fail(author.name, f"its own {what} is not in its home any more")

    def _unacted(self) -> None:
        readers = [one for one in self.world.honest() if one.on]
        authors = {one.name: one for one in readers}
        missing = [
            (letter, reader)
            for letter in self.world.ledger.letters.values()
            if letter.sure and letter.author in authors
            for reader in readers
            if reader.name != letter.author
            and letter.to in (ALL, reader.name)
            and not reader.acted[letter.id]
            and not self._expired(letter, authors[letter.author])
        ]
        if not missing:
            return
        lines = [
            f"{letter.kind} {letter.id[:8]} of {letter.author} (round {letter.round})"
            f" to {letter.to} never acted on by {reader.name}:"
            f" {self._where(letter, authors[letter.author], reader)}"
            for letter, reader in missing[:told_max]
        ]
        more = f"; and {len(missing) - told_max} more" if len(missing) > told_max else ""
        self.fail(missing[0][1].name, "; ".join(lines) + more)

    def _expired(self, letter: Letter, author: Instance) -> bool:
        row = author.home.db.one("SELECT state FROM item WHERE id = ?", letter.id)
        return self.is_old(letter) or (row is not None and row[0] == "expired")

    def _where(self, letter: Letter, author: Instance, reader: Instance) -> str:
        """How far it came: author's home, page, share, reader's journal."""
        row = author.home.db.one(
            "SELECT state, epoch, seq, audience FROM item WHERE id = ? AND mine = 1", letter.id
        )
        if row is None:
            return "not even in its author's home"
        state, epoch, seq, audience = row
        if epoch is None:
            return f"{state} in its author's home{self._stopped(author, audience)}"
        return (
            f"page {seq} of epoch {epoch[:8]} ({self._page(author, epoch, seq, audience)}),"
            f" on the share: {self._share(author, reader, letter, epoch[:8], seq)},"
            f" journal: {self._journal(author, reader, letter, epoch, seq, audience)}"
        )

    def _stopped(self, author: Instance, audience: str) -> str:
        row = author.home.db.one(
            "SELECT stopped FROM own_stream WHERE audience = ? AND stopped IS NOT NULL", audience
        )
        return "" if row is None else f", stream stopped: {row[0]}"

    def _page(self, author: Instance, epoch: str, seq: int, audience: str) -> str:
        row = author.home.db.one(
            "SELECT placed_at, covered_at, refused FROM own_page"
            " WHERE epoch = ? AND audience = ? AND seq = ?",
            *(epoch, audience, seq),
        )
        if row is None:
            return "its author does not hold it"
        words = ["placed" if row[0] else "not placed", "receipted" if row[1] else "open"]
        return " ".join([*words, f"refused by {row[2]}"] if row[2] else words)

    def _share(
        self, author: Instance, reader: Instance, letter: Letter, epoch8: str, seq: int
    ) -> str:
        to = letter.to
        found = [
            name.where
            for path in self.world.drive.files(f"peers/{reader.name}/inbox")
            | self.world.drive.files(f"peers/{author.name}/outbox")
            if (name := page_file(path)) is not None
            and (name.author, name.to, name.epoch8, name.seq) == (author.name, to, epoch8, seq)
        ]
        return " and ".join(found) or "nowhere"

    def _journal(
        self,
        author: Instance,
        reader: Instance,
        letter: Letter,
        epoch: str,
        seq: int,
        audience: str,
    ) -> str:
        db = reader.home.db
        words = []
        item = db.one("SELECT state, seq, tries FROM item WHERE id = ? AND mine = 0", letter.id)
        words.append("no item" if item is None else f"item {item[0]} at page {item[1]}")
        stream = db.one(
            "SELECT n, received, floor, frozen, over, announced FROM stream"
            " WHERE author = ? AND epoch = ? AND audience = ?",
            *(author.identity.address, epoch, audience),
        )
        if stream is None:
            return f"{words[0]}, no stream"
        held = db.one("SELECT refused FROM page WHERE stream = ? AND seq = ?", stream[0], seq)
        words.append("no page" if held is None else f"page held{f' {held[0]}' if held[0] else ''}")
        words.append(f"received to {stream[1]}")
        words += [f"frozen {stream[3]}"] if stream[3] else []
        words += ["over"] if stream[4] else []
        words += [f"announced to {stream[5]}"] if audience == ALL else []
        return ", ".join(words)
