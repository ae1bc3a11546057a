"""Killed at every call of the share and at every commit of the home: nothing lost, nothing doubled.

A scene is a network at a moment, who acts then, and what he does. The scene is played once without
faults to count the calls of the share and the steps of the database; then once for each of them,
dying there, with a new process over the same home and some rounds of everybody.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from peer.instance import DAY_MS
from protocol.messages import Question
from registry.faulty import Fault
from tests.network import (
    CLUSTER,
    WRITES,
    DyingDatabase,
    Killed,
    Network,
    denied,
    halt,
    insight,
    resume,
    settled,
    stream_seqs,
)

KINDS = ("kill_before", "kill_after", "kill_torn")
CLOSED = denied("peers/scout/inbox*")


class Scene(NamedTuple):
    """`act` is what `who` does; `sends` is the text that it may have written, or None (a tick)."""

    network: Network
    who: str
    act: Callable[[Network], object]
    sends: str | None = None
    faults: tuple[Fault, ...] = ()


def _tick(name: str) -> Callable[[Network], object]:
    return lambda network: network.tick_here(name)


def _busy() -> Network:
    """Letters, knowledge, a question, receipts: everything is under way at once."""
    network = settled("core", "scout", "smith")
    network.send("scout", "all", insight("copper conducts"))
    network.round()
    network.memory.gone = True
    for number in range(3):
        network.send("core", "scout", f"staged {number}")
    network.send("core", "all", insight("staged for all", "tin"))
    network.memory.gone = False
    network.send("core", "scout", "pushed")
    network.send("smith", "scout", Question(text="what conducts?", topics=("metal",)))
    network.send("scout", ["core", "smith"], "to both")
    network.send("smith", "all", insight("tin melts", "tin"))
    return network


def _reader_ticks() -> Scene:
    return Scene(_busy(), "scout", _tick("scout"))


def _author_ticks() -> Scene:
    network = _busy()
    network.tick("scout")
    return Scene(network, "core", _tick("core"))


def _letters_are_put_back() -> Scene:
    network = _busy()
    network.tick("core")
    for path in network.files("peers/scout/inbox") + network.files("peers/core/outbox/feed"):
        network.memory.remove(path)
    return Scene(network, "core", _tick("core"))


def _a_tick_keeps_mail_to_be_fetched() -> Scene:
    return Scene(_busy(), "core", _tick("core"), faults=(CLOSED,))


def _fetched_mail_is_tidied() -> Scene:
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "one", CLOSED)
    network.send("core", "scout", "two", CLOSED)
    network.tick("scout")
    return Scene(network, "core", _tick("core"), faults=(CLOSED,))


def _mail_is_fetched() -> Scene:
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "one", CLOSED)
    return Scene(network, "scout", _tick("scout"))


def _a_first_tick() -> Scene:
    network = Network(("core", "scout", "smith"))
    network.tick("core")
    network.send("core", "scout", "before scout's first tick")
    return Scene(network, "scout", _tick("scout"))


def _new_documents_arrive() -> Scene:
    network = _busy()
    members = network.members()
    members["late"] = {network.add("late").signer.key: "active"}
    network.roster(members)
    halt(network.desk, f"smith@{CLUSTER}", "")
    network.tick("core")
    resume(network.desk, "*")
    return Scene(network, "scout", _tick("scout"))


def _a_halted_tick() -> Scene:
    network = _busy()
    halt(network.desk, f"scout@{CLUSTER}", "")
    scene = Scene(network, "scout", _tick("scout"))
    return scene._replace(act=lambda n: (n.tick_here("scout"), resume(n.desk, "*")))


def _a_first_tick_after_repair() -> Scene:
    network = _busy()
    network.tick("core")
    network.repair("core")
    network.restart("core")
    return Scene(network, "core", _tick("core"))


def _a_tick_that_changes_its_key() -> Scene:
    """Letters under way both ways, and everything of `_busy`; the steward has admitted the key."""
    network = _busy()
    network.tick("core")
    network.send("scout", "core", "to the old key")
    network.admit_next("core")
    return Scene(network, "core", _tick("core"))


def _a_send_that_changes_its_key() -> Scene:
    network = _busy()
    network.admit_next("core")
    return Scene(network, "core", lambda n: n.send_here("core", "smith", "sent"), "sent")


def _what_is_old_goes() -> Scene:
    """A feed's first page and letters, some above a hole, have their time together."""
    network = settled("core", "scout", "smith")
    network.send("core", "all", insight("ninety days old"))
    network.round(1, hours=24)
    network.send("core", "all", insight("younger"))
    network.round(59, hours=24, only=("core", "smith"))
    network.send("core", "scout", "never arrives")
    for path in network.files("peers/scout/inbox"):
        network.memory.remove(path)
    network.send("core", "scout", "arrives")
    network.tick("scout")
    network.round(30, hours=24, only=("core", "smith"))
    network.clock.go(DAY_MS)
    return Scene(network, "core", _tick("core"))


def _junk_lies_about() -> Scene:
    network = _busy()
    nodes = network.memory.nodes("peers/scout/inbox")
    nodes["core.abcdefgh.1.page"] = None
    nodes["smith.abcdefgh.1.page"] = {"a": b""}
    nodes["nobody.abcdefgh.1.page"] = b"{}"
    network.memory.remove("peers/scout/outbox")
    network.memory.place("peers/scout/outbox", b"")
    return Scene(network, "scout", _tick("scout"))


def _send_a_letter() -> Scene:
    return Scene(_busy(), "core", lambda n: n.send_here("core", "smith", "sent"), "sent")


def _send_to_two() -> Scene:
    return Scene(_busy(), "core", lambda n: n.send_here("core", ["scout", "smith"], "sent"), "sent")


def _send_a_letter_to_fetch() -> Scene:
    act = _send_to_two().act
    return Scene(_busy(), "core", act, "sent", (CLOSED,))


def _publish() -> Scene:
    return Scene(
        _busy(), "core", lambda n: n.send_here("core", "all", insight("sent", "tin")), "sent"
    )


SCENES: dict[str, Callable[[], Scene]] = {
    scene.__name__.strip("_"): scene
    for scene in (
        _reader_ticks,
        _author_ticks,
        _letters_are_put_back,
        _a_tick_keeps_mail_to_be_fetched,
        _fetched_mail_is_tidied,
        _mail_is_fetched,
        _a_first_tick,
        _new_documents_arrive,
        _a_halted_tick,
        _a_first_tick_after_repair,
        _a_tick_that_changes_its_key,
        _a_send_that_changes_its_key,
        _what_is_old_goes,
        _junk_lies_about,
        _send_a_letter,
        _send_to_two,
        _send_a_letter_to_fetch,
        _publish,
    )
}
every_scene = pytest.mark.parametrize("make", SCENES.values(), ids=SCENES)


def _play(scene: Scene, network: Network, *faults: Fault) -> None:
    with network.faulty(scene.who, *faults, *scene.faults):
        scene.act(network)


def _outcome(network: Network) -> dict[str, list[str]]:
    """What everybody acted on once all has settled; and that it *is* settled."""
    network.resume_all()
    network.round(2)
    assert network.rest()
    names = sorted(network.peers)
    for name in names:
        assert [n for n in names if n != name and network.open_pages(name, n)] == []
        assert [key for key in network.concerns(name) if not key.startswith("expired:")] == []
        for seqs in stream_seqs(network.peers[name].home):
            first = seqs[0]  # what was before is let go
            assert seqs == list(range(first, first + len(seqs))), "a number was left out"
    return {name: network.acted(name) for name in names}


def _without(outcome: dict[str, list[str]], text: str | None) -> dict[str, list[str]]:
    return {name: [t for t in texts if t != f"core: {text}"] for name, texts in outcome.items()}


def _check(scene: Scene, network: Network, clean: dict[str, list[str]], where: str) -> None:
    """All or nothing: a letter that was being sent is there for everybody or for nobody."""
    found = _outcome(network)
    if scene.sends is None or found == clean:
        assert found == clean, where
    else:
        assert found == _without(clean, scene.sends), where


@every_scene
def test_killed_at_every_call_of_the_share(make: Callable[[], Scene]) -> None:
    """TICK-3, SEND-1, SEND-2, SEND-3, RCPT-12, HB-6: before each, after and amid each write."""
    scene = make()
    played = scene.network.copy()
    with played.faulty(scene.who, *scene.faults) as share:
        scene.act(played)
    calls = list(share.calls)
    clean = _outcome(played)
    faults = [Fault(name="kill_before", at=at) for at in range(1, len(calls) + 1)]
    for op in WRITES:  # after a read is before the next call
        times = sum(call.op == op for call in calls)
        faults += [Fault(name="kill_after", op=op, at=at) for at in range(1, times + 1)]
        if op == "place":
            faults += [Fault(name="kill_torn", op=op, at=at) for at in range(1, times + 1)]
    survived = 0
    for fault in faults:
        network = scene.network.copy()
        try:
            _play(scene, network, fault)
        except Killed:
            network.restart(scene.who)
        else:
            survived += 1  # the call itself failed, as it does without the fault
        _check(scene, network, clean, f"{fault.name} at {fault.op} {fault.at}")
    assert survived <= len(faults) // 4


@every_scene
def test_killed_at_every_step_of_the_home(make: Callable[[], Scene]) -> None:
    """TICK-2, TICK-3, SEND-1, SEND-2: before and after every COMMIT."""
    scene = make()
    played = scene.network.copy(DyingDatabase)
    database = played.peers[scene.who].home.db
    assert isinstance(database, DyingDatabase)
    database.steps = 0
    _play(scene, played)
    steps = database.steps
    clean = _outcome(played)
    for at in range(1, steps + 1):
        network = scene.network.copy(DyingDatabase)
        database = network.peers[scene.who].home.db
        assert isinstance(database, DyingDatabase)
        database.steps, database.die_at = 0, at
        with pytest.raises(Killed):
            _play(scene, network)
        database.die_at = 0
        network.restart(scene.who)
        _check(scene, network, clean, f"step {at}")


@pytest.mark.parametrize("seed", range(3))
def test_killed_again_and_again(seed: int) -> None:
    """TICK-3: every tick of everybody dies somewhere, thirty times; then they live."""
    base = _busy()
    clean = _outcome(base.copy())
    network, dice = base.copy(), random.Random(seed)
    names = sorted(network.peers)
    died = 0
    for _ in range(60):
        name = dice.choice(names)
        network.clock.go(60_000)
        try:
            network.tick(name, Fault(name=dice.choice(KINDS), at=dice.randrange(1, 30)))
        except Killed:
            died += 1
            network.restart(name)
    assert died > 20
    assert _outcome(network) == clean


def test_numbers_are_durable_before_their_bytes_are_shared() -> None:
    """SEND-2, RCPT-12, HB-6: at every write to the share the home already knows its number."""
    network = _busy()
    found = []
    for name in ("scout", "core"):
        peer = network.peers[name]
        with network.faulty(name) as share:
            place = share.place

            def watched(path: str, data: bytes, peer: Any = peer, place: Any = place) -> None:
                if not peer.home.db._connection.in_transaction and path.startswith("peers/"):
                    found.append(path.rpartition("/")[2].rpartition(".")[2])
                    signed = json.loads(data).get("signed") if b"signed" in data else None
                    _check_number(peer, signed)
                else:
                    raise AssertionError(f"{path} is written inside a transaction")
                place(path, data)

            share.place = watched  # type: ignore[method-assign]
            network.tick_here(name)
    assert {"page", "json"} <= set(found)


def _check_number(peer: Any, signed: dict[str, Any] | None) -> None:
    if signed is None:
        return
    home = peer.home
    if signed["type"] == "soma/heartbeat/1":
        assert home.state.number("beat_seq") == signed["seq"]
    elif signed["type"] == "soma/receipt/1":
        assert home.journal.receipt_number(signed["author"]) == signed["n"]
    elif signed["type"] == "soma/page/1":
        assert home.outgoing.page(signed["epoch"], signed["audience"], signed["seq"]) is not None


# ------------------------------------------------------------------------------ real processes


@pytest.fixture
def driver(tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Runs `tests/integration/driver.py`; its last lines are what came of each trial."""

    def run(*arguments: object) -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.integration.driver", str(tmp_path), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=100,
            cwd=Path(__file__).parents[2],
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.mark.parametrize("action", ["tick", "send"])
@pytest.mark.parametrize("where", ["share", "home"])
def test_real_processes_with_real_kills(
    driver: Callable[..., list[dict[str, Any]]], action: str, where: str
) -> None:
    """TICK-3, SEND-1, SEND-2.

    SIGKILL at every call of the share and every step of the home, real homes, a real folder.
    """
    clean, *trials = driver("kill", action, where)
    killed = [trial for trial in trials if trial["signal"] == signal.SIGKILL]
    assert len(killed) >= 4
    assert len(killed) >= len(trials) * 3 // 4, "but for calls that fail by themselves"
    for trial in trials:
        if action == "tick" or trial["acted"] == clean["acted"]:
            assert trial["acted"] == clean["acted"], trial["at"]
        else:
            less = {n: [t for t in ts if t != "core: sent"] for n, ts in clean["acted"].items()}
            assert trial["acted"] == less, trial["at"]
        assert trial["open"] == 0
        assert trial["concerns"] == []
