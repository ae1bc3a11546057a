"""Signed heads of documents that neither home nor share holds: proof that somebody hides them.

Rules: what only a peer says proves nothing. Of each steward whose signature they carry so many are
kept, first those that park me: whoever has a key can sign heads of documents that never were. A
person is told of each that is kept, and once that there are more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from peer import inforce
from peer.home.archive import Stored
from peer.instance import RunningPeer
from peer.stewards.standing import binds, signers_of, standing
from protocol import canonical, order
from protocol.errors import RuleError
from registry import layout

if TYPE_CHECKING:
    from protocol.head import Head

hidden_max = 16  # documents, of each steward
_MORE: Final = "hidden-more:"

_signed, _hash = itemgetter("signed"), itemgetter("hash")


class Heard(NamedTuple):
    """A signed head, and its bytes: who may sign it can be another question one day."""

    head: Head
    data: bytes


def hear_heads(peer: RunningPeer, heads: Sequence[dict[str, Any]]) -> list[Heard]:
    """The heads among these that a steward signed for a document which I do not hold."""
    known = peer.home.archive.digests()
    with suppress(KeyError, TypeError):  # the usual case at one go: nothing that I do not hold
        if known.issuperset(map(_hash, map(_signed, heads))):
            return []
    unknown: dict[str, Heard] = {}
    for value in heads:
        try:
            digest = value["signed"]["hash"]
            if digest in known or digest in unknown:
                continue
            head = _open_head(peer, value)
        except (RuleError, KeyError, TypeError):
            continue  # a peer's unsigned claim proves nothing
        if not _superseded(peer, head):
            unknown[head.hash] = Heard(head, canonical.encode(value))
    return list(unknown.values())


def _open_head(peer: RunningPeer, value: dict[str, Any]) -> Head:
    from peer.stewards.opening import open_head

    return open_head(value, standing(peer).trust)


def _superseded(peer: RunningPeer, head: Head) -> bool:
    if head.of == order.TYPE:
        return False
    mine = inforce.newest(peer.home, peer.identity.network, head.of, head.scope)
    return mine is not None and mine.number >= head.number


def path_of(head: Head) -> str:
    """Where the document stands that a head names."""
    return layout.document_path(head.of, head.number, head.hash)


def hide(peer: RunningPeer, heads: Sequence[Heard], named_by: Mapping[str, str]) -> list[str]:
    """Signed heads name what neither home nor share holds: somebody hides it. Returns problems.

    `named_by`: whose heartbeat names it, by its hash.
    """
    problems, trust = list[str](), standing(peer).trust
    with peer.home.transaction():
        for heard in sorted(heads, key=lambda one: one.head.hash):
            one = _row(heard)
            known = any(old.digest == one.digest for old in peer.home.archive.hidden())
            full = frozenset() if known else _full(peer, signers_of(one.data))
            if full and not (binds(one, peer.address, trust) and _make_room(peer, one)):
                problems += _tell_more(peer, full)
                continue
            peer.home.archive.hide(heard.head, heard.data, peer.clock.wall_ms())
            problems.append(_tell(peer, heard.head, named_by.get(heard.head.hash)))
    return problems


def _row(heard: Heard) -> Stored:
    head = heard.head
    return Stored(head.hash, head.of, head.scope, head.number, heard.data)


def _full(peer: RunningPeer, signers: frozenset[str]) -> frozenset[str]:
    """The signers, if there are as many of each as are kept; else nobody."""
    many: Counter[str] = Counter()
    for one in peer.home.archive.hidden():
        if one.data:
            many.update(signers_of(one.data))
    return signers if all(many[key] >= hidden_max for key in signers) else frozenset()


def _make_room(peer: RunningPeer, new: Stored) -> bool:
    """Let go of one of theirs that parks nobody here for one that does."""
    trust, signers = standing(peer).trust, signers_of(new.data)
    for one in peer.home.archive.hidden():
        if one.data and signers & signers_of(one.data) and not binds(one, peer.address, trust):
            _let_go(peer, [one.digest])
            return True
    return False


def _tell(peer: RunningPeer, head: Head, by: str | None) -> str:
    word = head.of.split("/")[1]
    text = (
        f"a {word} for {head.scope} that a steward signed is missing on the share: {path_of(head)}"
        + (f", which the heartbeat of {by} names" if by else "")
    )
    peer.home.concerns.open(
        f"hidden:{head.hash}",
        "human",
        text,
        "ask the steward to place it again, and see who can write the share",
        peer.clock.wall_ms(),
    )
    return text


def _tell_more(peer: RunningPeer, signers: frozenset[str]) -> list[str]:
    """Once; a tick has other things to say."""
    names = sorted(standing(peer).trust.name_of(key) for key in signers)
    text = (
        f"more than {hidden_max} documents that {', '.join(names)} signed are missing on the share;"
        " no more of them are told"
    )
    new = peer.home.concerns.open(
        _MORE + " ".join(sorted(signers)),
        "human",
        text,
        "ask that steward whether they ever were; who gave him the right can `peer revoke` his key",
        peer.clock.wall_ms(),
    )
    return [text] if new else []


def _let_go(peer: RunningPeer, digests: Sequence[str]) -> None:
    peer.home.archive.forget_hidden(digests)
    for digest in digests:
        peer.home.concerns.resolve(f"hidden:{digest}", peer.clock.wall_ms())


def forget(peer: RunningPeer) -> None:
    """What only a key says that has no right any more is not hidden: maybe it never was."""
    hidden = peer.home.archive.hidden()
    if not hidden:
        return
    from peer.stewards.opening import stands

    trust = standing(peer).trust
    over = [one.digest for one in hidden if one.data and not stands(one.data, trust)]
    if over:
        with peer.home.transaction():
            _let_go(peer, over)
            peer.home.concerns.resolve_like(_MORE, peer.clock.wall_ms())
