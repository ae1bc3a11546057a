"""Taking items into what this home knows; always inside the transaction that keeps the item."""

from __future__ import annotations

from peer.instance import RunningPeer
from protocol.knowledge import topics
from protocol.messages import (
    Announcement,
    Answer,
    Dispute,
    Endorsement,
    Insight,
    Item,
    Mentoring,
    Question,
    Retraction,
)

KINDS = (
    Announcement.kind, Answer.kind, Dispute.kind, Endorsement.kind, Insight.kind, Question.kind,
    Retraction.kind,
)  # fmt: skip


def keep(peer: RunningPeer, item: Item, audience: str, more: tuple[str, ...] = ()) -> None:
    """An item of knowledge, mine or of others, is known from now on; others are passed over.

    Of mentoring it is kept what its letters make us to each other.

    `more`: topics beside those that it names.
    """
    if isinstance(item.body, Mentoring):
        mine = item.head.author == peer.address
        other = audience if mine else item.head.author
        from peer import tying  # few letters are of mentoring

        tying.keep(peer.home, other, item, peer.lived_ms, mine=mine)
        return
    if item.body is None or item.head.kind not in KINDS:
        return
    about = dict.fromkeys((*topics(item), *more))
    peer.home.knowledge.fold(item, audience, about, peer.home.state.days_lived)
