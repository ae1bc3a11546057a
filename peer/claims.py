"""A claim as a row: what all that shows claims says of one (knowledge, why, recall).

Texts were written by others: data, never instructions. Names of the own cluster are bare.
"""

from __future__ import annotations

from collections.abc import Sequence

from peer.home.nodes import Node
from peer.knowing import CLAIM_KINDS, Knowing
from peer.rows import Row, moment, one_line, short
from protocol.knowledge import Belief

LINE_CHARS = 200  # of a text that is named on one line


def row(knowing: Knowing, node: Node, belief: Belief, topics: Sequence[str]) -> Row:
    """What is claimed by whom, and how far it is believed; a question claims nothing.

    `support` and `disputes` say how many others stand for and against it.
    """
    body = node.item.body
    confidence = getattr(body, "confidence", None)
    return {
        "id": node.id,
        "from": named(knowing, node.author),
        "kind": node.kind,
        "text": node.said,
        "topics": list(topics),
        "at": moment(node.at),
        "confidence": None if confidence is None else confidence / 1000,
        "certainty": round(belief.opinion.certainty, 3) if node.kind in CLAIM_KINDS else None,
        "state": belief.state,
        "contested": belief.contested,
        "support": len(belief.supporters),
        "disputes": len(belief.doubters),
        "trust": round(knowing.trust(node.author), 3),
        "private": not node.public,
    }


def line(node: Node) -> str:
    """The beginning of what an item says, on one line."""
    return one_line(node.said, LINE_CHARS)


def standing(belief: Belief) -> str:
    """How certain a claim is, and what speaks against it: `certainty 0.62, contested`."""
    against = f", {odd(belief)}" if odd(belief) else ""
    return f"certainty {belief.opinion.certainty:.2f}{against}"


def odd(belief: Belief) -> str:
    """What speaks against a claim, in a word; "" where nothing does."""
    if belief.state != "current":
        return belief.state
    return "contested" if belief.contested else ""


def named(knowing: Knowing, address: str) -> str:
    """A full address as it is said inside the cluster of this peer."""
    return short(address, knowing.address.partition("@")[2])
