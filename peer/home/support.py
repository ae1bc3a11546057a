"""Who vouches for what, counted as it comes: what many stand for is found whatever else is said.

A hint where to look, never a belief: an endorsement that was taken back is counted still. Writers
stand inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable

from peer.home.database import Database
from peer.home.nodes import Node
from protocol.knowledge import links
from protocol.messages import Item


def count(db: Database, item: Item) -> None:
    """An item came: it may vouch for another, and others may have vouched for it before."""
    author = item.head.author
    db.write(
        "UPDATE node SET supporters = (SELECT count(*) FROM support WHERE target = ?1"
        " AND author <> ?2) WHERE id = ?1 AND EXISTS (SELECT 1 FROM support WHERE target = ?1)",
        *(item.id, author),
    )
    for target in [target for link, target in links(item) if link == "supports"]:
        if db.write("INSERT OR IGNORE INTO support VALUES (?, ?)", target, author):
            _change(db, target, author, 1)


def forget(db: Database, node: Node, spoken_of: Iterable[tuple[str, str]]) -> None:
    """An item is known no more; `spoken_of`: (link, id) of what it said of others."""
    db.write("DELETE FROM support WHERE target = ?", node.id)
    for target in [target for link, target in spoken_of if link == "supports"]:
        if db.write("DELETE FROM support WHERE target = ? AND author = ?", target, node.author):
            _change(db, target, node.author, -1)


def _change(db: Database, target: str, author: str, by: int) -> None:
    db.write(
        "UPDATE node SET supporters = supporters + ? WHERE id = ? AND author <> ?",
        *(by, target, author),
    )
