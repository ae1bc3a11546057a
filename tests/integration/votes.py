"""Networks that vote: a charter that lets the members decide on a key, and who says what.

Nothing here asserts.
"""

from __future__ import annotations

from collections.abc import Iterable

from peer import deciding, voting
from peer.polls import polls
from peer.rows import Row
from peer.send import Sent
from protocol import ballots
from protocol.authority import StewardDocument
from protocol.ballots import Choice, Slot
from protocol.charter import Charter, Votable
from protocol.decision import Decision
from protocol.messages import Vote, item_hash
from protocol.signing import Signer
from tests.network import CLUSTER, FIVE, Network, settled

KEY = "pace"
SALT = "c" * 26


def electing(names: Iterable[str] = FIVE, key: str = KEY) -> Network:
    """Peers whose charter lets those of the newest roster agree on a key."""
    network = settled(*names)
    allow(network, key)
    network.round()
    return network


def allow(network: Network, *keys: str, roster: int | None = None) -> StewardDocument:
    """The next charter: these keys may be voted on, by the newest roster or another one."""
    if roster is None:
        roster = max(d.number for d in network.desk.documents("soma/roster/1"))
    before = max(network.desk.documents("soma/charter/1"), key=lambda d: d.number)
    return network.desk.sign(
        Charter(
            network=network.network,
            version=before.number + 1,
            prev=before.digest,
            at=network.clock.wall_ms(),
            votable=tuple(Votable(key=key, cluster=CLUSTER, roster=roster) for key in keys),
        )
    )


def propose(network: Network, who: str, value: str, key: str = KEY) -> str:
    """The id of a proposal."""
    return deciding.propose(network.peers[who], key, value).ids[0]


def vote(network: Network, names: Iterable[str], proposal: str, yes: bool = True) -> list[Sent]:
    """These vote, by the program."""
    return [deciding.vote(network.peers[name], proposal, yes) for name in names]


def deny(network: Network, proposal: str, scope: str = CLUSTER) -> StewardDocument:
    """A steward's no to a proposal."""
    no = Decision(
        network=network.network, decision="deny", scope=scope, of=hash_of(network, proposal),
        salt=SALT, at=network.clock.wall_ms(),
    )  # fmt: skip
    return network.desk.sign(no)


def hash_of(network: Network, proposal: str) -> str:
    """The hash of a proposal that some peer holds."""
    for peer in network.peers.values():
        found = peer.home.db.one("SELECT data FROM item WHERE id = ?", proposal)
        if found is not None:
            return item_hash(found[0])
    raise LookupError(proposal)


def slot_of(network: Network, version: int = 1, key: str = KEY) -> Slot:
    """The slot of a version, by the newest charter."""
    poll = polls(next(iter(network.peers.values())))[key]
    assert poll.electors is not None
    return poll.electors.slot(key, version)


def by_hand(
    network: Network, who: str, proposal: str, value: str, yes: bool = True,
    *, version: int = 1, signer: Signer | None = None, other_network: str | None = None,
) -> Vote:  # fmt: skip
    """A ballot as somebody makes it who does not ask our program."""
    choice = Choice(hash_of(network, proposal), value)
    signer = signer or network.peers[who].signer
    slot = slot_of(network, version)
    return ballots.cast(slot, choice, yes, other_network or network.network, signer)


def agreed(network: Network) -> dict[str, dict[str, str]]:
    """What each peer holds agreed on."""
    return {
        name: {key: one.value for key, one in voting.agreed(peer).items()}
        for name, peer in network.peers.items()
    }


def states(network: Network, who: str) -> dict[str, str]:
    """The state of every proposal at a peer, by its value."""
    rows = deciding.proposals(network.peers[who], everything=True)
    return {row["value"]: row["state"] for row in rows}


def row(network: Network, who: str, proposal: str) -> Row:
    """A proposal as a peer shows it."""
    rows = deciding.proposals(network.peers[who], everything=True)
    return next(one for one in rows if one["id"] == proposal)


def certificates(network: Network) -> int:
    """How many certificates were published by anybody."""
    count = 0
    for peer in network.peers.values():
        found = peer.home.db.one(
            "SELECT count(*) FROM item WHERE mine = 1 AND kind = 'certificate'"
        )
        count += found[0] if found else 0
    return count
