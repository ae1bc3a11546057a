"""What the stewards want, as far as this peer can know: who belongs, what is halted or hidden.

Rules: in force is what was verified once and is remembered in the home; nothing that vanishes, rots
or was never signed changes it. This module sums up what the home remembers: it touches no share,
and imports no pydantic. Reading the share is `reading`, verifying is `opening`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

from peer import inforce
from peer.home.archive import Stored
from peer.home.neighbours import Neighbour
from peer.inforce import body_of
from peer.instance import RunningPeer
from protocol import canonical, charter, decision, limits, order, revocation, root, roster
from protocol.charter import Charter
from protocol.decision import Decision
from protocol.order import Order, contains, within
from protocol.policy import Policy, policy_of
from protocol.remembered import shared
from protocol.roster import STEWARD, Member, Roster
from protocol.ruling import Ruling
from protocol.trust import RIGHTS, Trust

# Many signers make a head long, and a heartbeat has to hold other things, too.
heads_bytes_max = 40 * 1024


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for this peer now. `member` None: not admitted under this key.

    `mailboxes` are the names of stewards' mailboxes, `others` those of all other members, both
    without me, as the roster orders them. `decisions` are by what they decide, every one that
    counts somewhere: `decided` says which does where. `ends_lived_ms`: what this home will have
    lived when the next pause is over; None: there is none.
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
    decisions: dict[str, tuple[Decision, ...]]
    ends_lived_ms: int | None

    def find(self, name: str) -> Member | None:
        """The member called `name`, or None."""
        return None if self.roster is None else self.roster.member(name)

    def admits(self, address: str) -> bool:
        """Whether a full address is a member's who has an active key."""
        name, _, cluster = address.partition("@")
        member = self.find(name) if cluster == self.address.partition("@")[2] else None
        return member is not None and member.active

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

    def decided(self, of: str, address: str) -> Decision | None:
        """What stewards said to `address` of a hash: a no of whoever speaks for it, else a yes.

        A yes is for exactly who asked; of several the one that ends last. What is said for somebody
        else neither is an answer nor hides one.
        """
        said = self.decisions.get(of, ())
        no = (d for d in said if d.decision == "deny" and contains(d.scope, address))
        yes = [d for d in said if d.decision == "approve" and d.scope == address]
        return next(no, None) or max(yes, key=_ends, default=None)

    @property
    def obedient(self) -> bool:
        """Whether I may act: admitted, not halted, and no order is being hidden from me."""
        return self.member is not None and not self.halts and not self.hidden_orders


def standing(peer: RunningPeer) -> Standing:
    """What holds by the documents that the home remembers; the share is not touched."""
    _ruling(peer)  # what depends on time is worked out again where it is time for that
    found = peer.home.archive.derived("standing", lambda: _sum_up(peer))
    if found.ends_lived_ms is not None and peer.lived_ms >= found.ends_lived_ms:
        peer.home.archive.derive_again()
        found = peer.home.archive.derived("standing", lambda: _sum_up(peer))
    return found


def living(peer: RunningPeer) -> dict[str, Neighbour]:
    """The other members who seem alive and have a key to act with, by their full addresses.

    No mailbox of a steward is among them: a person reads there, and nobody answers by himself.
    """
    holds, rows = standing(peer), peer.home.neighbours.all()
    return {
        peer.full(name): row
        for name, row in rows.items()
        if row.state == "alive" and row.lifecycle != "left"
        and name in holds.others and holds.admits(peer.full(name))
    }  # fmt: skip


def _ruling(peer: RunningPeer) -> Ruling:
    return inforce.ruling(peer.home, peer.identity.network, peer.clock.wall_ms())


def _sum_up(peer: RunningPeer) -> Standing:
    archive, ruling = peer.home.archive, _ruling(peer)
    found = inforce.members(peer.home, peer.identity.network, peer.identity.cluster)
    member = None if found is None else found.member(peer.name)
    if member is not None and member.state_of(peer.signer.key) != "active":
        member = None
    others = [m for m in (found.members if found else ()) if m.name != peer.name]
    ends = {digest: paused_until(peer, digest, body) for digest, body in ruling.halts.items()}
    open_ = {d: end for d, end in ends.items() if end is None or peer.lived_ms < end}
    return Standing(
        trust=ruling.trust,
        roster=found,
        member=member,
        address=peer.address,
        all_halts={digest: ruling.halts[digest] for digest in open_},
        hidden_orders=sum(1 for one in archive.hidden() if binds(one, peer.address, ruling.trust)),
        others=tuple(m.name for m in others if STEWARD not in m.roles),
        mailboxes=tuple(m.name for m in others if STEWARD in m.roles and m.active),
        policy=policy_of(_charters(peer, ruling)),
        decisions=_decisions(peer, ruling.trust),
        ends_lived_ms=min((end for end in open_.values() if end is not None), default=None),
    )


def binds(hidden: Stored, address: str, trust: Trust) -> bool:
    """Whether a hidden order parks me: one for me, or one by whom the root lets halt me.

    Who may halt others only could else park me by the head of an order that is none.
    """
    if hidden.type != order.TYPE or not hidden.data or within(address, hidden.scope):
        return hidden.type == order.TYPE
    signers = signers_of(hidden.data)
    return any(
        not grant.depth
        and grant.role == RIGHTS["halt"].role
        and contains(grant.scope, address)
        and signers & grant.keys
        for grant in trust.grants
    )


def signers_of(head: bytes) -> frozenset[str]:
    """The keys whose signatures a signed head carries."""
    return frozenset(one["key"] for one in canonical.decode(head)["signatures"])


def paused_until(peer: RunningPeer, digest: str, body: Order) -> int | None:
    """What this home will have lived when a pause is over; None for a halt.

    It began when I saw it first: clocks differ, and whoever slept has not paused.
    """
    if body.ms is None:
        return None
    return peer.home.state.number(f"paused:{digest}") + body.ms


def _charters(peer: RunningPeer, ruling: Ruling) -> list[Charter]:
    """The charters in force that speak for me."""
    found = [
        peer.home.archive.get(digest)
        for (type_, scope), digest in ruling.newest.items()
        if type_ == charter.TYPE and contains(scope, peer.address)
    ]
    return [body_of(Charter, stored.data) for stored in found if stored is not None]


def _decisions(peer: RunningPeer, trust: Trust) -> dict[str, tuple[Decision, ...]]:
    """A yes counts while those who signed it may say it; a no stays."""
    found: dict[str, list[Decision]] = {}
    for stored in peer.home.archive.all(decision.TYPE):
        body = body_of(Decision, stored.data)
        if body.decision == "deny" or trust.grant(
            "approve", body.scope, frozenset(stored.keys.split())
        ):
            found.setdefault(body.of, []).append(body)
    return {of: tuple(bodies) for of, bodies in found.items()}


def _ends(body: Decision) -> int:
    return limits.int_abs_max if body.until is None else body.until


def in_force(peer: RunningPeer) -> list[Stored]:
    """The documents in force: the newest of each type and scope, every order and revocation."""
    ruling = _ruling(peer)
    return peer.home.archive.derived("in force", lambda: _in_force(peer, ruling))


def _in_force(peer: RunningPeer, ruling: Ruling) -> list[Stored]:
    archive = peer.home.archive
    newest = [archive.get(ruling.newest[place]) for place in sorted(ruling.newest)]
    found = [stored for stored in newest if stored is not None]
    found += [*archive.all(revocation.TYPE), *archive.all(order.TYPE)]
    return [stored._replace(data=shared(stored.data)) for stored in found]


def also_kept(peer: RunningPeer) -> list[Stored]:
    """What is put back where its file is gone, though nothing new follows from it.

    Former roots, by which newcomers find the present one, decisions, and what votes rest on.
    """
    ruling = _ruling(peer)
    return peer.home.archive.derived("also kept", lambda: _also_kept(peer, ruling))


def _also_kept(peer: RunningPeer, ruling: Ruling) -> list[Stored]:
    votes = inforce.for_votes(peer.home, peer.identity.network)
    former = [*ruling.roots[:-1], *sorted(votes - set(ruling.newest.values()))]
    return [
        *filter(None, map(peer.home.archive.get, former)),
        *peer.home.archive.all(decision.TYPE),
    ]


def forlorn(peer: RunningPeer) -> frozenset[str]:
    """The digests of what nobody would believe any more who does not hold it: put back no more.

    Not halts in force, since who is to lift them must find them; and nothing that has a number.
    """
    ruling = _ruling(peer)
    return peer.home.archive.derived("forlorn", lambda: _forlorn(peer, ruling))


def _forlorn(peer: RunningPeer, ruling: Ruling) -> frozenset[str]:
    found = map(peer.home.archive.all, (order.TYPE, decision.TYPE, revocation.TYPE))
    return frozenset(
        stored.digest
        for stored in chain.from_iterable(found)
        if stored.digest not in ruling.halts and not inforce.counts(stored, ruling.trust)
    )


def heads_in_force(peer: RunningPeer) -> tuple[dict[str, Any], ...]:
    """The stewards' signed heads of what I hold in force, for my heartbeat.

    Root, charter, roster come first, then the halts in force, then others; at last the former
    roots, newest first: whoever slept can check only the head of the root after his.
    """
    ruling = _ruling(peer)
    return peer.home.archive.derived("heads", lambda: _heads(peer, ruling))


def _heads(peer: RunningPeer, ruling: Ruling) -> tuple[dict[str, Any], ...]:
    ranked = sorted(in_force(peer), key=lambda stored: _rank(stored, ruling.halts))
    former = map(peer.home.archive.get, reversed(ruling.roots[1:-1]))
    found: list[dict[str, Any]] = []
    room = heads_bytes_max
    for stored in (*ranked, *filter(None, former)):
        head = canonical.decode(stored.data)["head"]
        size = len(canonical.reencode(head)) + 1
        if size <= room and len(found) < limits.heads_max:
            found.append(head)
            room -= size
    return tuple(found)


def _rank(stored: Stored, halts: dict[str, Order]) -> tuple[int, int, str]:
    if stored.type == order.TYPE:
        at = body_of(Order, stored.data).at
        return (1 if stored.digest in halts else 3, -at, stored.digest)
    return (0 if stored.type in (root.TYPE, charter.TYPE, roster.TYPE) else 2, 0, stored.digest)
