"""Votes of five peers over a share: proposals, ballots, certificates, vetoes, and who cheats."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peer import deciding, handlers
from peer.erasing import erase
from peer.home import create_home
from peer.instance import DAY_MS
from peer.polls import polls
from protocol import authority, ballots, canonical
from protocol.ballots import prove_double_vote
from protocol.decision import Decision
from protocol.effect import Effect, Publish
from protocol.errors import HumanNeededError, NotFoundError, SomaError, UsageError
from protocol.messages import Body, Certificate, Proposal, Question, stored_item
from protocol.roster import Member, MemberKey, Roster
from protocol.signing import Signer
from registry import layout
from tests.integration.votes import (
    KEY,
    agreed,
    allow,
    by_hand,
    certificates,
    deny,
    electing,
    propose,
    row,
    slot_of,
    states,
    vote,
)
from tests.network import CLUSTER, FIVE, DyingDatabase, Killed, Network

FOUR = FIVE[:4]


def everywhere(network: Network, **values: str) -> None:
    assert agreed(network) == dict.fromkeys(network.peers, values)


def test_two_thirds_agree_and_all_learn_it() -> None:
    """VOTE-9, VOTE-10: four of five decide, and one certificate tells everybody."""
    network = electing()
    slow = propose(network, "core", "slow")
    network.round()
    vote(network, FIVE[:3], slow)
    network.round(2)
    everywhere(network)
    assert states(network, "warden") == {"slow": "open"}
    found = row(network, "warden", slow)
    assert (found["yes"], found["no"], found["void"]) == (sorted(FIVE[:3]), [], [])
    assert (found["missing"], found["needed"]) == (sorted(FIVE[3:]), 4)
    vote(network, ["warden"], slow)
    network.round(2)
    everywhere(network, pace="slow")
    assert states(network, "smith") == {"slow": "agreed"}
    assert certificates(network) == 1
    assert network.rest()


def test_the_next_version_takes_the_place_of_the_one_before() -> None:
    """VOTE-11: a newer version holds; the proposals before it are outdated."""
    network = electing()
    slow, other = propose(network, "core", "slow"), propose(network, "scout", "idle")
    network.round()
    vote(network, FOUR, slow)
    network.round(2)
    assert states(network, "core") == {"slow": "agreed", "idle": "outdated"}
    with pytest.raises(SomaError, match="outdated"):
        vote(network, ["warden"], other)
    fast = propose(network, "scout", "fast")
    network.round()
    assert row(network, "core", fast)["version"] == 2
    vote(network, FIVE[1:], fast)
    network.round(2)
    everywhere(network, pace="fast")
    assert states(network, "core") == {"slow": "outdated", "idle": "outdated", "fast": "agreed"}


def test_noes_count_against_and_the_same_vote_again_is_harmless() -> None:
    """VOTE-12: a ballot stands; what differs is refused by our own program, exit 1."""
    network = electing()
    slow, fast = propose(network, "core", "slow"), propose(network, "scout", "fast")
    network.round()
    (first,) = vote(network, ["core"], slow)
    assert vote(network, ["core"], slow) == [first]
    vote(network, ["scout"], slow, yes=False)
    vote(network, ["scout"], fast)
    for who, what, yes in (
        ("core", slow, False), ("core", fast, True), ("scout", slow, True), ("scout", fast, False)
    ):  # fmt: skip
        with pytest.raises(SomaError, match="a ballot stands") as refused:
            vote(network, [who], what, yes)
        assert refused.value.exit_code == 1
    network.round(2)
    assert row(network, "smith", slow)["no"] == ["scout"]
    assert row(network, "smith", slow)["void"] == []


def test_who_may_not_is_told() -> None:
    """VOTE-13: not votable 2, unknown 3, no proposal 2, halted or not among the voters 6."""
    network = electing()
    core = network.peers["core"]
    with pytest.raises(UsageError, match="votable as far as this home knows: pace"):
        deciding.propose(core, "colour", "red")
    slow = propose(network, "core", "slow")
    with pytest.raises(SomaError, match="proposes the same already"):
        propose(network, "core", "slow")
    with pytest.raises(NotFoundError):
        deciding.vote(core, "zzzzzzzz", True)
    note = network.send("core", "all", "hello").ids[0]
    with pytest.raises(UsageError, match="no proposal"):
        deciding.vote(core, note, True)
    members = network.members()
    members["late"] = {network.add("late").signer.key: "active"}
    network.roster(members)
    network.round(2)
    with pytest.raises(HumanNeededError, match="newer roster"):
        vote(network, ["late"], slow)
    assert deciding.find_proposal(core, slow[:8]).scope == CLUSTER
    assert deciding.find_proposal(core, slow).quoted == ("pace = slow",)


def test_a_proposal_that_nobody_may_vote_on_is_told_and_counts_for_nothing() -> None:
    """VOTE-13: the charter alone says what is voted on, also to those who never ask it."""
    network = electing()
    body = Proposal(key="colour", roster=2, version=1, value="red")
    network.send("core", "all", body)
    network.round()
    (concern,) = (c for c in network.peers["scout"].home.concerns.all() if "colour" in c.text)
    assert (concern.level, "nobody may vote" in concern.text) == ("info", True)
    assert states(network, "scout") == {"red": "outdated"}
    assert deciding.proposals(network.peers["scout"]) == []


def test_a_steward_vetoes_before() -> None:
    """VOTE-14: a no closes an undecided vote for all; the next version is free."""
    network = electing()
    slow, fast = propose(network, "core", "slow"), propose(network, "scout", "fast")
    network.round()
    vote(network, FIVE[:3], slow)
    deny(network, slow)
    network.round()
    assert states(network, "core") == {"slow": "vetoed", "fast": "void"}
    with pytest.raises(SomaError, match="denied by a steward"):
        vote(network, ["warden"], slow)
    network.send("warden", "all", by_hand(network, "warden", slow, "slow"))
    network.round(2)
    everywhere(network)
    assert certificates(network) == 0
    again = propose(network, "scout", "fast")
    network.round()
    assert row(network, "core", again)["version"] == 2
    vote(network, FOUR, again)
    network.round(2)
    everywhere(network, pace="fast")
    assert fast != again


def test_a_steward_undoes_and_what_was_before_holds() -> None:
    """VOTE-14: a certificate ends by a steward's no alone."""
    network = electing()
    slow = propose(network, "core", "slow")
    network.round()
    vote(network, FOUR, slow)
    network.round(2)
    fast = propose(network, "core", "fast")
    network.round()
    vote(network, FIVE, fast)
    network.round(2)
    everywhere(network, pace="fast")
    deny(network, fast, scope="lab.us")
    network.round()
    everywhere(network, pace="fast")
    deny(network, fast)
    network.round()
    everywhere(network, pace="slow")
    assert states(network, "core") == {"slow": "agreed", "fast": "vetoed"}
    deny(network, slow, scope="*")
    network.round()
    everywhere(network)


def test_the_no_to_one_proposal_does_not_undo_another() -> None:
    """VOTE-14: junk that is denied takes nothing along that was agreed on."""
    network = electing()
    slow, junk = propose(network, "core", "slow"), propose(network, "scout", "junk")
    network.round()
    vote(network, FOUR, slow)
    network.round(2)
    deny(network, junk)
    network.round()
    everywhere(network, pace="slow")


def test_an_agents_no_is_no_veto() -> None:
    """VOTE-14: a decision that a peer's own key signs is none."""
    network = electing()
    slow = propose(network, "core", "slow")
    network.round()
    vote(network, FOUR, slow)
    network.round(2)
    proposed = deciding.find_proposal(network.peers["core"], slow)
    no = Decision(
        network=network.network, decision="deny", scope=CLUSTER, of=proposed.hash,
        salt="c" * 26, at=network.clock.wall_ms(),
    )  # fmt: skip
    data = authority.seal_document(no, network.network, network.peers["scout"].signer)
    digest = canonical.sha256_hex(data)
    network.memory.place(layout.document_path(no.type, 0, digest), data)
    network.round()
    everywhere(network, pace="slow")
    assert "AUTH-4" in network.rules("core")


def test_a_double_voter_is_void_told_and_proved() -> None:
    """VOTE-4, VOTE-15: two ballots that cannot both stand prove themselves; neither counts."""
    network = electing()
    slow, fast = propose(network, "core", "slow"), propose(network, "scout", "fast")
    network.round()
    vote(network, ["core", "librarian", "smith"], slow)
    network.send("smith", "all", by_hand(network, "smith", fast, "fast"))
    network.round(2)
    for name in set(FIVE) - {"smith"}:
        found = row(network, name, slow)
        assert found["yes"] == ["core", "librarian"]
        assert [one["name"] for one in found["void"]] == ["smith"]
        assert sum(c.startswith("double-vote:") for c in network.concerns(name)) == 1
        evidence = network.peers[name].home.db.one(
            "SELECT data FROM evidence WHERE kind = 'double-vote' AND about = 'smith@lab.eu'"
        )
        assert evidence is not None
        first, second = evidence[0].split(b"\n")
        one, other = prove_double_vote(first, second, network.network)
        assert {one.choice.value, other.choice.value} == {"slow", "fast"}
        assert one.voter == other.voter == network.peers["smith"].signer.key
    vote(network, ["scout"], slow)
    network.round(2)
    everywhere(network)  # three of the others are too few: smith's ballot is void
    vote(network, ["warden"], slow)
    network.round(2)
    everywhere(network, pace="slow")
    network.rekey("smith", old="compromised")
    network.round(2)
    assert not any(c.startswith("double-vote:") for c in network.concerns("core"))


def test_who_turns_out_void_afterwards_undoes_nothing() -> None:
    """VOTE-10: a certificate stays, in whatever order things arrive."""
    network = electing()
    slow, fast = propose(network, "core", "slow"), propose(network, "scout", "fast")
    network.round()
    vote(network, FOUR, slow)
    network.round(2)
    network.send("smith", "all", by_hand(network, "smith", fast, "fast"))
    network.round(2)
    everywhere(network, pace="slow")
    assert any(c.startswith("double-vote:") for c in network.concerns("core"))


def test_two_certificates_name_who_signed_both() -> None:
    """VOTE-16: where a third cheats neither holds, a person hears who, and what was before does."""
    network = electing()
    base = propose(network, "core", "slow")
    network.round()
    vote(network, FOUR, base)
    network.round(2)
    up, down = propose(network, "core", "up"), propose(network, "scout", "down")
    network.round()
    # Three of five sign both; what each half of the others holds is made by hand.
    for value, proposal, names in (("up", up, FIVE[:4]), ("down", down, FIVE[1:])):
        poll = polls(network.peers["core"])[KEY]
        assert poll.electors is not None
        made = [by_hand(network, n, proposal, value, version=2) for n in names]

        casts = [ballots.open_vote(one, network.network) for one in made]
        certificate = ballots.certify(poll.electors, slot_of(network, 2), casts)
        assert certificate is not None
        network.send("core" if value == "up" else "warden", "all", certificate)
    network.round(3)
    everywhere(network, pace="slow")
    assert states(network, "smith") == {"slow": "agreed", "up": "void", "down": "void"}
    (told,) = (c for c in network.peers["scout"].home.concerns.all() if "both; neither" in c.text)
    assert told.level == "human"
    assert all(name in told.text for name in FIVE[1:4])
    assert "core" not in told.text.split(": ")[1]
    again = propose(network, "core", "up")
    network.round()
    assert row(network, "core", again)["version"] == 3


def test_forged_ballots_and_certificates_count_for_nothing() -> None:
    """VOTE-2, VOTE-3, VOTE-5, VOTE-7, VOTE-8: another key, network, slot, roster; too few."""
    network = electing()
    slow = propose(network, "core", "slow")
    network.round()
    stranger = Signer(b"x" * 32)
    good = by_hand(network, "warden", slow, "slow")
    forged = [
        by_hand(network, "core", slow, "slow", signer=stranger),
        by_hand(network, "warden", slow, "slow", other_network="f" * 64),
        by_hand(network, "warden", slow, "slow", version=7),
    ]

    forged += [
        replace(good, value="fast"), replace(good, yes=False), replace(good, roster=1),
        replace(good, voter=network.peers["smith"].signer.key), replace(good, members="0" * 64),
    ]  # fmt: skip
    said = {**ballots.slot_of(good)._asdict(), **ballots.choice_of(good)._asdict()}
    certificate = Certificate(**said, voters="-A", sigs=(good.sig + "A" * 300)[:342])
    few = replace(certificate, voters="AA", sigs="A" * 2)
    bodies: list[Body] = [*forged, certificate, few]
    for body in bodies:
        network.send("warden", "all", body)
    vote(network, FIVE[:3], slow)
    reports = network.round(2)
    everywhere(network)
    assert row(network, "core", slow)["yes"] == sorted(FIVE[:3])
    assert row(network, "core", slow)["void"] == []
    problems = [line for report in reports for line in report.problems]
    assert any("VOTE-3" in line for line in problems)
    assert any("proves nothing" in line for line in problems)
    assert network.rest()


def test_letters_never_carry_a_vote_sealed_or_open() -> None:
    """VOTE-17: what others cannot see says nothing; sealed or not."""
    network = electing()
    slow = propose(network, "core", "slow")
    network.round(2)
    for name in FIVE:
        others = [one for one in FIVE if one != name]
        ballot = by_hand(network, name, slow, "slow")
        network.send(name, others, ballot)
        network.send(name, others, ballot, seal=True)
    network.round(3)
    everywhere(network)
    assert row(network, "core", slow)["yes"] == []


def test_a_handler_neither_proposes_nor_votes() -> None:
    """VOTE-17: who answers by itself has no vote of its own."""
    network = electing()
    core = network.peers["core"]
    core.handlers = {
        **handlers.HANDLERS,
        "question": lambda received, view: [
            Publish(body=Proposal(key=KEY, roster=2, version=1, value=view.agreed.get(KEY, "-")))
        ],
    }

    network.send("scout", "core", Question(text="what now?"))
    report = network.tick("core")
    assert any("no handler proposes or votes" in line for line in report.problems)
    network.round()
    assert states(network, "scout") == {}


def test_handlers_see_what_was_agreed_on() -> None:
    """VOTE-11: what is agreed reaches agents."""
    network = electing()
    slow = propose(network, "core", "slow")
    network.round()
    vote(network, FOUR, slow)
    network.round(2)
    seen: list[dict[str, str]] = []

    def look(received: handlers.Received, view: handlers.View) -> list[Effect]:
        seen.append(dict(view.agreed))
        return []

    network.peers["scout"].handlers = {**handlers.HANDLERS, "note": look}
    network.send("core", "scout", "hello")
    network.tick("scout")
    assert seen == [{KEY: "slow"}]


def test_an_automatic_ballot_is_one_and_a_mailbox_has_none() -> None:
    """VOTE-9: the signature alone counts; those with the role `steward` do not vote."""
    network = electing(("core", "scout", "warden"))
    current = max(network.desk.documents("soma/roster/1"), key=lambda d: d.number)
    body = current.body
    assert isinstance(body, Roster)
    kay = Member(name="kay", keys=(MemberKey(key=network.add("kay").signer.key),),
                 roles=("steward",))  # fmt: skip

    members = tuple(sorted((*body.members, kay), key=lambda m: m.name))
    network.desk.sign(replace(body, version=body.version + 1, prev=current.digest, members=members))
    allow(network, KEY)
    network.round(2)
    slow = propose(network, "core", "slow")
    network.round()
    with pytest.raises(HumanNeededError):
        vote(network, ["kay"], slow)
    network.send("kay", "all", by_hand(network, "kay", slow, "slow"))
    vote(network, ["core"], slow)
    network.round(2)
    found = row(network, "core", slow)
    assert (found["voters"], found["needed"], found["yes"]) == (3, 2, ["core"])
    everywhere(network)
    peer = network.peers["scout"]
    item = network.item("scout", by_hand(network, "scout", slow, "slow"), auto=True)

    with peer.home.transaction():
        peer.home.outgoing.add([stored_item(item, understood=True)], "all", 0)
    network.round(3)
    everywhere(network, pace="slow")


def test_a_newer_roster_decides_once_the_charter_names_it() -> None:
    """VOTE-9, VOTE-11: members come and go; who decides is the snapshot that the charter names."""
    network = electing(FOUR)
    slow = propose(network, "core", "slow")
    network.round()
    vote(network, FOUR[:3], slow)
    network.round(2)
    everywhere(network, pace="slow")
    late = network.add("late")
    members = network.members() | {"late": {late.signer.key: "active"}}
    members["smith"] = dict.fromkeys(members["smith"], "retired")
    network.roster(members)
    del network.peers["smith"]
    allow(network, KEY)
    network.round(3)
    everywhere(network, pace="slow")  # also at the one who came when the roster was another
    fast = propose(network, "late", "fast")
    network.round()
    assert row(network, "core", fast)["roster"] == 3
    vote(network, ["core", "late"], fast)
    network.round(2)
    everywhere(network, pace="slow")
    vote(network, ["scout"], fast)
    network.round(2)
    everywhere(network, pace="fast")
    allow(network)
    network.round()
    everywhere(network)  # nobody may vote on it any more


def test_a_roster_that_is_not_here_is_waited_for() -> None:
    """VOTE-9: a charter may come before the roster that it names."""
    network = electing(("core", "scout", "warden"))
    later = network.roster(network.members(), place=False)
    allow(network, KEY)
    network.round()
    slow = propose(network, "core", "slow")
    network.round()
    assert row(network, "scout", slow)["needed"] is None
    with pytest.raises(HumanNeededError, match="not here yet"):
        vote(network, ["scout"], slow)
    network.desk.place(later)
    network.round()
    vote(network, ["core", "scout"], slow)
    network.round(2)
    everywhere(network, pace="slow")


def test_what_holds_is_published_again_for_those_who_come_later() -> None:
    """VOTE-18: a newcomer learns after a year what was agreed on long before."""
    network = electing(("core", "scout", "warden"))
    slow = propose(network, "core", "slow")
    network.round()
    vote(network, ("core", "scout"), slow)
    network.round(2)
    for _ in range(200):
        network.clock.go(2 * DAY_MS)
        for name in sorted(network.peers):
            network.tick(name)
    members = network.members()
    members["late"] = {network.add("late").signer.key: "active"}
    network.roster(members)
    network.round(3)
    everywhere(network, pace="slow")
    assert 4 <= certificates(network) <= 3 * 9


def test_killed_anywhere_a_certificate_is_published_once() -> None:
    """TICK-3: it is taken and put into the feed in one transaction."""
    before = electing(("core", "scout", "warden"))
    slow = propose(before, "core", "slow")
    before.round()
    vote(before, ("core", "scout"), slow)
    counted = before.copy(DyingDatabase)
    database = counted.peers["core"].home.db
    assert isinstance(database, DyingDatabase)
    opened = database.steps
    counted.tick("core")
    assert certificates(counted) == 1
    assert database.steps > opened + 5
    for die_at in range(opened + 1, database.steps + 1):
        network = before.copy(DyingDatabase)
        dying = network.peers["core"].home.db
        assert isinstance(dying, DyingDatabase)
        dying.die_at = die_at
        with pytest.raises(Killed):
            network.tick("core")
        dying.die_at = 0
        network.restart("core")
        network.round(2)
        everywhere(network, pace="slow")
        assert certificates(network) == 1


def test_a_lost_home_does_not_vote_twice() -> None:
    """VOTE-12: what another life of the peer said stands in its feed."""
    network = electing(("core", "scout", "warden"))
    slow, fast = propose(network, "core", "slow"), propose(network, "scout", "fast")
    network.round()
    vote(network, ["warden"], slow)
    network.round()
    old = network.peers["warden"]
    fresh = create_home(":memory:", old.entropy.draw)
    with fresh.transaction():
        fresh.archive.remember(network.root, network.clock.wall_ms())
        fresh.state.put("marker", network.marker)
    network.restart("warden", fresh)
    network.repair("warden")
    network.round(2)
    with pytest.raises(SomaError, match="a ballot stands"):
        vote(network, ["warden"], fast)
    vote(network, ["warden"], slow)
    network.round(2)
    assert row(network, "core", slow)["void"] == []


def test_what_is_erased_is_no_proposal_any_more_and_ballots_stand() -> None:
    """ERASE-1, VOTE-12: nobody votes on what is gone; a vote cannot be taken back."""
    network = electing(("core", "scout", "warden"))
    slow = propose(network, "core", "slow")
    network.round()
    (ballot,) = vote(network, ["core"], slow)
    with pytest.raises(UsageError, match="votes stand"):
        erase(network.peers["core"], ballot.ids[0])
    erase(network.peers["core"], slow)
    network.round(2)
    assert states(network, "scout") == {}
    with pytest.raises(NotFoundError, match="erased"):
        vote(network, ["scout"], slow)
