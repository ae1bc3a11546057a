"""Five peers as whole processes, some on each of the mounts of one store, and what must hold.

`Village(base, mounts)` founds a network on the first mount and lets peers join in turn on all of
them. `talk` and `tick` are rounds in which everybody acts at once; `settle` ticks until no outbox
holds anything; `check` holds them to the promises.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from peer import keys
from peer.clock import SystemClock, SystemEntropy
from peer.deadline import stalled_ms_max
from peer.home.places import choose
from peer.instance import RunningPeer
from peer.membership import join
from peer.send import send
from peer.stewards.admission import admit
from peer.stewards.desk import Desk
from peer.stewards.founding import create_network
from peer.stewards.shelf import FolderShelf
from peer.tick.report import Report
from peer.tick.session import tick
from peer.wiring import open_peer, open_share
from protocol.errors import SomaError
from protocol.messages import Note
from protocol.page import ALL
from registry.faulty import FaultyShare
from tests.integration.drives import trips
from tests.integration.typist import Said, Typist
from tests.network import FIVE, acted

SHARE_FAILED = 5
trips_more_max = 10  # or an eighth: caches run out when they do
letters_more = 60
FINE = (0,)
ROUGH = (0, SHARE_FAILED)  # while the drive is not well
PROCESS_SECONDS_MAX = 100

T = TypeVar("T")
Command = tuple[str, ...]  # who, what, and its arguments
Running = tuple[Command, subprocess.Popen[bytes]]


class Village:
    """`patience`: how many seconds a mount may show old things; rounds wait a share of it.

    `desk`: where the steward sees the store, by default on the first mount. `codes`: how ticks may
    end here, even on a good day.
    """

    def __init__(
        self,
        base: Path,
        mounts: Sequence[Path],
        *,
        desk: Path | None = None,
        patience: float = 0,
        codes: Collection[int] = FINE,
        settle_max: int = 12,
    ) -> None:
        self.typist = Typist(base)
        self.at = {name: mounts[i % len(mounts)] for i, name in enumerate(FIVE)}
        self.patience = patience
        self.codes = codes
        self.settle_max = settle_max
        self.words: list[tuple[str, Collection[str], str]] = []  # (author, readers, text)
        self.acted = 0
        self.failed = 0
        self.problems: list[str] = []
        self._found(desk or mounts[0])

    def _found(self, seen: Path) -> None:
        home, clock, entropy = str(self.typist.home), SystemClock(), SystemEntropy()
        create_network(home, str(seen), "lab", "kay", None, clock, entropy)
        folder, identity = choose(home, "stewards", None, None)
        desk = Desk(
            home=home, identity=identity, shelf=FolderShelf(folder),
            share=open_share(str(seen), "kay"), clock=clock, entropy=entropy,
            unlock=lambda: keys.load_key(folder),
        )  # fmt: skip
        for name, mount in self.at.items():
            self._soon(partial(join, home, str(mount), name, None, clock, entropy))
        for name in self.at:
            self._soon(partial(admit, desk, name, None, reuse=False, confirm=_refuse))
        self._soon(self.tick)

    def _soon(self, action: Callable[[], T]) -> T:
        """What one mount wrote the other may see later."""
        until = time.monotonic() + 3 * self.patience
        while True:
            try:
                return action()
            except (SomaError, AssertionError):
                if time.monotonic() > until:
                    raise
            time.sleep(1)

    # ------------------------------------------------------------------------------ processes

    def begin(self, commands: Sequence[Command]) -> list[Running]:
        """Start the processes of some peers."""
        env = {**self.typist.environment, "PEER_HOME": str(self.typist.home)}
        return [
            (
                (name, what, *more),
                subprocess.Popen(
                    self.typist.command(what, "--as", name, *more),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=env,
                    cwd=self.typist.base,
                ),
            )
            for name, what, *more in commands
        ]

    def finish(self, running: Sequence[Running], codes: Collection[int] = ()) -> list[Said]:
        """What they came back with: ticks may end with these codes, and all else with 0."""
        codes = codes or self.codes
        said = []
        with ExitStack() as ending:
            for _, process in running:
                ending.callback(process.communicate)
                ending.callback(process.kill)
            for _, process in running:
                out, error = process.communicate(timeout=PROCESS_SECONDS_MAX)
                said.append(Said(process.returncode, out.decode(), error.decode()))
        for (command, _), one in zip(running, said, strict=True):
            assert "Traceback" not in one.err, (command, one.err)
            assert one.code in (codes if command[1] == "tick" else FINE), (command, one)
            if one.code:
                self.failed += 1
                self.problems.append(one.err)
            elif command[1] == "tick":
                self.acted += one.json["acted"]
                self.problems += one.json["problems"]
        return said

    def tick(self, codes: Collection[int] = (), names: Collection[str] = FIVE) -> list[Said]:
        """A round of ticks, all at once."""
        return self.finish(self.begin(ticks(names)), codes)

    def talk(self, what: str, codes: Collection[int] = ()) -> None:
        """Everybody writes to everybody, two publish something and all tick, all at once."""
        commands: list[Command] = []
        for name in FIVE:
            others = [other for other in FIVE if other != name]
            self.words.append((name, others, f"{what} from {name}"))
            commands.append((name, "send", ",".join(others), f"{what} from {name}"))
            if name in (FIVE[0], FIVE[-1]):
                self.words.append((name, others, f"{what}, known to {name}"))
                commands.append((name, "share", f"{what}, known to {name}", "--topic", "drives"))
        self.finish(self.begin([*commands, *ticks()]), codes)

    def settle(self, codes: Collection[int] = ()) -> int:
        """Rounds until no outbox holds anything and all was acted on; how many it took."""
        for number in range(1, self.settle_max + 1):
            time.sleep(self.patience / 4)
            self.tick(codes)
            if not self.waiting() and self.missing() == []:
                return number
        return self.settle_max

    # ------------------------------------------------------------------------------ looking

    def peer(self, name: str) -> RunningPeer:
        """The peer as a process opens it, over a drive that counts its calls."""
        peer = open_peer(*choose(str(self.typist.home), "peers", name, None))
        peer.share = FaultyShare(peer.share, [])
        return peer

    def look(self, name: str, at: Callable[[RunningPeer], T]) -> T:
        """Something of a peer's home."""
        peer = self.peer(name)
        try:
            return at(peer)
        finally:
            peer.home.close()

    def expected(self, name: str) -> list[str]:
        """What a peer must have acted on, once each."""
        return sorted(f"{author}: {text}" for author, to, text in self.words if name in to)

    def missing(self) -> list[str]:
        """What was promised and not yet acted on."""
        found = []
        for name in FIVE:
            got = self.look(name, lambda peer: acted(peer.home))
            found += [f"{name} lacks {word}" for word in self.expected(name) if word not in got]
        return found

    def waiting(self) -> list[str]:
        """Letters that no receipt covers, as author → reader."""
        pairs = [(name, to) for name in FIVE for to in (*FIVE, ALL) if to != name]
        return [f"{name} → {to}" for name, to in pairs if self.look(name, partial(_is_open, to=to))]

    def check(self) -> None:
        """Nothing lost, nothing doubled, nothing under way, nobody blamed, nothing set aside."""
        blamed = "SELECT key, text FROM concern"  # the resolved ones, too
        for name in FIVE:
            assert self.look(name, lambda peer: acted(peer.home)) == self.expected(name)
            assert list(self.look(name, lambda peer: peer.home.db.read(blamed))) == []
            assert self.look(name, lambda peer: peer.home.quarantine.all()) == []
        assert self.waiting() == []
        assert self.acted <= sum(len(self.expected(name)) for name in FIVE)

    def idle(self) -> str:
        """What a tick costs that finds nothing new, in words."""
        spent, calls = [], []
        for name in FIVE:
            peer = self.peer(name)
            began = time.monotonic()
            report = self._soon(partial(tick, peer))
            spent.append((time.monotonic() - began) * 1000)
            assert (report.received, report.acted, report.quarantined) == (0, 0, 0)
            assert isinstance(peer.share, FaultyShare)
            calls.append(len(peer.share.calls))
            peer.home.close()
        began = time.monotonic()
        self.tick(names=FIVE[:1])
        whole = (time.monotonic() - began) * 1000
        return (
            f"idle tick {statistics.median(spent):.0f} ms (at most {max(spent):.0f}),"
            f" {statistics.median(calls):.0f} calls; as a process {whole:.0f} ms"
        )

    def costs(self) -> str:
        """Requests that a file server gets for an idle tick and for a letter, in words.

        They are the same again after sixty letters more: no call looks at what is over.
        """
        first = self._costs("before")
        for number in range(letters_more):
            self._send(f"one of many, {number}")
        again = self._costs("after")
        for what, count in again.items():
            more = max(trips_more_max, first[what] // 8)
            assert count <= first[what] + more, (what, first, again)
            assert count <= trips.most()[what], (what, first, again)
        self.check()
        told = ", ".join(f"{what} {first[what]} ({again[what]})" for what in first)
        return f"requests to the server at first (after {letters_more} letters more): {told}"

    def _costs(self, when: str) -> dict[str, int]:
        """The fewest of three, for caches run out when they do."""
        tries = []
        for number in range(3):
            self.settle()
            idle = trips.during(partial(self._once, FIVE[0], tick))
            sent = self._send(f"a letter {when}, {number}")
            before, received = self.acted, 0
            while self.acted == before:
                time.sleep(self.patience / 8)
                received = trips.during(partial(self._once, FIVE[1], tick))
            tries.append({"idle tick": idle, "send": sent, "receiving tick": received})
        self.settle()
        return {what: min(one[what] for one in tries) for what in tries[0]}

    def _send(self, text: str) -> int:
        """A letter of the first to the second; how many requests that was."""
        author, reader = FIVE[:2]
        self.words.append((author, [reader], text))
        body = Note(text=text)
        return trips.during(partial(self._once, author, lambda peer: send(peer, [reader], [body])))

    def _once(self, name: str, act: Callable[[RunningPeer], object]) -> None:
        peer = self.peer(name)
        try:
            done = act(peer)
        finally:
            peer.home.close()
        self.acted += done.acted if isinstance(done, Report) else 0


def ticks(names: Collection[str] = FIVE) -> list[Command]:
    """The commands of a round of ticks."""
    return [(name, "tick", "--json") for name in names]


def _refuse(shown: object) -> bool:
    """Nobody is asked anything here."""
    return False


def _is_open(peer: RunningPeer, to: str) -> bool:
    """Whether letters to a reader are under way, or items wait to be sent or published."""
    if to == ALL:
        return bool(peer.home.outgoing.waiting(ALL, 1))
    address = peer.full(to)
    return bool(peer.home.outgoing.open_pages(address) or peer.home.outgoing.waiting(address, 1))


def play(village: Village, rounds: int = 2) -> str:
    """The story that every drive is told: talk, settle, be checked; in words what was seen."""
    began = time.monotonic()
    for number in range(rounds):
        village.talk(f"round {number}")
        time.sleep(village.patience / 4)
    took = village.settle()
    village.check()
    return (
        f"{len(village.words)} sendings in {rounds} rounds, settled after {took} more,"
        f" {time.monotonic() - began:.0f} s; {village.failed} ticks gave up; {village.idle()}"
    )


def _open(mount: Path, path: Path) -> AbstractContextManager[object]:
    return path.open("rb")


def hold(
    village: Village,
    open_: Callable[[Path, Path], AbstractContextManager[object]] = _open,
    by: str = "",
) -> str:
    """Somebody has all files open on every mount, as a virus scanner does, while everybody talks.

    On a Windows drive such a file can be neither replaced nor removed, also not by a Linux client.
    `open_` opens a file that was found below a mount.
    """
    failed = village.failed
    with ExitStack() as held:
        count = 0
        for mount in sorted(set(village.at.values())):
            for path in [path for path in mount.glob("peers/**/*") if path.is_file()]:
                with suppress(OSError):  # it may be seen late, and gone
                    held.enter_context(open_(mount, path))
                    count += 1
        assert count, "nothing could be held open"
        for number in range(2):
            village.talk(f"while files are held{by}, {number}", ROUGH)
    took = village.settle(ROUGH)  # the server may still wait for whoever has gone
    village.check()
    gave_up = village.failed - failed
    return f"{count} files held open{by}: {gave_up} ticks gave up, settled {took} after"


def freeze(village: Village, stop: Callable[[], object], go: Callable[[], object]) -> str:
    """The server stands still: ticks end by themselves and say so, and later nothing is missing."""
    for name in FIVE:
        others = [other for other in FIVE if other != name]
        village.words.append((name, others, f"before the frost, from {name}"))
    village.finish(
        village.begin(
            [(name, "send", ",".join(to), text) for name, to, text in village.words[-len(FIVE) :]]
        )
    )
    stop()
    village.words.append((FIVE[0], FIVE[1:2], "into the frost"))
    try:
        running = village.begin([(FIVE[0], "send", FIVE[1], "into the frost"), *ticks()])
        until = time.monotonic() + stalled_ms_max / 1000 + 15
        while time.monotonic() < until and any(one.poll() is None for _, one in running):
            time.sleep(0.5)
    finally:
        go()  # before that no signal ends whoever waits for a drive in user space
    _, *said = village.finish(running, ROUGH)  # who writes does not wait: it is kept
    gave_up = [one for one in said if one.code == SHARE_FAILED and "has not answered" in one.err]
    assert gave_up, said
    took = village.settle()
    village.check()
    return f"{len(gave_up)} of {len(said)} ticks gave up on a frozen server, settled {took} after"


def as_json(village: Village, told: str) -> str:
    """One line for whoever started this elsewhere."""
    return json.dumps({"told": told, "problems": sorted(set(village.problems))[:20]})
