"""What must hold, one file each: a module with a docstring and a class `Check(Checker)`.

The first line of the docstring is what `peer simulate list` shows. A checker sees the world from
outside: what was promised and acted on (the ledger), what lies on the drive, what homes hold; it
trusts no counter and no report of the code it checks. It raises `Broken` through `fail`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import NoReturn

from peer.instance import DAY_MS
from peer.simulate.instance import Instance
from peer.simulate.ledger import Letter
from peer.simulate.world import Broken, World, crowd


class Checker:
    """Someone who watches; each method is called where its name says."""

    name = ""
    of_each_other = False  # it remembers something of everybody for everybody

    def __init__(self, world: World) -> None:
        self.world = world

    def before(self, instance: Instance, what: str) -> None:
        """A tick or a send (`what`) is about to begin."""

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """It has ended or died; `calls` of the share it made (of a tick)."""

    def wrote(self, instance: Instance, path: str, data: bytes) -> None:
        """A peer placed a file."""

    def signed(self, instance: Instance, message: bytes) -> None:
        """A peer's key signed something: the pre-authentication encoding."""

    def acted(self, instance: Instance, id_: str) -> None:
        """The effects of an item were committed in a home."""

    def received(self, instance: Instance, items: list[tuple[str, str]]) -> None:
        """A home holds new items of others: (id, full address of the author)."""

    def round_ended(self) -> None:
        """Another interval of the schedule is over."""

    def settled(self) -> None:
        """The quiet phase is over: everything must have come to rest."""

    def is_old(self, letter: Letter) -> bool:
        """Whether homes may have let go of it: it had its year, or nearly so."""
        return (self.world.round - letter.round) * self.world.every_ms > 350 * DAY_MS

    def fail(self, who: str, text: str) -> NoReturn:
        """Something does not hold."""
        raise Broken(self.world.violation(self.name, who, text))


@cache
def names() -> tuple[str, ...]:
    """All checkers; files whose name begins with `_` are what several of them use."""
    found = (m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    return tuple(sorted(name.replace("_", "-") for name in found))


def about(name: str) -> str:
    """What a checker holds, in a line."""
    return (_module(name).__doc__ or "").partition("\n")[0]


def make(world: World) -> list[Checker]:
    """One of each for a world; in a crowd none of those whose memory grows with its square."""
    found = []
    for name in names():
        if _module(name).Check.of_each_other and len(world.instances) > crowd:
            continue
        checker: Checker = _module(name).Check(world)
        checker.name = name
        found.append(checker)
    return found


def _module(name: str):  # type: ignore[no-untyped-def]
    return import_module(f"{__name__}.{name.replace('-', '_')}")
