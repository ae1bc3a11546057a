"""One run: a plan in, an outcome out; the same plan gives the same outcome, to the last byte.

    found       the steward makes the network and admits the first peers
    rounds      each peer writes letters, has faults strike it, and ticks, once in every interval
    quiet       no faults and no letters any more; operators mend what asks for it
    settled     checkers look whether everything has come to rest

The run ends at the first violation: what comes after it would only confuse.
"""

from __future__ import annotations

import gc
import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from peer.simulate import agents, checkers, faults, operators
from peer.simulate.drive import DRIVES
from peer.simulate.instance import Instance
from peer.simulate.outcome import Outcome, Round
from peer.simulate.plan import Plan
from peer.simulate.trees import walk
from peer.simulate.world import Broken, World
from protocol.remembered import remembering

remembered_max = 4_000
collected_every = 50_000  # new objects
remembered_a_peer = 10  # its heartbeat alone takes three: its signature, its form, its digest

Watch = Callable[[Round, int], None]
Event = tuple[int, int, Callable[[], None]]

LETTERS = {
    "alive": "a", "late": "l", "suspect": "s", "dead": "d", "halted": "h", "unknown": "u"
}  # fmt: skip


def run(plan: Plan, watch: Watch | None = None) -> Outcome:
    """Run a plan; `watch` is told of every round that ended, and how many there are in all."""
    # Peers of one process see the same bytes: what verified for one needs no second look.
    many = max(remembered_max, remembered_a_peer * len(plan.instances()))
    with remembering(many), _rarely_collecting():
        return _run(plan, watch)


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    """A world holds on to most of what it makes; to look for garbage in it costs much."""
    before = gc.get_threshold()
    gc.set_threshold(collected_every, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _run(plan: Plan, watch: Watch | None) -> Outcome:
    world = World(plan)
    rounds: list[Round] = []
    violations = []
    ticks, quiet = plan.rounds()
    try:
        _found(world)
        rates = plan.faults_in_force(faults.names())
        for number in range(ticks + quiet):
            if number == ticks:
                world.calm()
                _mount(world)
            _play(world, number, rates)
            rounds.append(_sample(world))
            if watch is not None:
                watch(rounds[-1], ticks + quiet)
        for checker in world.checkers:
            checker.settled()
    except Broken as broken:
        violations.append(broken.violation)
        if not rounds or rounds[-1].number != world.round:
            rounds.append(_sample(world))
    return _outcome(world, rounds, violations)


def _found(world: World) -> None:
    for name in world.plan.instances():
        world.instances[name] = world.make(name)
    for instance in world.instances.values():
        world.enter(instance)
    _mount(world)
    world.steward.found({name: one.signer for name, one in world.instances.items()})
    world.checkers = checkers.make(world)


def _mount(world: World) -> None:
    """Every machine sees changes as the drive of the scenario shows them, and no later."""
    for instance in world.instances.values():
        instance.view.lags += DRIVES[world.plan.scenario.drive]


def _play(world: World, number: int, rates: dict[str, int]) -> None:
    """One interval of the schedule: every slot and every letter at its time."""
    world.round = number
    began = number * world.every_ms
    world.now_ms = max(world.now_ms, began)
    world.tally = Counter()
    due: list[Event] = []
    for instance in [*world.instances.values(), *world.twins.values()]:
        at = began + _phase(world, instance)
        due.append((at, len(due), partial(_slot, world, instance, rates)))
        if not world.quiet and instance.member and instance.on:
            for ms, to, body in agents.plan_letters(world, instance):
                due.append((began + ms, len(due), partial(_write, world, instance, to, body)))
    heapq.heapify(due)
    while due:
        put_off = world.next_event_ms()
        if put_off is not None and put_off <= due[0][0]:
            world.do_next_event()
            continue
        at, _, act = heapq.heappop(due)
        world.now_ms = max(world.now_ms, at)
        act()
    world.totals.update(world.tally)
    for checker in world.checkers:
        checker.round_ended()


def _phase(world: World, instance: Instance) -> int:
    """When in an interval it ticks: a phase of its own, and a little by chance."""
    phase = world.chance("phase", instance.view.who).below(world.every_ms * 8 // 10)
    return phase + world.chance("jitter", instance.view.who, world.round).below(
        max(world.every_ms // 10, 1)
    )


def _write(world: World, instance: Instance, to: list[str], body: Any) -> None:
    if _runs(world, instance) and not instance.depth:
        world.write(instance, to, body)


def _slot(world: World, instance: Instance, rates: dict[str, int]) -> None:
    if not _runs(world, instance):
        return
    instance.slot += 1
    if world.twins.get(instance.name) is not instance:
        operators.mend(world, instance)
        if not world.quiet:
            _strike(world, instance, rates)
    if _runs(world, instance):  # still
        world.tick(instance)
    instance.armed.clear()  # what was meant for this tick happens in no later one


def _runs(world: World, instance: Instance) -> bool:
    there = instance in (world.instances.get(instance.name), world.twins.get(instance.name))
    return there and instance.on and instance.member


def _strike(world: World, instance: Instance, rates: dict[str, int]) -> None:
    """Let faults strike: those that the scenario wants for certain, and those that chance does."""
    slot = f"{instance.name}:{world.round}"
    if world.plan.only is not None:  # what is left of a longer story happens for certain
        keys = sorted(key for key in world.plan.only if key.startswith(f"{slot}:"))
        wanted = [key.rpartition(":")[2] for key in keys]
    else:  # a coin for each, so that one fault more or less changes nothing for the others
        coin = world.chance("strikes", instance.name, world.round)
        wanted = [name for name, rate in rates.items() if coin.fork(name).hits(rate)]
    for planned in world.plan.scenario.at:
        who = planned.get("who") or _drawn(world, planned)
        planned_here = planned["round"] == world.round and who == instance.name
        if planned_here and planned["fault"] not in wanted:
            wanted.append(planned["fault"])
    for fault in wanted:
        key = f"{slot}:{fault}"
        if not world.plan.strikes(key) or not _runs(world, instance):
            continue
        honest = len(world.honest())
        world.forget_until()
        text = faults.load(fault)(world, instance, world.chance("strike", key))
        if text is None and len(world.honest()) < honest:
            text = "turned hostile, and could do nothing yet"
        if text is not None:
            world.struck(key, fault, instance.name, text)


def _drawn(world: World, planned: dict[str, Any]) -> str:
    names = sorted(one.name for one in world.active() if one.on)
    return world.chance("who", planned["round"], planned["fault"]).pick(names or ["nobody"])


def _sample(world: World) -> Round:
    files = dict(walk(world.drive.store, ""))
    names = sorted(world.instances)
    there = {one.name for one in world.honest()}
    tally = world.tally
    return Round(
        number=world.round,
        at_ms=world.now_ms,
        quiet=world.quiet,
        promised=world.ledger.promised,
        under_way=sum(reader in there for reader, _ in world.ledger.waiting),
        ticks=tally["ticks"],
        calls=tally["calls"],
        read_bytes=tally["read_bytes"],
        written_bytes=tally["written_bytes"],
        files=len(files),
        share_bytes=sum(map(len, files.values())),
        home_bytes=sum(one.database.size for one in world.instances.values()),
        quarantined=tally["quarantined"],
        problems=tally["problems"],
        parked=tally["parked"],
        health={one.name: _health(one, names) for _, one in sorted(world.instances.items())},
    )


def _health(instance: Instance, names: list[str]) -> str:
    if instance.report is None or not instance.member or not instance.on:
        return "-" * len(names)
    letters = {name: LETTERS[state] for name, _, _, state in instance.believed.values()}
    letters[instance.name] = "."
    return "".join([letters.get(name, "u") for name in names])


def _with_everybody(round_: Round, names: tuple[str, ...]) -> Round:
    """The same round with a letter for everybody who ever was there, in the order of `names`."""
    there = sorted(round_.health)
    if there == list(names):
        return round_
    letters = {who: dict(zip(there, seen, strict=True)) for who, seen in round_.health.items()}
    health = {
        who: "".join("." if name == who else letters.get(who, {}).get(name, "-") for name in names)
        for who in names
    }
    return replace(round_, health=health)


def _outcome(world: World, rounds: list[Round], violations: list[Any]) -> Outcome:
    plan = world.plan
    ticks, quiet = plan.rounds()
    names = tuple(sorted(world.instances))
    near: dict[str, set[int]] = {}
    for strike in world.strikes:
        near.setdefault(strike.fault, set()).update((strike.round, strike.round + 1))
    answers = {
        fault: sum((world.answers.get(number, Counter()) for number in sorted(rounds_)), Counter())
        for fault, rounds_ in sorted(near.items())
    }
    totals = world.totals + Counter(
        strikes=len(world.strikes),
        promised=world.ledger.promised,
        acted=world.ledger.promised - len(world.ledger.waiting) - world.ledger.taken_back,
    )
    return Outcome(
        scenario=plan.scenario.name,
        about=plan.scenario.about,
        seed=plan.seed,
        names=names,
        ticks=ticks,
        quiet=quiet,
        every_ms=world.every_ms,
        violations=tuple(violations),
        strikes=tuple(world.strikes),
        answers={fault: dict(sorted(seen.items())) for fault, seen in answers.items()},
        rounds=tuple(_with_everybody(round_, names) for round_ in rounds),
        waits=tuple(sorted(world.ledger.waits)),
        totals=dict(sorted(totals.items())),
        digest=world.digest(),
    )
