"""A program of its own for tests that need whole processes: `python -m tests.integration.driver`.

    DIR kill ACTION WHERE      at every position: fork, act, die by SIGKILL, heal, tell
    DIR send NAME TO FROM N    send N letters, one call each, numbered from FROM
    DIR ticks NAME N           N ticks
    DIR stall                  a tick over a share that stops answering

DIR is the base of a `FolderNetwork`. What it prints are lines of JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from peer import deadline
from peer.home import Home
from peer.instance import RunningPeer
from protocol.messages import Note, Question
from registry.faulty import Fault, FaultyShare
from tests.network import (
    DyingDatabase,
    FolderNetwork,
    acted,
    insight,
    open_folder_peer,
    send,
    tick,
)

KINDS = ("kill_before", "kill_after", "kill_torn")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _KilledDatabase(DyingDatabase):
    def kill(self) -> None:
        _die()


def _act(base: Path, action: str, *, fault: Fault | None = None, step: int = 0) -> RunningPeer:
    """One process's work; `fault` or `step` say where it dies."""
    peer = open_folder_peer(base, "core")
    if step or fault is None:
        peer.home.close()
        database = _KilledDatabase(os.path.join(peer.folder or "", "home.db"))
        database.die_at = step
        peer.home = Home(database)
    peer.share = FaultyShare(peer.share, [fault] if fault else [], kill=_die)
    if action == "tick":
        tick(peer)
    else:
        send(peer, ["scout", "smith"], [Note(text="sent")])
    return peer


def _stage(base: Path) -> None:
    """Everything is under way: letters, knowledge, a question, receipts."""
    base.mkdir()
    network = FolderNetwork(base, ("core", "scout", "smith"))
    network.round()
    core, scout, smith = (network.peers[name] for name in network.names)
    send(core, ["all"], [insight("copper conducts")])
    send(core, ["scout"], [Note(text="pushed")])
    send(smith, ["core"], [Question(text="what conducts?", topics=("metal",))])
    send(scout, ["core", "smith"], [Note(text="to both")])
    network.tick("scout")
    send(scout, ["all"], [insight("tin melts", "tin")])
    network.close()


def _heal(base: Path) -> dict[str, Any]:
    """Some rounds of everybody in new processes, and what they have then."""
    names = ("core", "scout", "smith")
    peers = [open_folder_peer(base, name) for name in names]
    for _ in range(4):
        for peer in peers:
            tick(peer)
    try:
        return {
            "acted": {peer.name: acted(peer.home) for peer in peers},
            "open": sum(
                len(peer.home.outgoing.open_pages(other.address))
                for peer in peers
                for other in peers
            ),
            "concerns": [c.key for peer in peers for c in peer.home.concerns.all()],
        }
    finally:
        for peer in peers:
            peer.home.close()


def _fork(work: Callable[[], object]) -> int:
    """Do work in a process of its own; its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - a forked child must end here, whatever happened
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def kill(base: Path, action: str, where: str) -> None:
    """The trials of `test_real_processes_with_real_kills`."""
    _stage(base / "now")
    shutil.copytree(base / "now", base / "then", symlinks=True)

    def reset() -> None:
        shutil.rmtree(base / "now")
        shutil.copytree(base / "then", base / "now", symlinks=True)

    peer = _act(base / "now", action)
    assert isinstance(peer.share, FaultyShare)
    assert isinstance(peer.home.db, DyingDatabase)
    calls, steps = len(peer.share.calls), peer.home.db.steps
    writes = sum(call.op == "place" for call in peer.share.calls)
    peer.home.close()
    print(json.dumps(_heal(base / "now")))
    trials: list[tuple[str, int]] = []
    if where == "home":
        trials = [("step", at) for at in range(1, steps + 1)]
    else:
        trials += [(kind, at) for kind in KINDS[:2] for at in range(1, calls + 1)]
        trials += [("kill_torn", at) for at in range(1, writes + 1)]
    for how, at in trials:
        reset()
        if how == "step":
            status = _fork(partial(_act, base / "now", action, step=at))
        else:
            fault = Fault(name=how, at=at, op="place" if how == "kill_torn" else None)
            status = _fork(partial(_act, base / "now", action, fault=fault))
        died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        print(json.dumps({"at": [how, at], "signal": died, **_heal(base / "now")}))


def many(base: Path, name: str, to: str, first: int, count: int) -> None:
    """Send letters one by one, as a shell loop would."""
    for number in range(first, first + count):
        peer = open_folder_peer(base, name)
        done = send(peer, to.split(","), [Note(text=f"{number}")])
        peer.home.close()
        print(json.dumps({"ids": done.ids}))


def ticks(base: Path, name: str, count: int) -> None:
    """Tick over and over."""
    peer = open_folder_peer(base, name)
    for _ in range(count):
        report = tick(peer)
        print(json.dumps({"state": report.state, "problems": report.problems}))
        time.sleep(0.005)
    peer.home.close()


def stall(base: Path) -> None:
    """A tick whose third call of the share never returns."""
    deadline.stalled_ms_max = 300
    mine = open_folder_peer(base, "core")
    frozen = FaultyShare(
        mine.share, [Fault(name="slow", at=3, seconds=60)], sleep=lambda seconds: time.sleep(50)
    )
    mine.share = deadline.watch(frozen, mine.clock)
    tick(mine)
    print(json.dumps({"survived": True}))


def main() -> None:
    base, what, *more = sys.argv[1:]
    match what:
        case "kill":
            kill(Path(base), *more)
        case "send":
            many(Path(base), more[0], more[1], int(more[2]), int(more[3]))
        case "ticks":
            ticks(Path(base), more[0], int(more[1]))
        case "stall":
            stall(Path(base))


if __name__ == "__main__":
    main()
