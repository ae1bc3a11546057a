"""Health: what silence means, told once, and never because my own clock or mount is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peer.instance import HOUR_MS
from peer.membership import leave
from peer.stewards.orders import halt, resume
from peer.tick.beat import compose
from protocol import documents
from registry import layout
from tests.network import CLUSTER, DAY_MS, FIVE, FakeClock, Network, failing, hidden, settled

SIX = (*FIVE, "zoe")


def _watch(network: Network, hours: float, *, every: float = 0.5) -> list[tuple[float, str]]:
    """What core thinks of scout while only core ticks: (hours, state) where it changes."""
    found: list[tuple[float, str]] = []
    passed = 0.0
    while passed < hours:
        passed += every
        network.round(1, hours=every, only=["core"])
        state = network.health("core")["scout"]
        if not found or found[-1][1] != state:
            found.append((passed, state))
    return found


def _fresh() -> Network:
    """Core has just seen scout's newest beat; both announce six hours."""
    network = settled()
    network.tick("scout")
    network.tick("core")
    return network


def test_states_over_time() -> None:
    """HEALTH-4: late at 1.3, suspect at 1.8, dead at 2.4 announced periods (DESIGN §10)."""
    found = _watch(_fresh(), 24)
    assert [state for _, state in found] == ["alive", "late", "suspect", "dead"]
    for (hours, _), periods in zip(found[1:], (1.3, 1.8, 2.4), strict=True):
        assert abs(hours / 6 - periods) < 0.15


def test_a_death_is_told_once_and_taken_back_when_it_returns() -> None:
    """HEALTH-4: one concern, however often it is looked at; gone with the first new beat."""
    network = _fresh()
    _watch(network, 60)
    assert network.concerns("core") == ["dead:scout"]
    since = network.peers["core"].home.concerns.all()[0].since
    _watch(network, 60)
    assert network.peers["core"].home.concerns.all()[0].since == since
    network.tick("scout")
    network.tick("core")
    assert network.health("core") == {"scout": "alive"}
    assert network.concerns("core") == []
    _watch(network, 120)
    assert network.concerns("core") == ["dead:scout"]


def test_the_neighbours_clock_counts_nothing() -> None:
    """HEALTH-4: `at` of a beat may be a day off, in either direction, or 1970."""
    network = _fresh()
    scout = network.peers["scout"]
    for at in (0, network.clock.wall - DAY_MS, network.clock.wall + DAY_MS, 2**53 - 1):
        with scout.home.transaction():
            seq = scout.home.state.number("beat_seq") + 1
            scout.home.state.put("beat_seq", seq)
        beat = replace(compose(scout, "idle", seq, False), at=at)
        network.memory.place(layout.heartbeat("scout"), documents.seal(beat, scout.signer))
        network.round(1, hours=6, only=["core"])
        assert network.health("core") == {"scout": "alive"}


@pytest.mark.parametrize("hours", [24, -24, 24 * 365, -24 * 365])
def test_a_jump_of_my_wall_clock_kills_nobody(hours: int) -> None:
    """HEALTH-4, HEALTH-5: elapsed time is monotonic; three ticks after the jump all are alive."""
    network = _fresh()
    network.clock.jump(hours * HOUR_MS)
    for _ in range(3):
        network.round(1, hours=0.2, only=["core"])
        assert network.health("core") == {"scout": "alive"}
    found = _watch(network, 24)
    assert [state for _, state in found] == ["alive", "late", "suspect", "dead"]


@pytest.mark.parametrize("hours", [24, -24, 24 * 365, -24 * 365])
@pytest.mark.parametrize("down", [0.01, 2])
def test_a_reboot_with_a_wrong_clock_kills_nobody(hours: int, down: float) -> None:
    """HEALTH-4, HEALTH-5: the wall clock is all there is, and it lies."""
    network = _fresh()
    network.round(1, hours=1, only=["core"])
    network.clock.reboot(round(down * HOUR_MS))
    network.clock.jump(hours * HOUR_MS)
    for _ in range(5):
        network.round(1, hours=0.2, only=["core"])
        assert network.health("core") == {"scout": "alive"}
    found = _watch(network, 30)
    assert [state for _, state in found] == ["alive", "late", "suspect", "dead"]


def test_a_reboot_keeps_the_time_that_passed() -> None:
    """HEALTH-4: across a reboot with a true clock the silence goes on."""
    network = _fresh()
    network.round(1, hours=5, only=["core"])
    network.clock.reboot(round(0.5 * HOUR_MS))
    network.round(1, hours=0.5, only=["core"])
    found = _watch(network, 24)
    assert found[-1][1] == "dead"
    assert abs((found[-1][0] + 6) / 6 - 2.4) < 0.2


def test_a_clock_set_back_across_a_reboot_never_counts_below_zero() -> None:
    """HEALTH-4: elapsed is never negative, so φ is 0 and not a complaint."""
    network = _fresh()
    network.clock.reboot()
    network.clock.jump(-20 * 60_000)
    [report] = network.round(1, hours=0.1, only=["core"])
    [row] = report.peers
    assert row["state"] == "alive"
    assert row["phi"] < 0.1
    assert row["last_seen_s"] >= 0


def test_a_jump_delays_suspicion_by_one_tick_only() -> None:
    """HEALTH-5: who is really silent is suspect at the next look."""
    network = _fresh()
    network.clock.go(13 * HOUR_MS)
    network.clock.jump(DAY_MS)
    network.tick("core")
    assert network.health("core")["scout"] in ("alive", "late")
    network.round(1, hours=0.1, only=["core"])
    assert network.health("core")["scout"] in ("suspect", "dead")


def test_a_laptop_that_slept_kills_nobody() -> None:
    """HEALTH-5: the wall clock moved by nine hours, the monotonic clock stood still."""
    network = settled(*FIVE)
    network.round(1)
    network.clock.jump(9 * HOUR_MS)
    network.tick("core")
    assert set(network.health("core").values()) == {"alive"}


# ------------------------------------------------------------------------------ own fault


def test_mass_silence_is_my_own_fault_first() -> None:
    """HEALTH-6: five of five fall silent in one tick: nobody becomes suspect for three ticks."""
    network = settled(*SIX)
    network.tick("core")
    network.clock.go(16 * HOUR_MS)
    for _ in range(3):
        network.round(1, hours=0.1, only=["core"])
        assert set(network.health("core").values()) <= {"alive", "late"}
        assert network.concerns("core") == []
    network.round(1, hours=0.1, only=["core"])
    assert set(network.health("core").values()) == {"dead"}


def test_when_all_really_died_it_is_said_in_the_end() -> None:
    """HEALTH-6: patience ends, and is not begun again for the same silence."""
    network = settled(*SIX)
    network.round(1)
    for _ in range(12):
        network.round(1, only=["core"])
    assert set(network.health("core").values()) == {"dead"}
    assert len(network.concerns("core")) == 5


def test_half_of_them_is_no_fault_of_mine() -> None:
    """HEALTH-6: more than half it must be; two of four are just dead."""
    network = settled(*FIVE)
    network.round(1)
    for _ in range(5):
        network.round(1, only=["core", "librarian", "scout"])
    assert network.health("core") == {
        "librarian": "alive",
        "scout": "alive",
        "smith": "dead",
        "warden": "dead",
    }


def test_three_neighbours_are_too_few_to_blame_myself() -> None:
    """HEALTH-6: of three all may be dead at once."""
    network = settled("core", "scout", "smith", "warden")
    network.tick("core")
    network.clock.go(30 * HOUR_MS)
    network.tick("core")
    assert set(network.health("core").values()) == {"dead"}


def test_a_mount_that_shows_old_heartbeats_kills_nobody() -> None:
    """HEALTH-6: the drive shows nothing new for three ticks, then all at once."""
    network = settled(*SIX)
    network.round(1)
    stale = {name: network.data(layout.heartbeat(name)) for name in SIX}
    for _ in range(3):
        network.clock.go(14 * HOUR_MS)
        for name in SIX[1:]:
            network.tick(name)
        now = {name: network.data(layout.heartbeat(name)) for name in SIX}
        for name in SIX[1:]:
            network.memory.place(layout.heartbeat(name), stale[name])
        network.tick("core")
        assert set(network.health("core").values()) <= {"alive", "late"}
        for name in SIX[1:]:
            network.memory.place(layout.heartbeat(name), now[name])
    network.tick("core")
    assert set(network.health("core").values()) == {"alive"}
    assert network.concerns("core") == []


@pytest.mark.parametrize("fault", ["unavailable", "denied", "missing"])
def test_heartbeats_that_cannot_be_read_are_silence_and_no_news(fault: str) -> None:
    """HEALTH-6: errors are said; the tick goes on; after they end all are alive."""
    network = settled(*SIX)
    network.round(1)
    for _ in range(3):
        network.clock.go(15 * HOUR_MS)
        report = network.tick("core", failing(fault, "read", "peers/[!c]*/heartbeat.json"))
        assert report.state == "idle"
        assert len(report.problems) == (0 if fault == "missing" else 5)
        assert "dead" not in network.health("core").values()
    network.round(1, hours=0.1)
    network.tick("core")
    assert set(network.health("core").values()) == {"alive"}


# ------------------------------------------------------------------------------ not silent


def test_a_halted_neighbour_is_halted_and_not_dead() -> None:
    """HEALTH-7: shown halted while the halt is in force, whether it ticks or not."""
    network = settled("core", "scout", "smith")
    halt(network.desk, f"scout@{CLUSTER}", "")
    for _ in range(8):
        network.round(1, only=["core", "smith"])
    assert network.health("core")["scout"] == "halted"
    assert network.concerns("core") == []


def test_after_the_resume_a_dead_neighbour_is_dead() -> None:
    """HEALTH-7: what it said of itself while it was halted does not hide its death."""
    network = settled("core", "scout", "smith")
    halt(network.desk, f"scout@{CLUSTER}", "")
    network.round(2)
    assert network.heartbeat("scout")["halted"] is True
    resume(network.desk, "*")
    for _ in range(8):
        network.round(1, only=["core", "smith"])
    assert network.health("core")["scout"] == "dead"


def test_a_claim_to_be_halted_hides_no_death() -> None:
    """HEALTH-7: halted is whom an order covers, not who says so."""
    network = settled("core", "scout", "smith")
    scout = network.peers["scout"]
    beat = replace(compose(scout, "idle", 99, True), halted=True)
    network.memory.place(layout.heartbeat("scout"), documents.seal(beat, scout.signer))
    for _ in range(8):
        network.round(1, only=["core", "smith"])
    assert network.health("core")["scout"] == "dead"


def test_who_left_is_unknown_and_not_dead() -> None:
    """HEALTH-7: a last heartbeat says goodbye; nobody is alarmed, ever."""
    network = settled("core", "scout", "smith")
    leave(network.peers["scout"])
    for _ in range(8):
        network.round(1, only=["core", "smith"])
    assert network.health("core")["scout"] == "unknown"
    assert network.concerns("core") == []
    [row] = [row for row in network.tick("core").peers if row["name"] == "scout"]
    assert row["left"] is True
    assert network.tick("scout").state == "parked"


def test_who_was_dropped_while_dead_is_no_concern_any_more() -> None:
    """HEALTH-4: a steward took the dead one off the roster; that was the cure."""
    network = settled("core", "scout", "smith")
    for _ in range(8):
        network.round(1, only=["core", "scout"])
    assert network.concerns("core") == ["dead:smith"]
    members = network.members()
    members.pop("smith")
    network.roster(members)
    network.round(1, only=["core", "scout"])
    assert network.concerns("core") == []


def test_a_newcomer_is_unknown_until_it_beats() -> None:
    """HEALTH-7, HEALTH-8: admitted, never seen: unknown, however long that takes."""
    network = settled("core", "scout")
    members = network.members()
    members["late"] = {network.add("late").signer.key: "active"}
    network.roster(members)
    for _ in range(6):
        report = network.round(1, only=["scout", "core"])[1]
    states = {row["name"]: row["state"] for row in report.peers}
    assert states == {"late": "unknown", "scout": "alive"}
    network.round(2, only=["late", "scout", "core"])
    assert network.health("core")["late"] == "alive"


def test_everybody_is_unknown_while_a_document_is_hidden() -> None:
    """HEALTH-8: who cannot know the roster cannot judge its members."""
    network = settled("core", "scout", "smith")
    roster = network.roster(network.members())
    network.tick("scout")
    report = network.tick("core", hidden(layout.document_path("soma/roster/1", 3, roster.digest)))
    assert {row["state"] for row in report.peers} == {"unknown"}


def test_an_announced_longer_wait_is_respected() -> None:
    """HEALTH-4: quiet hours are announced; nobody is late before they end."""
    network = settled()
    network.peers["scout"].next_beat_ms = 3 * DAY_MS
    network.tick("scout")
    network.tick("core")
    found = _watch(network, 10 * 24, every=6)
    assert [state for _, state in found] == ["alive", "late", "suspect", "dead"]
    assert found[1][0] > 72
    assert found[-1][0] > 150


def test_a_beat_that_only_flags_mail_is_a_sign_of_life() -> None:
    """HEALTH-4, SEND-6: its seq is new, so it is first seen now."""
    network = _fresh()
    _watch(network, 9)
    assert network.health("core")["scout"] == "late"
    network.send("scout", "core", "hello", failing("denied", "place", "peers/core/inbox*"))
    network.tick("core")
    assert network.health("core")["scout"] == "alive"


def test_every_machine_has_a_clock_of_its_own() -> None:
    """HEALTH-4: five clocks, each hours or days off and one running backwards: nobody dies."""
    network = settled(*FIVE)
    clocks = {}
    for number, name in enumerate(FIVE):
        clock = FakeClock()
        clock.wall += (number - 2) * DAY_MS
        network.peers[name].clock = clocks[name] = clock
    for turn in range(12):
        for number, name in enumerate(FIVE):
            clocks[name].go(6 * HOUR_MS)
            if name == "smith":
                clocks[name].jump(-7 * HOUR_MS)
            if turn % 4 == number % 4:
                clocks[name].reboot(1_000)
            network.tick(name)
        for name in FIVE:
            assert "dead" not in network.health(name).values()
            assert "suspect" not in network.health(name).values()
