"""What the lab machine plays: calm after the last cut, a verdict, and traffic until the next one.

python -m tests.crash.inside A B PATIENCE, with LEDGER (a file of the host), CUT, SEED and FRAIL.
It tells the host on the console, one line of JSON each: what is about to be written, what was told.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from peer.clock import Clock, SystemClock
from protocol.errors import SomaError
from protocol.page import ALL
from tests.crash.ledger import Ledger, databases, watch
from tests.crash.processes import Process
from tests.crash.world import PEERS, Act, World

MARK = "CRASH "
LATE = ("late", "later")
PAUSES_MAX = 30


class Told(Ledger):
    """Notes go to the host; what was noted is read from its file."""

    def note(self, what: str, **line: Any) -> None:
        tell(what, **line)


def tell(what: str, **line: Any) -> None:
    """A line on the console, in one go."""
    words = f"\n{MARK}{json.dumps({'what': what, **line})}\n".encode()
    while words:
        words = words[os.write(1, words) :]


class Machine(World):
    """The world of this machine, as seen from one of its mounts; time is what it is."""

    def __init__(self, mount: Path) -> None:
        super().__init__(Path("/run"))
        self.home, self.share = Path("/run/home"), mount
        self.ledger = Told(Path(os.environ["LEDGER"]))

    def clock(self) -> Clock:
        return SystemClock()

    def go(self, ms: int) -> None:
        """It goes by itself."""


def found(mounts: list[Path]) -> None:
    """The network, once."""
    worlds = [Machine(mount) for mount in mounts]
    from peer.stewards.founding import create_network
    from tests.network import SeededEntropy

    home, share, clock = str(worlds[0].home), str(mounts[0]), SystemClock()
    create_network(home, share, "lab", "kay", None, clock, SeededEntropy("kay"))
    for number, name in enumerate(PEERS):
        worlds[number % 2].run(Act("", "join", name), seed=name)
    for name in PEERS:
        worlds[0].run(Act("", "admit", name), seed=name)
    watch(worlds[0].home)
    (worlds[0].home / "founded").touch()
    os.sync()


def calm(world: Machine, patience: float) -> list[str]:
    """Rounds until nothing waits; what did not work."""
    odd = []
    for late in filter(world.knows, LATE):
        for what in ("join", "admit"):  # again: the first may have died half-way
            attempt(world, Act("", what, late))
    for number in range(PAUSES_MAX):
        waits = []
        for name in databases(world.home):
            peer = world.peer(name)
            try:
                world.run(Act("", "tick", name), seed=time.time_ns())
                waits += peer.home.outgoing.audiences()
            except SomaError as error:
                odd.append(f"tick of {name}: {error}")
            finally:
                peer.home.close()
        if number >= 3 and not waits:
            break
        time.sleep(patience / 4)
    return odd


def live(world: Machine, name: str, dice: random.Random, cut: str, say: object) -> None:
    """Traffic without end."""
    others = [other for other in PEERS if other != name]
    for number in range(1_000_000):
        what = dice.choices(["send", "share", "tick", "repair"], [40, 10, 48, 2])[0]
        to = (ALL,) if what == "share" else tuple(dice.sample(others, dice.choice([1, 2])))
        text = f"{name} {number} before cut {cut}" if what in ("send", "share") else ""
        attempt(world, Act("", what, name, to if text else (), text))


def attempt(world: Machine, act: Act) -> None:
    """Do it, and tell the host what a command would have printed."""
    said: dict[str, Any] = {}
    world.intend(act)
    try:
        world.run(act, seed=time.time_ns(), say=said.update)
    except SomaError as error:
        tell("problem", act=str(act), text=str(error))
    else:
        world.believe(act, said)


def main() -> None:
    """Calm, verdict, traffic."""
    mounts, patience = [Path(word) for word in sys.argv[1:3]], float(sys.argv[3])
    world = Machine(mounts[0])
    cut, seed = os.environ["CUT"], os.environ["SEED"]
    odd: list[str] = []
    if not (world.home / "founded").exists():
        found(mounts)
    else:
        watch(world.home)
        odd = calm(world, patience)
        frail = os.environ["FRAIL"] == "1"
        verdict = world.judge(strict=not frail)
        verdict.unwell += [] if frail else world.doctor()
        told = len(world.ledger.lines("told"))
        tell("verdict", found=vars(verdict), odd=odd, told=told)
    if cut == "none":
        return
    lives = []
    for number, name in enumerate(PEERS):
        dice = random.Random(f"{seed} {cut} {name}")
        lives.append(Process(partial(live, Machine(mounts[number % 2]), name, dice, cut)))
    tell("ready")
    late = LATE[int(cut) % 2]
    attempt(world, Act("", "admit" if world.knows(late) else "join", late))
    for process in lives:
        end = process.end()
        tell("ended", code=end.code, trace=end.trace)


if __name__ == "__main__":
    main()
