"""The people who run the machines: what they do about what their peer tells them.

They read what `peer tick` and `peer escalations` say, and do what the words after the semicolon
say: join again, ask to be admitted, `peer repair`. While faults are about they take their time; in
the quiet phase they come at once. They show the steward what waits for his yes.
"""

from __future__ import annotations

from peer.instance import DAY_MS
from peer.simulate.instance import Instance
from peer.simulate.world import World

patience_slots = 3
answered_permille, yes_permille = 300, 750  # how soon the steward answers, and how
asked_days_max = 6  # what waits longer may lapse before anybody answers (ASK-6)
repairs_max = 6  # of one instance in the quiet phase; more would hide what never settles


def mend(world: World, instance: Instance) -> None:
    """Look after one instance before its next tick."""
    if world.steward.asked and instance.honest:
        _show_what_waits(world, instance)
    if world.quiet and _needs_repair(world, instance):
        _repair(world, instance)
        return
    if world.quiet and _is_halted(instance):
        # The steward sees what holds and lifts it, also what he signed and does not remember.
        world.steward.resume("*")
    if instance.report is None or instance.report.human is None:
        instance.unwell = 0
        return
    instance.unwell += 1
    slow = world.chance("operator", instance.name, instance.slot).below(patience_slots)
    if not world.quiet and instance.unwell <= slow:
        return
    if "not admitted" in instance.report.human:
        if world.enter(instance):
            world.steward.admit(instance.name, instance.signer, reuse=instance.takes_over)
    elif "repair" in instance.report.human:
        _repair(world, instance)


def _show_what_waits(world: World, instance: Instance) -> None:
    """The steward says yes to some of it and no to some; a few things he leaves for later."""
    address = instance.identity.address
    rows = instance.home.db.read("SELECT item, hash FROM ask WHERE state = 'open' ORDER BY item")
    for item, digest in rows:
        letter = world.ledger.letters.get(item)
        rounds = 0 if letter is None else world.round - letter.round
        if rounds * world.every_ms >= asked_days_max * DAY_MS:
            world.ledger.forgo(item)
        now = world.chance("answered", instance.name, item, instance.slot)
        if not (world.quiet or now.hits(answered_permille)):
            continue
        yes = world.chance("yes", instance.name, item).hits(yes_permille)
        if world.steward.decide(digest, address, yes=yes) and not yes:
            world.ledger.forgo(item)
            world.answer("denied")


def _is_halted(instance: Instance) -> bool:
    problems = [] if instance.report is None else instance.report.problems
    return any(problem.startswith("halted: ") for problem in problems)


def _repair(world: World, instance: Instance) -> None:
    if world.twins.get(instance.name) is not None:
        world.stop_twin(instance.name)  # which repairs the first
    else:
        world.repair(instance)


def _needs_repair(world: World, instance: Instance) -> bool:
    """Whether a concern of its own home, or of a neighbour about it, asks for a repair."""
    if instance.repairs >= repairs_max or not instance.honest:
        return False
    own = _open_concerns(instance)
    if any(key.startswith(("claim:", "refused:")) for key in own):
        return any(
            world.instances[name].honest
            for key in own
            if key.startswith(("claim:", "refused:"))
            and (name := key.split(":")[1].partition("@")[0]) in world.instances
        )
    address, epoch = instance.identity.address, instance.home.state.epoch
    told = {f"frozen:{address}:{epoch}", f"returned:{address}"}
    return any(told & {*_open_concerns(other)} for other in world.honest() if other is not instance)


def _open_concerns(instance: Instance) -> list[str]:
    rows = instance.home.db.read("SELECT key FROM concern WHERE resolved IS NULL ORDER BY key")
    return [row[0] for row in rows]
