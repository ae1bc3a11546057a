"""Orders, decisions and revocations of one steward without end: which a home need not keep.

Rules: of each steward of a part of the network a home keeps so many, whatever they say. Beyond
that it keeps what changes something here: the halt of somebody who goes free, the resume of what is
in force, the revocation of a key that counts. What is left out is judged again when that changes,
so that nobody goes on whom a steward halts. Whoever has a role everywhere by the root is never
left out.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from peer import inforce
from peer.instance import RunningPeer
from peer.stewards.standing import standing
from protocol.decision import TYPE as DECISION
from protocol.decision import Decision
from protocol.errors import RuleError
from protocol.order import TYPE as ORDER
from protocol.order import Order, contains, within
from protocol.revocation import TYPE as REVOCATION
from protocol.revocation import Revocation
from protocol.roster import TYPE as ROSTER
from protocol.trust import Trust
from registry import charter

if TYPE_CHECKING:
    from protocol.authority import StewardDocument

UNNUMBERED: Final = (ORDER, DECISION, REVOCATION)
RULE: Final = "AUTH-26"
documents_max = 256
bytes_max = 1024 * 1024
_LEFT_OUT: Final = "left_out"


def check(peer: RunningPeer, document: StewardDocument, trust: Trust) -> None:
    """RuleError AUTH-26 where it changes nothing here, and its stewards have had their share."""
    if document.type not in UNNUMBERED or not _is_crowd(peer, document, trust):
        return
    if not _changes_something(peer, document, trust):
        who = ", ".join(sorted(trust.name_of(key) for key in document.keys))
        raise RuleError(
            RULE, f"{who} signed {documents_max} or 1 MiB before it, and it changes nothing here"
        )


def note(peer: RunningPeer, document: StewardDocument) -> None:
    """It was left out, though it is not hidden; stands in the transaction that refuses it."""
    state = peer.home.state
    if state.text(_LEFT_OUT) is None:
        state.put(_LEFT_OUT, _circumstances(peer))
    now = peer.clock.wall_ms()
    peer.home.archive.forget_hidden([document.digest])
    peer.home.concerns.resolve(f"hidden:{document.digest}", now)
    peer.home.concerns.open(
        "left-out",
        "human",
        f"a steward signed more than {documents_max} orders, decisions and revocations, or 1 MiB;"
        " further ones of his that change nothing here are left out",
        "see `peer quarantine` for whose they are; who delegated to him can `peer revoke` that key",
        now,
    )


def reconsider(peer: RunningPeer) -> bool:
    """Whether what was left out is to be judged again, because something changed here."""
    state = peer.home.state
    before = state.text(_LEFT_OUT)
    if before is None or before == _circumstances(peer):
        return False
    with peer.home.transaction(durable=False):
        peer.home.quarantine.reconsider(charter.FOLDERS, (RULE,))
        peer.home.concerns.resolve("left-out", peer.clock.wall_ms())
        state.forget(_LEFT_OUT)
    return True


def left_out(peer: RunningPeer) -> set[str]:
    """The paths of what was left out; none of it is hidden."""
    return peer.home.quarantine.files_by(RULE)


def _circumstances(peer: RunningPeer) -> str:
    """What it hangs on whether a document changes something here; changes of trust apart."""
    ruling = inforce.ruling(peer.home, peer.identity.network)
    roster = ruling.newest.get((ROSTER, peer.identity.cluster), "")
    words = " ".join([roster, *sorted(standing(peer).all_halts)])
    return hashlib.sha256(words.encode()).hexdigest()


def _is_crowd(peer: RunningPeer, document: StewardDocument, trust: Trust) -> bool:
    everywhere = (grant for grant in trust.grants if not grant.depth and grant.scope == "*")
    if any(document.keys & grant.keys for grant in everywhere):
        return False
    kept = peer.home.archive.derived("kept of each", lambda: _kept(peer))
    return all(_is_full(*kept.get(key, (0, 0))) for key in document.keys)


def _is_full(documents: int, size: int) -> bool:
    return documents >= documents_max or size >= bytes_max


def _kept(peer: RunningPeer) -> dict[str, tuple[int, int]]:
    """How many documents without a number, and bytes of them, carry each key's signature."""
    found: dict[str, tuple[int, int]] = {}
    for keys, size in peer.home.archive.signed(UNNUMBERED):
        for key in keys.split():
            many, before = found.get(key, (0, 0))
            found[key] = many + 1, before + size
    return found


def _changes_something(peer: RunningPeer, document: StewardDocument, trust: Trust) -> bool:
    match document.body:
        case Order(order="resume", lifts=lifts):
            return not standing(peer).all_halts.keys().isdisjoint(lifts)
        case Order() as halt:
            return within(peer.address, halt.scope) and not _is_stopped(peer, document, halt)
        case Decision(scope=scope):
            return contains(scope, peer.address)
        case Revocation(key=key):
            members = roster.members if (roster := standing(peer).roster) else ()
            return any(key in grant.keys for grant in trust.grants) or any(
                key == known.key for member in members for known in member.keys
            )
    return True


def _is_stopped(peer: RunningPeer, document: StewardDocument, halt: Order) -> bool:
    """Whether one of those who signed it stops me already, and for at least as long."""
    for digest, other in standing(peer).all_halts.items():
        if within(peer.address, other.scope) and (other.ms is None or halt.ms is not None):
            stored = peer.home.archive.get(digest)
            if stored is not None and document.keys & set(stored.keys.split()):
                return True
    return False
