"""The ways to strike an act: each is a function that plays all its trials.

share      SIGKILL before, after and amid each call of the share (the `faulty` share)
call       SIGKILL at each system call on home and share, those of SQLite included
error      a system call fails: EIO, ENOSPC, EACCES, ESTALE; once, or from then on
lie        a rename, write, unlink or mkdir on the share that says it worked and did nothing
short      writes beyond a limit are short, and then fail, in home and share
instant    SIGKILL at random instants, several processes at once, again and again in one world
"""

from __future__ import annotations

import os
import random
import resource
import signal
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from peer.instance import DAY_MS
from protocol.page import ALL
from registry.faulty import Fault, FaultyShare
from registry.share import Share
from tests.crash.campaign import Campaign
from tests.crash.ledger import databases, watch
from tests.crash.processes import READS, End, Point, Process, Strace, calmly, together
from tests.crash.world import PEERS, QUARTER_MS, Act

LIFE_STEPS = 40
DAYS_MAX = 110  # of a long life: what is told of letters that expire stays for 90 days
LATE = ("late", "later")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# ------------------------------------------------------------------------------ calls of the share


def share(campaign: Campaign) -> None:
    """See above."""
    for name, act in campaign.acts("share"):
        if act.what in ("repair", "join"):
            continue  # they open their share themselves, and `call` strikes them
        for fault in _faults(campaign, act, name):
            where = fault.op or "any"
            trial = f"{name}/{fault.name} {where} {fault.at}"
            if not campaign.wants(trial):
                continue
            campaign.reset()
            campaign.world.intend(act)

            def through(inner: Share, fault: Fault = fault) -> Share:
                return FaultyShare(inner, [fault], kill=_die)

            end = calmly(campaign.work(act, trial, through))
            odd = campaign.conclude(act, end, campaign.number(trial))
            struck = {act.scene: int(end.killed)}
            torn = fault.name == "kill_torn"  # which nobody takes for a document
            campaign.count("share", trial, struck, campaign.look(odd, strict=not torn))


def _operations(campaign: Campaign, act: Act, name: str) -> list[str]:
    """The calls of the share that an act makes undisturbed."""
    campaign.reset()
    seen: list[FaultyShare] = []

    def through(inner: Share) -> Share:
        seen.append(FaultyShare(inner))
        return seen[0]

    def count(say):
        campaign.world.run(act, seed=name, through=through)
        say(ops=[call.op for call in seen[0].calls])

    said = calmly(count).said
    assert said is not None, f"{act} fails undisturbed"
    operations: list[str] = said["ops"]
    return operations


def _faults(campaign: Campaign, act: Act, name: str) -> list[Fault]:
    """Every kill that can happen to the calls of an act."""
    operations = _operations(campaign, act, name)
    faults = [Fault(name="kill_before", at=at) for at in range(1, len(operations) + 1)]
    for op, times in Counter(operations).items():
        if op in ("place", "remove", "make_folder"):
            kinds = ("kill_after", "kill_torn") if op == "place" else ("kill_after",)
            faults += [Fault(name=k, op=op, at=at) for k in kinds for at in range(1, times + 1)]
    return faults[:: campaign.thin]


class ShortShare:
    """A share whose n-th placing writes half of the bytes and then has no room: by the kernel."""

    def __init__(self, inner: Share, at: int) -> None:
        self._inner = inner
        self._left = at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def place(self, path: str, data: bytes) -> None:
        self._left -= 1
        if self._left:
            self._inner.place(path, data)
            return
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(data) // 2, before[1]))
        try:
            self._inner.place(path, data)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        raise AssertionError("a short write went unnoticed")


# ------------------------------------------------------------------------------ system calls


def call(campaign: Campaign) -> None:
    """See above."""

    def injections(point: Point) -> list[str]:
        if point.call in READS:
            return []
        return [f"{point.call}:signal=SIGKILL:when={point.at}"]

    _each_point(campaign, "call", injections)


ERRORS = {
    "openat": ("EIO", "EACCES", "ESTALE", "EMFILE"),
    "write": ("EIO", "ENOSPC"),
    "pwrite64": ("EIO", "ENOSPC"),
    "fsync": ("EIO", "ENOSPC"),
    "fdatasync": ("EIO", "ENOSPC"),
    "ftruncate": ("EIO",),
    "read": ("EIO", "ESTALE"),
    "pread64": ("EIO",),
}


def error(campaign: Campaign) -> None:
    """See above."""

    def injections(point: Point) -> list[str]:
        found = []
        for what in ERRORS.get(point.call, ("EIO", "EACCES", "ENOSPC")):
            once = f"{point.call}:error={what}:when={point.at}"
            # From then on also Python could read none of its own files.
            found += [once] if point.call in READS else [once, once + "+"]
        return found

    _each_point(campaign, "error", injections)


def lie(campaign: Campaign) -> None:
    """See above."""

    def injections(point: Point) -> list[str]:
        harmless = ("openat", "ftruncate", *READS)
        if point.where != "share" or point.call in harmless or point.result < 0:
            return []
        return [f"{point.call}:retval={point.result}:when={point.at}"]

    _each_point(campaign, "lie", injections)


def _each_point(campaign: Campaign, means: str, injections: Callable[[Point], list[str]]) -> None:
    world = campaign.world
    strace = Strace(campaign.base, world.home, world.share)
    if strace.missing:
        campaign.skipped.append(f"{means}: {strace.missing}")
        return
    for name, act in campaign.acts(means):
        points = _points(campaign, strace, act, name.partition("/")[2])
        trials = [inject for point in points for inject in injections(point)]
        skip = campaign.number(name) % campaign.thin
        for inject in trials[skip :: campaign.thin]:
            trial = f"{name}/{inject}"
            if not campaign.wants(trial):
                continue
            campaign.reset()
            world.intend(act)
            # The same chance as when the points were listed: the same calls.
            end = strace.run(campaign.work(act, name.partition("/")[2]), inject)
            odd = campaign.conclude(act, end, campaign.number(trial), again=means == "lie")
            verdict = campaign.look(odd, strict=means != "lie")
            struck = int(end.killed) if means == "call" else 1
            campaign.count(means, trial, {act.scene: struck}, verdict)


def _points(campaign: Campaign, strace: Strace, act: Act, name: str) -> list[Point]:
    """The system calls of an act, looked at once."""
    if name not in campaign.points:
        campaign.reset()
        campaign.points[name] = strace.points(campaign.work(act, name))
        assert campaign.points[name], f"{act} makes no calls"
    return campaign.points[name]


def short(campaign: Campaign) -> None:
    """See above."""
    for name, act in campaign.acts("short"):
        dice = random.Random(campaign.number(name))
        limits = sorted(dice.randrange(34_000, 160_000) for _ in range(max(1, 40 // campaign.thin)))
        for trial, limit in [(f"{name}/home {limit}", limit) for limit in limits]:
            if campaign.wants(trial):
                campaign.reset()
                work = campaign.work(campaign.world.intend(act), trial)
                end = Process(work, file_bytes_max=limit).end()
                _short(campaign, trial, act, end, int(end.code != 0))
        if act.what in ("repair", "join"):
            continue
        for at in range(1, _operations(campaign, act, name).count("place") + 1, campaign.thin):
            trial = f"{name}/share {at}"
            if not campaign.wants(trial):
                continue
            campaign.reset()
            work = campaign.work(campaign.world.intend(act), trial, partial(ShortShare, at=at))
            end = calmly(work)
            _short(campaign, trial, act, end, 1)


def _short(campaign: Campaign, trial: str, act: Act, end: End, struck: int) -> None:
    odd = campaign.conclude(act, end, campaign.number(trial))
    campaign.count("short", trial, {act.scene: struck}, campaign.look(odd))


# ------------------------------------------------------------------------------ random instants


def instant(campaign: Campaign, kills: int) -> None:
    """Lives, one after the other, until so many processes were killed."""
    seconds: dict[str, float] = {}
    if campaign.only.startswith("instant/"):
        _life(campaign, campaign.only, seconds)
        return
    killed, number = 0, 0
    while killed < kills:
        number += 1
        killed += _life(campaign, f"instant/{number}", seconds)


def _life(campaign: Campaign, trial: str, seconds: dict[str, float]) -> int:
    """Many steps in one world, then calm; how many were killed."""
    life = Life(campaign, random.Random(campaign.number(trial)))
    struck: Counter[str] = Counter()
    odd: list[str] = []
    for step in range(LIFE_STEPS):
        acts = life.step(step)
        works = [
            campaign.work(campaign.world.intend(act), f"{trial} {step} {n}")
            for n, act in enumerate(acts)
        ]
        delays = life.delays([seconds.get(act.what, 0.02) for act in acts])
        for act, end in zip(acts, together(works, delays), strict=True):
            struck[act.scene] += end.killed
            if end.seconds is not None:
                seconds[act.what] = 0.9 * seconds.get(act.what, 0.02) + 0.1 * end.seconds
            odd += campaign.conclude(act, end, life.dice.randrange(2))
    odd += life.close()
    campaign.count("instant", trial, dict(struck), campaign.look(odd))
    return struck.total()


class Life:
    """What happens in one world, by the dice.

    In a long one months go by, and nothing is published: a feed keeps 90 days only, and who slept
    longer has not lost what he was never promised.
    """

    def __init__(self, campaign: Campaign, dice: random.Random) -> None:
        campaign.stage("send")
        self.campaign, self.world = campaign, campaign.world
        self.dice = dice
        self.days_left = DAYS_MAX if dice.random() < 0.3 else 0
        if self.days_left:
            for _ in range(2):
                self.world.do(*(Act("", "tick", name) for name in PEERS))

    def delays(self, usual: list[float]) -> list[float | None]:
        """When each process of a step is killed; one in ten lives."""
        dice = self.dice
        return [None if dice.random() < 0.1 else dice.uniform(0, 1.3 * took) for took in usual]

    def step(self, number: int) -> list[Act]:
        """Who does what at once."""
        dice, world = self.dice, self.world
        watch(world.home)
        names = sorted(databases(world.home))
        who = dice.choice(names)
        match dice.choices(["send", "tick", "admit", "repair", "days"], [40, 45, 8, 6, 8])[0]:
            case "send":
                first = self._sending(who, f"first of {number}")
            case "admit":
                late = dice.choice(LATE)
                first = Act("admit", "admit" if world.knows(late) else "join", late)
            case "repair":
                first = Act("repair", "repair", who)
            case "days" if self.days_left:
                days = min(self.days_left, dice.choice([1, 8, 35, 70]))
                self.days_left -= days
                world.go(days * DAY_MS)
                first = Act("retention", "tick", who)
            case _:
                world.go(dice.choice([1_000, 60_000, QUARTER_MS]))
                first = Act("tick", "tick", who)
        acts = [first]
        acts += [Act("tick", "tick", dice.choice(names)) for _ in range(dice.choice([0, 0, 1, 2]))]
        if dice.random() < 0.3:
            acts.append(self._sending(dice.choice(names), f"beside {number}"))
        return acts

    def _sending(self, who: str, text: str) -> Act:
        others = [name for name in PEERS if name != who]
        what = self.dice.choices(["send", "ask", "share"], [5, 1, 0 if self.days_left else 2])[0]
        to = [ALL] if what == "share" else self.dice.sample(others, self.dice.choice([1, 2]))
        return Act("send", what, who, tuple(to), text)

    def close(self) -> list[str]:
        """Whoever asked to join is admitted; what does not work."""
        odd = []
        for late in filter(self.world.knows, LATE):
            end = calmly(self.campaign.work(Act("", "admit", late), late))
            if end.said is None:
                odd.append(f"{late} cannot be admitted: {end.code} {end.trace}")
        return odd
