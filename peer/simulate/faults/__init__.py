"""What goes wrong, one file each: a module with a docstring and a function `strike`.

    def strike(world: World, who: Instance, chance: Chance) -> str | None

`strike` is called in a slot of `who`, before it ticks, as often as the scenario's rate says. It
does something to the world, now or armed for the tick that follows, and returns what it did in
words; or None, where it could not, and nothing happened. What lasts is ended with `world.until`.
The first line of the docstring is what `peer simulate list` shows, the name is that of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from peer.simulate.chance import Chance
from peer.simulate.instance import Instance
from peer.simulate.world import World

Strike = Callable[[World, Instance, Chance], str | None]


@cache
def names() -> tuple[str, ...]:
    """All faults; files whose name begins with `_` are what several of them use."""
    found = (m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    return tuple(sorted(name.replace("_", "-") for name in found))


def about(name: str) -> str:
    """What a fault does, in a line."""
    return (import_module(_path(name)).__doc__ or "").partition("\n")[0]


@cache
def load(name: str) -> Strike:
    """What a fault does."""
    strike: Strike = import_module(_path(name)).strike
    return strike


def _path(name: str) -> str:
    return f"{__name__}.{name.replace('-', '_')}"
