"""Votes under chance: any order of delivery, partial views, and adversaries who say everything.

Signatures are left out where they are not what is tested: a `Cast` is one that verified.
"""

from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import canonical
from protocol.ballots import (
    Cast,
    Choice,
    Electors,
    Slot,
    ballot_data,
    cast,
    certify,
    choice_of,
    decided,
    double_votes,
    in_force,
    open_ballot,
    open_certificate,
    open_vote,
    tally,
)
from protocol.errors import RuleError
from protocol.messages import Certificate
from protocol.signing import Signer
from tests.samples import NETWORK

ORDERS = 10_000
DIGEST = "d" * 64
SIG = canonical.b64(b"s" * 64)
CHOICES = [Choice(str(n) * 64, f"value {n}") for n in range(3)]
SLOTS = [Slot("pace", 3, DIGEST, version) for version in (1, 2)]


def electors(count: int) -> Electors:
    names = tuple(f"p{n:02}" for n in range(count))
    keys = tuple((f"key {name}",) for name in names)
    by_key = {f"key {name}": name for name in names}
    return Electors(3, DIGEST, names, keys, by_key)


def said(who: int, choice: Choice, yes: bool = True, slot: Slot = SLOTS[0]) -> Cast:
    return Cast(slot, choice, yes, f"key p{who:02}", SIG)


def random_ballots(dice: random.Random, count: int, cheaters: int) -> list[Cast]:
    """Some vote honestly, one choice a slot; the first `cheaters` say whatever comes to mind."""
    ballots = []
    for slot, who in product(SLOTS, range(count + 1)):  # the last is a stranger
        if who < cheaters:
            ballots += [
                said(who, dice.choice(CHOICES), dice.random() < 0.7, slot)
                for _ in range(dice.randrange(4))
            ]
        elif dice.random() < 0.9:
            chosen = dice.choice(CHOICES)
            ballots.append(said(who, chosen, True, slot))
            ballots += [said(who, c, False, slot) for c in CHOICES if c != chosen]
    return ballots


def test_the_tally_is_the_same_in_any_order_of_delivery() -> None:
    """VOTE-10: 10,000 orders, with repetitions and late ballots."""
    dice = random.Random(7)
    void, certified = 0, 0
    for _ in range(100):
        count = dice.randrange(1, 12)
        known = electors(count)
        ballots = random_ballots(dice, count, dice.randrange(count + 1))
        expected = [
            (tally(known, s, ballots), certify(known, s, ballots), double_votes(known, s, ballots))
            for s in SLOTS
        ]
        void += any(counted.void for counted, _, _ in expected)
        certified += any(made is not None for _, made, _ in expected)
        for _ in range(ORDERS // 100):
            order = ballots + dice.choices(ballots, k=5) if ballots else []
            dice.shuffle(order)
            held: set[Cast] = set()
            for ballot in order:
                held.add(ballot)
            found = [
                (tally(known, s, held), certify(known, s, held), double_votes(known, s, order))
                for s in SLOTS
            ]
            assert found == expected
    assert void > 30
    assert certified > 5


def test_the_more_keys_are_lost_the_fewer_yes_count() -> None:
    """VOTE-19: so what a compromise changes is taken back by no other one, and void stays void."""
    dice = random.Random(13)
    undone = 0
    for _ in range(2_000):
        count = dice.randrange(1, 10)
        known = electors(count)
        ballots = random_ballots(dice, count, dice.randrange(count // 3 + 1))
        ballots += [said(who, CHOICES[0]) for who in range(count) if dice.random() < 0.7]
        keys = list(known.by_key)
        lost = set(dice.sample(keys, dice.randrange(count)))
        more = lost | {dice.choice(keys)}
        before, after = (tally(known, SLOTS[0], ballots, some) for some in (lost, more))
        assert before.void == after.void
        assert all(who <= before.yes[choice] for choice, who in after.yes.items())
        made = [certify(known, SLOTS[0], ballots, some) for some in (lost, more)]
        assert made[0] is not None or made[1] is None
        undone += made[0] is not None and made[1] is None
    assert undone > 50


def test_readers_in_any_order_end_with_the_same() -> None:
    """VOTE-10: who certifies early and who late, and who hears of a cheat or a no when."""
    dice = random.Random(11)
    agreed = 0
    for _ in range(1_000):
        count = dice.randrange(1, 10)
        known, cheaters = electors(count), dice.randrange(0, count // 3 + 1)
        ballots = random_ballots(dice, count, cheaters) + [
            said(who, CHOICES[0]) for who in range(count) if dice.random() < 0.5
        ]
        denied = {c.proposal for c in CHOICES if dice.random() < 0.2}
        published: set[tuple[Slot, Choice]] = set()
        for _reader in range(5):
            dice.shuffle(ballots)
            held: list[Cast] = []
            for ballot in ballots:
                held.append(ballot)
                made = certify(known, ballot.slot, held)
                if made is not None:
                    published.add((ballot.slot, choice_of(made)))
        outcomes = set()
        for _reader in range(5):
            heard = [one for one in published for _ in range(dice.randrange(1, 3))]
            dice.shuffle(heard)
            outcomes.add(in_force(decided(heard, denied), "pace", 3))
        assert len(outcomes) == 1
        agreed += outcomes != {None}
    assert agreed > 100


def certified(known: Electors, view: list[Cast]) -> set[Choice]:
    made = certify(known, SLOTS[0], view)
    return set() if made is None else {choice_of(made)}


def attack(dice: random.Random, count: int, cheaters: int) -> set[Choice]:
    """What readers certify to whom cheaters say different things, and whom nobody tells all."""
    known = electors(count)
    honest = [said(who, dice.choice(CHOICES[:2])) for who in range(cheaters, count)]
    found: set[Choice] = set()
    for _reader in range(6):
        told = dice.choice(CHOICES)
        view = [b for b in honest if dice.random() < dice.choice((0.5, 0.9, 1.0))]
        view += [said(who, told) for who in range(cheaters)]
        if dice.random() < 0.3:
            view += [said(who, dice.choice(CHOICES), dice.random() < 0.5) for who in
                     range(cheaters)]  # fmt: skip
        dice.shuffle(view)
        for size in range(len(view) + 1):
            found |= certified(known, view[:size])
    return found


@pytest.mark.slow
def test_never_two_certificates_while_fewer_than_a_third_cheat() -> None:
    """VOTE-10, VOTE-16: equivocators tell every reader something else; 10,000 attacks, 0 pairs."""
    dice = random.Random(13)
    outcomes = [0, 0, 0]
    for _ in range(ORDERS):
        count = dice.randrange(1, 14)
        cheaters = (count - 1) // 3
        assert 3 * cheaters < count
        outcomes[min(len(attack(dice, count, cheaters)), 2)] += 1
    assert outcomes[2] == 0
    assert outcomes[1] > ORDERS // 10


def test_with_a_third_there_are_two() -> None:
    """VOTE-16: so the bound is sharp, and the attack above is one."""
    dice = random.Random(17)
    pairs = 0
    for count in (3, 6, 9, 12):
        for _ in range(200):
            pairs += len(attack(dice, count, count // 3)) > 1
    assert pairs > 50


def test_two_certificates_share_a_third_of_signers() -> None:
    """VOTE-16: whoever holds two can name those who signed both, of any number of members."""
    for count in range(1, 60):
        known = electors(count)
        needed = known.needed
        first = certify(known, SLOTS[0], [said(who, CHOICES[0]) for who in range(needed)])
        rest = range(count - needed, count)
        second = certify(known, SLOTS[0], [said(who, CHOICES[1]) for who in rest])
        assert first is not None
        assert second is not None
        both = set(range(needed)) & set(rest)
        assert 3 * len(both) >= count


SIGNERS = [Signer(bytes((n,)) * 32) for n in range(1, 6)]


def real_electors() -> Electors:
    names = tuple(f"p{n}" for n in range(5))
    keys = tuple((signer.key,) for signer in SIGNERS)
    by_key = {signer.key: name for signer, name in zip(SIGNERS, names, strict=True)}
    return Electors(3, DIGEST, names, keys, by_key)


REAL = [open_vote(cast(SLOTS[0], CHOICES[0], True, NETWORK, signer), NETWORK) for signer in SIGNERS]
BALLOT = ballot_data(REAL[0], NETWORK)
CERTIFICATE = certify(real_electors(), SLOTS[0], REAL)


@given(at=st.integers(0, len(BALLOT) - 1), byte=st.integers(0, 255))
def test_a_mutated_ballot_is_none(at: int, byte: int) -> None:
    """VOTE-1 to VOTE-3: 0 accepted."""
    mutated = BALLOT[:at] + bytes((byte,)) + BALLOT[at + 1 :]
    if mutated == BALLOT:
        return
    try:
        opened = open_ballot(mutated, NETWORK)
    except RuleError:
        return
    raise AssertionError(f"accepted: {opened}")


@given(data=st.data())
def test_a_mutated_certificate_is_none(data: st.DataObject) -> None:
    """VOTE-5 to VOTE-8: 0 accepted, and nothing but a RuleError is raised."""
    assert CERTIFICATE is not None
    said = {name: getattr(CERTIFICATE, name) for name in Certificate.__slots__}
    name = data.draw(st.sampled_from(sorted(said)))
    if isinstance(said[name], int):
        said[name] = data.draw(st.integers(0, 9))
    else:
        at = data.draw(st.integers(0, len(said[name]) - 1))
        letter = data.draw(st.sampled_from("0aA_-zZ9"))
        said[name] = said[name][:at] + letter + said[name][at + 1 :]
    mutated = Certificate(**said)
    if mutated == CERTIFICATE:
        return
    try:
        open_certificate(mutated, NETWORK, real_electors())
    except RuleError:
        return
    raise AssertionError(f"accepted: {mutated}")
