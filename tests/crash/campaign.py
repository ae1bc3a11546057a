"""A campaign: trials by name, and the table of what came of them.

A trial's name is a path, `means/scene/act/point` or `instant/life`. With the seed it says
everything that can be said again: `--only NAME` plays that trial alone.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.ledger import Verdict, needs_repair
from tests.crash.processes import TRACE, End, Point, Work, calmly
from tests.crash.scenes import SCENES
from tests.crash.world import Act, Through, World, _same

KEPT_MAX = 5
LINES_MAX = 12  # of each failure


@dataclass
class Tally:
    """One cell of the table."""

    trials: int = 0
    struck: int = 0
    lost: int = 0
    doubled: int = 0
    corrupt: int = 0
    unwell: int = 0

    def add(self, other: Tally) -> None:
        """Sum up."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass
class Campaign:
    """What is asked for, where it happens, and what was found so far."""

    base: Path
    seed: int = 1
    only: str = ""
    thin: int = 1  # of the points of an act every so manieth is struck
    keep: Path | None = None  # where the worlds of failures are copied
    table: dict[tuple[str, str], Tally] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    points: dict[str, list[Point]] = field(default_factory=dict)
    _stages: dict[str, Path] = field(default_factory=dict)
    _said: float = 0.0

    def __post_init__(self) -> None:
        self.world = World(self.base / "now")

    @property
    def kills(self) -> int:
        """How many processes were killed, or calls struck, so far."""
        return sum(tally.struck for tally in self.table.values())

    def wants(self, name: str) -> bool:
        """Whether a trial is among those asked for; also for the beginning of its name."""
        return name.startswith(self.only) or self.only.startswith(name)

    def number(self, name: str) -> int:
        """A number that belongs to this name and seed."""
        return zlib.crc32(f"{self.seed} {name}".encode())

    def acts(self, means: str) -> Iterator[tuple[str, Act]]:
        """Every act of every scene that is asked for; its stage is set when it is handed out."""
        for scene, parts in SCENES.items():
            for part, (setting, acts) in enumerate(parts):
                for act in acts:
                    name = f"{means}/{scene}/{setting.__name__.strip('_')}: {act.what} {act.who}"
                    if self.wants(name):
                        self.stage(scene, part)
                        yield name, act

    def stage(self, scene: str, part: int = 0) -> None:
        """Set the stage of a scene; it is made once."""
        name = f"{scene}-{part}"
        if name not in self._stages:
            shutil.rmtree(self.world.base, ignore_errors=True)
            SCENES[scene][part].set_up(self.world)
            self._stages[name] = self.base / f"stage {name}"
            self.world.copy_to(self._stages[name])
        self._stage = World(self._stages[name])
        self.reset()

    def reset(self) -> None:
        """The stage at hand, untouched."""
        self._stage.copy_to(self.world.base)
        self._again = itertools.count()

    def work(self, act: Act, seed: object, through: Through = _same) -> Work:
        """An act as the work of a process."""
        return lambda say: self.world.run(act, seed=seed, say=say, through=through)

    def conclude(self, act: Act, end: End, seed: int, *, again: bool = False) -> list[str]:
        """What a person does next; the faults in how it went.

        `again`: he sees that it came to nothing, though it was said to be done.
        """
        if end.said is not None:
            self.world.believe(act, end.said)
        odd = [f"{act}: {end.trace}"] if end.code == TRACE else []
        if (again and act.again) or self._is_done_again(act, end, seed):
            once_more = calmly(self.work(act, f"again {seed} {next(self._again)}"))
            if once_more.said is not None:
                self.world.believe(act, once_more.said)
            else:
                odd.append(f"{act} again ended with {once_more.code}: {once_more.trace}")
        return odd

    def _is_done_again(self, act: Act, end: End, seed: int) -> bool:
        """A person does again what did not end well; of a repair he may see that it was done."""
        if not act.again or end.said is not None:
            return False
        return act.what != "repair" or seed % 2 == 0 or needs_repair(self.world.home, act.who)

    def look(self, odd: Sequence[str], *, strict: bool = True) -> Verdict:
        """Some calm rounds in a process of their own, and the verdict."""

        def after(say):
            self.world.heal()
            say(unwell=self.world.doctor())

        healed = calmly(after)
        verdict = self.world.judge(strict=strict)
        verdict.unwell += odd
        if healed.said is None:
            verdict.unwell.append(f"calm rounds ended with {healed.code}: {healed.trace}")
        else:
            verdict.unwell += healed.said["unwell"]
        return verdict

    def count(self, means: str, name: str, counts: dict[str, int], verdict: Verdict) -> None:
        """Enter a trial in the table; `counts` is how often what scene was struck."""
        first = True
        for scene, struck in counts.items():
            found = Tally(trials=1, struck=struck)
            if first:
                found.lost, found.doubled = len(verdict.lost), len(verdict.doubled)
                found.corrupt, found.unwell = len(verdict.corrupt), len(verdict.unwell)
            first = False
            self.table.setdefault((means, scene), Tally()).add(found)
        if verdict:
            self._fail(name, verdict)
        self._progress(name)

    def _fail(self, name: str, verdict: Verdict) -> None:
        kept = ""
        if self.keep and len(self.failures) < KEPT_MAX and self.world.base.exists():
            aside = self.keep / f"failure-{len(self.failures) + 1}"
            self.world.copy_to(aside)
            kept = f"\n  kept in {aside}"
        lines = "\n  ".join(verdict.lines()[:LINES_MAX])
        replay = f"replay: python -m tests.crash --seed {self.seed} --only '{name}'"
        self.failures.append(f"{name}\n  {lines}{kept}\n  {replay}")
        print(f"\nFAILED {self.failures[-1]}", flush=True)

    def _progress(self, name: str) -> None:
        if sys.stderr.isatty() and time.monotonic() - self._said > 0.2:
            self._said = time.monotonic()
            print(f"\r{self.kills:7} struck  {name[:80]:80}", end="", file=sys.stderr, flush=True)

    def show(self) -> str:
        """The table, in words."""
        head = f"{'means':<12}{'scene':<12}" + "".join(f"{w:>10}" for w in vars(Tally()))
        lines, total = [head, "-" * len(head)], Tally()
        for (means, scene), tally in sorted(self.table.items()):
            total.add(tally)
            lines.append(_row(means, scene, tally))
        lines += ["-" * len(head), _row("all", "", total)]
        lines += [f"skipped: {why}" for why in self.skipped]
        return "\n".join(lines)


def _row(means: str, scene: str, tally: Tally) -> str:
    return f"{means:<12}{scene:<12}" + "".join(f"{n:>10,}" for n in vars(tally).values())


@contextmanager
def workshop() -> Iterator[Path]:
    """A folder in memory where there is one: the death of a process needs no disk."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="crash-", dir=where) as folder:
        yield Path(folder)
