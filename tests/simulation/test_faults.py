"""Every fault strikes, does what it says, does the same again, and is over when it should be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest

from peer.simulate import faults, run
from peer.simulate.chance import Chance
from peer.simulate.faults import _deaths, _people, _share, interleave
from peer.simulate.instance import Instance
from peer.simulate.outcome import Outcome
from peer.simulate.plan import Plan
from peer.simulate.scenario import Scenario, parse
from peer.simulate.trees import walk
from peer.simulate.world import World
from protocol.errors import MissingError, ShareDeniedError, ShareFullError, ShareUnavailableError
from protocol.order import Order, halts_in_force
from registry import layout
from registry.faulty import Killed

# What must have happened before a fault can strike at all.
BEFORE = {"rejoin": "leave", "hide-orders": "halt", "foreign-card": "join"}
TRIES = 60

SCENARIO = """
about = "Enough of everything for any fault."
peers = 5
ticks = {ticks}
quiet = 1
every = "6h"
[traffic]
note = 120
question = 30
insight = 60
announcement = 20
"""


def scenario(ticks: int) -> Scenario:
    return parse(SCENARIO.format(ticks=ticks), "faults")


@pytest.fixture
def worlds(monkeypatch: pytest.MonkeyPatch) -> list[World]:
    """The worlds of the runs that a test makes."""
    made: list[World] = []

    class Kept(World):
        def __init__(self, plan: Plan) -> None:
            super().__init__(plan)
            made.append(self)

    monkeypatch.setattr(run, "World", Kept)
    monkeypatch.setattr("peer.simulate.checkers.make", lambda world: [])
    return made


def play(fault: str) -> Outcome:
    rates = dict.fromkeys((fault, BEFORE.get(fault, fault)), 200)
    return run.run(Plan(scenario(8), 1, faults=rates))


def a_world(worlds: list[World], rounds: int = 5) -> World:
    """A world in the middle of its life, in which nothing has gone wrong."""
    run.run(Plan(scenario(rounds), 3, faults={}, quiet=0))
    worlds[-1].quiet = False
    return worlds[-1]


def strike(world: World, fault: str, wanted: str = "", who: Instance | None = None) -> str:
    """Let a fault strike until it says what is wanted (a pattern); other strikes end at once."""
    who = who or world.instances["core"]
    for number in range(TRIES):
        text = faults.load(fault)(world, who, Chance("test", fault, number))
        if text is not None and re.search(wanted, text):
            return text
        who.armed.clear()
        if text is not None:
            world.calm()
            world.quiet = False
    raise AssertionError(f"{fault} does not strike {wanted!r}")


def running(world: World) -> list[Instance]:
    return [one for one in world.active() if one.on]


def contents(world: World) -> dict[str, bytes]:
    return dict(walk(world.drive.store, ""))


def difference(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    return sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))


@pytest.mark.parametrize("fault", faults.names())
def test_a_fault_strikes_does_the_same_again_and_ends(fault: str, worlds: list[World]) -> None:
    first, again = play(fault), play(fault)
    told = [strike for strike in first.strikes if strike.fault == fault]
    assert told
    assert all(strike.text.strip() for strike in told)
    assert (first.digest, first.strikes) == (again.digest, again.strikes)
    nothing_is_left(worlds[-1])


def nothing_is_left(world: World) -> None:
    """In the quiet phase whatever lasted is over, and people have mended what only they can."""
    assert not world._undo
    assert not world.drive.sides
    assert not world.twins
    for view in world.drive.views.values():
        assert (view.troubles, view.lags, view.store is world.drive.store) == ({}, [], True)
    assert all(one.on and not one.armed and not one.power_will_go for one in world.active())
    assert world.drive.store.read(layout.MARKER, 1 << 20) == world.steward.marker
    for folder in _share.TOP:
        world.drive.store.names(folder, 1)
    orders = {d.digest: d.body for d in world.steward.desk.documents("soma/order/1")}
    assert not halts_in_force({x: o for x, o in orders.items() if isinstance(o, Order)})


@pytest.mark.parametrize("fault", faults.names())
def test_a_fault_is_told_in_a_line(fault: str) -> None:
    line = faults.about(fault)
    assert line.endswith(".")
    assert 20 < len(line) <= 100


def test_enough_stay_and_enough_stay_honest(worlds: list[World]) -> None:
    names = ("leave", "new-holder", "double-use", "false-heads", "twin", "reboot")
    for seed in range(3):
        run.run(Plan(scenario(10), seed, faults=dict.fromkeys(names, 150)))
        assert len(worlds[-1].honest()) >= 3
        assert sum(not one.honest for one in worlds[-1].instances.values()) <= 1


# ------------------------------------------------------------------- what each of them does


@pytest.mark.parametrize(
    ("fault", "holds"),
    [
        ("torn", lambda old, new: len(new) < len(old) or new.count(0) > old.count(0)),
        ("damaged", lambda old, new: len(new) == len(old)),
        ("struck-out", lambda old, new: b"null" in new),
    ],
)
def test_one_file_is_changed(
    fault: str, holds: Callable[[bytes, bytes], bool], worlds: list[World]
) -> None:
    world = a_world(worlds)
    before = contents(world)
    strike(world, fault, "peers/")
    (path,) = difference(before, contents(world))
    assert holds(before[path], contents(world)[path])


@pytest.mark.parametrize("fault", ["duplicated", "conflict-copy", "swap"])
def test_files_stand_elsewhere(fault: str, worlds: list[World]) -> None:
    world = a_world(worlds)
    before = contents(world)
    strike(world, fault)
    after = contents(world)
    assert set(after.values()) <= set(before.values())
    if fault == "swap":
        assert Counter(after.values()) == Counter(before.values())
    assert difference(before, after)


def test_files_are_deleted(worlds: list[World]) -> None:
    world = a_world(worlds)
    before = contents(world)
    strike(world, "deleted")
    after = contents(world)
    assert after.items() < before.items()


@pytest.mark.parametrize("fault", ["resurrected", "replay"])
def test_the_past_comes_back(fault: str, worlds: list[World]) -> None:
    world = a_world(worlds)
    before, past = contents(world), list(world.drive.past)
    strike(world, fault)
    after = contents(world)
    changed = difference(before, after)
    assert changed
    assert all((path, after[path]) in past for path in changed)


def test_what_a_steward_signed_is_put_back_in_the_end(worlds: list[World]) -> None:
    world = a_world(worlds)
    before = contents(world)
    strike(world, "deleted", "charter")
    strike(world, "marker-gone", "missing")
    assert layout.MARKER not in contents(world)
    world.calm()
    after = contents(world)
    assert {p: d for p, d in after.items() if not p.startswith("peers/")} == {
        p: d for p, d in before.items() if not p.startswith("peers/")
    }


@pytest.mark.parametrize(
    ("fault", "wanted", "error"),
    [
        ("vanished", "gone for core$", ShareUnavailableError),
        ("vanished", "empty, now$", MissingError),
        ("full", "^no space left for core$", ShareFullError),
        ("read-only", "^everything is read-only for core$", ShareDeniedError),
        ("frozen", "^every call hangs, for", Killed),
    ],
)
def test_a_call_fails(
    fault: str, wanted: str, error: type[BaseException], worlds: list[World]
) -> None:
    world = a_world(worlds)
    view = world.instances["core"].view
    strike(world, fault, wanted)
    with pytest.raises(error):
        view.place("peers/core/canary", b"song")
    world.calm()
    view.place("peers/core/canary", b"song")


def test_a_hanging_call_costs_a_minute(worlds: list[World]) -> None:
    world = a_world(worlds)
    core, before = world.instances["core"], world.now_ms
    strike(world, "frozen", "a call hangs at step")
    world.tick(core)
    assert core.failed == "killed"
    assert world.now_ms - before >= 60_000


def test_slow_calls_take_time(worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    began = world.now_ms
    world.tick(core)
    usual, began = world.now_ms - began, world.now_ms
    strike(world, "slow")
    world.tick(core)
    assert world.now_ms - began > 10 * usual


@pytest.mark.parametrize("fault", ["late-names", "late-files", "stale-reads", "missing-names"])
def test_a_machine_lags(fault: str, worlds: list[World]) -> None:
    world = a_world(worlds)
    strike(world, fault, ", core")
    store, view = world.drive.store, world.instances["core"].view
    new, old = "peers/scout/receipts/new", "peers/scout/heartbeat.json"
    was = store.read(old, 1 << 20)
    _share.put(world, store, new, b"new")
    _share.put(world, store, old, b"replaced")
    listed = "new" in view.lists("peers/scout/receipts")
    seen = (listed, view.sees(new) == b"new", view.sees(old) == was)
    assert (
        seen
        == {
            "late-names": (True, False, False),
            "late-files": (False, False, False),
            "stale-reads": (True, True, True),
            "missing-names": (False, True, False),
        }[fault]
    )


def test_a_write_is_lost(worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    core.steps_before = 1
    strike(world, "lost-write")
    core.begin()
    for _ in range(2):
        core.view.place("peers/core/one", b"1")
    assert world.drive.files("peers/core").get("peers/core/one") is None
    core.end()


def test_power_takes_what_was_not_durable(worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    strike(world, "power-cut", "in ")
    boots = core.clock.boots
    with core.home.transaction():
        core.home.state.put("kept", 1)
    with core.home.transaction(durable=False):
        core.home.state.put("lost", 1)
    world.calm()
    assert (core.home.state.number("kept"), core.home.state.number("lost")) == (1, 0)
    assert core.clock.boots == boots + 1


def test_a_machine_is_off_and_boots(worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    boots = core.clock.boots
    strike(world, "reboot", "off for")
    assert core not in running(world)
    world.calm()
    assert core in running(world)
    assert core.clock.boots > boots


def test_clocks_are_wrong(worlds: list[World]) -> None:
    world = a_world(worlds)
    clock = world.instances["core"].clock
    strike(world, "clock-skew")
    assert clock.offset_ms != 0
    world.calm()
    assert clock.offset_ms == 0
    world.quiet = False
    strike(world, "clock-jump")
    world.calm()
    assert abs(clock.offset_ms) <= 24 * 3_600_000


def test_sides_are_split_and_joined(worlds: list[World]) -> None:
    world = a_world(worlds)
    strike(world, "partition")
    core = world.instances["core"]
    assert core.view.store is not world.drive.store
    core.view.place("peers/core/note", b"from the other side")
    assert "peers/core/note" not in contents(world)
    world.calm()
    assert "peers/core/note" in contents(world)


def test_somebody_else_acts_in_between(worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    strike(world, "interleave", r"it sends, too at step \d+(,|$)")
    before = len(world.held(core))
    world.tick(core)
    assert len(world.held(core)) > before
    assert core.depth == 0


def test_people_come_and_go(worlds: list[World]) -> None:
    world = a_world(worlds)
    core, scout = world.instances["core"], world.instances["scout"]
    strike(world, "join")
    assert "newcomer-1" in world.instances
    strike(world, "leave")
    assert core not in running(world)
    assert strike(world, "rejoin", who=scout) == "core is back"
    assert core in running(world)
    strike(world, "twin")
    assert world.twins["core"].doubled == {core.home.state.epoch}
    world.calm()
    assert not world.twins


def dies(world: World, who: Instance, command: str, wanted: str, act: Callable[[], object]) -> None:
    """Let a command die as it is wanted."""
    for number in range(5 * TRIES):
        with _deaths.dying(world, who, Chance("test", command, number), command) as words:
            if words == wanted:
                act()
                assert who.failed == "killed"
                assert who.depth == 0
                return
    raise AssertionError(f"no {command} dies {wanted}")


@pytest.mark.parametrize("how", ["killed", "without power"])
def test_a_repair_dies_before_or_after_its_commit(how: str, worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    moments = {"at step 1": False, "when it would have committed": False, "when it committed": True}
    for moment, begun in moments.items():
        epoch = core.home.state.epoch
        dies(world, core, "repair", f"{how} {moment}", lambda: world.repair(core))
        assert (core.home.state.epoch != epoch) == begun


def test_a_goodbye_dies_before_its_home_knows(worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    beat = layout.heartbeat("core")
    dies(world, core, "goodbye", "killed at step 5", lambda: _people.say_goodbye(world, core))
    assert core.member
    assert b'"lifecycle":"left"' in contents(world)[beat]
    world.tick(core)
    assert b'"lifecycle":"idle"' in contents(world)[beat]


def test_whatever_dies_is_tried_again_or_not(worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    tries: list[str] = []
    told = {_deaths.again(world, core, Chance(n), lambda: tries.append("")) for n in range(9)}
    assert told == {f"tried again {when}" for when in ("at once", "in a while", "never")}
    at_once = len(tries)
    while world.next_event_ms() is not None:
        world.do_next_event()
    assert 0 < at_once < len(tries) < 9


def test_a_join_dies_and_is_done_again(
    worlds: list[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world(worlds)
    monkeypatch.setattr(_deaths, "DIED", 1_000)
    strike(world, "join", "dies of it")
    (newcomer,) = (one for name, one in world.instances.items() if "newcomer" in name)
    assert newcomer not in world.active()
    world.calm()
    assert newcomer in world.active()
    world.tick(newcomer)
    assert newcomer.report is not None
    assert newcomer.report.state == "idle"


def test_a_halt_that_its_steward_does_not_remember_is_lifted_all_the_same(
    worlds: list[World],
) -> None:
    world = a_world(worlds)
    strike(world, "half-signed", "the halt of core@lab died after place")
    unknown = set(world.ledger.signed.values()) - set(world.steward.shelf.everything())
    assert unknown & set(world.drive.files(layout.ORDERS).values())
    core = world.instances["core"]
    world.tick(core)
    assert core.report is not None
    assert core.report.state == "parked"
    world.calm()
    world.tick(core)
    assert core.report.state == "idle"


def test_half_an_order_blocks_nobody(worlds: list[World]) -> None:
    world = a_world(worlds)
    for _ in range(4):  # half a file, or none
        strike(world, "half-signed", "the halt of core@lab died before place")
    world.calm()
    for _ in range(3):
        for one in running(world):
            world.tick(one)
    assert {one.report.state for one in running(world) if one.report} == {"idle"}


@pytest.mark.parametrize(
    ("wanted", "state"), [("lifts the halt of core@lab", "idle"), ("halts core@lab", "parked")]
)
def test_the_steward_acts_in_between(wanted: str, state: str, worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    for number in range(TRIES):
        text, act = interleave._steward(world, core, Chance("test", number))
        if text == f"the steward {wanted}":
            core.arm(3, interleave._when_free(core, act))
            break
        world.calm()
        world.quiet = False
    assert core.armed
    world.tick(core)
    world.tick(core)
    assert core.report is not None
    assert core.report.state == state


def test_a_new_machine_has_the_troubles_that_all_have(worlds: list[World]) -> None:
    world = a_world(worlds)
    strike(world, "full", "for core$")
    strike(world, "late-files", ", core$")
    strike(world, "slow")
    strike(world, "twin")
    assert not world.twins["core"].view.troubles
    assert not world.twins["core"].view.lags
    world.stop_twin("core")
    strike(world, "full", "for everybody$")
    strike(world, "late-files", ", everybody$")
    strike(world, "twin")
    view = world.twins["core"].view
    assert len(view.troubles) == len(view.lags) == 1
    while world.next_event_ms() is not None:
        world.do_next_event()
    assert (view.troubles, view.lags) == ({}, [])


def test_a_name_is_taken_over(worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    strike(world, "new-holder")
    heir = world.instances["core"]
    assert heir is not core
    assert heir.signer.key != core.signer.key
    about = [x for x in world.ledger.letters.values() if "core" in (x.author, x.to)]
    assert about
    assert not any(letter.sure for letter in about)
    world.calm()
    world.tick(heir)
    assert heir.report is not None
    assert heir.report.state == "idle"


def test_a_home_goes_back(worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    strike(world, "restored")
    seq = core.home.state.number("beat_seq")
    world.tick(core)
    assert core.home.state.number("beat_seq") > seq
    while world.next_event_ms() is not None:
        world.do_next_event()
    assert core.home.state.number("beat_seq") == seq
    assert core.home.state.epoch in core.doubled


@pytest.mark.parametrize(
    "fault", ["double-use", "false-receipt", "false-heads", "false-epochs", "flood-letters"]
)
def test_one_member_turns_hostile(fault: str, worlds: list[World]) -> None:
    world = a_world(worlds)
    strike(world, fault)
    assert [one.name for one in world.instances.values() if not one.honest] == ["core"]
    about = [x for x in world.ledger.letters.values() if "core" in (x.author, x.to)]
    assert not any(letter.sure for letter in about)


def test_orders_are_hidden_until_it_is_over(worlds: list[World]) -> None:
    world = a_world(worlds)
    strike(world, "hide-orders", "all orders are deleted")
    assert world.steward.halt("*")
    assert world.instances["core"].view.names(layout.ORDERS, 10) == []
    world.calm()
    assert len(world.instances["core"].view.names(layout.ORDERS, 10)) == 1


def test_a_flood_is_large_and_bounded(worlds: list[World]) -> None:
    world = a_world(worlds)
    before = len(contents(world))
    strike(world, "flood", "peers/core/inbox")
    assert 20 <= len(contents(world)) - before <= 300


def test_receipts_are_deleted(worlds: list[World]) -> None:
    world = a_world(worlds)
    strike(world, "delete-receipts", "of core")
    world.instances["scout"].view.sees("peers/core/receipts/lab/scout.json")
    left = [p for p in contents(world) if p.startswith("peers/core/receipts")]
    assert not left or world.instances["scout"].view.troubles


@pytest.mark.parametrize("fault", ["forge", "foreign-card", "junk", "unreadable"])
def test_the_share_is_not_what_it_was(fault: str, worlds: list[World]) -> None:
    world = a_world(worlds)
    before = contents(world)
    strike(world, fault)
    views = world.drive.views.values()
    assert (
        difference(before, contents(world))
        or any(view.troubles for view in views)
        or (fault == "junk")
    )


@pytest.mark.parametrize("fault", ["kill", "power-cut"])
def test_a_send_is_cut_short(fault: str, worlds: list[World]) -> None:
    world = a_world(worlds)
    core = world.instances["core"]
    boots = core.clock.boots
    strike(world, fault, "at step [1-4] of a send")
    assert core.failed == "killed"
    assert (core.clock.boots > boots) == (fault == "power-cut")
    assert core.depth == 0
