"""A campaign over a product with a bug: `python -m tests.crash.planted BUG WORDS…` must fail.

Each plant breaks one promise as a slip of hand would. The words are those of
`python -m tests.crash`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from peer.home.journal import Journal
from peer.send import Sent
from peer.tick import intake, session
from tests.crash import world
from tests.crash.__main__ import main


def marked_apart() -> None:
    """The effects of an item and its mark "acted" are two transactions."""
    settle = Journal.settle

    def apart(journal: Journal, ns: list[int], state: str, at: int) -> None:
        journal._db._connection.execute("COMMIT")
        journal._db._connection.execute("BEGIN IMMEDIATE")
        settle(journal, ns, state, at)

    Journal.settle = apart  # type: ignore[method-assign, assignment]


def told_too_soon() -> None:
    """Where the share is in the way, a send is told as done though the home keeps nothing."""
    send = vars(world)["send"]

    def hasty(peer: Any, to: list[str], bodies: list[Any], **more: Any) -> Sent:
        try:
            sent: Sent = send(peer, to, bodies, **more)
            return sent
        except Exception:  # noqa: BLE001 - the slip of hand itself
            return Sent(tuple("nowhere" for _ in to), tuple(to), "staged")

    vars(world)["send"] = hasty


def discarded_first() -> None:
    """A reader takes letters out of its inbox before the home has them."""
    receive = vars(session)["receive"]

    def eager(peer: Any, *rest: Any) -> Any:
        for name in peer.share.names(f"peers/{peer.name}/inbox", 100):
            path = f"peers/{peer.name}/inbox/{name}"
            peer.share.remove(path)
        return receive(peer, *rest)

    vars(session)["receive"] = eager


def without_files() -> None:
    """A letter is received, and receipted, before its files are here."""
    vars(intake)["_missing_files"] = lambda peer, page: ()


PLANTS: dict[str, Callable[[], None]] = {
    plant.__name__: plant for plant in (marked_apart, told_too_soon, discarded_first, without_files)
}

if __name__ == "__main__":
    PLANTS[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
