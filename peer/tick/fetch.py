"""Fetching attachments: what letters wait for, a part at a time, into the home.

Rules: nothing is read whose size is not what the letter says, and nothing is kept whose SHA-256
differs; such a file is named `damaged`, so that its author writes it anew. What is begun goes on at
the next tick where this one ended, and has its room. Every author has the same share of a tick's
bytes, and of the room that a person gives to attachments half of what the others leave: who floods,
floods himself. Where room is short, what no letter names any more goes first.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from peer.home.blobs import NEW, PART, part_name
from peer.instance import RunningPeer
from peer.tick.intake import Awaiting
from peer.tick.report import Report
from protocol.errors import HomeError, MissingError, ShareError
from registry import blobs

tick_bytes_max = 256 * 1024 * 1024
tick_ms_max = 120_000
tick_files_max = 1_000
part_bytes = 4 * 1024 * 1024
patient_ticks = 3  # a sync tool may bring a letter before its files
_MIB = 1024 * 1024


@dataclass(slots=True)
class _Turn:
    """What one author may still have in this tick, and what lies in his folder.

    `room`: bytes that he may still bring into this home, beside what is `begun`.
    """

    bytes: int
    room: int
    there: dict[str, int | None]
    begun: set[str] = field(default_factory=set)
    files: int = tick_files_max
    stuck: str | None = None

    def has_room(self, name: str, size: int) -> bool:
        """Whether there is room for a file, which is its own from now on."""
        if name not in self.begun:
            if size > self.room:
                return False
            self.room -= size
            self.begun.add(name)
        return True


@dataclass(slots=True)
class Fetched:
    """`complete` letters can be journalled now; `stuck`: files that cannot be had, by author."""

    complete: list[Awaiting] = field(default_factory=list)
    stuck: dict[str, str] = field(default_factory=dict)


def fetch(peer: RunningPeer, awaiting: list[Awaiting], report: Report) -> list[Awaiting]:
    """Fetch what letters wait for; returns the letters of which everything is here now."""
    found = Fetched()
    if awaiting:
        _fetch(peer, awaiting, report, found)
    report.fetching = len(awaiting) - len(found.complete)
    if peer.goes_on():  # else not all of them had their turn
        _tell(peer, found.stuck)
    return found.complete


def fetch_one(peer: RunningPeer, author: str, name: str, size: int) -> bool:
    """Fetch a file of `author` (a bare name) at once: whether it is what it is said to be.

    ShareError where it cannot be had.
    """
    there = blobs.sizes(peer.share, author, {name})
    if there.get(name) != size:
        raise MissingError(f"{blobs.path(author, name)} is not there as it should be; ask {author}")
    return bool(_file(peer, author, name, size, _Turn(size, size, there)))


def _fetch(peer: RunningPeer, awaiting: list[Awaiting], report: Report, found: Fetched) -> None:
    by_author: dict[str, list[Awaiting]] = {}
    for one in awaiting:
        by_author.setdefault(one.stream.author, []).append(one)
    began, authors = peer.clock.monotonic_ms(), sorted(by_author)
    first = peer.home.state.number("tick") % len(authors)
    rooms = _Rooms(peer, by_author)
    for author in authors[first:] + authors[:first]:
        letters, room = by_author[author], rooms.of(author)
        try:
            there = blobs.sizes(peer.share, peer.bare(author), _named(letters).keys())
        except ShareError as error:
            report.problems.append(f"attachments of {peer.bare(author)}: {error}")
            continue
        turn = _Turn(tick_bytes_max // len(authors), room, there, rooms.begun[author])
        for letter in letters:
            if peer.clock.monotonic_ms() - began >= tick_ms_max or not peer.goes_on():
                break
            left = turn.bytes
            why = _letter(peer, letter, turn)
            if turn.stuck is None:
                report.fetched += left - turn.bytes
            if why is None:
                found.complete.append(letter)
            else:
                report.problems.append(f"{letter.found.path} waits for its attachments: {why}")
        rooms.take(room - turn.room)
        if turn.stuck is not None:
            found.stuck[author] = turn.stuck


class _Rooms:
    """How much of a home each author has, and may still have: half of what the others leave him.

    What is begun counts as whole, as its letter says; what is whole as it is, whatever others say.
    """

    def __init__(self, peer: RunningPeer, letters: Mapping[str, Iterable[Awaiting]]) -> None:
        self._limit = peer.settings.letters.attachments_mb * _MIB
        self._named = {author: _named(some) for author, some in letters.items()}
        self._parts = {
            author: {part_name(name, peer.bare(author)): name for name in files}
            for author, files in self._named.items()
        }
        here = peer.blobs.sizes()
        self._count(peer, here)
        if any(self._lacks(author) for author in letters):
            parts = [part for some in self._parts.values() for part in some]
            names = [name for files in self._named.values() for name in files]
            with peer.home.transaction(durable=False):
                drop_orphans(peer, here, {*parts, *names})
            self._count(peer, peer.blobs.sizes())

    def _count(self, peer: RunningPeer, here: Mapping[str, int]) -> None:
        mine = peer.home.attachments.mine(here)
        theirs = {name: size for name, size in here.items() if name not in mine}
        received = peer.home.attachments.received()
        self.begun: dict[str, set[str]] = {}
        self._used: dict[str, int] = {}
        self._all = sum(theirs.values())
        for author, parts in self._parts.items():
            files = self._named[author]
            begun = {name for part, name in parts.items() if part in here}
            to_come = sum(files[name] for name in begun)
            self._all += to_come - sum(here.get(part, 0) for part in parts)
            whole = sum(theirs.get(name, 0) for name in files)
            self.begun[author], self._used[author] = (
                begun,
                received.get(author, 0) + whole + to_come,
            )

    def _lacks(self, author: str) -> bool:
        files, begun = self._named[author], self.begun[author]
        return sum(size for name, size in files.items() if name not in begun) > self.of(author)

    def of(self, author: str) -> int:
        """What an author may still bring."""
        mine = self._used[author]
        return (self._limit - max(self._all - mine, 0)) // 2 - mine

    def take(self, count: int) -> None:
        """So many bytes are promised to somebody."""
        self._all += count


def _named(letters: Iterable[Awaiting]) -> dict[str, int]:
    return {name: size for letter in letters for name, size in letter.files}


def drop_orphans(
    peer: RunningPeer, here: Iterable[str], awaited: Container[str] = (), days: int = 0
) -> None:
    """Of the files `here`, let go of what no letter names, of those `awaited` neither.

    They were noted so many days ago (`orphan:`), at an earlier look at least: a command that sends
    one has it here first. It looks for it in its own transaction, so that a file cannot go in
    between. Inside a transaction.
    """
    state = peer.home.state
    day, known = state.days_lived, set(state.flags("orphan:"))
    orphans = {name for name in here if name not in awaited}
    orphans -= peer.home.attachments.wanted() if orphans else set()
    for name in known - orphans:
        state.forget(f"orphan:{name}")
    state.put_all({f"orphan:{name}": day for name in orphans - known})
    for name in sorted(orphans):
        if days == 0 and name.endswith(NEW):
            continue  # a command may just write it
        at_once = days == 0 and name.endswith(PART)  # nobody sends what is not whole
        if at_once or (name in known and day - state.number(f"orphan:{name}") >= days):
            with suppress(HomeError):  # it stays, and is tried again
                peer.blobs.drop(name)


def _letter(peer: RunningPeer, letter: Awaiting, turn: _Turn) -> str | None:
    """Fetch the files of one letter, up to the first that cannot be had; why it waits on."""
    author = peer.bare(letter.stream.author)
    for name, size in letter.files:
        here = peer.blobs.size(name)
        if here == size:
            continue
        found = turn.there.get(name) if here is None else here
        if found is None or turn.files <= 0:
            turn.stuck = turn.stuck or "they are not on the share"
            return f"{name[:8]} is not on the share yet"
        if found != size:
            turn.stuck = f"{name[:8]} has another size than the letter says"
            return turn.stuck
        if not turn.has_room(name, size):
            limit = peer.settings.letters.attachments_mb
            turn.stuck = (
                f"this home has room for {limit} MiB of attachments, and an author has"
                " half of what the others leave"
            )
            return turn.stuck
        turn.files -= 1
        try:
            whole = _file(peer, author, name, size, turn)
        except ShareError as error:
            return str(error)
        except HomeError as error:
            turn.stuck = str(error)
            return turn.stuck
        if whole is None:
            return f"{name[:8]} goes on at the next tick"
        if not whole:
            _damaged(peer, letter)
            turn.stuck = f"{name[:8]} is damaged on the share; its author is told"
            return turn.stuck
    return None


def _file(peer: RunningPeer, author: str, name: str, size: int, turn: _Turn) -> bool | None:
    """Go on with one file: whether it is sound; None: there is more to come."""
    part = peer.blobs.begin(name, author)
    try:
        if part.size <= size:
            for data in _parts(peer, author, name, range(part.size, size), turn):
                part.add(data)
        if part.size < size:
            return None if turn.bytes <= 0 or not peer.goes_on() else part.finish()
        return part.finish()
    finally:
        part.pause()


def _parts(peer: RunningPeer, author: str, name: str, where: range, turn: _Turn) -> Iterator[bytes]:
    at = where.start
    while at < where.stop and turn.bytes > 0 and peer.goes_on():
        count = min(part_bytes, where.stop - at)
        data = peer.share.read_part(blobs.path(author, name), at, count)
        if not data:
            return  # replaced meanwhile: what is here is judged by its hash
        at += len(data)
        turn.bytes -= len(data)
        peer.progress(at // _MIB, where.stop // _MIB, "MiB of an attachment read")
        yield data


def _damaged(peer: RunningPeer, letter: Awaiting) -> None:
    """My receipt tells the author that files of this page are not what the page says."""
    name, journal, author = letter.found.name, peer.home.journal, letter.stream.author
    with peer.home.transaction():
        journal.open_stream(letter.stream, over=letter.over)
        journal.set_damaged(author, name.epoch8, letter.stream.audience, name.seq, True)
        journal.owe_receipt(author)  # also again: the author writes anew only what he hears of


def _tell(peer: RunningPeer, stuck: dict[str, str]) -> None:
    """Who waits for long is told to a person, until it comes."""
    state, now = peer.home.state, peer.clock.wall_ms()
    known = state.flags("stuck:")
    if not stuck and not known:
        return
    tick = state.number("tick")
    with peer.home.transaction(durable=False):
        for author in known:
            if author not in stuck:
                state.forget(f"stuck:{author}")
                peer.home.concerns.resolve(f"stuck:{author}", now)
        for author, why in sorted(stuck.items()):
            since = state.number(f"stuck:{author}") or tick
            state.put(f"stuck:{author}", since)
            if tick - since >= patient_ticks:
                text = f"a letter of {author} waits for its attachments: {why}"
                peer.home.concerns.open(f"stuck:{author}", "warn", text, _mend(peer, author), now)


def _mend(peer: RunningPeer, author: str) -> str:
    return (
        f"ask {peer.bare(author)} whether the files are still there; where this home lacks room,"
        " raise letters.attachments_mb (`peer config set`)"
    )
