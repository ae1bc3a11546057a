"""Drafts of charters: what is written is read again, and nothing that is written raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.stewards.drafts import STATES, Draft, read, render
from protocol import canonical, limits, wire
from protocol.charter import Budget, Charter, Goal, Rule, Votable
from protocol.errors import UsageError
from protocol.policy import STRICTNESS
from tests.samples import CHARTER, NETWORK
from tests.strategies import clusters, names, texts

words = st.from_regex(r"[a-z0-9][a-z0-9._/-]{0,10}", fullmatch=True)
patterns = words | st.just("*")
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
positive = st.integers(1, limits.int_abs_max)
goals = st.builds(
    Goal, id=words, text=texts, state=st.sampled_from(STATES), because=st.none() | lines
)
rules = st.builds(Rule, effect=patterns, kind=patterns, verdict=st.sampled_from(STRICTNESS))
budgets = st.builds(Budget, what=words, amount=st.integers(0, limits.int_abs_max), ms=positive)
votables = st.builds(Votable, key=words, cluster=clusters, roster=positive)


def several(part: st.SearchStrategy[Any], key: Any = None) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(part, max_size=4, unique_by=key).map(tuple)


charters = st.builds(
    Charter,
    network=st.just(NETWORK),
    scope=st.just("*") | clusters | st.builds("{}@{}".format, names, clusters),
    version=positive,
    at=st.just(0),
    goals=several(goals, lambda goal: goal.id),
    values=several(lines),
    policy=several(rules),
    budgets=several(budgets),
    votable=several(votables, lambda one: (one.cluster, one.key)),
)


@given(charters)
def test_what_is_written_is_read_again(charter: Charter) -> None:
    draft = render(charter)
    read_again = read(draft)
    assert Charter(network=NETWORK, scope=read_again.scope or "", version=read_again.replaces or 0,
                   at=0, **read_again.parts) == charter  # fmt: skip
    assert all(char.isprintable() or char == "\n" for char in draft)
    assert read(draft.replace("\n", "\r\n")) == read_again, "as editors on Windows write it"


@given(charters)
def test_what_is_read_is_a_charter_by_the_protocol(charter: Charter) -> None:
    parts = read(render(charter)).parts
    body = Charter(network=NETWORK, version=1, at=0, **parts)
    assert wire.validate(Charter, canonical.encode(wire.dump(body)), "AUTH-1") == body


scalars = st.one_of(
    st.sampled_from(("true", "false", "1979-05-27", '"* * *"', '"1h"')),
    st.integers().map(str),
    st.floats(allow_nan=False).map(str),
    words.map(lambda word: f'"{word}"'),
)
tables = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3).map(lambda found: f"[{', '.join(found)}]"),
    max_leaves=5,
)
known = st.sampled_from(
    [
        "scope",
        "replaces",
        "values",
        "goals",
        "policy",
        "budgets",
        "votable",
        "id",
        "text",
        "state",
        "because",
        "effect",
        "kind",
        "verdict",
        "what",
        "amount",
        "per",
        "key",
        "cluster",
        "roster",
    ]
)
files = st.lists(
    st.builds("{} = {}".format, known, tables)
    | st.builds("[[{}]]".format, known)
    | st.builds("[{}]".format, known)
    | st.text(max_size=8),
    max_size=12,
).map("\n".join)


@given(files | st.text())
def test_whatever_stands_in_a_file_only_our_error_comes(text: str) -> None:
    try:
        found = read(text)
    except UsageError as error:
        assert str(error).isprintable()
        return
    body = Charter(network=NETWORK, version=1, at=0, **found.parts)
    wire.validate(Charter, canonical.encode(wire.dump(body)), "AUTH-1")


@given(charters, st.data())
def test_a_draft_that_was_spoilt_raises_only_our_error(
    charter: Charter, data: st.DataObject
) -> None:
    draft = render(charter)
    start = data.draw(st.integers(0, len(draft)))
    end = data.draw(st.integers(start, min(len(draft), start + 20)))
    try:
        read(draft[:start] + data.draw(st.text(max_size=3)) + draft[end:])
    except UsageError as error:
        assert str(error).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "values = " + "[" * 5_000 + "]" * 5_000,
        "replaces = " + "9" * 5_000,
        "replaces = 0x" + "f" * 5_000,
        "replaces = -1",
        "replaces = true",
        "scope = 2026-11-22",
        "values = [1979-05-27T07:32:00Z]",
        'values = "Honesty."',
        'values = ["two\\nlines"]',
        "goals = 1",
        "goals = [1]",
        '[goals]\nid = "a"',
        "x" * (limits.steward_bytes_max + 1),
        "\ud800",
        'scope = "\\ud800"',
        "values = [" + '"", ' * (limits.goals_max + 1) + "]",
        "[[policy]]\neffect = '*'\nverdict = 'free'\n" * (limits.rules_max + 1),
    ],
    ids=lambda text: text[:24].encode("ascii", "replace").decode(),
)
def test_what_nobody_should_write_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("goals = ]\n", "line 1"),
        ("goals = [", "end of document"),
        ("\nvalues = ['a'\nx", "line 3"),
        ("[[goals]]\nid = 'Big Goal'\ntext = ''", "goals, entry 1: `id` is 'Big Goal'; it is a"),
        ("[[goals]]\nid = 'a'", "goals, entry 1: `text` is missing"),
        ("[[goals]]\nid = 'a'\ntxet = ''", "goals, entry 1: `txet` is none of id, text, state"),
        ("[[goals]]\nid = 'a'\ntext = ''\nstate = 'activ'", "one of active, retired"),
        ("[[goals]]\nid = 'a'\ntext = ''\n[[goals]]\nid = 'a'\ntext = 'b'", "names a goal twice"),
        ("[[policy]]\neffect = 'send'\nverdict = 'aprove'", "free, notice, approve, forbidden"),
        ("[[policy]]\neffect = 'Send'\nverdict = 'free'", "`effect` is 'Send'; it is * or a word"),
        ("[[budgets]]\nwhat = 'send'\namount = 1\nper = '1 hour'", 'such as "30m"'),
        ("[[budgets]]\nwhat = 'send'\namount = 1\nper = '0h'", "a time"),
        ("[[budgets]]\nwhat = 'send'\namount = 1.5\nper = '1h'", "a whole number from 0 on"),
        ("[[votable]]\nkey = 'a'\ncluster = 'con'\nroster = 1", "the address of a cluster"),
        ("[[votable]]\nkey = 'a'\ncluster = 'lab'\nroster = 0", "a whole number from 1 on"),
        ("polcy = 1", "`polcy` is none of scope, replaces, values, goals"),
        ("values = ['a', 1]", "values, entry 2 is 1; it is one line"),
        ("scope = 'a b'", "`scope` is 'a b'; it is *, a cluster"),
    ],
)  # fmt: skip
def test_an_error_says_where_and_what_is_right(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert said in str(caught.value)


def test_words_of_a_later_version_are_refused_not_dropped() -> None:
    for parts in (
        {"policy": (Rule(effect="send", verdict="later"),)},
        {"goals": (Goal(id="a", text="A.", state="paused"),)},
        {"budgets": (Budget(what="send", amount=1, ms=0),)},
    ):
        charter = Charter(network=NETWORK, version=1, at=0, **parts)
        with pytest.raises(UsageError):
            read(render(charter))


def test_a_draft_explains_itself_and_may_leave_out_what_it_does_not_say() -> None:
    draft = render(CHARTER)
    for word in ("peer charter diff", "peer charter sign", "verdict", "per", "roster", "replaces"):
        assert word in draft
    assert read("") == Draft()
    short = read('[[goals]]\nid = "a"\ntext = "A."\n[[policy]]\neffect = "send"\nverdict = "free"')
    assert short.goals == (Goal(id="a", text="A."),)
    assert short.policy == (Rule(effect="send", kind="*", verdict="free"),)


def test_a_draft_shows_how_to_write_what_it_does_not_say_yet() -> None:
    """An example of each table, as a comment; without the # it is a charter that is in order."""
    draft = render(Charter(network=NETWORK, version=1, at=0))
    assert read(draft).parts == Draft().parts
    lines = [line.removeprefix("# ") for line in draft.splitlines()]
    first = lines.index("[[goals]]")
    rows = [line for line in lines[first:] if line.startswith("[[") or " = " in line]
    found = read("\n".join(row for row in rows if "says" not in row and "has state" not in row))
    assert all(getattr(found, name) for name in ("goals", "policy", "budgets", "votable"))
