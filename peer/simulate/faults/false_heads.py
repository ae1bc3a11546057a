"""A hostile member's heartbeat names a feed head that is not there, or stewards' heads it made."""

from __future__ import annotations

from dataclasses import replace

from peer.simulate.chance import Chance
from peer.simulate.faults._beats import beat
from peer.simulate.faults._people import victims, villain
from peer.simulate.instance import Instance
from peer.simulate.world import CLUSTER, World
from protocol import canonical, wire
from protocol.envelope import seal_envelope
from protocol.head import TYPE, Head
from protocol.heartbeat import FeedHead
from protocol.order import TYPE as ORDER
from protocol.page import ALL
from protocol.roster import TYPE as ROSTER
from protocol.signing import Signer


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """A head that only a peer signed must park nobody."""
    bad = villain(world, who)
    if bad is None or not victims(world, bad):
        return None
    of_feed = chance.hits(500)
    lie = _feed_head(bad, chance) if of_feed else _steward_heads(world, bad, chance)
    beat(world, bad, lambda true: replace(true, **lie), known=chance.hits(700))  # type: ignore[arg-type]
    return f"{bad.name} names {'another feed head' if of_feed else 'heads of no steward'}"


def _feed_head(bad: Instance, chance: Chance) -> dict[str, object]:
    epoch = bad.home.state.epoch if chance.hits(800) else canonical.b32(chance.draw(16))
    seq = max(1, bad.home.outgoing.position(epoch, ALL) + chance.pick((-1, 0, 1, 5, 1_000_000)))
    return {"feed": FeedHead(epoch=epoch, seq=seq, hash=chance.draw(32).hex())}


def _steward_heads(world: World, bad: Instance, chance: Chance) -> dict[str, object]:
    of, scope = chance.pick(((ORDER, "*"), (ROSTER, CLUSTER), (ORDER, CLUSTER)))
    head = Head(
        network=world.steward.network,
        of=of,  # type: ignore[arg-type]
        scope=scope,
        number=0 if of == ORDER else 1_000,
        hash=chance.draw(32).hex(),
    )
    signed = canonical.decode(seal_envelope(TYPE, wire.dump(head), [Signer(bad.signer.seed)]))
    if chance.hits(500):  # under the steward's name
        signed["signatures"][0]["key"] = world.steward.desk.identity.key
    return {"heads": (signed,)}
