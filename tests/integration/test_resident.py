"""The loop of `peer run` under a clock, and a wait, that tests move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from peer.enclosing import Source
from peer.instance import HOUR_MS
from peer.run.beats import SLOT, Beats
from peer.run.resident import (
    AWAY_MS_MAX,
    FRUITLESS_MS_MAX,
    LOOK_MS,
    LOOK_REST_MS,
    QUIET_MS,
    Resident,
)
from peer.run.watching import NoHints, Watching
from peer.settings import Schedule, Settings
from peer.stewards.orders import halt
from peer.tick import fetch
from registry import layout
from registry.faulty import Call, Fault, FaultyShare
from registry.memory import MemoryShare
from tests.network import FolderNetwork, Network, acted

BERLIN = "Europe/Berlin"
MINUTE_MS = 60_000


class Life:
    """One peer of a network that stays for some time; `then` maps a moment to what happens."""

    def __init__(
        self,
        network: Network | FolderNetwork,
        name: str = "core",
        *,
        cron: str = "0 */6 * * *",
        look_ms: int = LOOK_MS,
    ) -> None:
        self.network, self.clock, self.peer = network, network.clock, network.peers[name]
        self.peer.settings = Settings(schedule=Schedule(cron=cron, zone=BERLIN, spread_s=0))
        self.then: dict[int, Callable[[], object]] = {}  # by ms since the start
        self.told: list[dict[str, Any]] = []
        self.until = 0
        self.began = self.clock.wall_ms()
        self.passed = 0
        self.look_ms = look_ms
        self.resident = self.begin()

    def begin(self) -> Resident:
        """A new process over the same home."""
        table = self.peer.settings.schedule.timetable(self.peer.address)
        self.beats = Beats(table, self.peer.home, self.clock)
        return Resident(
            self.peer, self.beats, self, NoHints(), look_ms=self.look_ms,
            stopped=lambda: self.passed >= self.until, tell=self.tell,
        )  # fmt: skip

    def tell(self, what: str, **facts: Any) -> None:
        self.told.append({"what": what, "passed": self.passed, **facts})

    def wait(self, ms: int) -> None:
        """Let time pass, up to whatever happens next."""
        assert ms >= 1, "a loop that does not wait"
        coming = [at for at in self.then if at < self.passed + ms]
        at = min(coming, default=self.passed + ms)
        self.clock.go(max(at - self.passed, 0))
        self.passed = max(at, self.passed)
        if coming:
            self.then.pop(at)()

    def wake(self) -> None:
        """Nobody else is there who could wait."""

    def go(self, ms: int) -> list[tuple[str, int]]:
        """Live for so long; why it ticked, and when, in ms since the beginning."""
        self.until += ms
        seen = len(self.told)
        assert self.resident.run() is False
        return [(t["why"], t["passed"]) for t in self.told[seen:] if t["what"] == "tick"]

    def hint(self) -> None:
        self.resident.hinted = True


def starting(network: Network | FolderNetwork, local: str) -> None:
    """The clock shows a local time in Berlin."""
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(BERLIN))
    network.clock.jump(int(at.timestamp() * 1000) - network.clock.wall_ms())


@pytest.fixture
def network() -> Network:
    made = Network(("core", "scout"))
    starting(made, "2026-11-20T05:00:00")
    made.round(2, hours=0.1)
    return made


def test_it_beats_at_its_slots_and_writes_nothing_in_between(network: Network) -> None:
    """RUN-1, RUN-2: the default schedule on a quiet day."""
    starting(network, "2026-11-21T05:00:00")
    life = Life(network)
    with network.faulty("core") as share:
        life.resident = life.begin()
        ticks = life.go(14 * HOUR_MS)
        beats = [path for op, path in share.calls if op == "place" and "heartbeat" in path]
        writes = [c for c in share.calls if c.op in ("place", "remove") and "canary" not in c.path]
    assert ticks == [("start", 0), *(("schedule", h * HOUR_MS) for h in (1, 7, 13))]
    assert len(beats) == len(writes) == 4


def test_the_delay_of_a_peer_is_waited(network: Network) -> None:
    starting(network, "2026-11-21T05:00:00")
    life = Life(network)
    life.peer.settings = Settings(schedule=Schedule(zone=BERLIN, spread_s=3600))
    life.resident = life.begin()
    delay = life.peer.settings.schedule.timetable(life.peer.address).delay_ms()
    assert delay > 0
    [_, (why, at)] = life.go(3 * HOUR_MS)
    assert (why, at) == ("schedule", HOUR_MS + delay)


@pytest.mark.parametrize(
    ("start", "locals_"),
    [
        ("2026-10-25T00:30:00", ["01:00", "01:30", "02:00", "02:30", "03:00", "03:30"]),
        ("2026-03-29T00:30:00", ["01:00", "01:30", "03:00", "03:30", "04:00", "04:30"]),
    ],
)
def test_a_change_of_the_clocks(network: Network, start: str, locals_: list[str]) -> None:
    """RUN-1: each local time once, with a restart in the hour that comes twice."""
    starting(network, start)
    life = Life(network, cron="*/30 * * * *")
    ticks = life.go(2 * HOUR_MS + 10 * MINUTE_MS)
    life.resident = life.begin()
    ticks += life.go(4 * HOUR_MS)
    scheduled = [at for why, at in ticks if why == "schedule"]
    shown = [
        datetime.fromtimestamp((life.began + at) / 1000, ZoneInfo(BERLIN)).strftime("%H:%M")
        for at in scheduled
    ]
    assert shown[: len(locals_)] == locals_


def test_after_a_sleep_one_beat_stands_for_all(network: Network) -> None:
    """RUN-1: the machine slept for a day; its monotonic clock stood still."""
    starting(network, "2026-11-21T05:10:00")
    life = Life(network, cron="0 * * * *")
    life.then[10 * MINUTE_MS] = lambda: network.clock.jump(24 * HOUR_MS)
    ticks = life.go(3 * HOUR_MS)
    assert [why for why, _ in ticks] == ["start", *["schedule"] * 4]
    assert ticks[1][1] <= 10 * MINUTE_MS + 2_000
    assert [at for _, at in ticks[2:]] == [m * MINUTE_MS for m in (50, 110, 170)]


def test_a_clock_that_goes_back_an_hour_repeats_no_slot(network: Network) -> None:
    """RUN-1: the slot of six was beaten; six comes again."""
    starting(network, "2026-11-21T05:50:00")
    life = Life(network, cron="0 * * * *")
    life.then[30 * MINUTE_MS] = lambda: network.clock.jump(-HOUR_MS)
    ticks = life.go(3 * HOUR_MS)
    # 06:00, then 05:20 again, and the next new slot is 07:00.
    assert [at for why, at in ticks if why == "schedule"][:2] == [
        10 * MINUTE_MS, (30 + 100) * MINUTE_MS,
    ]  # fmt: skip
    assert life.peer.home.state.text(SLOT) == "2026-11-21T07:00"


def test_no_wrong_clock_keeps_it_silent(network: Network) -> None:
    """RUN-1: set back by a day all slots were beaten; twice the announced wait is the end of it."""
    starting(network, "2026-11-21T05:50:00")
    life = Life(network, cron="0 * * * *")
    life.then[30 * MINUTE_MS] = lambda: network.clock.jump(-23 * HOUR_MS)
    ticks = [at for why, at in life.go(12 * HOUR_MS) if why == "schedule"]
    assert max(b - a for a, b in pairwise(ticks)) <= 2 * HOUR_MS + 5_000


def test_a_letter_wakes_it_and_a_burst_is_one_tick(network: Network) -> None:
    """RUN-3: with a hint at once; what comes while it rests is taken together."""
    starting(network, "2026-11-21T07:00:00")
    life = Life(network)

    def write(text: str) -> Callable[[], None]:
        def act() -> None:
            network.send("scout", "core", text)
            life.hint()

        return act

    life.then |= {60_000: write("one"), 60_001: write("two"), 60_002: write("three")}
    ticks = life.go(10 * MINUTE_MS)
    assert [why for why, _ in ticks] == ["start", "news", "news"]
    assert ticks[1][1] == 60_000
    assert ticks[2][1] == 60_000 + QUIET_MS
    assert acted(life.peer.home) == ["scout: one", "scout: three", "scout: two"]


def test_where_nobody_hints_it_looks(network: Network) -> None:
    """RUN-3: the polling path is no slower than its interval."""
    starting(network, "2026-11-21T07:00:00")
    life = Life(network, look_ms=2_000)
    life.then[61_000] = lambda: network.send("scout", "core", "one")
    ticks = life.go(5 * MINUTE_MS)
    assert [why for why, _ in ticks] == ["start", "news"]
    assert 61_000 <= ticks[1][1] <= 63_000


def test_heartbeats_and_feeds_wake_nobody(network: Network) -> None:
    """RUN-3: two residents that beat and publish do not wake each other."""
    starting(network, "2026-11-21T07:00:00")
    life = Life(network)

    def stir() -> None:
        network.send("scout", "all", "to all")
        network.tick("scout")
        life.hint()

    life.then |= {n * MINUTE_MS: stir for n in range(1, 5)}
    assert life.go(10 * MINUTE_MS) == [("start", 0)]


def test_an_order_wakes_it(network: Network) -> None:
    """RUN-3, HALT-4: and so does the order that lifts it."""
    starting(network, "2026-11-21T07:00:00")
    life = Life(network)

    def stop() -> None:
        halt(network.desk, "*", "test")
        life.hint()

    def lift() -> None:
        network.resume_all()
        life.hint()

    life.then |= {60_000: stop, 120_000: lift}
    ticks = life.go(10 * MINUTE_MS)
    assert ticks == [("start", 0), ("news", 60_000), ("news", 120_000)]
    assert [t["report"]["state"] for t in life.told] == ["idle", "parked", "idle"]


def test_order_after_order_wakes_it(network: Network) -> None:
    """RUN-3, HALT-4: what stewards signed is never taken for a stir that brings nothing."""
    starting(network, "2026-11-21T07:00:00")
    life = Life(network)

    def order(n: int) -> None:
        halt(network.desk, "*", "test") if n % 2 else network.resume_all()
        life.hint()

    life.then |= {n * 2_000: partial(order, n) for n in range(1, 13)}
    assert life.go(60_000) == [("start", 0), *(("news", n * 2_000) for n in range(1, 13))]


def test_mail_that_is_kept_elsewhere_for_it_wakes_it(network: Network) -> None:
    """RUN-3, SEND-7: in the outbox of a neighbour that flagged mail."""
    starting(network, "2026-11-21T07:00:00")
    closed = Fault(name="denied", op="place", path="peers/core/inbox/*", times=-1)
    network.send("scout", "core", "one", closed)
    life = Life(network)

    def write() -> None:
        network.send("scout", "core", "two", closed)
        life.hint()

    life.then[60_000] = write
    ticks = life.go(5 * MINUTE_MS)
    assert ("news", 60_000) in ticks
    assert acted(life.peer.home) == ["scout: one", "scout: two"]


def test_junk_names_wake_nobody_and_a_flood_is_rested_from(network: Network) -> None:
    """RUN-3: names of the right form that bring nothing are looked at ever more seldom."""
    starting(network, "2026-11-21T07:00:00")
    life = Life(network)
    box = layout.inbox("core")

    def junk() -> None:
        network.memory.place(f"{box}/x.tmp", b"junk")
        life.hint()

    def flood(n: int) -> Callable[[], None]:
        def act() -> None:
            network.memory.place(f"{box}/stranger.aaaaaaaa.{n}.page", b"junk")
            life.hint()

        return act

    life.then[30_000] = junk
    assert life.go(60_000) == [("start", 0)]
    life.then |= {60_000 + 10 * n: flood(n) for n in range(1, 6_000)}
    ticks = life.go(60_000)
    assert len(ticks) <= 9 + 60_000 / FRUITLESS_MS_MAX
    network.send("scout", "core", "one")
    life.go(FRUITLESS_MS_MAX + LOOK_MS)
    assert acted(life.peer.home) == ["scout: one"]


def test_a_flood_of_hints_is_not_a_flood_of_looks(network: Network) -> None:
    """RUN-3: names of no form for a letter, one each millisecond."""
    starting(network, "2026-11-21T07:00:00")
    life = Life(network)
    life.go(30_000)
    life.then |= {30_000 + n: life.hint for n in range(2_000)}
    with network.faulty("core") as share:
        assert [why for why, _ in life.go(10_000)] == ["start"]
        looks = share.calls.count(Call("names", layout.inbox("core")))
    assert 100 <= looks <= 2_000 / LOOK_REST_MS + 2


def test_what_another_process_staged_is_sent(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RUN-3, SEND-9: a letter that could not be delivered wakes it; one that was does not."""
    starting(network, "2026-11-21T07:00:00")
    life = Life(network)
    version = [1]
    monkeypatch.setattr(
        "peer.home.unsent.Unsent._version_now", lambda self: version[0], raising=True
    )

    def send(*faults: Fault) -> Callable[[], None]:
        def act() -> None:
            network.send("core", "scout", "one", *faults)
            version[0] += 1

        return act

    life.then |= {60_000: send(), 120_500: send(Fault(name="unavailable"))}
    ticks = life.go(10 * MINUTE_MS)
    assert [why for why, _ in ticks] == ["start", "home"]
    assert 120_500 <= ticks[1][1] <= 123_000
    network.tick("scout")
    assert acted(network.peers["scout"].home) == ["core: one"] * 2


def test_what_the_drive_refused_is_tried_again(network: Network) -> None:
    """RUN-5: a full drive says nothing when it has room again."""
    starting(network, "2026-11-21T07:00:00")
    full = Fault(name="full", op="place", path="peers/scout/inbox/*", times=-1)
    network.send("core", "scout", "one", full)
    life = Life(network)
    life.peer.share = FaultyShare(network.memory, [full])
    life.then[20_000] = lambda: setattr(life.peer, "share", network.memory)
    ticks = life.go(5 * MINUTE_MS)
    assert [why for why, _ in ticks][:3] == ["start", "retry", "retry"]
    assert len(ticks) <= 8
    assert not life.peer.home.outgoing.waiting("scout@lab.eu", 9)
    network.tick("scout")
    assert acted(network.peers["scout"].home) == ["core: one"]


def test_files_that_come_after_their_letter_are_fetched_soon(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ATT-2: nothing else would tell of them before the next slot."""
    life = Life(network)
    data = bytes(range(250)) * 40
    monkeypatch.setattr(fetch, "tick_bytes_max", 3_000)
    monkeypatch.setattr(fetch, "part_bytes", 1_000)

    def send() -> None:
        network.send("scout", "core", "see file", files=[Source("a", lambda: [data])])
        (blob,) = network.files("peers/scout/blobs")
        network.memory.remove(blob)
        life.then[60_000] = lambda: network.memory.place(blob, data)

    life.then[10_000] = send
    life.go(300_000)
    assert acted(network.peers["core"].home) == ["scout: see file"]
    ticks = [one for one in life.told if one["what"] == "tick"]
    (done,) = [one for one in ticks if one["report"]["received"]]
    assert 60_000 < done["passed"] < 150_000
    waited = [one for one in ticks if one["report"]["fetching"]]
    assert len(waited) < 15, "ever more seldom while nothing comes"
    assert sum(one["report"]["fetched"] for one in ticks) == len(data)


def test_a_share_that_goes_away_and_comes_back(network: Network) -> None:
    """RUN-5: an empty folder at its place is none; nothing is written there."""
    starting(network, "2026-11-21T07:00:00")
    life = Life(network, look_ms=2_000)
    empty = MemoryShare()
    life.then |= {
        60_000: lambda: setattr(life.peer, "share", empty),
        400_000: lambda: network.send("scout", "core", "one"),
        500_000: lambda: setattr(life.peer, "share", network.memory),
    }
    ticks = life.go(20 * MINUTE_MS)
    assert [why for why, _ in ticks] == ["start", "share"]
    assert 500_000 <= ticks[1][1] <= 500_000 + AWAY_MS_MAX
    tries = [t["passed"] for t in life.told if t["what"] == "away"]
    assert tries[0] <= 62_000
    assert len(tries) <= 20
    assert empty.names("", 9) == []
    assert acted(life.peer.home) == ["scout: one"]


def test_a_tick_that_finds_another_one_running_is_made_up_for(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TICK-1: the letter that woke it is not forgotten."""
    from contextlib import contextmanager

    from peer import lock

    starting(network, "2026-11-21T07:00:00")
    life = Life(network)
    taken = [False]

    @contextmanager
    def held(folder: str | None, name: str = "lock") -> Any:
        yield not taken[0]

    monkeypatch.setattr(lock, "held", held)

    def write() -> None:
        taken[0] = True
        network.send("scout", "core", "one")
        life.hint()

    life.then |= {60_000: write, 65_500: lambda: taken.__setitem__(0, False)}
    ticks = life.go(5 * MINUTE_MS)
    assert ticks == [("start", 0), ("news", 66_000)]
    assert acted(life.peer.home) == ["scout: one"]


def test_who_is_not_admitted_waits_and_is_woken_by_the_roster(network: Network) -> None:
    """TICK-7: what a person must do is told, and then it lives."""
    starting(network, "2026-11-21T07:00:00")
    smith = network.add("smith")
    life = Life(network, "smith")

    def admit() -> None:
        network.roster({**network.members(), "smith": {smith.signer.key: "active"}})
        life.hint()

    life.then[60_000] = admit
    ticks = life.go(5 * MINUTE_MS)
    assert [why for why, _ in ticks] == ["start", "news"]
    assert "not admitted" in life.told[0]["report"]["human"]
    assert life.told[1]["report"]["human"] is None


def test_a_stop_ends_a_tick_between_two_items(network: Network) -> None:
    """RUN-6: what was acted on stays, the rest waits for the next tick, nothing is done twice."""
    for n in range(4):
        network.send("scout", "core", f"{n}")
    core = network.peers["core"]
    asked = [0]

    def goes_on() -> bool:
        asked[0] += 1
        return asked[0] < 3

    core.goes_on = goes_on
    report = network.tick("core")
    assert (report.received, report.acted, report.seq) == (2, 0, 0)
    assert "ended before its time" in report.problems[-1]
    core.goes_on = lambda: True
    assert network.tick("core").acted == 4
    assert acted(core.home) == ["scout: 0", "scout: 1", "scout: 2", "scout: 3"]


def test_a_stopped_tick_is_no_beat(network: Network) -> None:
    """RUN-6, RUN-1: its slot is still to be beaten."""
    starting(network, "2026-11-21T05:00:00")
    network.send("scout", "core", "one")
    life = Life(network)
    life.until = 1
    life.peer.goes_on = lambda: False
    life.resident._stopped = lambda: False
    life.resident._tick("start")
    life.resident._stopped = lambda: True
    life.resident._tick("schedule")
    assert life.told[-1]["why"] == "start"


def test_what_is_watched_follows_the_flags(network: Network) -> None:
    """RUN-3: no feed, no heartbeat, nobody's outbox that keeps nothing for me."""
    watching = Watching(network.peers["core"])
    assert set(watching.folders) == {layout.inbox("core"), "charter", "orders"}
    assert watching.news()
    assert not watching.news()
    network.memory.remove(layout.inbox("core"))
    assert not watching.news(), "a folder that is gone has no news"
