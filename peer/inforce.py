"""What is in force by the steward documents that a home remembers; the share is not touched.

Rules: the answer follows from the documents and the time alone (`protocol.ruling`), and is worked
out again only where one of them changed. Not here: what it means for this peer (`peer.stewards`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from peer.home import Home
from peer.home.archive import Stored
from protocol import canonical, roster, wire
from protocol.acts import FORMS, StewardBody, fault_under
from protocol.errors import HomeError
from protocol.remembered import remembered
from protocol.root import TYPE as ROOT
from protocol.roster import Member, Roster
from protocol.ruling import Held, Ruling, holds, ruling_of, votes_rest_on
from protocol.trust import Trust

T = TypeVar("T")


def ruling(home: Home, network: str, now_ms: int = 0) -> Ruling:
    """What is in force now; HomeError where the home has lost its root.

    `now_ms`: the own clock, where somebody has one; time that the home knew before never goes back.
    """
    now = max(now_ms, home.state.number("last_wall"))
    found = home.archive.derived("ruling", lambda: _ruling(home, network, now))
    if found.until is not None and now >= found.until:
        home.archive.derive_again()
        found = home.archive.derived("ruling", lambda: _ruling(home, network, now))
    return found


def _ruling(home: Home, network: str, now_ms: int) -> Ruling:
    found = ruling_of(network, _all_held(home), now_ms)
    if found is None:
        raise HomeError("this home has lost its root; run `peer tick` while the share is there")
    return found


def _held(home: Home, one: Stored) -> Held:
    def read() -> StewardBody:
        stored = home.archive.get(one.digest)
        assert stored is not None
        return body_of(FORMS[one.type], stored.data)

    return Held(
        one.type, one.scope, one.number, one.digest, frozenset(one.keys.split()), read
    )  # fmt: skip


def counts(one: Stored, trust: Trust) -> bool:
    """Whether those who signed a document, whose bytes are at hand, may sign it together now."""
    body = body_of(FORMS[one.type], one.data)
    return fault_under(body, one.scope, frozenset(one.keys.split()), trust) is None


@remembered
def body_of(form: type[T], data: bytes) -> T:
    """What is signed in a document that this home verified before."""
    return wire.trusted(form, canonical.decode(data)["signed"])


def newest(home: Home, network: str, type_: str, scope: str, now_ms: int = 0) -> Stored | None:
    """The document of a type and scope that is in force, or None."""
    digest = ruling(home, network, now_ms).newest.get((type_, scope))
    return None if digest is None else home.archive.get(digest)


def members(home: Home, network: str, cluster: str, now_ms: int = 0) -> Roster | None:
    """The roster in force of a cluster; keys that were revoked there count as compromised."""
    trust = ruling(home, network, now_ms).trust
    return home.archive.derived(f"roster:{cluster}", lambda: _members(home, trust, cluster))


def for_votes(home: Home, network: str) -> frozenset[str]:
    """The documents by which votes are judged, by their digests."""
    found = ruling(home, network)
    return home.archive.derived("for votes", lambda: votes_rest_on(_all_held(home), found))


def maybe_signed_anew(home: Home, network: str) -> tuple[list[Stored], list[Stored]]:
    """What would count if somebody signed it again who may sign it now; without the bytes.

    First where nothing else is in force that counts now, then what only stands back behind
    something else, and what votes rest on.
    """
    found = ruling(home, network)
    return home.archive.derived("anew", lambda: _maybe_signed_anew(home, found))


def _maybe_signed_anew(home: Home, found: Ruling) -> tuple[list[Stored], list[Stored]]:
    every = [one for one in home.archive.everything() if (one.type, one.scope) in found.newest]
    first = [one for one in every if (one.type, one.scope) in found.unsure]
    numbers = {one.digest: one.number for one in every}
    votes = for_votes(home, found.trust.network)
    others = [
        one
        for one in every
        if (one.type, one.scope) not in found.unsure
        and (one.number >= numbers[found.newest[one.type, one.scope]] or one.digest in votes)
        and one.type != ROOT
        and not holds(_held(home, one), found.trust)
    ]
    return first, others


def _all_held(home: Home) -> list[Held]:
    return [_held(home, one) for one in home.archive.everything()]


def _members(home: Home, trust: Trust, cluster: str) -> Roster | None:
    stored = newest(home, trust.network, roster.TYPE, cluster)
    if stored is None:
        return None
    found = body_of(Roster, stored.data)
    return without(trust, found) if trust.void else found


def without(trust: Trust, found: Roster) -> Roster:
    """A roster as it counts after revocations."""
    return replace(found, members=tuple(_sound(trust, m, found.cluster) for m in found.members))


def _sound(trust: Trust, member: Member, cluster: str) -> Member:
    address = f"{member.name}@{cluster}"
    if not any(trust.is_void(known.key, address) for known in member.keys):
        return member
    kept = [
        replace(known, state="compromised") if trust.is_void(known.key, address) else known
        for known in member.keys
    ]
    return replace(member, keys=tuple(kept))
