"""What people do about faults: the steward lifts halts, and somebody may turn out to be hostile."""

from __future__ import annotations

from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol import canonical, order, wire
from protocol.order import Order, contains, halts_in_force

honest_min = 3  # who stay, and stay honest


def lift(world: World, scope: str) -> bool:
    """The steward lifts every halt within a scope; False where the drive did not let him."""
    if world.steward.resume(scope):
        return True
    orders: dict[str, Order] = {}
    for data in world.steward.shelf.everything():
        value = canonical.decode(data)
        if value["signed"]["type"] == order.TYPE:
            orders[value["head"]["signed"]["hash"]] = wire.trusted(Order, value["signed"])
    return not any(contains(scope, halt.scope) for halt in halts_in_force(orders).values())


def villain(world: World, who: Instance) -> Instance | None:
    """The one hostile member of a run: whoever is it already, or `who` from now on, if he may."""
    bad = [one for _, one in sorted(world.instances.items()) if not one.honest]
    if bad:
        return bad[0] if bad[0].member and bad[0].on and not bad[0].depth else None
    if len(world.honest()) <= honest_min or who.name in world.twins or not is_admitted(who):
        return None
    world.turn(who)
    return who


def victims(world: World, bad: Instance) -> list[Instance]:
    """Whom he can lie to: every honest member, by name."""
    return [one for one in world.honest() if one is not bad and is_admitted(one)]


def is_admitted(one: Instance) -> bool:
    """Whether a tick of it has gone through once: it has beaten, so it is a member."""
    return one.home.state.number("beat_seq") > 0
