"""Ballots and certificates on bytes: what is refused, and by which rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest

from protocol import canonical, limits, wire
from protocol.ballots import (
    TYPE,
    Ballot,
    Cast,
    Choice,
    Electors,
    Slot,
    ballot_data,
    cast,
    certify,
    choice_of,
    conflict,
    decided,
    double_votes,
    electors_of,
    in_force,
    next_version,
    open_ballot,
    open_certificate,
    open_vote,
    prove_double_vote,
    slot_of,
    tally,
)
from protocol.envelope import seal_envelope
from protocol.errors import RuleError
from protocol.messages import Certificate, Head, Vote, compose, read_body
from protocol.roster import Member, MemberKey, Roster
from protocol.signing import Signer
from tests.samples import AT, CLUSTER, HASH, NETWORK, OTHER_NETWORK, SALT

DIGEST = "d" * 64
SLOW, FAST = Choice("1" * 64, "slow"), Choice("2" * 64, "fast")


@lru_cache(maxsize=2_000)
def signer(number: int) -> Signer:
    return Signer(number.to_bytes(32, "big"))


def roster(members: Sequence[Member]) -> Roster:
    return Roster(network=NETWORK, cluster=CLUSTER, version=3, at=AT, members=tuple(members))


def electors(count: int) -> Electors:
    """`p000`, `p001` …, each with the key `signer(its number + 1)`."""
    named = [(f"p{n:03}", signer(n + 1).key) for n in range(count)]
    return electors_of(
        roster([Member(name=name, keys=(MemberKey(key=key),)) for name, key in named]), DIGEST
    )


SLOT = Slot("pace", 3, DIGEST, 1)


def said(number: int, choice: Choice = SLOW, yes: bool = True, slot: Slot = SLOT) -> Cast:
    return open_vote(cast(slot, choice, yes, NETWORK, signer(number + 1)), NETWORK)


def all_say(numbers: Iterable[int], choice: Choice = SLOW, yes: bool = True) -> list[Cast]:
    return [said(number, choice, yes) for number in numbers]


def refused(rule: str, *arguments: Any) -> None:
    with pytest.raises(RuleError) as error:
        open_certificate(*arguments)
    assert error.value.rule == rule


class TestBallots:
    def test_a_ballot_is_a_document_that_anybody_can_check(self) -> None:
        """VOTE-1, VOTE-3: it names no time and not its voter, whose signature does."""
        one = said(0)
        data = ballot_data(one, NETWORK)
        assert open_ballot(data, NETWORK) == one
        value = canonical.decode(data)
        assert set(value["signed"]) == {
            *("type", "network", "key", "roster", "members", "version"),
            *("proposal", "value", "yes"),
        }
        assert [entry["key"] for entry in value["signatures"]] == [signer(1).key]
        body = Ballot(network=NETWORK, **SLOT._asdict(), **SLOW._asdict(), yes=True)
        assert data == seal_envelope(TYPE, wire.dump(body), [signer(1)])

    def test_the_same_words_are_the_same_bytes(self) -> None:
        """VOTE-12: so voting twice the same is one ballot."""
        assert said(0) == said(0)

    def test_it_is_of_this_network(self) -> None:
        """VOTE-2: a ballot of another network is none here."""
        foreign = cast(SLOT, SLOW, True, OTHER_NETWORK, signer(1))
        data = ballot_data(open_vote(foreign, OTHER_NETWORK), OTHER_NETWORK)
        with pytest.raises(RuleError, match="VOTE-2"):
            open_ballot(data, NETWORK)
        with pytest.raises(RuleError, match="VOTE-3"):
            open_vote(foreign, NETWORK)

    @pytest.mark.parametrize(
        "change",
        [
            {"key": "other"}, {"roster": 4}, {"members": HASH}, {"version": 2},
            {"proposal": "2" * 64}, {"value": "slow "}, {"yes": False},
            {"voter": signer(2).key}, {"sig": "A" * 86},
        ],
    )  # fmt: skip
    def test_whatever_is_changed_it_is_signed_no_more(self, change: dict[str, Any]) -> None:
        """VOTE-3: every member is signed."""
        vote = replace(cast(SLOT, SLOW, True, NETWORK, signer(1)), **change)
        with pytest.raises(RuleError, match="VOTE-3"):
            open_vote(vote, NETWORK)

    def test_a_form_that_is_none(self) -> None:
        """VOTE-1, VOTE-3: of the form, and signed once."""
        value = {"type": TYPE, "network": NETWORK}
        with pytest.raises(RuleError, match="VOTE-1"):
            open_ballot(seal_envelope(TYPE, value, [signer(1)]), NETWORK)
        body = wire.dump(Ballot(network=NETWORK, **SLOT._asdict(), **SLOW._asdict(), yes=True))
        twice = seal_envelope(TYPE, body, [signer(1), signer(2)])
        with pytest.raises(RuleError, match="VOTE-3"):
            open_ballot(twice, NETWORK)
        other = seal_envelope("soma/vote/1", {**body, "type": "soma/vote/1"}, [signer(1)])
        with pytest.raises(RuleError, match="ENV-7"):
            open_ballot(other, NETWORK)

    def test_the_body_of_an_item_keeps_it(self) -> None:
        """ITEM-4, VOTE-3: what an item carries is the ballot, byte for byte."""
        vote = cast(SLOT, SLOW, True, NETWORK, signer(1))
        assert read_body("vote", wire.dump(vote)) == vote
        assert (slot_of(vote), choice_of(vote)) == (SLOT, SLOW)
        assert read_body("vote", wire.dump(vote) | {"yes": "yes"}) is None


class TestCounting:
    def test_who_decides(self) -> None:
        """VOTE-9: members with an active key, but no mailbox of a steward, each once."""
        known = electors_of(
            roster(
                [
                    Member(name="a", keys=(MemberKey(key=signer(1).key),)),
                    Member(name="b", keys=(MemberKey(key=signer(2).key, state="retired"),)),
                    Member(name="c", keys=(MemberKey(key=signer(3).key, state="compromised"),)),
                    Member(
                        name="d",
                        keys=(MemberKey(key=signer(4).key), MemberKey(key=signer(5).key)),
                    ),
                    Member(name="kay", keys=(MemberKey(key=signer(6).key),), roles=("steward",)),
                ]
            ),
            DIGEST,
        )
        assert (known.names, known.needed) == (("a", "d"), 2)
        counted = tally(known, SLOT, all_say(range(6)))
        assert counted.yes == {SLOW: frozenset({"a", "d"})}
        assert counted.void == frozenset()
        both = [said(3), said(4, FAST)]  # two keys of one member are one voter
        assert tally(known, SLOT, both).void == frozenset({"d"})
        assert double_votes(known, SLOT, both) == {"d": sorted(both)}

    @pytest.mark.parametrize(
        ("count", "needed"),
        [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (999, 666), (1000, 667)],
    )
    def test_how_many_decide(self, count: int, needed: int) -> None:
        """VOTE-9: two thirds of all, rounded up; two quorums share a third at least."""
        assert electors(min(count, 7)).needed == needed or count > 7
        if count:
            assert Electors(3, DIGEST, ("x",) * count, (), {}).needed == needed
            assert 3 * (2 * needed - count) >= count

    def test_other_slots_and_strangers_do_not_count(self) -> None:
        """VOTE-9: exactly this key, version and roster."""
        five = electors(5)
        for slot in (
            SLOT._replace(key="other"), SLOT._replace(version=2), SLOT._replace(roster=2),
            SLOT._replace(members=HASH),
        ):  # fmt: skip
            assert tally(five, SLOT, [said(0, slot=slot)]).yes == {}
            assert tally(five, slot, [said(0)]).yes == {}
        assert tally(five, SLOT, [said(5)]).yes == {}
        elsewhere = SLOT._replace(members=HASH)
        assert tally(five, elsewhere, [said(0, slot=elsewhere)]).yes == {}

    def test_what_cannot_both_stand(self) -> None:
        """VOTE-4, VOTE-10: YES to two, or YES and NO to one; NO to many can stand."""
        yes, no, other = said(0), said(0, yes=False), said(0, FAST)
        refusal = said(0, FAST, yes=False)
        assert conflict(yes, no)
        assert conflict(yes, other)
        assert not conflict(yes, yes)
        assert not conflict(yes, refusal)
        assert not conflict(no, refusal)
        assert not conflict(no, other)
        assert not conflict(yes, said(0, FAST, slot=SLOT._replace(version=2)))
        five = electors(5)
        for pair in ((yes, no), (yes, other)):
            counted = tally(five, SLOT, [*pair, said(1)])
            assert counted.void == frozenset({"p000"})
            assert counted.yes == {SLOW: frozenset({"p001"})}
            assert counted.no == {}
        counted = tally(five, SLOT, [yes, refusal])
        assert counted.yes == {SLOW: frozenset({"p000"})}
        assert counted.no == {FAST: frozenset({"p000"})}

    def test_compromised_keys_count_for_nothing(self) -> None:
        """VOTE-19: not in a tally; who is void by what such a key said stays void."""
        two = Member(name="d", keys=(MemberKey(key=signer(1).key), MemberKey(key=signer(2).key)))
        known = electors_of(roster([two]), DIGEST)
        lost = {signer(1).key}
        assert tally(known, SLOT, [said(0), said(1)], lost).yes == {SLOW: frozenset({"d"})}
        assert tally(known, SLOT, [said(0), said(0, FAST, yes=False)], lost).yes == {}
        assert tally(known, SLOT, [said(0), said(0, FAST, yes=False)], lost).no == {}
        both = tally(known, SLOT, [said(0, FAST), said(1)], lost)
        assert (both.yes, both.void) == ({}, frozenset({"d"}))

    def test_two_ballots_prove_it(self) -> None:
        """VOTE-4: nothing but the two documents is believed."""
        one, other, no = said(0), said(0, FAST), said(0, FAST, yes=False)
        data = [ballot_data(ballot, NETWORK) for ballot in (one, other, no, said(1, FAST))]
        assert prove_double_vote(data[0], data[1], NETWORK) == (one, other)
        for second in (data[0], data[2], data[3]):
            with pytest.raises(RuleError, match="VOTE-4"):
                prove_double_vote(data[0], second, NETWORK)
        with pytest.raises(RuleError, match="VOTE-2"):
            prove_double_vote(data[0], data[1], OTHER_NETWORK)


class TestCertificates:
    def test_enough_of_them_are_one(self) -> None:
        """VOTE-7, VOTE-9: exactly as many as are needed, those of the first names."""
        five = electors(5)
        assert certify(five, SLOT, all_say(range(3))) is None
        assert certify(five, SLOT, [*all_say(range(3)), *all_say([3], FAST)]) is None
        made = certify(five, SLOT, all_say(range(5)))
        assert made is not None
        assert open_certificate(made, NETWORK, five) == tuple(all_say(range(4)))
        assert certify(five, SLOT, [*all_say(range(4)), said(0, FAST)]) is None

    def test_no_compromised_key_signs_a_new_one(self) -> None:
        """VOTE-19: whoever makes one leaves it out; one that was made is judged as ever."""
        five = electors(5)
        lost = {signer(1).key}
        assert certify(five, SLOT, all_say(range(4)), lost) is None
        made = certify(five, SLOT, all_say(range(5)), lost)
        assert made is not None
        assert open_certificate(made, NETWORK, five) == tuple(all_say(range(1, 5)))
        two = Member(name="d", keys=(MemberKey(key=signer(1).key), MemberKey(key=signer(2).key)))
        one = electors_of(roster([two]), DIGEST)
        sound = certify(one, SLOT, [said(0), said(1)], lost)
        assert sound is not None
        assert [ballot.voter for ballot in open_certificate(sound, NETWORK, one)] == [signer(2).key]

    def test_it_is_judged_by_itself(self) -> None:
        """VOTE-5 to VOTE-8: roster, bits, number, signatures."""
        five = electors(5)
        made = certify(five, SLOT, all_say(range(4)))
        assert made is not None
        refused("VOTE-5", replace(made, roster=4), NETWORK, five)
        refused("VOTE-5", replace(made, members=HASH), NETWORK, five)
        refused("VOTE-5", made, NETWORK, electors_of(roster([]), HASH))
        refused("VOTE-8", made, OTHER_NETWORK, five)
        changes: list[dict[str, Any]] = [
            {"value": "fast"}, {"proposal": HASH}, {"version": 2}, {"key": "other"},
        ]  # fmt: skip
        for change in changes:
            refused("VOTE-8", replace(made, **change), NETWORK, five)
        raw = canonical.unb64(made.sigs, 4 * 64)
        few = replace(made, voters=canonical.b64(b"\xe0"), sigs=canonical.b64(raw[:192]))
        refused("VOTE-7", few, NETWORK, five)
        moved = replace(made, voters=canonical.b64(b"\xe8"))
        refused("VOTE-8", moved, NETWORK, five)
        one_twice = replace(made, sigs=canonical.b64(raw[:64] * 2 + raw[128:]))
        refused("VOTE-8", one_twice, NETWORK, five)
        refused("VOTE-6", replace(made, voters=canonical.b64(b"\xf1")), NETWORK, five)
        refused("CANON-7", replace(made, voters=canonical.b64(b"\xf0\x00")), NETWORK, five)
        refused("CANON-7", replace(made, sigs=made.sigs[:-2]), NETWORK, five)

    def test_a_no_is_no_yes(self) -> None:
        """VOTE-8: signatures of NO ballots certify nothing."""
        five = electors(5)
        made = certify(five, SLOT, all_say(range(4)))
        assert made is not None
        raw = b"".join(canonical.unb64(b.sig, 64) for b in all_say(range(4), yes=False))
        refused("VOTE-8", replace(made, sigs=canonical.b64(raw)), NETWORK, five)

    def test_either_key_of_a_member_signs(self) -> None:
        """VOTE-8: any key that the roster calls active."""
        keys = tuple(MemberKey(key=signer(n).key) for n in (8, 9))
        one = electors_of(roster([Member(name="a", keys=keys)]), DIGEST)
        for number in (7, 8):
            made = certify(one, SLOT, [said(number)])
            assert made is not None
            assert open_certificate(made, NETWORK, one) == (said(number),)

    def test_a_thousand_members_fit_into_an_item(self) -> None:
        """ITEM-1, VOTE-9: 667 ballots in one item, whatever the value is."""
        many = electors(limits.members_max)
        choice = Choice(HASH, "\U0001f600" * limits.line_chars_max)
        slot = SLOT._replace(key="k" * limits.word_chars_max, version=limits.int_abs_max)
        casts = [said(number, choice, slot=slot) for number in range(limits.members_max)]
        made = certify(many, slot, casts)
        assert made is not None
        author = f"{'n' * limits.name_chars_max}@{'c' * 30}"
        head = Head(author=author, kind="certificate", salt=SALT, at=AT, auto=True, depth=1)
        item = compose(head, made)
        assert len(item.data) < 62_000 < limits.item_bytes_max
        body = read_body("certificate", canonical.decode(item.data)["body"])
        assert body == made
        assert isinstance(body, Certificate)
        assert len(open_certificate(body, NETWORK, many)) == 667

    def test_nobody_decides_nothing(self) -> None:
        """VOTE-7: without voters there is no certificate."""
        none = electors(0)
        assert certify(none, SLOT, all_say([0])) is None
        body = Certificate(**SLOT._asdict(), **SLOW._asdict(), voters="AA", sigs="AA")
        refused("CANON-7", body, NETWORK, none)


class TestWhatHolds:
    def test_the_newest_that_is_not_void(self) -> None:
        """VOTE-11, VOTE-14, VOTE-16: by version; first those of the roster that is named now."""
        second = SLOT._replace(version=2)
        known = [(SLOT, SLOW), (second, FAST)]
        assert in_force(decided(known, ()), "pace", 3) == (second, FAST)
        assert in_force(decided(known, {FAST.proposal}), "pace", 3) == (SLOT, SLOW)
        assert in_force(decided(known, {FAST.proposal, SLOW.proposal}), "pace", 3) is None
        assert in_force(decided(known, ()), "other", 3) is None
        rival = [*known, (second, Choice(HASH, "up"))]
        assert in_force(decided(rival, ()), "pace", 3) == (SLOT, SLOW)
        later = SLOT._replace(roster=4)
        newer = [*known, (later, SLOW)]
        assert in_force(decided(newer, ()), "pace", 4) == (later, SLOW)
        assert in_force(decided(newer, ()), "pace", 3) == (second, FAST)
        assert in_force(decided(newer, ()), "pace", 5) == (later, SLOW)

    def test_the_next_one(self) -> None:
        """VOTE-11, VOTE-14: after the last certificate, void or not, and what was closed."""
        five = electors(5)
        second = SLOT._replace(version=2)
        assert five.slot("pace", 2) == second
        assert next_version(five, "pace", [], ()) == 1
        assert next_version(five, "pace", [SLOT, second], ()) == 3
        assert next_version(five, "pace", [second], {3, 4, 9}) == 5
        assert next_version(five, "other", [second], ()) == 1
        assert next_version(five, "pace", [second._replace(roster=2)], ()) == 1


def test_a_vote_is_made_of_words_alone() -> None:
    """VOTE-1: what is signed can be made again from what an item says."""
    vote = cast(SLOT, SLOW, True, NETWORK, signer(1))
    assert isinstance(vote, Vote)
    assert vote == cast(slot_of(vote), choice_of(vote), True, NETWORK, signer(1))
