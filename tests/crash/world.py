"""A network in a real folder with real homes, at a moment; and what one process does then.

`World(base)` has everything below `base`: homes, share, ledger, the time. It is copied by copying
the folder to the same place, so one is staged once and struck many times. `Act` is the work of one
process; `World.run` does it in this one, and says on `say` what a command would have printed.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peer import keys, repair
from peer.clock import Clock, SystemClock
from peer.doctor import examine
from peer.enclosing import Source
from peer.home.places import choose, identities
from peer.instance import DAY_MS, RunningPeer
from peer.membership import join
from peer.stewards.admission import admit
from peer.stewards.desk import Desk
from peer.stewards.founding import create_network
from peer.stewards.shelf import FolderShelf
from peer.tick.session import tick
from peer.wiring import open_peer, open_share
from protocol.errors import NotFoundError
from protocol.messages import Body, Note, Question
from registry.share import Share
from tests.crash.ledger import Ledger, Verdict, databases, judge, watch
from tests.network import SeededEntropy, insight, send

PEERS = ("core", "scout", "smith")
QUARTER_MS = DAY_MS // 4
ROUNDS_MAX = 10

Say = Callable[..., None]
Through = Callable[[Share], Share]


class LaterClock(SystemClock):
    """The machine's clock, and so many ms later."""

    def __init__(self, later_ms: int) -> None:
        super().__init__()
        self.later_ms = later_ms

    def wall_ms(self) -> int:
        return super().wall_ms() + self.later_ms

    def monotonic_ms(self) -> int:
        return super().monotonic_ms() + self.later_ms

    def boot(self) -> str:
        return "the only one"


@dataclass(frozen=True)
class Act:
    """What one process does: `what` is send, share, ask, tick, repair, join or admit.

    `scene` is the line of the table it counts in. `again`: a person who saw it fail does it again.
    """

    scene: str
    what: str
    who: str
    to: tuple[str, ...] = ()
    text: str = ""

    @property
    def again(self) -> bool:
        return self.what in ("repair", "join", "admit")

    def __str__(self) -> str:
        words = [self.what, self.who, ",".join(self.to), self.text]
        return " ".join(word for word in words if word)


def _same(share: Share) -> Share:
    return share


class World:
    """See above."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.home, self.share = base / "home", base / "share"
        self.ledger = Ledger(base / "ledger")
        self._time = base / "later_ms"

    # ------------------------------------------------------------------------------ making

    def found(self) -> None:
        """Three admitted peers, and nothing said yet."""
        self.base.mkdir(parents=True, exist_ok=True)
        self._time.write_text("0")
        create_network(
            *(str(self.home), str(self.share), "lab", "kay", None),
            *(self.clock(), SeededEntropy("kay")),
        )
        for name in PEERS:
            self.run(Act("", "join", name), seed=name)
            self.run(Act("", "admit", name), seed=name)
        watch(self.home)

    def go(self, ms: int) -> None:
        """Time goes by for everybody."""
        self._time.write_text(str(int(self._time.read_text()) + ms))

    def clock(self) -> Clock:
        """What processes of this world take for the time."""
        return LaterClock(int(self._time.read_text()))

    def copy_to(self, base: Path) -> None:
        """Everything as it is now, in place of whatever stands at `base`."""
        shutil.rmtree(base, ignore_errors=True)
        shutil.copytree(self.base, base, symlinks=True)

    # ------------------------------------------------------------------------------ acting

    def peer(self, name: str, seed: object = None, through: Through = _same) -> RunningPeer:
        """A peer as another process opens it."""
        folder, identity = choose(str(self.home), "peers", name, None)
        entropy = None if seed is None else SeededEntropy("act", name, seed)
        peer = open_peer(folder, identity, clock=self.clock(), entropy=entropy)
        peer.share = through(peer.share)
        return peer

    def desk(self, seed: object, through: Through = _same) -> Desk:
        """The steward at work."""
        folder, identity = choose(str(self.home), "stewards", None, None)
        return Desk(
            home=str(self.home), identity=identity, shelf=FolderShelf(folder),
            share=through(open_share(str(self.share), "kay")), clock=self.clock(),
            entropy=SeededEntropy("desk", seed), unlock=lambda: keys.load_key(folder),
        )  # fmt: skip

    def run(
        self, act: Act, *, seed: object, say: Say | None = None, through: Through = _same
    ) -> None:
        """Do it here; `say` is called once, when a command would have ended with 0."""
        done = getattr(self, f"_{act.what}")(act, seed, through)
        if say is not None:
            say(**done)

    def intend(self, act: Act) -> Act:
        """Write down what may soon be written, before a process begins."""
        if act.text:
            self.ledger.note("tried", by=act.who, text=act.text, readers=act.to)
        return act

    def believe(self, act: Act, said: dict[str, Any]) -> None:
        """Write down what a process said at its end."""
        if act.what == "admit":
            self.ledger.note("admitted", name=act.who)
        if act.text:
            readers = sorted(databases(self.home))
            self.ledger.note("told", by=act.who, text=act.text, readers=readers, **said)

    def do(self, *acts: Act) -> None:
        """What happens undisturbed."""
        for number, act in enumerate(acts):
            said: dict[str, Any] = {}
            self.intend(act)
            self.run(act, seed=f"calm {number} {act}", say=said.update)
            self.believe(act, said)

    def _send(self, act: Act, seed: object, through: Through) -> dict[str, Any]:
        return self._write(act, Note(text=act.text), seed, through)

    def _share(self, act: Act, seed: object, through: Through) -> dict[str, Any]:
        return self._write(act, insight(act.text), seed, through)

    def _ask(self, act: Act, seed: object, through: Through) -> dict[str, Any]:
        return self._write(act, Question(text=act.text, topics=("metal",)), seed, through)

    def _write(self, act: Act, body: Body, seed: object, through: Through) -> dict[str, Any]:
        peer = self.peer(act.who, seed, through)
        content = act.text.encode() * 10_000
        files = [Source("data", lambda: [content])] if "with a file" in act.text else []
        sent = send(peer, list(act.to), [body], files=files)
        peer.home.close()
        return {"ids": sent.ids, "to": sent.to}

    def _tick(self, act: Act, seed: object, through: Through) -> dict[str, Any]:
        peer = self.peer(act.who, seed, through)
        report = tick(peer)
        peer.home.close()
        return {"state": report.state}

    def _repair(self, act: Act, seed: object, through: Through) -> dict[str, Any]:
        folder, identity = choose(str(self.home), "peers", act.who, None)
        done = repair.repair(folder, identity, self.clock(), SeededEntropy("repair", seed))
        return {"epoch": done.epoch}

    def _join(self, act: Act, seed: object, through: Through) -> dict[str, Any]:
        entropy = SeededEntropy("join", act.who, seed)
        join(str(self.home), str(self.share), act.who, None, self.clock(), entropy)
        return {}

    def _admit(self, act: Act, seed: object, through: Through) -> dict[str, Any]:
        desk = self.desk(seed, through)
        admit(desk, act.who, None, reuse=False, confirm=lambda shown: False)
        return {}

    # ------------------------------------------------------------------------------ afterwards

    def heal(self) -> list[str]:
        """Calm rounds of everybody until nothing waits; what is not well after them."""
        watch(self.home)
        names = [identity.name for _, identity in identities(str(self.home), "peers")]
        for number in range(ROUNDS_MAX):
            self.go(QUARTER_MS)
            waits = False
            for name in names:
                peer = self.peer(name, f"heal {number} {time.monotonic_ns()}")
                try:
                    tick(peer)
                    waits |= bool(peer.home.outgoing.audiences())
                finally:
                    peer.home.close()
            if number >= 2 and not waits:
                break
        return []

    def doctor(self) -> list[str]:
        """What `peer doctor` finds bad."""
        mine = identities(str(self.home), "peers")
        found = examine(str(self.home), mine, self.clock())
        return [f"doctor: {f.check}: {f.text}" for f in found if f.level == "bad"]

    def judge(self, *, strict: bool = True) -> Verdict:
        """See `ledger.judge`."""
        return judge(self.home, self.share, self.ledger, strict=strict)

    def knows(self, name: str) -> bool:
        """Whether there is such a peer in the home."""
        try:
            choose(str(self.home), "peers", name, None)
        except NotFoundError:
            return False
        return True
