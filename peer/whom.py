"""Whom to ask first: who most likely knows, is alive, and was not asked too much already.

Reads the home alone. Not here: the ranking (`protocol.expertise`), and who answers what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from peer import tying
from peer.instance import RunningPeer
from peer.knowing import Knowing
from peer.stewards.standing import living, standing
from protocol import limits
from protocol.errors import NotFoundError, UsageError
from protocol.expertise import whom_to_ask
from protocol.guidance import guided

RECALLED_MAX = 5  # insights whose topics stand for a question that names none


def first(
    peer: RunningPeer, text: str, topics: Sequence[str], named: Iterable[str] | None
) -> tuple[str, ...]:
    """The full addresses of who should be asked first; none where nobody is known.

    `named` wins (bare names; none of them: nobody first). A question without topics has those of
    what comes to mind. Where nobody is known to know, a newcomer asks its mentor.
    """
    if named is not None:
        return _members(peer, named)
    known = Knowing(peer.home, peer.address, peer.clock.wall_ms())
    alive = living(peer)
    found = whom_to_ask(known.experts(topics or _recalled(known, text), alive), limits.first_max)
    if not found:
        mentor = guided(tying.ties(peer.home, peer.lived_ms))
        found = [mentor] if mentor in alive and mentor is not None else []
    return tuple(found)


def _recalled(known: Knowing, text: str) -> list[str]:
    """The topics of what everybody may know and fits a text best."""
    hits = known.fitting(text, (), RECALLED_MAX)
    topics = dict.fromkeys(topic for hit in hits for topic in hit.topics)
    return list(topics)[: limits.topics_max]


def _members(peer: RunningPeer, names: Iterable[str]) -> tuple[str, ...]:
    several = dict.fromkeys([names] if isinstance(names, str) else names)
    for name in several:
        if peer.bare(name) == peer.name:
            raise UsageError("nobody asks himself first; name another one")
        if peer.bare(name) not in standing(peer).others:
            raise NotFoundError(
                f"no peer {name} in {peer.identity.cluster}; `peer peers` lists them"
            )
    if len(several) > limits.first_max:
        raise UsageError(f"{len(several)} to be asked first; name at most {limits.first_max}")
    return tuple(peer.full(peer.bare(name)) for name in several)
