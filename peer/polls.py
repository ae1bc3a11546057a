"""Who decides on what in votes, by what stewards signed and this home remembers.

Rules: the charter in force names the keys, and the version of the roster whose members decide.
Pure reading: the share is not touched. Not here: what was voted (`peer.voting`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peer.instance import RunningPeer
from peer.stewards.standing import standing
from protocol import canonical, charter, decision, roster, wire
from protocol.acts import fault_under
from protocol.ballots import Electors, electors_of
from protocol.charter import Charter
from protocol.decision import Decision
from protocol.order import contains
from protocol.roster import Roster


@dataclass(frozen=True, slots=True)
class Poll:
    """A key that the members may agree on.

    `electors` is None while the roster that decides is not known here; `rosters` are the versions
    of it that the charter named so far, the present one among them.
    """

    key: str
    roster: int
    electors: Electors | None
    rosters: frozenset[int]


def polls(peer: RunningPeer) -> dict[str, Poll]:
    """The keys that may be voted on, by the charter in force."""
    return peer.home.archive.derived("polls", lambda: _polls(peer))


def _polls(peer: RunningPeer) -> dict[str, Poll]:
    cluster, policy = peer.identity.cluster, standing(peer).policy
    found = {}
    for votable in policy.all_votable(cluster):
        scope = next(c.scope for c in policy.charters if votable in c.votable)
        named = frozenset(
            one.roster
            for stored in peer.home.archive.all(charter.TYPE)
            if stored.scope == scope
            for one in _signed(Charter, stored.data).votable
            if (one.key, one.cluster) == (votable.key, cluster)
        )
        electors = electors_by(peer, votable.roster)
        found[votable.key] = Poll(votable.key, votable.roster, electors, named)
    return found


def electors_by(peer: RunningPeer, version: int) -> Electors | None:
    """Who decides by a version of my cluster's roster; None where the home does not hold it."""
    return peer.home.archive.derived(f"electors {version}", lambda: _electors(peer, version))


def _electors(peer: RunningPeer, version: int) -> Electors | None:
    """Of several of one number one by whoever may sign it now; of those the lowest digest."""
    cluster, trust = peer.identity.cluster, standing(peer).trust
    found = [
        (_signed(Roster, stored.data), stored)
        for stored in peer.home.archive.all(roster.TYPE)  # of one number the lowest digest first
        if (stored.scope, stored.number) == (cluster, version)
    ]
    sound = (
        (body, stored)
        for body, stored in found
        if fault_under(body, cluster, frozenset(stored.keys.split()), trust) is None
    )
    best = next(sound, None) or next(iter(found), None)
    return None if best is None else electors_of(best[0], best[1].digest)


def lost_keys(peer: RunningPeer, electors: Electors) -> frozenset[str]:
    """Keys of theirs whose ballots count no more: compromised by the roster in force, or revoked.

    Keys that are known here only; who knows less counts them, and makes certificates that hold.
    """
    return peer.home.archive.derived(f"lost {electors.digest}", lambda: _lost(peer, electors))


def _lost(peer: RunningPeer, electors: Electors) -> frozenset[str]:
    holds = standing(peer)
    members = holds.roster.members if holds.roster else ()
    called = {k.key for m in members for k in m.keys if k.state == "compromised"}
    return frozenset(
        key
        for key, name in electors.by_key.items()
        if key in called or holds.trust.is_void(key, peer.full(name))
    )


def denied(peer: RunningPeer) -> frozenset[str]:
    """The hashes of what stewards of my cluster denied."""
    return peer.home.archive.derived("denied", lambda: _denied(peer))


def _denied(peer: RunningPeer) -> frozenset[str]:
    every = [_signed(Decision, stored.data) for stored in peer.home.archive.all(decision.TYPE)]
    return frozenset(
        one.of
        for one in every
        if one.decision == "deny" and contains(one.scope, peer.identity.cluster)
    )


def _signed(form: Any, data: bytes) -> Any:
    return wire.trusted(form, canonical.decode(data)["signed"])
