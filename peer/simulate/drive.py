"""The simulated drive: what really lies on the share, and what each machine sees of it.

`Drive` is the truth, a `MemoryShare`. A `View` is the share as one machine has it mounted: it may
see a change late, keep a replaced file or a missing name in a cache, be cut off with some others
(then they share a copy of their own until the sides are joined again), or be in any other trouble.
Every call of a view is a step at which its machine may die or something else may happen first.

Rules: a peer only ever touches its view. Faults act on the drive and on views, never on peers'
homes. Time is the world's. The port's rules (`registry.share`) hold, but for what a fault changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from peer.simulate.chance import Chance
from peer.simulate.trees import conflict_name, copy_tree, dig, make_folders, peek, walk
from peer.simulate.troubles import Troubles
from protocol.errors import (
    MissingError,
    OversizedError,
    ShareError,
    SpecialFileError,
)
from registry.memory import MemoryShare, Node
from registry.share import Entry, Rank, is_listed, read_each, smallest

past_max = 400
HEARTBEAT = "heartbeat.json"
call_ms = 3
_all = 1 << 30

# What is about to happen in a call: ("before" | "after", operation, path, data to be placed).
Step = Callable[[str, str, str, bytes], None]


class Late(NamedTuple):
    """What a machine still sees at a path: an old node (None: nothing), until when, and where."""

    node: Node
    until_ms: int
    listed: bool  # listings show it so
    read: bool  # reads show it so


@dataclass(frozen=True, slots=True)
class Lag:
    """How a machine sees the changes that others make: each up to `ms_max` late.

    `new`: names that were not there; `replaced`: contents, and removals. `listed`, `read`: by which
    calls the old state is seen.
    """

    ms_max: int
    new: bool
    replaced: bool
    listed: bool
    read: bool


# How the drive of a scenario shows changes to other machines, when nothing is wrong.
DRIVES: dict[str, tuple[Lag, ...]] = {
    "direct": (),
    "synced": (Lag(ms_max=600_000, new=True, replaced=True, listed=True, read=True),),
    "cached": (
        Lag(ms_max=30_000, new=False, replaced=True, listed=False, read=True),
        Lag(ms_max=30_000, new=True, replaced=False, listed=False, read=True),
    ),
}


class Drive:
    """What really lies there; `past` are contents that were replaced or removed, newest last."""

    def __init__(self, now: Callable[[], int], spend: Callable[[int], None]) -> None:
        self.store = MemoryShare()
        self.now = now
        self.spend = spend
        self.changes = 0
        self.views: dict[str, View] = {}
        self.past: list[tuple[str, bytes]] = []
        self.sides: list[MemoryShare] = []
        self._cut: dict[str, bytes] = {}

    def mount(self, who: str, chance: Chance) -> View:
        """The share as one more machine sees it: with every trouble and lag that all have."""
        view = View(self, who, chance)
        all_ = [*self.views.values()]
        for first in all_[:1]:
            had = first.troubles.items()
            view.troubles.update(
                {k: t for k, t in had if all(v.troubles.get(k) is t for v in all_)}
            )
            view.lags = [lag for lag in first.lags if all(lag in v.lags for v in all_)]
        self.views[who] = view
        return view

    def changed(self, view: View | None, store: MemoryShare, path: str, before: Node) -> None:
        """Somebody changed a path: who is slow still sees what was there before."""
        self.changes += 1
        if isinstance(before, bytes):
            self.past.append((path, before))
            if len(self.past) > past_max:
                del self.past[: past_max // 4]
        for other in self.views.values():
            if other.lags and other is not view and other.store is store:
                other.miss(path, before)

    def put(self, path: str, data: bytes) -> None:
        """Somebody or something other than a peer writes a file; its folder is made."""
        before = peek(self.store, path)
        folder, _, name = path.rpartition("/")
        dig(self.store, folder)[name] = data
        self.changed(None, self.store, path, before)

    def take(self, path: str) -> None:
        """Somebody or something other than a peer removes what stands at a path, if it does."""
        before = peek(self.store, path)
        folder, _, name = path.rpartition("/")
        try:
            del self.store.nodes(folder)[name]
        except (KeyError, ShareError):
            return
        self.changed(None, self.store, path, before)

    def files(self, below: str = "") -> dict[str, bytes]:
        """Every regular file below a folder, by path."""
        return dict(walk(self.store, below))

    # ---------------------------------------------------------------------------- sides

    def split(self, away: Sequence[str]) -> None:
        """Cut some machines off, together: what they write and see is their own from now on."""
        if self.sides:
            return
        side = MemoryShare()
        copy_tree(self.store, side)
        self._cut = self.files()
        self.sides = [side]
        for who in away:
            self.views[who].store = side

    def join_sides(self, chance: Chance) -> None:
        """Bring the sides together as tools that synchronise folders do."""
        for side in self.sides:
            self._merge(side, chance)
        self.sides = []
        for view in self.views.values():
            view.store = self.store

    def _merge(self, side: MemoryShare, chance: Chance) -> None:
        there, here, cut = dict(walk(side, "")), self.files(), self._cut
        make_folders(side, self.store)
        for path in sorted(there.keys() | cut.keys()):
            theirs, ours, common = there.get(path), here.get(path), cut.get(path)
            if theirs in (common, ours):
                continue
            if theirs is None:
                if ours == common:  # deleted there, untouched here; else modification wins
                    self.take(path)
            elif "/" in path and not isinstance(peek(self.store, path.rpartition("/")[0]), dict):
                continue  # a file stands here where a folder stands there
            elif ours is None or ours == common:
                self.put(path, theirs)
            else:
                winner, loser = (theirs, ours) if chance.hits(500) else (ours, theirs)
                self.put(path, winner)
                self.put(conflict_name(path, chance), loser)


class View:
    """The share as one machine sees it; a `Share`."""

    def __init__(self, drive: Drive, who: str, chance: Chance) -> None:
        self.drive = drive
        self.who = who
        self.store = drive.store
        self.lags: list[Lag] = []
        self.troubles = Troubles()
        self.step: Step | None = None
        self.skip: Callable[[int], bool] | None = None  # so many steps at one go
        self.wrote: Callable[[str, bytes], None] | None = None
        self.calls = self.read_bytes = self.written_bytes = 0
        self._chance = chance
        self._late: dict[str, dict[str, Late]] = {}

    # ---------------------------------------------------------------------------- the port

    def read(self, path: str, bytes_max: int) -> bytes:
        """See `Share`."""
        self._begin("read", path)
        late = self._late_at(path) if self._late else None
        if late is None or not late.read:
            data = self.store.read(path, bytes_max)
        elif isinstance(late.node, bytes):
            data = late.node
            if len(data) > bytes_max:
                raise OversizedError(f"{path}: more than {bytes_max} bytes")
        elif late.node is None:
            raise MissingError(f"{path}: no such name; it may appear later")
        else:
            raise SpecialFileError(f"{path}: not a regular file")
        self.read_bytes += len(data)
        return data

    def read_many(
        self, paths: Sequence[str], bytes_max: int, known: Sequence[bytes | None] | None = None
    ) -> list[bytes | ShareError | None]:
        """See `Share`."""
        harmed = self.troubles or self._late
        if harmed or self.skip is None or not self.skip(len(paths)):
            return read_each(self.read, paths, bytes_max, known)
        self.calls += len(paths)
        self.drive.spend(call_ms * len(paths))
        return read_each(self._read_at_once, paths, bytes_max, known)

    def _read_at_once(self, path: str, bytes_max: int) -> bytes:
        data = self.store.read(path, bytes_max)
        self.read_bytes += len(data)
        return data

    def read_part(self, path: str, offset: int, bytes_max: int) -> bytes:
        """See `Share`."""
        return self.read(path, _all)[offset : offset + bytes_max]

    def entries(self, folder: str, names_max: int, rank: Rank | None = None) -> list[Entry]:
        """See `Share`."""
        self._begin("entries", folder)
        late = self._late_in(folder)
        if not late:
            return self.store.entries(folder, names_max, rank)
        found = dict(self.store.entries(folder, _all))
        for name, (node, _, _, _) in late.items():
            if node is None:
                found.pop(name, None)
            elif is_listed(name):
                found[name] = len(node) if isinstance(node, bytes) else None
        return [Entry(name, found[name]) for name in smallest(found, names_max, rank, is_listed)]

    def names(self, folder: str, names_max: int, rank: Rank | None = None) -> list[str]:
        """See `Share`."""
        self._begin("names", folder)
        late = self._late_in(folder)
        if not late:
            return self.store.names(folder, names_max, rank)
        found = set(self.store.names(folder, _all))
        for name, (node, _, _, _) in late.items():
            if node is None:
                found.discard(name)
            elif is_listed(name):
                found.add(name)
        return smallest(found, names_max, rank, is_listed)

    def place(self, path: str, data: bytes) -> None:
        """See `Share`."""
        self._begin("place", path, data)
        before = peek(self.store, path)
        self.store.place(path, data)
        self._end("place", path, data, before)

    def place_file(self, path: str, parts: Iterable[bytes]) -> None:
        """See `Share`."""
        self.place(path, b"".join(parts))

    def remove(self, path: str) -> None:
        """See `Share`."""
        self._begin("remove", path)
        before = peek(self.store, path)
        self.store.remove(path)
        self._end("remove", path, b"", before)

    def clear(self, folder: str, names: Sequence[str]) -> int:
        """See `Share`."""
        self._begin("remove", folder)
        removed = self.store.clear(folder, names)
        self._end("remove", folder, b"", {})
        return removed

    def make_folder(self, path: str, shared: bool = False) -> None:
        """See `Share`."""
        self._begin("make_folder", path)
        self.store.make_folder(path, shared)

    # ---------------------------------------------------------------------------- what it sees

    def miss(self, path: str, before: Node) -> None:
        """Another machine changed a path: go on seeing what was there, as my lags say."""
        if isinstance(before, dict):
            return
        folder, _, name = path.rpartition("/")
        for lag in self.lags:
            if lag.new if before is None else lag.replaced:
                known = self._late.setdefault(folder, {}).get(name)
                now = self.drive.now()
                node = before if known is None or known.until_ms <= now else known.node
                until = now + 1 + self._chance.below(lag.ms_max)
                self._late[folder][name] = Late(node, until, lag.listed, lag.read)
                return

    def catch_up(self) -> None:
        """See everything as it is from now on."""
        self.lags.clear()
        self._late.clear()

    def sees(self, path: str) -> bytes | None:
        """The file that a read would give now, with no call counted; None where it gives none."""
        late = self._late_at(path)
        node = late.node if late is not None and late.read else peek(self.store, path)
        return node if isinstance(node, bytes) else None

    def beats(self) -> dict[str, bytes]:
        """The heartbeats that reads would give now, by whose folder they lie in; not counted."""
        try:
            folders = self.store.nodes("peers")
        except ShareError:
            return {}
        found = {}
        for name, inside in folders.items():
            node = inside.get(HEARTBEAT) if isinstance(inside, dict) else None
            if isinstance(node, bytes):
                found[name] = node
        for folder in [folder for folder in self._late if folder.startswith("peers/")]:
            data = self.sees(f"{folder}/{HEARTBEAT}")
            name = folder.removeprefix("peers/")
            if data is not None:
                found[name] = data
            else:
                found.pop(name, None)
        return found

    def lists(self, folder: str) -> list[str]:
        """The names that a listing would give now, with no call counted."""
        try:
            found = set(self.store.names(folder, _all))
        except ShareError:
            return []
        for name, late in self._late_in(folder).items():
            found.discard(name) if late.node is None else found.add(name)
        return sorted(found)

    def caught_up_since(self, at_ms: int) -> list[str]:
        """The paths that were seen old then, and are seen as they are by now."""
        now = self.drive.now()
        late = [(where, *one) for where, names in self._late.items() for one in names.items()]
        return [f"{a}/{b}".lstrip("/") for a, b, one in late if at_ms < one.until_ms <= now]

    def _late_at(self, path: str) -> Late | None:
        if not self._late:
            return None
        folder, _, name = path.rpartition("/")
        late = self._late.get(folder, {}).get(name)
        if late is not None and late.until_ms <= self.drive.now():
            del self._late[folder][name]
            return None
        return late

    def _late_in(self, folder: str) -> dict[str, Late]:
        late = self._late.get(folder)
        if not late:
            return {}
        now = self.drive.now()
        for name in [name for name, one in late.items() if one.until_ms <= now]:
            del late[name]
        return {name: one for name, one in late.items() if one.listed}

    def _begin(self, op: str, path: str, data: bytes = b"") -> None:
        self.calls += 1
        self.drive.spend(call_ms)
        if self.step is not None:
            self.step("before", op, path, data)
        if self.troubles:
            self.troubles.befall(self, op, path)

    def _end(self, op: str, path: str, data: bytes, before: Node) -> None:
        if self._late:
            folder, _, name = path.rpartition("/")
            self._late.get(folder, {}).pop(name, None)  # my own change I see at once
        self.written_bytes += len(data)
        self.drive.changed(self, self.store, path, before)
        if op == "place" and self.wrote is not None:
            self.wrote(path, data)
        if self.step is not None:
            self.step("after", op, path, data)
