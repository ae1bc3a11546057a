"""The checker of quiet lets pages of feeds go that had their 90 days, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from peer.instance import DAY_MS
from peer.simulate.checkers.quiet import Check
from peer.simulate.outcome import Violation
from peer.simulate.world import Broken

PAGE, YOUNGER = (f"peers/core/outbox/feed/aaaaaaaa.{seq}.page" for seq in (1, 2))
OWN, SHARED = "a" * 64, "b" * 64
IDLE_CALLS = 14 + 1 + 1 + 1  # one member, one page and the folder of files that are left


def page(*files: str) -> bytes:
    return orjson.dumps({"items": [{"attachments": [{"sha256": one} for one in files]}]})


class Core:
    """An honest peer with an empty home."""

    name, honest = "core", True
    view = SimpleNamespace(lists=lambda folder: ())
    home = SimpleNamespace(
        db=SimpleNamespace(one=lambda *_: (0,), read=lambda *_: []),
        state=SimpleNamespace(flags=lambda _: ()),
    )


class Small:
    """A world of core alone in its last round: what lies there, and what core makes of it."""

    def __init__(self, days: int) -> None:
        core: Any = Core()
        self.lying = {PAGE: page(OWN, SHARED), YOUNGER: page(SHARED)}
        self.lying |= {f"peers/core/blobs/{one}": b"." for one in (OWN, SHARED)}
        world: Any = SimpleNamespace(
            plan=SimpleNamespace(rounds=lambda: (2, 4)),
            quiet=False,
            round=0,
            now_ms=0,
            instances={"core": core},
            honest=lambda: [SimpleNamespace(name="core", on=True)],
            drive=SimpleNamespace(files=self.files),
            violation=lambda checker, who, text: Violation(checker, 0, 0, who, text),
        )
        self.core, self.world, self.check = core, world, Check(world)
        self.check.wrote(self.core, PAGE, b"")
        self.world.now_ms = days * DAY_MS
        self.check.wrote(self.core, YOUNGER, b"")
        self.world.quiet, self.world.round = True, 3
        self.check.round_ended()
        self.world.round = 5

    def files(self, below: str = "") -> dict[str, bytes]:
        return {path: data for path, data in self.lying.items() if path.startswith(below)}

    def loses(self, *paths: str, calls: int) -> None:
        self.check.before(self.core, "tick")
        for path in paths:
            del self.lying[path]
        self.check.after(self.core, "tick", calls)
        self.check.round_ended()


@pytest.mark.parametrize("days", [84, 91])
def test_an_old_page_goes_in_a_call_with_the_files_that_it_alone_names(days: int) -> None:
    Small(days).loses(PAGE, f"peers/core/blobs/{OWN}", calls=IDLE_CALLS + 2)


@pytest.mark.parametrize(
    ("days", "paths", "calls", "why"),
    [
        (91, (PAGE,), IDLE_CALLS + 2, "an idle tick makes"),
        (91, (YOUNGER,), IDLE_CALLS, "changed in a round"),
        (91, (PAGE, f"peers/core/blobs/{SHARED}"), IDLE_CALLS + 1, "changed in a round"),
        (82, (PAGE,), IDLE_CALLS, "changed in a round"),
        (82, (PAGE,), IDLE_CALLS + 1, "an idle tick makes"),
    ],
)
def test_anything_beyond_that_is_noticed(
    days: int, paths: tuple[str, ...], calls: int, why: str
) -> None:
    small = Small(days)
    with pytest.raises(Broken) as caught:
        small.loses(*paths, calls=calls)
    assert why in str(caught.value)
