"""A machine is lost with its home and key; another one takes the name over with a new key."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.drive import DRIVES
from peer.simulate.faults._deaths import enter
from peer.simulate.faults._people import admit, is_admitted
from peer.simulate.faults._share import spans
from peer.simulate.instance import Instance
from peer.simulate.world import World

holders_max = 2


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """The name goes to a new instance; `admit --reuse` makes the old key compromised.

    What is promised then: what the old home wrote and nobody had journalled is lost with it, and
    refused once the key is compromised. What was written to the old holder need not reach the
    new one. What others write from now on must.
    """
    taken = sum(one.takes_over for one in world.instances.values())
    alone = who.name in world.twins or not who.honest or not is_admitted(who)
    if alone or taken >= holders_max or world.drive.sides:
        return None
    heir = world.make(who.name, "holder", world.round)
    heir.takes_over = True
    heir.view.lags += DRIVES[world.plan.scenario.drive]
    if not enter(world, heir, chance.fork("enter")):
        world.drive.views.pop(heir.view.who)
        return None
    who.on = who.member = False
    who.die()
    world.drive.views.pop(who.view.who, None)
    world.instances[who.name] = heir
    world.ledger.take_back(who.name, ())
    world.ledger.give_up(who.name)
    world.until(spans(world, chance), lambda: admit(world, heir))
    return f"{who.name} is another one from now on{'' if heir.member else ', once it has joined'}"
