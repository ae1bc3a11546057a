"""What a steward is about to sign, in plain words: every type, every difference, every warning."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from peer.stewards import wording
from peer.stewards.sentences import WARNING, budget_words, rule_words, span, widenings
from peer.stewards.wording import key_words, names_in, told, words
from protocol import authority
from protocol.acts import FORMS, StewardBody
from protocol.charter import Budget, Charter, Goal, Rule, Votable
from protocol.decision import Decision
from protocol.order import Order
from protocol.policy import Policy
from protocol.root import Role, Root, Steward
from protocol.roster import Member, MemberKey, Roster
from tests.samples import (
    AT,
    CHARTER,
    CORE,
    DELEGATION,
    DEPUTY,
    HALT,
    HASH,
    LIBRARIAN,
    NETWORK,
    REVOCATION,
    ROOT,
    ROSTER,
    SALT,
    STEWARD,
    STRANGER,
    TRUST,
)

DECISION = Decision(
    network=NETWORK, decision="approve", scope="core@lab.eu", of=HASH, salt=SALT, at=AT
)
BODIES: tuple[StewardBody, ...] = (
    ROOT, CHARTER, ROSTER, DELEGATION, REVOCATION, HALT, DECISION,
)  # fmt: skip

RULE = Rule(effect="publish", kind="insight", verdict="approve")
BUDGET = Budget(what="send", amount=30, ms=3_600_000)
VOTABLE = Votable(key="retry.ms", cluster="lab.eu", roster=4)
FULL = replace(CHARTER, policy=(RULE,), budgets=(BUDGET,), votable=(VOTABLE,))


def charter(**changes: Any) -> Charter:
    """Version 2 of `FULL`."""
    return replace(FULL, version=2, prev=HASH, **changes)


def changes(new: StewardBody, old: StewardBody) -> list[str]:
    """What is said but for the first line."""
    return words(new, old)[1:]


def warned(lines: list[str]) -> list[str]:
    return [line.removeprefix(WARNING) for line in lines if line.startswith(WARNING)]


def test_every_type_of_document_has_words() -> None:
    assert {type(body) for body in BODIES} == set(FORMS.values())
    for body in BODIES:
        lines = words(body)
        assert len(lines) >= 1
        assert all(line == line.strip() or line.startswith("  ") for line in lines)
        assert not [line for line in lines if "\n" in line]


OTHERWISE: dict[type[StewardBody], dict[str, Any]] = {
    Root: {
        "version": 2,
        "stewards": (Steward(name="ada", key=STEWARD.key),),
        "roles": (Role(role="root", keys=(STEWARD.key,)),),
        "until": AT,
    },
    Charter: {
        "scope": "lab.eu",
        "version": 7,
        "goals": (),
        "values": ("Other.",),
        "policy": (RULE,),
        "budgets": (BUDGET,),
        "votable": (VOTABLE,),
    },
    Roster: {"cluster": "other", "version": 7, "members": ()},
    type(DELEGATION): {
        "scope": "us",
        "version": 7,
        "stewards": (Steward(name="eva", key=STRANGER.key),),
        "roles": ("roster",),
        "threshold": 2,
        "members_max": 5,
        "until": AT,
    },
    type(REVOCATION): {"scope": "eu", "key": CORE.key, "because": "lost"},
    Order: {"order": "resume", "scope": "*", "lifts": (HASH,), "because": "why not", "ms": 5},
    Decision: {"decision": "deny", "scope": "eu", "of": "1" * 64, "until": AT, "because": "no"},
}
UNSAID = {"type", "network", "at", "salt", "prev"}


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_nothing_that_a_document_says_is_left_out(body: StewardBody) -> None:
    """Another value of any member but times of signing, salts and hashes gives other words."""
    members = {field.name for field in fields(body)} - UNSAID
    other = OTHERWISE[type(body)]
    assert members == set(other)
    base: Any = replace(body, order="pause", ms=9) if isinstance(body, Order) else body
    for name, value in other.items():
        start = replace(base, order="resume") if name == "lifts" else base
        if name == "because":
            start = body
        assert words(replace(start, **{name: value})) != words(start), name


def test_the_parts_of_lists_are_left_out_neither() -> None:
    """The same for members of members, as changes and as news."""
    rows: list[tuple[str, Any, dict[str, Any]]] = [
        (
            "goals", Goal(id="a", text="A."),
            {"id": "b", "text": "B.", "state": "retired", "because": "x"},
        ),
        ("policy", RULE, {"effect": "send", "kind": "*", "verdict": "free"}),
        ("budgets", BUDGET, {"what": "publish", "amount": 31, "ms": 60_000}),
        ("votable", VOTABLE, {"key": "other", "cluster": "eu", "roster": 5}),
    ]  # fmt: skip
    for name, part, other in rows:
        assert {one.name for one in fields(part)} == set(other)
        for field, value in other.items():
            one, two = (charter(**{name: (p,)}) for p in (part, replace(part, **{field: value})))
            assert words(one) != words(two), (name, field)
            assert changes(two, one) != [f"it says the same as version {one.version}"]


def test_nothing_of_a_member_is_left_out() -> None:
    key = MemberKey(key=CORE.key)
    someone = Member(name="core", keys=(key,))
    others: tuple[dict[str, Any], ...] = (
        {"name": "cora"}, {"keys": ()}, {"roles": ("scribe",)}, {"reused": 1},
        {"keys": (replace(key, state="retired"),)}, {"keys": (replace(key, sealing=CORE.key),)},
        {"keys": (key, MemberKey(key=LIBRARIAN.key))},
    )  # fmt: skip
    for change in others:
        before = replace(ROSTER, members=(someone,))
        after = replace(before, version=2, members=(replace(someone, **change),))
        assert changes(after, before) != ["it says the same as version 1"], change
        assert words(after)[1:] != words(before)[1:], change


# ------------------------------------------------------------------------------ charters


def test_a_charter_says_its_goals_values_rules_budgets_and_votes() -> None:
    assert words(FULL) == [
        "charter 1 of the whole network: 1 goal in force, 1 value, 1 rule, 1 budget, 1 votable key",
        "goal understand: Understand drives.",
        "value: Honesty.",
        "rule 1: publishing an insight needs approval",
        "budget send: at most 30 in any 1 h",
        "the peers of lab.eu may agree on retry.ms; roster 4 says who votes",
        f"{WARNING}by a vote, the peers of lab.eu may agree on retry.ms; roster 4 says who votes",
    ]


def test_a_charter_tells_what_changed_in_its_goals() -> None:
    old = charter(goals=(Goal(id="a", text="A."), Goal(id="b", text="B.", state="retired")))
    new = replace(old, goals=(
        Goal(id="c", text="C.\nD."), Goal(id="a", text="A.", state="retired", because="done"),
    ))  # fmt: skip
    assert changes(new, old) == [
        "new goal c: C. D.",
        "goal a is retired because done: A.",
        "goal gone: b (retired): B.",
    ]
    assert changes(old, new)[0] == "goal a is in force again: A."
    other = replace(old, goals=(Goal(id="a", text="Z."), old.goals[1]))
    assert changes(other, old) == ["goal a says from now on: Z.", "  and said before: A."]
    assert changes(replace(old, goals=old.goals[::-1]), old) == [
        "each goal stands in another order"
    ]
    late = replace(old, goals=(old.goals[0], replace(old.goals[1], because="over")))
    assert changes(late, old) == ["goal b is retired because over"]
    assert changes(old, late) == ["goal b is retired, and nobody says why any more"]


def test_a_charter_tells_what_changed_in_the_rest() -> None:
    note = Rule(effect="send", kind="note", verdict="notice")
    new = charter(
        values=("Kindness.", "Honesty."), policy=(note, RULE),
        budgets=(replace(BUDGET, amount=20),), votable=(replace(VOTABLE, roster=5),),
    )  # fmt: skip
    assert changes(new, FULL) == [
        "new value: Kindness.",
        "new rule 1 of 2: sending a note is free, and the stewards get notice",
        "new budget: send: at most 20 in any 1 h",
        "budget gone: send: at most 30 in any 1 h",
        "changed: the peers of lab.eu may agree on retry.ms; roster 5 says who votes"
        " (before: roster 4)",
        f"{WARNING}by a vote, the peers of lab.eu may agree on retry.ms; roster 5 says who votes",
    ]
    assert "rule gone: sending a note is free, and the stewards get notice" in changes(FULL, new)
    turned = replace(new, policy=new.policy[::-1], values=new.values[::-1])
    assert changes(turned, new) == [
        "each value stands in another order",
        "the rules stand in another order; of several that fit the first holds",
    ]
    assert changes(replace(new, votable=()), new) == [
        "gone: the peers of lab.eu may agree on retry.ms; roster 5 says who votes"
    ]
    assert changes(charter(), FULL) == ["it says the same as version 1"]


def test_rules_and_budgets_are_sentences() -> None:
    said = {
        Rule(effect="*", verdict="forbidden"): "every effect is forbidden",
        Rule(effect="*", kind="alert", verdict="free"): "every effect that writes an alert is free",
        Rule(effect="send", verdict="approve"): "sending anything needs approval",
        Rule(effect="buy", verdict="forbidden"): "the effect buy with anything is forbidden",
        Rule(effect="send", kind="note", verdict="later"): "sending a note is forbidden, because"
        " this version does not know the verdict later",
    }  # fmt: skip
    assert {rule: rule_words(rule) for rule in said} == said
    money = Budget(what="money", amount=2_500_000, ms=86_400_000)
    assert budget_words(money) == "money: at most 2.5 in any 1 d"
    assert budget_words(replace(money, amount=3_000_000)) == "money: at most 3 in any 1 d"
    assert budget_words(Budget(what="tokens", amount=10_000, ms=90)) == (
        "tokens: at most 10,000 in any 90 ms"
    )
    assert [span(ms) for ms in (0, 1_000, 5_400_000, 172_800_000)] == [
        "0 ms",
        "1 s",
        "90 min",
        "2 d",
    ]


@pytest.mark.parametrize(
    ("new", "old", "warning"),
    [
        ((), ("publish insight approve",), "publishing an insight needed approval and is now free"),
        (
            ("publish insight notice",),
            ("publish insight forbidden",),
            "publishing an insight was forbidden and is now free, and the stewards get notice",
        ),
        (
            ("* * approve",),
            ("* * forbidden",),
            "every effect was forbidden and needs now only approval",
        ),
        (
            ("send * free", "* * approve"),
            ("* * approve",),
            "sending anything needed approval and is now free",
        ),
        (
            ("send note free", "* * approve"),
            ("* * approve",),
            "sending a note needed approval and is now free",
        ),
        # of several that fit the first holds: the order alone can widen
        (
            ("* * free", "send * forbidden"),
            ("send * forbidden", "* * free"),
            "sending anything was forbidden and is now free",
        ),
        (
            ("send note forbidden",),
            ("* note forbidden",),
            "any other effect that writes a note was forbidden and is now free",
        ),
        # an unknown verdict forbids
        (("send * free",), ("send * later",), "sending anything was forbidden and is now free"),
        (("publish insight forbidden",), ("publish insight approve",), None),
        (("publish insight approve",), (), None),
        (("send * forbidden", "* * free"), ("send * forbidden",), None),
        (("send * notice",), ("send note notice", "send * notice"), None),
    ],
)
def test_rules_that_allow_more_are_warned_of_and_no_others(
    new: tuple[str, ...], old: tuple[str, ...], warning: str | None
) -> None:
    found = changes(charter(policy=_rules(new)), charter(policy=_rules(old)))
    assert warned(found) == ([] if warning is None else [warning])


def _rules(said: tuple[str, ...]) -> tuple[Rule, ...]:
    parts = (one.split() for one in said)
    return tuple(Rule(effect=effect, kind=kind, verdict=verdict) for effect, kind, verdict in parts)


def test_a_warning_comes_exactly_where_the_policy_itself_is_milder() -> None:
    """By `Policy.rule`, for every pair of two rules out of a small world."""
    order = ["free", "notice", "approve", "forbidden"]
    world = [
        Rule(effect=effect, kind=kind, verdict=verdict)
        for effect in ("*", "send")
        for kind in ("*", "note")
        for verdict in ("free", "notice", "forbidden")
    ]
    lists = [(one, two) for one in world for two in world]
    seen = set()
    for old in lists[::5]:
        for new in lists[::7]:
            before, after = (Policy((charter(policy=rules),)) for rules in (old, new))
            cases = [(e, k) for e in ("send", "publish") for k in ("note", "insight")]
            milder = any(
                order.index(after.rule(*case).verdict) < order.index(before.rule(*case).verdict)
                for case in cases
            )
            assert bool(widenings(charter(policy=new), charter(policy=old))) is milder
            seen.add(milder)
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("new", "old", "wider"),
    [
        (None, BUDGET, True),
        (replace(BUDGET, amount=31), BUDGET, True),
        (replace(BUDGET, ms=3_599_999), BUDGET, True),
        (replace(BUDGET, what="publish"), BUDGET, True),
        (replace(BUDGET, amount=29), BUDGET, False),
        (replace(BUDGET, ms=3_600_001), BUDGET, False),
        (Budget(what="send", amount=15, ms=1_800_000), BUDGET, False),  # twice 15 in an hour
        (Budget(what="send", amount=16, ms=1_800_000), BUDGET, True),
        (Budget(what="send", amount=1, ms=0), BUDGET, True),  # which bounds nothing
        (BUDGET, BUDGET, False),
        (BUDGET, None, False),
    ],
)
def test_a_budget_that_allows_more_is_warned_of(
    new: Budget | None, old: Budget | None, wider: bool
) -> None:
    after, before = (charter(budgets=(one,) if one else ()) for one in (new, old))
    assert bool(warned(changes(after, before))) is wider


def test_what_binds_nothing_is_warned_of() -> None:
    slips = charter(
        policy=(
            Rule(effect="pubish", verdict="forbidden"),
            Rule(effect="publish", kind="insigt", verdict="forbidden"),
        ),
        budgets=(Budget(what="sned", amount=1, ms=1_000),),
    )
    one, two, three = warned(words(slips, replace(slips, version=1)))
    assert "there is no pubish" in one
    assert "publish" in one
    assert "insigt" in two
    assert "sned" in three
    assert not warned(words(charter(budgets=(replace(BUDGET, what="tokens"),), votable=())))


# ------------------------------------------------------------------------------- rosters


def test_a_roster_tells_who_is_new_who_is_gone_and_what_became_of_keys() -> None:
    core, librarian = ROSTER.members
    scout = Member(name="scout", keys=(MemberKey(key=STRANGER.key),), roles=("steward",))
    old_key = MemberKey(key=CORE.key, state="compromised", sealing=CORE.key)
    changed = replace(core, keys=(old_key, MemberKey(key=DEPUTY.key)), reused=1)
    new = replace(ROSTER, version=2, members=(changed, scout))
    assert words(new, ROSTER) == [
        "roster 2 of lab.eu: 2 members",
        f"the key {key_words(CORE.key)} of core is compromised: nothing that it signed counts from"
        " now on",
        f"core gets the key {key_words(DEPUTY.key)}",
        "the name core is given to another holder",
        f"new: scout with the key {key_words(STRANGER.key)}",
        "scout has the role steward",
        "librarian is gone",
    ]
    left = replace(librarian, keys=(replace(librarian.keys[0], state="retired"),), roles=("a",))
    lines = words(replace(ROSTER, version=2, members=(core, left)), ROSTER)
    assert lines[0] == "roster 2 of lab.eu: 1 member"
    assert "librarian has no active key any more, and is no member" in lines
    assert {"librarian gets the role a", "librarian loses the role scribe"} <= set(lines)
    assert words(replace(ROSTER, members=())) == ["roster 1 of lab.eu: 0 members", "nobody yet"]
    fewer = replace(new, members=(replace(changed, keys=changed.keys[1:], reused=0), scout))
    assert f"core has no more the compromised key {key_words(CORE.key)}" in words(fewer, new)[1]
    assert "core counts as reused 0 times only, before 1" in words(fewer, new)


@pytest.mark.parametrize(
    ("before", "after", "warns"),
    [
        ("compromised", "retired", True),
        ("compromised", "active", True),
        ("retired", "active", True),
        ("active", "retired", False),
        ("retired", "compromised", False),
    ],
)
def test_a_key_that_counts_for_more_again_is_warned_of(
    before: Any, after: Any, warns: bool
) -> None:
    def roster(state: Any) -> Roster:
        keys = (MemberKey(key=CORE.key, state=state), MemberKey(key=DEPUTY.key))
        return replace(ROSTER, members=(Member(name="core", keys=keys),))

    found = warned(words(roster(after), roster(before)))
    assert bool(found) is warns
    assert all(f"was {before}" in line for line in found)


def test_a_roster_tells_of_sealing_keys() -> None:
    core, librarian = ROSTER.members
    bare = replace(core, keys=(MemberKey(key=CORE.key),))
    before, after = ROSTER, replace(ROSTER, members=(bare, librarian))
    assert words(after, before)[1] == "what is sealed for core is sealed with none from now on"
    assert key_words(CORE.key) in words(before, after)[1]


# ------------------------------------------------------------------- roots and delegations


def test_a_root_names_stewards_roles_and_thresholds() -> None:
    keys = [signer.key for signer in (STEWARD, DEPUTY, CORE, LIBRARIAN, STRANGER)]
    stewards = tuple(Steward(name=name, key=k) for name, k in zip("abcde", keys, strict=True))
    root = replace(
        ROOT, stewards=stewards,
        roles=(
            Role(role="charter", keys=tuple(keys), threshold=3),
            Role(role="order", keys=tuple(keys[:2]), threshold=2, scope="lab.eu"),
            Role(role="approval", keys=(keys[0],)),
            Role(role="cook", keys=(keys[0],)),
        ),
    )  # fmt: skip
    assert words(root)[1:] == [
        *(f"steward {name}  {key_words(key)}" for name, key in zip("abcde", keys, strict=True)),
        "3 of 5 must sign a charter (a, b, c, d, e)",
        "any one may halt and pause, 2 of 2 must sign a resume for lab.eu (a, b)",
        "any one may deny, 1 of 1 must sign an approval (a)",
        "the role cook gives no right that this version knows (a)",
    ]


def test_every_right_of_the_table_is_said_in_a_root() -> None:
    from protocol.trust import RIGHTS

    for act, right in RIGHTS.items():
        root = replace(ROOT, roles=(Role(role=right.role, keys=(STEWARD.key,)),))
        said = wording._SIGNED[act] if right.together else act
        assert said in words(root)[-1], act


def test_a_root_marks_what_is_new_what_is_gone_and_where_fewer_can_sign() -> None:
    both = (STEWARD.key, DEPUTY.key)
    old = replace(ROOT, roles=(Role(role="root", keys=both, threshold=2),))
    new = replace(ROOT, version=2, stewards=ROOT.stewards[:1], until=AT,
                  roles=(Role(role="root", keys=(STEWARD.key,)),))  # fmt: skip
    lines = words(new, old)
    assert lines == [
        "root 2: the stewards of the network, and what they may sign",
        f"steward ada  {key_words(STEWARD.key)}",
        f"gone: steward bob  {key_words(DEPUTY.key)}",
        "new: 1 of 1 must sign the next root (ada); before 2 of 2 (ada, bob)",
        "new: from 2026-09-21 14:13 UTC on a new root is due",
        f"{WARNING}1 of the role root can sign together from now on, before it took 2",
    ]
    assert not warned(words(old, new))


def test_a_delegation_says_who_what_where_how_long_and_how_many() -> None:
    lines = words(DELEGATION)
    assert lines == [
        "delegation 1 for eu: what stewards there may sign",
        f"steward eve  {key_words(STRANGER.key)}",
        "1 of 1 must sign a roster for eu (eve)",
        "any one may halt and pause, 1 of 1 must sign a resume for eu (eve)",
        "rosters there have at most 1000 active members",
        "it does not end by itself",
    ]
    both = (*DELEGATION.stewards, Steward(name="ann", key=CORE.key))
    strict = replace(DELEGATION, stewards=both, threshold=2, roles=("order",))
    loose = replace(strict, version=2, threshold=1, until=AT)
    found = words(loose, strict)
    assert "new: it ends 2026-09-21 14:13 UTC" in found
    assert warned(found) == ["1 can sign together from now on, before it took 2"]
    assert not warned(words(strict, loose))
    over = replace(loose, version=3, roles=())
    assert words(over, loose) == [
        "delegation 3 for eu: it takes back all that stewards there were given"
    ]
    assert words(replace(loose, version=4), over)[1].startswith("new: steward eve")


# --------------------------------------------------------- revocations, orders, decisions


def test_what_has_no_number_says_whom_it_is_about() -> None:
    documents = [
        authority.open_document(authority.seal_document(body, NETWORK, STEWARD), TRUST)
        for body in (ROSTER, HALT)
    ]
    known = names_in(documents)
    halt = documents[1].digest
    revoked = replace(REVOCATION, key=CORE.key, because="stolen")
    assert words(revoked, named=known)[0] == (
        f"revokes the key {key_words(CORE.key)} of core@lab.eu for the whole network: stolen"
    )
    assert "cannot be undone" in words(REVOCATION)[1]
    assert words(HALT) == ["halts lab.eu until stewards let it go on: rest"]
    pause = replace(HALT, order="pause", ms=7_200_000, because="")
    assert words(pause) == ["pauses lab.eu for 2 h"]
    resume = replace(HALT, order="resume", scope="*", because="", lifts=(halt, HASH))
    assert words(resume, named=known) == [
        "resumes the whole network; it lifts 2 orders",
        "lifts the halt of lab.eu: rest",
        "lifts the order 0000000000000000",
    ]
    assert words(DECISION) == [
        "approves for core@lab.eu", f"it is what has the hash {HASH}"
    ]  # fmt: skip
    no = replace(DECISION, decision="deny", because="too dear")
    assert words(no, named={HASH: "the letter 6mzn53hr"}) == [
        "denies for core@lab.eu: too dear", "it is the letter 6mzn53hr"
    ]  # fmt: skip
    assert ", until 2026-09-21 14:13 UTC" in words(replace(DECISION, until=AT))[0]
    assert "9999" in words(replace(DECISION, until=2**53 - 1))[0]


def test_the_last_version_of_its_type_and_scope_is_what_a_document_is_measured_by() -> None:
    def made(body: StewardBody) -> authority.StewardDocument:
        return authority.open_document(authority.seal_document(body, NETWORK, STEWARD), TRUST)

    second = charter(goals=())
    documents = [made(FULL), made(second), made(replace(FULL, scope="eu")), made(ROSTER)]
    third = replace(second, version=3, goals=(Goal(id="new", text="New."),))
    assert told(third, documents)[1:] == ["new goal new: New."]
    assert told(replace(FULL, scope="us"), documents)[1] == "goal understand: Understand drives."
    assert told(ROSTER, documents) == words(ROSTER), "never by itself"
