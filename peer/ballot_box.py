"""The ballot box: what published items say in a vote is kept, as far as its signatures hold.

Rules: everything that verifies is kept, whether it counts or not: who decides, and on what, stands
in documents that may come later. Inside a transaction. Not here: counting (`peer.voting`).
"""

from __future__ import annotations

from peer.home.votes import Proposed
from peer.instance import RunningPeer
from protocol.ballots import choice_of, open_vote, slot_of
from protocol.errors import RuleError
from protocol.messages import Certificate, Item, Proposal, Vote, item_hash


def fault(peer: RunningPeer, item: Item) -> str | None:
    """Why an item says nothing in a vote, or None."""
    if isinstance(item.body, Vote):
        try:
            open_vote(item.body, peer.identity.network)
        except RuleError as error:
            return str(error)
    elif not isinstance(item.body, Proposal | Certificate):
        return "it neither proposes nor votes"
    return None


def keep(peer: RunningPeer, item: Item) -> None:
    """Keep what an item without a fault says; saying it again changes nothing."""
    votes, body = peer.home.votes, item.body
    if isinstance(body, Proposal):
        what = (body.key, body.roster, body.version, body.value, body.because)
        head = item.head
        votes.propose(Proposed(item_hash(item.data), item.id, head.author, *what, head.at))
    elif isinstance(body, Vote):
        votes.cast([open_vote(body, peer.identity.network)], item.id)
    elif isinstance(body, Certificate):
        day = peer.home.state.days_lived
        votes.offer(item.id, slot_of(body), choice_of(body), day)
