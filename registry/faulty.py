"""A share that fails on command: any other share, and a list of faults to inject.

A `Fault` is data: which calls it meets (operation, path, the how-manieth) and the name of what then
happens. Every call is counted, so a test can run once without faults, look at `calls`, and then
kill at each of them. A fault counts every call that it matches; the first fault of the list whose
turn it is decides what happens, and `struck` tells that it did.
`read_many` is as many reads as it has paths: one path of a thousand fails, as on real drives.
There is no clock, no randomness and no state but the counters and what "stale" remembers: the same
calls and faults give the same results. A new fault is a function and its line in `_faults`.
It does *not* keep the rules of the port where a fault says so; that is its use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeVar

from protocol.errors import (
    MissingError,
    ShareDeniedError,
    ShareError,
    ShareFullError,
    ShareUnavailableError,
)
from registry.share import Entry, Rank, Share, read_each

T = TypeVar("T")

_places = ("place", "place_file")
_writes = (*_places, "remove", "make_folder")
_listings = ("entries", "names")
operations = ("read", "read_part", *_listings, *_writes)
conflict_mark = ".sync-conflict-20261121-015315-N3EJAFG"  # as Syncthing names a copy


class Killed(BaseException):
    """The process died here. No Exception: nothing may survive it by catching errors."""


class Call(NamedTuple):
    """One call of a method of the port; the path of the root is empty."""

    op: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Let `name` happen to the calls that match.

    `op` is one of `operations`; None is every one that the fault can happen to. `path` is a pattern
    of `fnmatch`, in which `*` matches slashes too; None is every path. `at` is the matching call it
    strikes first, from 1; `times` the number of calls from there on, -1 for ever. `seconds` is for
    "slow". "hidden" leaves the matching names out of listings and counts those that showed one.
    """

    name: str
    op: str | None = None
    path: str | None = None
    at: int = 1
    times: int = 1
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in _faults:
            raise ValueError(f"no such fault: {self.name!r}; there are {sorted(_faults)}")
        if self.op is not None and self.op not in _faults[self.name].ops:
            raise ValueError(f"{self.name!r} cannot happen to {self.op!r}")
        if self.at < 1 or self.times < -1:
            raise ValueError(f"at={self.at}, times={self.times}: at is from 1, times from -1")

    def meets(self, op: str, path: str) -> bool:
        """Whether this operation on this path is one that the fault counts."""
        return (
            op in _faults[self.name].ops
            and self.op in (None, op)
            and (self.path is None or fnmatchcase(path, self.path))
        )


def _die() -> None:
    raise Killed


def _wait(seconds: float) -> None:
    """Wait in a world without time."""


class FaultyShare:
    """`inner`, but for the faults. `kill` must not return; `sleep` waits the given seconds."""

    def __init__(
        self,
        inner: Share,
        faults: Sequence[Fault] = (),
        kill: Callable[[], None] = _die,
        sleep: Callable[[float], None] = _wait,
    ) -> None:
        self.inner = inner
        self.kill = kill
        self.sleep = sleep
        self.calls: list[Call] = []
        self.struck: list[tuple[Call, Fault]] = []
        self._faults = [_Counted(fault) for fault in faults]
        self._remembers = any(fault.name == "stale" for fault in faults)
        self._seen: dict[str, list[bytes]] = {}

    def read(self, path: str, bytes_max: int) -> bytes:
        """See `Share`."""
        return self._do("read", path, lambda: self._read(path, bytes_max))

    def read_part(self, path: str, offset: int, bytes_max: int) -> bytes:
        """See `Share`."""
        return self._do("read_part", path, lambda: self.inner.read_part(path, offset, bytes_max))

    def read_many(
        self, paths: Sequence[str], bytes_max: int, known: Sequence[bytes | None] | None = None
    ) -> list[bytes | ShareError | None]:
        """See `Share.read_many`; counted as reads."""
        return read_each(self.read, paths, bytes_max, known)

    def entries(self, folder: str, names_max: int, rank: Rank | None = None) -> list[Entry]:
        """See `Share`."""
        found = self._do("entries", folder, lambda: self.inner.entries(folder, names_max, rank))
        hidden = self._hidden("entries", folder, [entry.name for entry in found])
        return [entry for entry in found if entry.name not in hidden]

    def names(self, folder: str, names_max: int, rank: Rank | None = None) -> list[str]:
        """See `Share`."""
        found = self._do("names", folder, lambda: self.inner.names(folder, names_max, rank))
        hidden = self._hidden("names", folder, found)
        return [name for name in found if name not in hidden]

    def place(self, path: str, data: bytes) -> None:
        """See `Share`."""
        self._do("place", path, lambda: self._place(path, data), data)

    def place_file(self, path: str, parts: Iterable[bytes]) -> None:
        """See `Share`; all parts are held at once."""
        data = b"".join(parts)
        self._do("place_file", path, lambda: self.inner.place_file(path, [data]), data)

    def remove(self, path: str) -> None:
        """See `Share`."""
        self._do("remove", path, lambda: self.inner.remove(path))

    def clear(self, folder: str, names: Sequence[str]) -> int:
        """See `Share`; counted as one removal."""
        return self._do("remove", folder, lambda: self.inner.clear(folder, names)) or 0

    def make_folder(self, path: str, shared: bool = False) -> None:
        """See `Share`."""
        self._do("make_folder", path, lambda: self.inner.make_folder(path, shared))

    def seen(self, path: str) -> list[bytes]:
        """The last two contents that were read or placed here, the older one first.

        At most two, none without a "stale" fault: nobody will ask for them.
        """
        return self._seen.get(path, [])

    def _read(self, path: str, bytes_max: int) -> bytes:
        data = self.inner.read(path, bytes_max)
        self._remember(path, data)
        return data

    def _place(self, path: str, data: bytes) -> None:
        self.inner.place(path, data)
        self._remember(path, data)

    def _remember(self, path: str, data: bytes) -> None:
        if self._remembers and data not in self.seen(path)[-1:]:
            self._seen[path] = [*self.seen(path)[-1:], data]

    def _do(self, op: str, path: str, run: Callable[[], T], data: bytes = b"") -> T:
        call = Call(op, path)
        self.calls.append(call)
        hides_names = op in _listings
        due = [
            counted.fault
            for counted in self._faults
            if not (hides_names and counted.fault.name == "hidden")
            and counted.fault.meets(op, path)
            and counted.is_due()
        ]
        if not due:
            return run()
        self.struck.append((call, due[0]))
        result: T = _faults[due[0].name].strike(_Strike(self, due[0], call, run, data))
        return result

    def _hidden(self, op: str, folder: str, names: list[str]) -> set[str]:
        hidden: set[str] = set()
        for counted in self._faults:
            if counted.fault.name == "hidden":
                prefix = f"{folder}/" if folder else ""
                met = {name for name in names if counted.fault.meets(op, prefix + name)}
                if met and counted.is_due():
                    self.struck.append((Call(op, folder), counted.fault))
                    hidden |= met
        return hidden


class _Counted:
    """A fault and the number of calls it has met."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.met = 0

    def is_due(self) -> bool:
        """Count one more call; whether it is one to strike."""
        self.met += 1
        since = self.met - self.fault.at
        return since >= 0 and (self.fault.times == -1 or since < self.fault.times)


class _Strike(NamedTuple):
    """A call that a fault happens to: `run` does what was asked for, `data` is to be placed."""

    share: FaultyShare
    fault: Fault
    call: Call
    run: Callable[[], Any]
    data: bytes


class _Kind(NamedTuple):
    ops: tuple[str, ...]
    strike: Callable[[_Strike], Any]


def _raises(error: type[ShareError]) -> Callable[[_Strike], Any]:
    def strike(strike: _Strike) -> Any:
        raise error(f"{strike.call.path or 'the root'}: injected {strike.fault.name}")

    return strike


def _tear(strike: _Strike) -> None:
    strike.share.inner.place(strike.call.path, strike.data[: len(strike.data) // 2])
    raise ShareUnavailableError(f"{strike.call.path}: injected torn write")


def _lose(strike: _Strike) -> None:
    """Report success and do nothing."""


def _stale(strike: _Strike) -> bytes:
    """What stood there before; also where it was removed meanwhile."""
    try:
        strike.run()  # which is remembered
    except MissingError:
        if not strike.share.seen(strike.call.path):
            raise
    return strike.share.seen(strike.call.path)[0]


def _damage(strike: _Strike) -> bytes:
    data: bytes = strike.run()
    middle = len(data) // 2
    return (
        data[:middle] + bytes(byte ^ 1 for byte in data[middle : middle + 1]) + data[middle + 1 :]
    )


def _copy_conflict(strike: _Strike) -> None:
    """A sync tool keeps what was replaced under a name of its own."""
    share, path = strike.share.inner, strike.call.path
    folder, slash, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    copy = f"{stem}{conflict_mark}{dot}{extension}" if dot else name + conflict_mark
    try:
        old = share.read(path, 2**31)
    except MissingError:
        old = strike.data
    strike.run()
    share.place(folder + slash + copy, old)


def _kill_before(strike: _Strike) -> None:
    strike.share.kill()


def _kill_after(strike: _Strike) -> None:
    strike.run()
    strike.share.kill()


def _kill_torn(strike: _Strike) -> None:
    strike.share.inner.place(strike.call.path, strike.data[: len(strike.data) // 2])
    strike.share.kill()


def _slow(strike: _Strike) -> Any:
    strike.share.sleep(strike.fault.seconds)
    return strike.run()


_faults: dict[str, _Kind] = {
    "unavailable": _Kind(operations, _raises(ShareUnavailableError)),
    "full": _Kind((*_places, "make_folder"), _raises(ShareFullError)),
    "denied": _Kind(operations, _raises(ShareDeniedError)),
    "missing": _Kind(operations, _raises(MissingError)),
    "hidden": _Kind(("read", "read_part", *_listings), _raises(MissingError)),
    "torn": _Kind(_places, _tear),
    "lost": _Kind(_writes, _lose),
    "stale": _Kind(("read",), _stale),
    "damaged": _Kind(("read", "read_part"), _damage),
    "conflict_copy": _Kind(("place",), _copy_conflict),
    "kill_before": _Kind(operations, _kill_before),
    "kill_after": _Kind(operations, _kill_after),
    "kill_torn": _Kind(_places, _kill_torn),
    "slow": _Kind(operations, _slow),
}
fault_names = tuple(_faults)
