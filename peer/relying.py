"""How far others may be relied on, and who knows about something: as rows of JSON.

Not here: the rules (`protocol.reputation`, `protocol.expertise`) and the evidence (`peer.esteem`).
"""

from __future__ import annotations

from collections.abc import Sequence

from peer.esteem import Esteem, Evidence
from peer.given import check_utf8
from peer.instance import RunningPeer
from peer.knowing import LATELY_DAYS, TOPIC_NODES_MAX, Knowing
from peer.rows import Row, short
from peer.stewards.standing import Standing, standing
from peer.tick import look
from protocol.errors import NotFoundError, UsageError
from protocol.messages import Answer

ME = "me"


def knowing_of(peer: RunningPeer) -> Knowing:
    """What is known in the home of a peer, now."""
    return Knowing(peer.home, peer.address, peer.clock.wall_ms())


def reputations(peer: RunningPeer) -> list[Row]:
    """All other members, those relied on most first, and after them names that were members."""
    known = knowing_of(peer).esteem
    found = known.everybody()
    members = map(peer.full, standing(peer).others)
    addresses = dict.fromkeys([*members, *sorted(found)])
    rows = [_row(peer, known, address) for address in addresses if address != peer.address]
    return sorted(rows, key=lambda row: (-row["reputation"], row["name"]))


def reputation(peer: RunningPeer, name: str) -> Row:
    """One peer, with every piece of evidence.

    NotFoundError where nobody is called so, UsageError for this peer itself.
    """
    check_utf8(name, "the name")
    address = name if "@" in name else peer.full(name)
    if address == peer.address:
        raise UsageError(f"{name} is this peer itself, whose own word counts here wholly")
    known = knowing_of(peer).esteem
    evidence = known.evidence(address)
    if not evidence and not _is_member(peer, address):
        raise NotFoundError(f"no peer {name} here; `peer reputation` lists them")
    return _row(peer, known, address) | {"evidence": [_evidence(peer, one) for one in evidence]}


def _is_member(peer: RunningPeer, address: str) -> bool:
    name, _, cluster = address.partition("@")
    member = standing(peer).find(name) if cluster == peer.identity.cluster else None
    return member is not None and member.active


def _row(peer: RunningPeer, known: Esteem, address: str) -> Row:
    found = known.of(address)
    return {
        "name": short(address, peer.identity.cluster),
        "member": _is_member(peer, address),
        "reputation": round(found.expectation, 3),
        "at_least": round(found.lower_bound, 3),
        "good": round(found.good, 3),
        "bad": round(found.bad, 3),
        "of_others": known.of_others(address),
    }


def _evidence(peer: RunningPeer, one: Evidence) -> Row:
    return {
        "kind": one.kind,
        "good": one.good,
        "by": short(one.witness, peer.identity.cluster),
        "item": one.item,
        "of": one.of,
        "age_days": one.age_days,
        "counts": one.counts,
        "left": round(one.left, 3),
        "why_not": one.why_not,
    }


def who_knows(peer: RunningPeer, topics: Sequence[str]) -> list[Row]:
    """Who contributed to these topics: the best first, of equals who did last, and how he is."""
    known, home = knowing_of(peer), peer.home
    scores = known.scores(topics)
    asked = home.knowledge.asked_lately(peer.address, known.day - LATELY_DAYS)
    told = _contributions(peer, topics)
    states = _states(peer, standing(peer))
    rows = [
        {
            "name": short(address, peer.identity.cluster),
            "score": round(scores.get(address, 0.0), 3),
            **one,
            "asked": asked.get(address, 0),
            "state": states.get(address, "unknown"),
        }
        for address, one in told.items()
    ]
    rows.sort(key=lambda row: (-row["score"], -row["newest"], row["name"]))
    return [{name: row[name] for name in row if name != "newest"} for row in rows]


def _contributions(peer: RunningPeer, topics: Sequence[str]) -> dict[str, Row]:
    """What each author (full address) contributed; `newest` grows with what came later."""
    found: dict[str, Row] = {}

    def of(author: str) -> Row:
        empty = {"contributions": 0, "endorsed": 0, "accepted": 0, "disputed": 0, "newest": 0}
        return found.setdefault(author, empty)

    knowledge = peer.home.knowledge
    for node in knowledge.about(topics, TOPIC_NODES_MAX) if topics else ():
        row = of(node.author)
        row["contributions"] += 1
        row["newest"] = max(row["newest"], node.n)
    judged = {
        (one.witness, one.target, one.link): one
        for topic in topics
        for one in knowledge.judged_on(topic, TOPIC_NODES_MAX)
    }
    for one in judged.values():
        good = "accepted" if one.kind == Answer.kind else "endorsed"
        of(one.author)[good if one.good else "disputed"] += 1
    return found


def _states(peer: RunningPeer, holds: Standing) -> dict[str, str]:
    rows = look.table(peer, holds)
    return {peer.full(row["name"]): row["state"] for row in rows} | {peer.address: ME}
