"""What a person, or an agent's program, does in a vote: propose, vote, see how it stands.

Rules: our own program never signs two ballots that cannot both stand, not even from two processes,
nor after its home was lost: it looks at what it published in other lives first.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Literal, NamedTuple

from peer import voting
from peer.home.votes import Proposed
from peer.instance import RunningPeer
from peer.polls import Poll, denied, electors_by, lost_keys, polls
from peer.rows import Row, moment, short
from peer.send import Sent, check_allowed, send
from peer.tick.own import NOT_MINE
from protocol import canonical
from protocol.ballots import Cast, Electors, ballot_data, cast, conflict, double_votes, open_vote
from protocol.ballots import tally as count
from protocol.errors import HumanNeededError, NotFoundError, RuleError, SomaError, UsageError
from protocol.messages import Item, Proposal, Vote
from protocol.page import ALL, open_erased
from registry import outbox

State = Literal["open", "agreed", "vetoed", "void", "outdated", "early"]


class Found(NamedTuple):
    """A proposal as a steward decides on it: what he denies, for whom, in our words and theirs."""

    id: str
    hash: str
    scope: str
    words: str
    quoted: tuple[str, ...]


def find_proposal(peer: RunningPeer, prefix: str) -> Found:
    """The proposal whose id begins so; NotFoundError, UsageError where it is another thing."""
    proposed = _proposed(peer, prefix)
    words = (
        f"{proposed.author} proposes a value for {proposed.key}, its version {proposed.version},"
        f" on which roster {proposed.roster} votes"
    )
    quoted = (f"{proposed.key} = {proposed.value}",)
    return Found(proposed.id, proposed.hash, peer.identity.cluster, words, quoted)


def propose(peer: RunningPeer, key: str, value: str, because: str = "") -> Sent:
    """Publish a value for a key that the charter declares votable.

    UsageError for another key, SomaError where the same is proposed already, and as `send`.
    """
    check_allowed(peer)
    poll = _poll(peer, key)
    version = voting.open_version(peer, poll)
    for row in proposals(peer):
        if (row["key"], row["value"], row["state"]) == (key, value, "open"):
            raise SomaError(
                f"{row['id'][:8]} proposes the same already; `peer vote {row['id'][:8]} yes`"
            )
    body = Proposal(key=key, roster=poll.roster, version=version, value=value, because=because)
    return send(peer, [ALL], [body])


def vote(peer: RunningPeer, prefix: str, yes: bool) -> Sent:
    """Publish a ballot; the same one again is harmless and sends nothing.

    NotFoundError for an unknown id, UsageError for what is no proposal, HumanNeededError where the
    roster that decides does not know this key, SomaError where the vote is over, or another ballot
    of this peer stands against it.
    """
    check_allowed(peer)
    proposed = _proposed(peer, prefix)
    poll = _poll(peer, proposed.key)
    _check_open(peer, proposed, poll)
    electors = _electors(peer, poll)
    _recall(peer)
    slot = electors.slot(proposed.key, proposed.version)
    body = cast(slot, proposed.choice, yes, peer.identity.network, peer.signer)
    ballot = open_vote(body, peer.identity.network)
    before = peer.home.votes.brought(ballot)
    if before is not None:
        return Sent((before,), (ALL,), "delivered")

    def along() -> None:
        _check_own(peer, electors, ballot)  # in the transaction: another process may vote as well

    return send(peer, [ALL], [body], re=proposed.id, thread=proposed.id, along=along)


def proposals(peer: RunningPeer, *, everything: bool = False) -> list[Row]:
    """Proposals and how they stand: those that are open or hold, or everything."""
    cluster, known = peer.identity.cluster, polls(peer)
    rows = []
    for one in peer.home.votes.proposals():
        poll = known.get(one.key)
        state = _state(peer, one, poll)
        if everything or state in ("open", "agreed"):
            said = {
                "id": one.id, "key": one.key, "value": one.value, "because": one.because,
                "from": short(one.author, cluster), "at": moment(one.at), "state": state,
                "version": one.version, "roster": one.roster,
            }  # fmt: skip
            rows.append(said | _tally(peer, one))
    return rows


def _proposed(peer: RunningPeer, prefix: str) -> Proposed:
    letter = peer.home.mail.get(prefix)
    found = peer.home.votes.proposal(letter.id)
    if letter.state == "erased":
        raise NotFoundError(f"{letter.id[:8]} was erased by its author; nobody can vote on it")
    if found is None and (letter.kind, letter.audience) == (Proposal.kind, ALL):
        raise NotFoundError(f"{letter.id[:8]} was not looked at yet; run `peer tick`")
    if found is None:
        raise UsageError(f"{letter.id[:8]} is no proposal; `peer proposals` lists them")
    return found


def _poll(peer: RunningPeer, key: str) -> Poll:
    votable = polls(peer)
    if key not in votable:
        known = ", ".join(votable) or "none"
        raise UsageError(
            f"the charter does not let {peer.identity.cluster} vote on {key[:80]!r}; votable as far"
            f" as this home knows: {known}"
        )
    return votable[key]


def _electors(peer: RunningPeer, poll: Poll) -> Electors:
    """Who decides, this peer among them."""
    if poll.electors is None:
        raise HumanNeededError(
            f"roster {poll.roster}, which decides on {poll.key}, is not here yet; run `peer tick`"
        )
    if poll.electors.by_key.get(peer.signer.key) != peer.name:
        raise HumanNeededError(
            f"roster {poll.roster}, which decides on {poll.key}, does not name the key of"
            f" {peer.name}; a steward names a newer roster in the charter"
        )
    return poll.electors


def _check_open(peer: RunningPeer, one: Proposed, poll: Poll) -> None:
    state = _state(peer, one, poll)
    if state == "open":
        return
    why = {
        "agreed": "is agreed on already",
        "vetoed": "was denied by a steward",
        "void": "can be agreed on no more, because its vote is void; propose it anew",
        "outdated": "is outdated; propose it anew",
        "early": "comes after a vote that is not over as far as this home knows; run `peer tick`",
    }
    raise SomaError(f"{one.id[:8]} ({one.key}, version {one.version}) {why[state]}")


def _check_own(peer: RunningPeer, electors: Electors, ballot: Cast) -> None:
    for other in peer.home.votes.ballots(ballot.slot):
        if electors.by_key.get(other.voter) == peer.name and conflict(ballot, other):
            item = peer.home.votes.brought(other) or ""
            said = "yes" if other.yes else "no"
            raise SomaError(
                f"{peer.name} has voted {said} to {other.choice.value!r} in this vote"
                f" ({item[:8]}), and a ballot stands; two that differ would both be void"
            )


def _recall(peer: RunningPeer) -> None:
    """Ballots that other lives of mine published, once in each life; ShareError."""
    state = peer.home.state
    if not state.earlier_epochs or state.text("votes_recalled") == state.epoch:
        return
    found: list[tuple[Item, Cast]] = []
    for name in outbox.pages(peer.share, peer.name, None):
        with suppress(RuleError, *NOT_MINE):
            found += _ballots(outbox.fetch(peer.share, None, name), peer)
    with peer.home.transaction():
        for item, ballot in found:
            peer.home.votes.cast([ballot], item.id)
        state.put("votes_recalled", state.epoch)


def _ballots(page: bytes, peer: RunningPeer) -> list[tuple[Item, Cast]]:
    network = peer.identity.network
    items = [i for i in open_erased(page, network).items if isinstance(i, Item)]
    return [(i, open_vote(i.body, network)) for i in items if isinstance(i.body, Vote)]


def _state(peer: RunningPeer, one: Proposed, poll: Poll | None) -> State:
    if one.hash in denied(peer):
        return "vetoed"
    holds = voting.agreed(peer).get(one.key)
    if holds is not None and (holds.proposal, holds.value) == (one.hash, one.value):
        return "agreed"
    if poll is None or poll.roster != one.roster:
        return "outdated"
    if poll.electors is not None:
        slot = poll.electors.slot(one.key, one.version)
        known = voting.slots(peer)
        if slot in known:
            return "void" if known[slot] is None else "outdated"
    if one.version in voting.closed(peer, poll):
        return "void"
    first = voting.open_version(peer, poll)
    if one.version == first:
        return "open"
    return "early" if one.version > first else "outdated"


def _tally(peer: RunningPeer, one: Proposed) -> Row:
    """Who said what, as far as this home knows."""
    electors = electors_by(peer, one.roster)
    if electors is None:
        nobody: Row = {name: [] for name in ("yes", "no", "missing", "void", "compromised")}
        return nobody | {"needed": None, "voters": None}
    slot = electors.slot(one.key, one.version)
    casts = peer.home.votes.ballots(slot)
    lost = lost_keys(peer, electors)
    counted = count(electors, slot, casts, lost)
    yes, no = (sorted(said.get(one.choice, ())) for said in (counted.yes, counted.no))
    network = peer.identity.network
    void = [
        {"name": name, "ballots": [canonical.decode(ballot_data(b, network)) for b in pair]}
        for name, pair in double_votes(electors, slot, casts).items()
    ]
    whose = zip(electors.names, electors.keys, strict=True)
    compromised = {name for name, keys in whose if lost.issuperset(keys)}
    silent = set(electors.names) - counted.void - {*yes, *no} - compromised
    return {
        "yes": yes, "no": no, "missing": sorted(silent), "void": void,
        "compromised": sorted(compromised),
        "needed": electors.needed, "voters": len(electors.names),
    }  # fmt: skip
