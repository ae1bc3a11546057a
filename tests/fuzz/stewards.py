"""What stewards and their peers do in a case: rule, delegate, revoke, ask, decide, vote.

`prepare` puts one of every document into a network; the rest happens while files are struck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peer import deciding
from peer.stewards.gathering import gather
from protocol import authority, canonical
from protocol.authority import StewardDocument
from protocol.charter import Charter, Rule, Votable
from protocol.decision import Decision
from protocol.delegation import Delegation
from protocol.errors import ShareError
from protocol.order import Order
from protocol.revocation import Revocation
from protocol.root import Steward
from protocol.signing import Signer
from registry import charter as charters
from tests.network import CLUSTER, DAY_MS, Network, path_of

if TYPE_CHECKING:
    from tests.fuzz.world import World

MAILBOX = "warden"
KEY = "pace"
# Two of them sign together, so that what one of them signed waits as a part.
DEPUTIES = (Signer(b"d" * 32), Signer(b"e" * 32))


def prepare(network: Network, former: Signer) -> None:
    """A charter that wants a yes, a delegation, a revocation, a part, requests and a vote."""
    desk, now = network.desk, network.clock.wall_ms()
    roster = max(desk.documents("soma/roster/1"), key=lambda one: one.number)
    first = desk.documents("soma/charter/1")[-1]
    rules = (Rule(effect="publish", kind="announcement", verdict="approve"),)
    votable = (Votable(key=KEY, cluster=CLUSTER, roster=roster.number),)
    desk.sign(
        Charter(
            network=network.network, version=2, prev=first.digest, at=now, policy=rules,
            votable=votable,
        )
    )  # fmt: skip
    desk.sign(
        Delegation(
            network=network.network, scope=CLUSTER, version=1, at=now, roles=("order",),
            stewards=tuple(Steward(name=f"dee-{n}", key=d.key) for n, d in enumerate(DEPUTIES)),
            threshold=2,
        )
    )  # fmt: skip
    desk.sign(Revocation(network=network.network, scope=CLUSTER, key=former.key, at=now))


def begin_resume(network: Network, halt: str) -> StewardDocument:
    """One deputy wants to lift a halt; the other has not signed yet, and never does."""
    body = Order(
        network=network.network, order="resume", scope=CLUSTER, salt="r" * 26,
        at=network.clock.wall_ms(), lifts=(halt,),
    )  # fmt: skip
    data = authority.seal_document(body, network.network, DEPUTIES[0])
    part = authority.open_part(data, network.desk.known().trust)
    charters.place_part(network.memory, part)
    return part


def vote(world: World, author: str) -> None:
    """Propose where nothing is open, else vote for that; everybody is to get what is new."""
    peer = world.network.peers[author]
    if author == MAILBOX:  # no member where members are counted
        return
    before = _own(world, author)
    open_ = [one for one in deciding.proposals(peer) if one["state"] == "open"]
    peer.looked.clear()
    if open_:
        deciding.vote(peer, str(open_[0]["id"]), yes=True)
    else:
        deciding.propose(peer, KEY, f"value {before}")
    for _ in range(_own(world, author) - before):
        world.expect(author, "all", "proposal" if not open_ else "vote")


def _own(world: World, author: str) -> int:
    row = world.network.peers[author].home.db.one(
        "SELECT count(*) FROM item WHERE mine = 1 AND kind IN ('proposal', 'vote')"
    )
    return 0 if row is None else int(row[0])


def answer(world: World, most: int) -> None:
    """The steward says yes to what waits, as he was told of it face to face."""
    network, now = world.network, world.network.clock.wall_ms()
    bodies = [
        Decision(
            network=network.network, decision="approve", scope=f"{name}@{CLUSTER}", of=ask.hash,
            salt=ask.item, at=now, until=now + 10 * DAY_MS,
        )
        for name, peer in sorted(network.peers.items())
        for ask in peer.home.asks.open()[:most]
    ]  # fmt: skip
    for document in network.desk.sign_all(bodies) if bodies else ():
        world.genuine[path_of(document)].append(document.data)


def desk_faults(world: World) -> list[str]:
    """What another steward's program would believe of the share although nobody signed it so."""
    network, first = world.network, world.network.root
    try:
        known = gather(network.desk.shelf, network.memory, first, network.clock.wall_ms())
    except ShareError:
        return []  # it refuses to look, and says so
    true = {document.digest for document in network.desk.shelf} | {first.digest}
    found = [f"a desk believes {d[:8]}" for d in known.documents if d not in true]
    return found + [
        f"a desk would complete {part.digest[:8]}"
        for part in known.parts
        if part.digest not in world.parts and part.digest not in true
    ]


def ask_faults(world: World, name: str) -> list[str]:
    """Asks that somebody answered who is no steward, and ballots that their voters never cast."""
    home = world.network.peers[name].home
    bodies = [one.body for one in world.network.desk.shelf]
    said = {(b.of, b.decision) for b in bodies if isinstance(b, Decision)}
    found = [
        f"takes an ask for {ask.state}, which nobody said"
        for ask in home.asks.all()
        if ask.state != "open" and (ask.hash, ask.state.replace("approved", "approve")) not in said
    ]
    cast = {
        canonical.decode(row[0])["body"]["sig"]
        for peer in world.network.peers.values()
        for row in peer.home.db.read("SELECT data FROM item WHERE mine = 1 AND kind = 'vote'")
    }
    ballots = home.db.read("SELECT voter, sig FROM ballot")
    found += [f"counts a ballot that {v[:8]} never cast" for v, sig in ballots if sig not in cast]
    return found
