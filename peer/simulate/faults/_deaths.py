"""How a process ends in the middle of a step: alone, with a half-written file, or in the dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from peer.simulate.chance import Chance
from peer.simulate.drive import View
from peer.simulate.faults._share import spans
from peer.simulate.instance import Action, Instance, Killed
from peer.simulate.trees import peek
from peer.simulate.world import World

DIED = 200  # permille of the joins that others do on their way
steps_max = {"repair": 12, "join": 11, "goodbye": 7}  # about as many as each passes


def killed(world: World, view: View, *, torn: bool) -> Action:
    """The process is gone; `torn`: where it was about to place a file, half of that is there.

    Not what `place` does, but what a drive without atomic renames leaves behind.
    """

    def die(when: str, op: str, path: str, data: bytes) -> None:
        if torn and (when, op) == ("before", "place"):
            before = peek(view.store, path)
            if not isinstance(before, dict):
                view.store.place(path, data[: len(data) // 2])
                world.drive.changed(view, view.store, path, before)
        raise Killed

    return die


def dark(world: World, who: Instance) -> Action:
    """The machine is without power; for one whose `power_may_go`."""

    def die(when: str, op: str, path: str, data: bytes) -> None:
        if who.depth > 1:  # a second process of it is about, which ends first
            who.arm(who.steps + 1, die)
            return
        world.lose_power(who)
        raise Killed

    return die


def commits(who: Instance, moment: str, action: Action) -> Action:
    """The same where a transaction of it is about to end ("commit"), or has ("committed")."""

    def wait(when: str, op: str, path: str, data: bytes) -> None:
        if when == moment:
            action(when, op, path, data)
        else:
            who.arm(who.steps + 1, wait)

    return wait


@contextmanager
def dying(world: World, who: Instance, chance: Chance, command: str) -> Iterator[str]:
    """The command in the block dies at a step of it, unless it has ended by then; in words."""
    at = 1 + chance.below(steps_max[command])
    power = chance.hits(350)
    how = "without power" if power else "killed"
    with who.unharmed():
        who.power_may_go = power
        torn = chance.hits(300)
        end = dark(world, who) if power else killed(world, who.view, torn=torn)
        if chance.hits(400):
            moment = chance.pick(("commit", "committed"))
            who.arm(1, commits(who, moment, end))
            yield f"{how} when it {'would have ' * (moment == 'commit')}committed"
        else:
            who.arm(at, end)
            yield f"{how} at step {at}"


def again(world: World, who: Instance, chance: Chance, command: Callable[[], object]) -> str:
    """What its owner does about a command that died: the same at once, or in a while, or nothing.

    Nothing, because what it died of was the last thing it showed him, and what he wanted is done
    as far as he can see.
    """
    when = chance.pick(("at once", "in a while", "never"))

    def try_again() -> None:
        if world.instances.get(who.name) is who and who.on and who.name not in world.twins:
            command()

    if when == "at once":
        with who.unharmed():
            try_again()
    elif when == "in a while":
        world.later(spans(world, chance, 3), try_again)
    return f"tried again {when}"


def enter(world: World, who: Instance, chance: Chance) -> bool:
    """It joins, and may die on the way (then it is no member yet); False: the drive refused."""
    if not chance.hits(DIED):
        return world.enter(who)
    with dying(world, who, chance, "join"):
        entered = world.enter(who)
    if entered or who.failed != "killed":
        return entered
    who.member = False
    return True
