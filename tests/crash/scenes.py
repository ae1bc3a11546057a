"""The scenes: what is under way, and who acts then.

`SCENES` names them as the table does. Each entry is (how the stage is set, the acts), and every act
of it is struck from the same stage.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

from peer.instance import DAY_MS
from protocol.page import ALL
from tests.crash.ledger import watch
from tests.crash.world import PEERS, QUARTER_MS, Act, World

LATE = "late"


class Scene(NamedTuple):
    """`set_up` turns a new world into the moment; then each of `acts` is struck, one at a time."""

    set_up: Callable[[World], None]
    acts: tuple[Act, ...]


def _round(world: World, names: tuple[str, ...] = PEERS) -> None:
    world.go(QUARTER_MS)
    world.do(*(Act("", "tick", name) for name in names))


def _busy(world: World) -> None:
    """Letters, knowledge, a question, receipts: everything is under way."""
    world.found()
    _round(world)
    world.do(Act("", "share", "scout", (ALL,), "copper conducts"))
    _round(world)
    world.do(
        Act("", "send", "core", ("scout",), "pushed, with a file"),
        Act("", "ask", "smith", ("scout",), "what conducts?"),
        Act("", "send", "scout", ("core", "smith"), "to both, with a file"),
        Act("", "tick", "scout"),
        Act("", "share", "smith", (ALL,), "tin melts"),
        Act("", "send", "core", ("scout", "smith"), "once more"),
        Act("", "ask", "core", ("scout",), "what else conducts?"),
    )


def _invited(world: World) -> None:
    _busy(world)
    world.do(Act("", "join", LATE))


def _admitted(world: World) -> None:
    _invited(world)
    world.do(Act("", "admit", LATE))
    watch(world.home)


def _restored(world: World) -> None:
    """The home of core goes back to what it was before others heard more from it; it parks."""
    _busy(world)
    [folder] = (world.home / "peers").glob("core.*")
    aside = world.base / "backup"
    shutil.copytree(folder, aside)
    world.do(
        Act("", "tick", "core"),
        Act("", "send", "core", ("scout",), "of a life that will be lost"),
        *(Act("", "tick", name) for name in ("scout", "smith", "core", "scout")),
    )
    shutil.rmtree(folder)
    shutil.move(aside, folder)
    world.do(Act("", "tick", "core"))


def _repaired(world: World) -> None:
    _restored(world)
    world.do(Act("", "repair", "core"))


def _damaged(world: World) -> None:
    """An index in core's database is other bytes now; all of its rows can still be read."""
    _busy(world)
    [file] = (world.home / "peers").glob("core.*/home.db")
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [size] = db.execute("PRAGMA page_size").fetchone()
        find = "SELECT rootpage FROM sqlite_master WHERE name = 'item_reply'"
        [page] = db.execute(find).fetchone()
    with file.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xa5" * size)


def _old(world: World) -> None:
    """Letters, their pages, a feed's and the first items all have their time on one day, the 366th.

    smith has slept for three months by then.
    """
    _busy(world)
    for _ in range(3):
        _round(world)
    world.go(DAY_MS)
    _round(world)
    world.go(267 * DAY_MS)
    world.do(Act("", "share", "core", (ALL,), "a first piece"))
    world.do(Act("", "share", "core", (ALL,), "a second piece"))
    _round(world)
    _round(world)
    world.go(33 * DAY_MS)
    world.do(
        Act("", "send", "core", ("smith",), "smith sleeps, and this expires"),
        Act("", "send", "core", ("scout",), "scout is awake"),
    )
    _round(world, ("scout", "core"))
    world.go(DAY_MS)
    _round(world, ("core", "scout"))
    world.go(62 * DAY_MS)


SCENES: dict[str, tuple[Scene, ...]] = {
    "send": (
        Scene(
            _busy,
            (
                Act("send", "send", "core", ("scout", "smith"), "struck"),
                Act("send", "send", "core", ("scout",), "struck, with a file"),
                Act("send", "share", "core", (ALL,), "struck, for all"),
                Act("send", "ask", "core", ("scout",), "struck?"),
            ),
        ),
    ),
    "tick": (Scene(_busy, tuple(Act("tick", "tick", name) for name in PEERS)),),
    "admit": (
        Scene(_busy, (Act("admit", "join", LATE),)),
        Scene(_invited, (Act("admit", "admit", LATE),)),
        Scene(_admitted, (Act("admit", "tick", LATE), Act("admit", "tick", "core"))),
    ),
    "repair": (
        Scene(_restored, (Act("repair", "repair", "core"),)),
        Scene(_damaged, (Act("repair", "repair", "core"),)),
        Scene(_repaired, (Act("repair", "tick", "core"), Act("repair", "tick", "scout"))),
    ),
    "retention": (
        Scene(_old, (Act("retention", "tick", "core"), Act("retention", "tick", "scout"))),
    ),
}
