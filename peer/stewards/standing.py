"""What the stewards want, as far as this peer can know: who belongs, what is halted or hidden.

Rules: in force is what was verified once and is remembered in the home; nothing that vanishes, rots
or was never signed changes it. This module sums up what the home remembers: it touches no share,
and imports no pydantic. Reading the share is `reading`, verifying is `opening`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from peer.home.archive import Stored
from peer.instance import RunningPeer
from protocol import canonical, charter, decision, limits, order, roster, wire
from protocol.charter import Charter
from protocol.decision import Decision
from protocol.errors import HomeError
from protocol.order import Order, contains, halts_in_force, within
from protocol.policy import Policy, policy_of
from protocol.remembered import remembered, shared
from protocol.root import Root
from protocol.roster import STEWARD, Member, Roster
from protocol.trust import Trust, trust_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for this peer now. `member` None: not admitted under this key.

    `mailboxes` are the names of stewards' mailboxes, `others` those of all other members, both
    without me, as the roster orders them. `decisions` are by what they decide; of a yes and a no to
    one thing the no.
    """

    trust: Trust
    roster: Roster | None
    member: Member | None
    address: str
    all_halts: dict[str, Order]
    hidden_orders: int
    others: tuple[str, ...]
    mailboxes: tuple[str, ...]
    policy: Policy
    decisions: dict[str, Decision]

    def find(self, name: str) -> Member | None:
        """The member called `name` by the roster in force, or None."""
        return None if self.roster is None else self.roster.member(name)

    @property
    def is_mailbox(self) -> bool:
        """Whether I am the mailbox of a steward."""
        return self.member is not None and STEWARD in self.member.roles

    @property
    def halts(self) -> list[Order]:
        """The halts in force that cover me."""
        return self.halts_of(self.address)

    @property
    def halted(self) -> bool:
        """Whether a halt in force covers me."""
        return bool(self.halts)

    def halts_of(self, address: str) -> list[Order]:
        """The halts in force that cover an address."""
        return [order for order in self.all_halts.values() if within(address, order.scope)]

    @property
    def obedient(self) -> bool:
        """Whether I may act: admitted, not halted, and no order is being hidden from me."""
        return self.member is not None and not self.halts and not self.hidden_orders


def standing(peer: RunningPeer) -> Standing:
    """What holds by the documents that the home remembers; the share is not touched."""
    return peer.home.archive.derived("standing", lambda: _sum_up(peer))


def _sum_up(peer: RunningPeer) -> Standing:
    archive = peer.home.archive
    first = archive.get(peer.identity.network)
    if first is None:
        raise HomeError("this home has lost its root; run `peer tick` while the share is there")
    members = archive.newest(roster.TYPE, peer.identity.cluster)
    root = _parsed(peer, first.digest, Root, first.data)
    found = None if members is None else _parsed(peer, members.digest, Roster, members.data)
    member = None if found is None else found.member(peer.name)
    if member is not None and member.state_of(peer.signer.key) != "active":
        member = None
    orders = {d.digest: _parsed(peer, d.digest, Order, d.data) for d in _orders(peer)}
    others = [m for m in (found.members if found else ()) if m.name != peer.name]
    return Standing(
        trust=trust_of(first.digest, root, first.digest),
        roster=found,
        member=member,
        address=peer.address,
        all_halts=halts_in_force(orders),
        hidden_orders=sum(1 for hidden in archive.hidden() if hidden.type == order.TYPE),
        others=tuple(m.name for m in others if STEWARD not in m.roles),
        mailboxes=tuple(m.name for m in others if STEWARD in m.roles and m.active),
        policy=policy_of(_charters(peer)),
        decisions=_decisions(peer),
    )


def _charters(peer: RunningPeer) -> list[Charter]:
    """The charters in force that speak for me."""
    return [
        _parsed(peer, stored.digest, Charter, stored.data)
        for stored in peer.home.archive.newest_of_all()
        if stored.type == charter.TYPE and contains(stored.scope, peer.address)
    ]


def _decisions(peer: RunningPeer) -> dict[str, Decision]:
    """A no holds over every yes within its scope; a no of somewhere else hides none."""
    bodies = [
        _parsed(peer, stored.digest, Decision, stored.data)
        for stored in peer.home.archive.all(decision.TYPE)
    ]
    found: dict[str, Decision] = {}
    for body in sorted(bodies, key=lambda body: body.decision == "deny"):
        before = found.get(body.of)
        if before is None or (body.decision == "deny" and contains(body.scope, before.scope)):
            found[body.of] = body
    return found


def _parsed(peer: RunningPeer, digest: str, form: type[T], data: bytes) -> T:
    value = peer.parsed.get(digest)
    if value is None:
        value = _trusted(form, data)
        peer.parsed[digest] = value
    assert isinstance(value, form)
    return value


@remembered
def _trusted(form: type[T], data: bytes) -> T:
    """What is signed in a document that this home verified before."""
    return wire.trusted(form, canonical.decode(data)["signed"])


def in_force(peer: RunningPeer) -> list[Stored]:
    """The documents in force: the newest of each type and scope, and every order."""
    return peer.home.archive.derived("in force", lambda: _in_force(peer))


def _in_force(peer: RunningPeer) -> list[Stored]:
    found = [*peer.home.archive.newest_of_all(), *_orders(peer)]
    return [stored._replace(data=shared(stored.data)) for stored in found]


def heads_in_force(peer: RunningPeer) -> tuple[dict[str, Any], ...]:
    """The stewards' signed heads of what I hold in force, for my heartbeat.

    Root, charter, roster and the halts in force come first; newest other orders fill the rest.
    """
    return peer.home.archive.derived("heads", lambda: _heads(peer))


def _heads(peer: RunningPeer) -> tuple[dict[str, Any], ...]:
    orders = {d.digest: _parsed(peer, d.digest, Order, d.data) for d in _orders(peer)}
    halts = halts_in_force(orders)
    ranked = sorted(in_force(peer), key=lambda d: _rank(d, orders.get(d.digest), halts))
    return tuple(canonical.decode(d.data)["head"] for d in ranked[: limits.heads_max])


def _rank(stored: Stored, body: Order | None, halts: dict[str, Order]) -> tuple[int, int, str]:
    if body is None:
        return (0, 0, stored.digest)
    return (1 if stored.digest in halts else 2, -body.at, stored.digest)


def _orders(peer: RunningPeer) -> list[Stored]:
    return peer.home.archive.all(order.TYPE)
