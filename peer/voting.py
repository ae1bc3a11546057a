"""What the members agreed on: counting ballots, taking over certificates, telling of who cheats.

Rules: who decides on what say `peer.polls`; certificates by a roster that an earlier
version of the same charter named are taken over, too, so that nobody misses what was agreed on
before it changed. A certificate that was taken stays; a steward's no makes its slot void. All of it
follows from what the home holds, so a tick that dies begins it anew. `protocol.ballots` decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

from peer.home.votes import Certified
from peer.instance import HOUR_MS, RunningPeer
from peer.permission import auto_sends_hourly_max
from peer.polls import Poll, denied, electors_by, lost_keys, polls
from peer.stewards.standing import standing
from protocol import canonical, wire
from protocol.ballots import (
    Cast,
    Choice,
    Electors,
    Slot,
    ballot_data,
    certify,
    choice_of,
    decided,
    double_votes,
    in_force,
    next_version,
    open_certificate,
    slot_of,
)
from protocol.errors import RuleError
from protocol.messages import Certificate, Head, compose, id_of_hash, stored_item
from protocol.page import ALL

# A certificate in force is published anew before feeds drop it (AGE-2), by one peer after another.
again_days_min, again_days_spread = 45, 40
looks_max = 256  # at claims of one key, in one tick
DOUBLE = "double-vote"


class Agreed(NamedTuple):
    """What holds for a key; `proposal` is the hash of the item that proposed it."""

    key: str
    value: str
    version: int
    roster: int
    proposal: str

    def as_json(self) -> dict[str, Any]:
        """What `peer status --json` prints of it."""
        return self._asdict() | {"proposal": id_of_hash(self.proposal)}


# --------------------------------------------------------------------------------- what holds


def slots(peer: RunningPeer) -> dict[Slot, Choice | None]:
    """What was decided in each slot; None where it is void."""
    certified = [(one.slot, one.choice) for one in peer.home.votes.certified()]
    return decided(certified, denied(peer))


def agreed(peer: RunningPeer) -> dict[str, Agreed]:
    """What holds now of each key that may be voted on, and was."""
    if peer.home.votes.are_none():
        return {}
    known, found = slots(peer), {}
    for key, poll in polls(peer).items():
        sound = {s: c for s, c in known.items() if s.roster in poll.rosters and _decides(peer, s)}
        holds = in_force(sound, key, poll.roster)
        if holds is not None:
            slot, choice = holds
            found[key] = Agreed(key, choice.value, slot.version, slot.roster, choice.proposal)
    return found


def _decides(peer: RunningPeer, slot: Slot) -> bool:
    """Whether those who decided are still the ones who do by the roster of that number."""
    electors = electors_by(peer, slot.roster)
    return electors is not None and electors.digest == slot.members


def open_version(peer: RunningPeer, poll: Poll) -> int:
    """The version of a key that is to be decided next; 1 while it is not known who decides."""
    if poll.electors is None:
        return 1
    return next_version(poll.electors, poll.key, slots(peer), closed(peer, poll))


def closed(peer: RunningPeer, poll: Poll) -> frozenset[int]:
    """The versions in which a steward denied a proposal."""
    no = denied(peer)
    return frozenset(
        one.version
        for one in peer.home.votes.proposals()
        if (one.key, one.roster) == (poll.key, poll.roster) and one.hash in no
    )


# ----------------------------------------------------------------------------------- each tick


def settle(peer: RunningPeer) -> list[str]:
    """Take over what others certified, certify what has enough ballots; returns problems."""
    if peer.home.votes.are_none():
        return []
    problems: list[str] = []
    for poll in polls(peer).values():
        problems += _take_over(peer, poll)
        if poll.electors is not None:
            _certify(peer, poll, poll.electors)
            problems += _tell_double_votes(peer, poll, poll.electors)
        _offer_again(peer, poll)
    problems += _tell_rivals(peer)
    _settle_concerns(peer)
    return problems


def _take_over(peer: RunningPeer, poll: Poll) -> list[str]:
    """Certificates that others published; what has no roster here yet waits."""
    problems = []
    for item_id, version in peer.home.votes.offered(poll.key, poll.rosters)[:looks_max]:
        electors = electors_by(peer, version)
        if electors is None:
            continue
        fault = _take(peer, item_id, electors)
        if fault is not None:
            problems.append(f"certificate {item_id[:8]} proves nothing: {fault}")
            with peer.home.transaction():
                peer.home.votes.drop(item_id)
    return problems


def _take(peer: RunningPeer, item_id: str, electors: Electors) -> str | None:
    if peer.home.erasures.hash_of(item_id) is None:
        return "it is not there any more"
    item = stored_item(peer.home.mail.get(item_id).data, understood=True)
    assert isinstance(item.body, Certificate)
    data, casts = canonical.encode(wire.dump(item.body)), tuple[Cast, ...]()
    if data not in [one.data for one in peer.home.votes.certified()]:
        try:
            casts = open_certificate(item.body, peer.identity.network, electors)
        except RuleError as error:
            return f"{error} ({item.head.author})"
    with peer.home.transaction():
        _keep(peer, item_id, item.body, casts)
    return None


def _keep(peer: RunningPeer, item_id: str, certificate: Certificate, casts: Iterable[Cast]) -> None:
    votes, slot = peer.home.votes, slot_of(certificate)
    data = canonical.encode(wire.dump(certificate))
    votes.take(item_id, slot, choice_of(certificate), data, peer.home.state.days_lived)
    votes.cast(casts, item_id)  # who signed here and something else as well shows himself


def _certify(peer: RunningPeer, poll: Poll, electors: Electors) -> None:
    """Publish what has enough ballots here, once for each slot."""
    votes, shut, lost = peer.home.votes, closed(peer, poll), lost_keys(peer, electors)
    first = open_version(peer, poll)
    for version in votes.versions(poll.key, electors.roster, electors.digest):
        if version < first or version in shut or not _may_publish(peer):
            continue
        slot = electors.slot(poll.key, version)
        casts = votes.ballots(slot)
        certificate = certify(electors, slot, casts, lost)
        if certificate is not None and certificate.proposal not in denied(peer):
            with peer.home.transaction():
                _keep(peer, _publish(peer, certificate), certificate, ())


def _may_publish(peer: RunningPeer) -> bool:
    since = peer.clock.wall_ms() - HOUR_MS
    return peer.home.outgoing.auto_count(ALL, since) < auto_sends_hourly_max


def _publish(peer: RunningPeer, certificate: Certificate) -> str:
    """The certificate goes into my feed; inside a transaction. Returns the id of its item."""
    about = id_of_hash(certificate.proposal)
    head = Head(
        author=peer.address, kind=certificate.kind, salt=canonical.b32(peer.entropy.draw(16)),
        at=peer.clock.wall_ms(), auto=True, depth=1, re=about, thread=about,
    )  # fmt: skip
    item = compose(head, certificate)
    peer.home.outgoing.add([item], ALL, peer.clock.wall_ms())
    return item.id


def _offer_again(peer: RunningPeer, poll: Poll) -> None:
    """What holds must stand in some feed, so that those who come later learn it."""
    holds = agreed(peer).get(poll.key)
    for one in peer.home.votes.certified() if holds is not None else ():
        here = (one.slot.key, one.slot.version, one.slot.roster, one.choice.proposal)
        mine = holds is not None and here == (poll.key, holds.version, holds.roster, holds.proposal)
        if not mine or one.data is None or not _may_publish(peer):
            continue
        if peer.home.state.days_lived - one.day >= _again_days(peer, one):
            certificate = wire.trusted(Certificate, canonical.decode(one.data))
            with peer.home.transaction():
                _publish(peer, certificate)
                peer.home.votes.published(one.item, peer.home.state.days_lived)


def _again_days(peer: RunningPeer, one: Certified) -> int:
    """Each peer has a day of its own; who sees it published by another one waits anew."""
    drawn = sha256(f"{peer.address} {one.item}".encode()).digest()
    return again_days_min + int.from_bytes(drawn[:2], "big") % again_days_spread


# -------------------------------------------------------------------------------- who cheats


def proof_name(ballot: Cast) -> str:
    """What the evidence of a double vote is kept under."""
    slot = ballot.slot
    return f"{ballot.voter} {slot.key} {slot.roster} {slot.version}"


def _tell_double_votes(peer: RunningPeer, poll: Poll, electors: Electors) -> list[str]:
    problems = []
    for version in peer.home.votes.versions(poll.key, electors.roster, electors.digest):
        slot = electors.slot(poll.key, version)
        found = double_votes(electors, slot, peer.home.votes.ballots(slot))
        for name, pair in found.items():
            problem = _tell_double_vote(peer, name, pair)
            problems += [problem] if problem else []
    return problems


def _tell_double_vote(peer: RunningPeer, name: str, pair: list[Cast]) -> str | None:
    address, by, slot = peer.full(name), proof_name(pair[0]), pair[0].slot
    if (DOUBLE, by) in [(one.kind, one.by) for one in peer.home.proofs.of(address)]:
        return None
    proof = b"\n".join(ballot_data(one, peer.identity.network) for one in pair)
    text = (
        f"{name} signed two ballots on {slot.key} (version {slot.version}) that cannot both stand;"
        " none of its ballots there counts"
    )
    mend = f"ask who owns {name}; `peer proposals --all --json` has both ballots as a proof"
    now = peer.clock.wall_ms()
    with peer.home.transaction():
        peer.home.proofs.add(address, DOUBLE, by, proof, now)
        peer.home.concerns.open(f"{DOUBLE}:{by}", "human", text, mend, now)
    return text


def _tell_rivals(peer: RunningPeer) -> list[str]:
    """Two certificates in one slot: a person hears once who signed both."""
    by_slot: dict[Slot, list[Certified]] = {}
    for one in peer.home.votes.certified():
        by_slot.setdefault(one.slot, []).append(one)
    problems = []
    for slot, rivals in by_slot.items():
        key = f"certificates:{slot.key}:{slot.roster}:{slot.version}"
        if len(rivals) < 2 or key in {concern.key for concern in peer.home.concerns.all()}:
            continue
        names = ", ".join(_signed_both(peer, slot, rivals)) or "a third of the members, at least,"
        text = (
            f"two values were agreed on for {slot.key} as version {slot.version}: {names} signed"
            " both; neither holds, and what was agreed on before does"
        )
        mend = "ask who owns them, let a steward take their keys out, and propose anew"
        with peer.home.transaction():
            peer.home.concerns.open(key, "human", text, mend, peer.clock.wall_ms())
        problems.append(text)
    return problems


def _signed_both(peer: RunningPeer, slot: Slot, rivals: list[Certified]) -> list[str]:
    electors = electors_by(peer, slot.roster)
    if electors is None or electors.digest != slot.members:
        return []
    signed: dict[str, int] = {}
    for one in rivals:
        if one.data is not None:
            certificate = wire.trusted(Certificate, canonical.decode(one.data))
            casts = open_certificate(certificate, peer.identity.network, electors)
            for name in {electors.by_key[ballot.voter] for ballot in casts}:
                signed[name] = signed.get(name, 0) + 1
    return sorted(name for name, times in signed.items() if times > 1)


def _settle_concerns(peer: RunningPeer) -> None:
    """A voter whose key acts no more need not be asked about."""
    members = standing(peer).roster
    keys = {k.key for m in (members.members if members else ()) for k in m.keys
            if k.state == "active"}  # fmt: skip
    over = [
        concern.key
        for concern in peer.home.concerns.all()
        if concern.key.startswith(f"{DOUBLE}:")
        and concern.key.partition(":")[2].partition(" ")[0] not in keys
    ]
    if over:
        with peer.home.transaction():
            for key in over:
                peer.home.concerns.resolve(key, peer.clock.wall_ms())
