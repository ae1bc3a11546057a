"""What people do about faults: the steward lifts halts, and somebody may turn out to be hostile."""

from __future__ import annotations

from peer import membership
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
    for data in world.ledger.signed.values():  # also what he does not remember
        value = canonical.decode(data)
        if value["signed"]["type"] == order.TYPE:
            orders[value["head"]["signed"]["hash"]] = wire.trusted(Order, value["signed"])
    return not any(contains(scope, halt.scope) for halt in halts_in_force(orders).values())


def may_leave(world: World, who: Instance) -> bool:
    """Whether it is there to say goodbye, and enough stay."""
    if not (who.member and who.honest and is_admitted(who)) or who.name in world.twins:
        return False
    return sum(one.on for one in world.honest()) > honest_min


def say_goodbye(world: World, who: Instance) -> bool:
    """It leaves; False where the drive did not let it say so, or it died before it knew."""
    world.live(who, "leave", lambda: membership.leave(who.process()))
    if not who.home.state.number("left"):
        return False
    who.member = False
    who.die()
    return True


def admit(world: World, one: Instance) -> object:
    """The steward admits a newcomer or another holder; False: not yet, ask again.

    Whose join died, or whose card is another's by now (the steward says so), joins again first.
    """
    if world.instances.get(one.name) is not one or one.home.state.number("left"):
        return True
    if one.member and world.steward.admit(one.name, one.signer, reuse=one.takes_over):
        return True
    entered = world.enter(one)
    return entered and world.steward.admit(one.name, one.signer, reuse=one.takes_over)


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
