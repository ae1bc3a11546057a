"""Votes on "how": ballots, their tally, and certificates of what was agreed on.

A slot is one decision: the `version`-th on `key` by the members of one roster. In it a member
may say YES to one choice, and NO to any others. A ballot is a signed document of its own; it names
no time and not its voter, whom its signature names, so that all YES for one choice are the same
bytes, and a certificate carries them once, with a signature for each voter.

How void ballots, certificates and the order in which things arrive go together:

- The tally is a function of the *set* of ballots, so those who hold the same ballots count the
  same. Who said in one slot what cannot both stand is void there: none of his ballots counts, his
  two ballots prove it, and ballots never turn sound again. So a tally may go back.
- From when a key is known to be compromised its ballots count for nothing: not in a tally, nor in
  a certificate that is made then. Such keys only grow more, so a tally only loses by it. Who is
  void for what such a key said stays void.
- A certificate is a function of itself and its roster, so everybody judges one alike, whatever else
  he holds, and it stays true: also where some who signed turn out to be void, or their keys to be
  compromised. Nobody can prove that a certificate is older than that, and were it refused, those
  who took it over before and those who come later would differ. Whoever makes one leaves out those
  whom he knows to be void. What is certified does not go back.
- Two quorums of ⌈2n/3⌉ of n share at least a third of n. So while fewer than a third sign twice
  there is at most one certificate in a slot. Two prove who signed twice, and make the slot void.

Stewards stand above both (`decided`). Values in, values out: which roster decides, and which keys
may be voted on, is for the charter to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from protocol import canonical, limits, wire
from protocol.envelope import open_envelope
from protocol.errors import RuleError
from protocol.fields import Hash, Line, NetworkId, Seq, Word
from protocol.messages import Certificate, Vote
from protocol.roster import Roster
from protocol.signing import Signer, pae, verify

TYPE: Final = "soma/ballot/1"
STEWARD: Final = "steward"  # the role of a member that is a steward's mailbox
_sig_bytes = limits.signature_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What a voter signs. `members` is the digest of roster `roster`; `proposal` an item's hash."""

    type: Literal["soma/ballot/1"] = TYPE
    network: NetworkId
    key: Word
    roster: Seq
    members: Hash
    version: Seq
    proposal: Hash
    value: Line
    yes: bool


class Slot(NamedTuple):
    """One decision: who decides, on what, for the how many-th time."""

    key: str
    roster: int
    members: str
    version: int


class Choice(NamedTuple):
    """What can be chosen in a slot: a proposal, and the value that it proposes."""

    proposal: str
    value: str


class Cast(NamedTuple):
    """A ballot whose signature verifies under the key `voter`; whose that is a roster says."""

    slot: Slot
    choice: Choice
    yes: bool
    voter: str
    sig: str


def cast(slot: Slot, choice: Choice, yes: bool, network: str, signer: Signer) -> Vote:
    """A signed ballot, as the body of an item; the same for the same words."""
    sig = canonical.b64(signer.sign(_message(slot, choice, yes, network)))
    return _vote(Cast(slot, choice, yes, signer.key, sig))


def _vote(one: Cast) -> Vote:
    return Vote(
        **one.slot._asdict(), **one.choice._asdict(), yes=one.yes, voter=one.voter, sig=one.sig
    )


def open_vote(vote: Vote, network: str) -> Cast:
    """The ballot in the body of an item; RuleError VOTE-3 where its signature does not verify."""
    slot, choice = slot_of(vote), choice_of(vote)
    return _verified(Cast(slot, choice, vote.yes, vote.voter, vote.sig), network)


def slot_of(body: Vote | Certificate | Ballot) -> Slot:
    """The slot that it names."""
    return Slot(body.key, body.roster, body.members, body.version)


def choice_of(body: Vote | Certificate | Ballot) -> Choice:
    """The choice that it names."""
    return Choice(body.proposal, body.value)


def ballot_data(one: Cast, network: str) -> bytes:
    """The ballot as a document that anybody can check."""
    body = canonical.encode(wire.dump(_ballot(one.slot, one.choice, one.yes, network)))
    signature = canonical.encode([{"key": one.voter, "sig": one.sig}])
    return b'{"signatures":%b,"signed":%b}' % (signature, body)


def open_ballot(data: bytes, network: str) -> Cast:
    """The ballot in a document; RuleError ENV-*, VOTE-1 to VOTE-3."""
    envelope = open_envelope(data, (TYPE,), limits.document_bytes_max)
    ballot = wire.validate(Ballot, envelope.body, "VOTE-1")
    if ballot.network != network:
        raise RuleError("VOTE-2", f"ballot of another network ({ballot.network[:8]}…)")
    if len(envelope.signatures) != 1:
        raise RuleError("VOTE-3", "a ballot is signed once")
    ((voter, sig),) = envelope.signatures
    return _verified(Cast(slot_of(ballot), choice_of(ballot), ballot.yes, voter, sig), network)


def _ballot(slot: Slot, choice: Choice, yes: bool, network: str) -> Ballot:
    return Ballot(network=network, **slot._asdict(), **choice._asdict(), yes=yes)


def _message(slot: Slot, choice: Choice, yes: bool, network: str) -> bytes:
    return pae(TYPE, canonical.encode(wire.dump(_ballot(slot, choice, yes, network))))


def _verified(one: Cast, network: str) -> Cast:
    key = canonical.unb64(one.voter, limits.key_bytes)
    sig = canonical.unb64(one.sig, _sig_bytes)
    if not verify(key, _message(one.slot, one.choice, one.yes, network), sig):
        raise RuleError("VOTE-3", f"not signed by the key that it names ({one.voter[:8]}…)")
    return one


# ------------------------------------------------------------------------------ who said both


def conflict(one: Cast, other: Cast) -> bool:
    """Whether nobody may say both: YES to two choices of a slot, or YES and NO to one."""
    if one.slot != other.slot:
        return False
    if one.choice == other.choice:
        return one.yes != other.yes
    return one.yes and other.yes


def prove_double_vote(first: bytes, second: bytes, network: str) -> tuple[Cast, Cast]:
    """The two ballots of one key that cannot both stand; RuleError VOTE-4 where they can.

    Whoever holds both documents can convince anybody: nothing else is believed.
    """
    one, other = open_ballot(first, network), open_ballot(second, network)
    if one.voter != other.voter or not conflict(one, other):
        raise RuleError("VOTE-4", "these two ballots can both stand")
    return one, other


# ------------------------------------------------------------------------------------ counting


@dataclass(frozen=True, slots=True)
class Electors:
    """Who decides by one version of a roster: names ascending, and the active keys of each."""

    roster: int
    digest: str
    names: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    by_key: Mapping[str, str] = field(compare=False, repr=False)

    @property
    def needed(self) -> int:
        """How many YES decide: two thirds of all, rounded up; at least one."""
        return max(-(-2 * len(self.names) // 3), 1)

    def slot(self, key: str, version: int) -> Slot:
        """A decision of theirs."""
        return Slot(key, self.roster, self.digest, version)


def electors_of(roster: Roster, digest: str) -> Electors:
    """The active members of exactly this roster, without the mailboxes of stewards."""
    members = [m for m in roster.members if m.active and STEWARD not in m.roles]
    keys = [tuple(k.key for k in m.keys if k.state == "active") for m in members]
    names = tuple(member.name for member in members)
    by_key = {key: name for name, own in zip(names, keys, strict=True) for key in own}
    return Electors(roster.version, digest, names, tuple(keys), by_key)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the electors said in a slot: names by choice; `void`: who said what cannot stand."""

    yes: Mapping[Choice, frozenset[str]]
    no: Mapping[Choice, frozenset[str]]
    void: frozenset[str]


def tally(
    electors: Electors, slot: Slot, casts: Iterable[Cast], lost: Collection[str] = ()
) -> Tally:
    """Count the ballots of a slot; those of others, or of other slots, do not count.

    Nor do those under `lost` keys, which are compromised; who is void by them is void all the same.
    """
    every = [one for one in casts if one.slot == slot and one.voter in electors.by_key]
    if slot[1:3] != (electors.roster, electors.digest):
        every = []
    void = _void(electors, every)
    counted: dict[bool, dict[Choice, set[str]]] = {True: {}, False: {}}
    for one in every:
        name = electors.by_key[one.voter]
        if name not in void and one.voter not in lost:
            counted[one.yes].setdefault(one.choice, set()).add(name)
    return Tally(_frozen(counted[True]), _frozen(counted[False]), void)


def _void(electors: Electors, casts: Iterable[Cast]) -> frozenset[str]:
    """Who said what cannot both stand, of ballots of one slot by electors."""
    said: dict[bool, dict[str, set[Choice]]] = {True: {}, False: {}}
    for one in casts:
        said[one.yes].setdefault(electors.by_key[one.voter], set()).add(one.choice)
    return frozenset(
        name
        for name, choices in said[True].items()
        if len(choices) > 1 or choices & said[False].get(name, set())
    )


def _frozen(counted: Mapping[Choice, set[str]]) -> dict[Choice, frozenset[str]]:
    return {choice: frozenset(counted[choice]) for choice in sorted(counted)}


def double_votes(electors: Electors, slot: Slot, casts: Iterable[Cast]) -> dict[str, list[Cast]]:
    """For each elector who is void in a slot two ballots that show it; the same for one set."""
    mine: dict[str, list[Cast]] = {}
    for one in sorted(set(casts)):
        if one.slot == slot and (name := electors.by_key.get(one.voter)) is not None:
            mine.setdefault(name, []).append(one)
    pairs = {
        name: next(([a, b] for a in own for b in own if a < b and conflict(a, b)), None)
        for name, own in mine.items()
    }
    return {name: pair for name, pair in sorted(pairs.items()) if pair is not None}


# -------------------------------------------------------------------------------- certificates


def certify(
    electors: Electors, slot: Slot, casts: Collection[Cast], lost: Collection[str] = ()
) -> Certificate | None:
    """The certificate that these ballots make in a slot, or None where none has enough YES.

    Of the YES that count (`tally`), those of the first electors by name.
    """
    counted = tally(electors, slot, casts, lost)
    choice = next((c for c, who in counted.yes.items() if len(who) >= electors.needed), None)
    if choice is None:
        return None
    sigs: dict[str, str] = {}
    for one in sorted(casts):
        name = electors.by_key.get(one.voter, "")
        wanted = (one.slot, one.choice, one.yes) == (slot, choice, True) and one.voter not in lost
        if wanted and name in counted.yes[choice]:
            sigs.setdefault(name, one.sig)
    chosen = sorted(sigs)[: electors.needed]
    bits = _bits([name in chosen for name in electors.names])
    raw = b"".join(canonical.unb64(sigs[name], _sig_bytes) for name in chosen)
    return Certificate(
        **slot._asdict(), **choice._asdict(), voters=canonical.b64(bits), sigs=canonical.b64(raw)
    )


def _bits(flags: list[bool]) -> bytes:
    padded = flags + [False] * (-len(flags) % 8)
    number = int("".join("01"[flag] for flag in padded) or "0", 2)
    return number.to_bytes(len(padded) // 8, "big")


def open_certificate(
    certificate: Certificate, network: str, electors: Electors
) -> tuple[Cast, ...]:
    """The ballots in a certificate that holds; RuleError VOTE-5 to VOTE-8 where it does not."""
    slot, choice = slot_of(certificate), choice_of(certificate)
    if (slot.roster, slot.members) != (electors.roster, electors.digest):
        raise RuleError("VOTE-5", f"certificate by another roster than {electors.roster}")
    chosen = _chosen(certificate.voters, len(electors.names))
    raw = canonical.unb64(certificate.sigs, len(chosen) * _sig_bytes)
    if len(chosen) < electors.needed:
        raise RuleError("VOTE-7", f"{len(chosen)} ballots, {electors.needed} are needed")
    message = _message(slot, choice, True, network)
    casts = []
    for number, at in enumerate(chosen):
        sig = raw[number * _sig_bytes : (number + 1) * _sig_bytes]
        voter = next((k for k in electors.keys[at] if _signs(k, message, sig)), None)
        if voter is None:
            raise RuleError("VOTE-8", f"the ballot of {electors.names[at]} does not verify")
        casts.append(Cast(slot, choice, True, voter, canonical.b64(sig)))
    return tuple(casts)


def _chosen(voters: str, count: int) -> list[int]:
    """Which of so many electors the bits name."""
    raw = canonical.unb64(voters, -(-count // 8))
    bits = "".join(f"{byte:08b}" for byte in raw)
    if "1" in bits[count:]:
        raise RuleError("VOTE-6", "its bits name more voters than there are")
    return [at for at, bit in enumerate(bits) if bit == "1"]


def _signs(key: str, message: bytes, sig: bytes) -> bool:
    return verify(canonical.unb64(key, limits.key_bytes), message, sig)


# ---------------------------------------------------------------------------- what holds of it


def decided(
    certified: Iterable[tuple[Slot, Choice]], denied: Collection[str]
) -> dict[Slot, Choice | None]:
    """What was decided in each slot that has a certificate; None: it is void.

    Void is a slot with certificates of two choices, or whose choice a steward denied; `denied` are
    hashes of proposals.
    """
    found: dict[Slot, set[Choice]] = {}
    for slot, choice in certified:
        found.setdefault(slot, set()).add(choice)
    return {
        slot: None if len(choices) > 1 or any(c.proposal in denied for c in choices) else choice
        for slot, choices in sorted(found.items())
        for choice in sorted(choices)[:1]
    }


def in_force(
    slots: Mapping[Slot, Choice | None], key: str, roster: int
) -> tuple[Slot, Choice] | None:
    """What holds for a key: the newest decision that is not void, first of those by `roster`.

    `roster` is the version that the charter names now; before its members decide, what those of
    an earlier one decided holds.
    """
    sound = [(s, choice) for s, choice in slots.items() if s.key == key and choice is not None]
    rank = ((s.roster == roster, s.roster, s.version, s, choice) for s, choice in sound)
    best = max(rank, default=None)
    return None if best is None else (best[3], best[4])


def next_version(
    electors: Electors, key: str, slots: Collection[Slot], closed: Collection[int]
) -> int:
    """The version that is to be decided next: after the last one that has a certificate.

    `closed` are versions in which a steward denied a proposal; they are passed over.
    """
    mine = [s.version for s in slots if s[:3] == (key, electors.roster, electors.digest)]
    version = max(mine, default=0) + 1
    while version in closed:
        version += 1
    return version
