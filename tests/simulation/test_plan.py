"""Plans: all that decides a run, its way through JSON, and the words that say it again."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from peer.simulate import cases, plan, scenario
from peer.simulate.outcome import Violation
from peer.simulate.plan import RATES_PERMILLE, Plan
from protocol.errors import UsageError

KNOWN = tuple(f"fault-{n}" for n in range(40))


def story(name: str = "any-weather", faults: str = '"drawn"') -> scenario.Scenario:
    text = f'about = "x"\npeers = [3, 7]\nticks = 84\nquiet = 16\nfaults = {faults}'
    return scenario.parse(text, name, KNOWN)


def test_a_plan_comes_back_from_json() -> None:
    some = Plan(
        story(), 3, 5, 40, 2, {"fault-3": 9}, frozenset({"core:1:kill"}), frozenset(), ("core",)
    )
    for one in (some, Plan(story(), 0)):
        assert plan.from_json(json.loads(json.dumps(one.as_json())), KNOWN) == one


@pytest.mark.parametrize(
    "change",
    [
        {"seed": "3"}, {"seed": True}, {"peers": 0}, {"ticks": "9"}, {"quiet": -1}, {"faults": 3},
        {"faults": {"fault-1": 2000}}, {"faults": {"fault-1": "x"}}, {"faults": {"nothing": 1}},
        {"only": "core"}, {"letters": [3]}, {"names": "core"}, {"scenario": None},
        {"scenario": {}},
    ],
)  # fmt: skip
def test_a_damaged_plan_is_refused_in_words(change: dict[str, object]) -> None:
    value = {**Plan(story(), 3).as_json(), **change}
    with pytest.raises(UsageError) as caught:
        plan.from_json(value, KNOWN)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [None, [], {}, "x", 3])
def test_what_is_no_plan_is_refused(value: object) -> None:
    with pytest.raises(UsageError):
        plan.from_json(value, KNOWN)


def test_half_of_the_faults_are_drawn_at_rates_of_every_size() -> None:
    drawn = [Plan(story(), seed).faults_in_force(KNOWN) for seed in range(400)]
    on = Counter(name for rates in drawn for name in rates)
    assert all(140 <= on[name] <= 260 for name in KNOWN)
    rates = Counter(rate for one in drawn for rate in one.values())
    assert set(rates) == set(RATES_PERMILLE)
    assert max(rates.values()) < 1.3 * min(rates.values())
    assert list(drawn[0]) == sorted(drawn[0])


def test_a_new_fault_changes_no_other() -> None:
    few, many = (Plan(story(), 5).faults_in_force(names) for names in (KNOWN[:20], KNOWN[::-1]))
    assert few == {name: rate for name, rate in many.items() if name in KNOWN[:20]}


def test_rates_are_those_of_the_scenario_unless_somebody_says_otherwise() -> None:
    given = story("mine", '{ "fault-7" = 3, "fault-2" = 5 }')
    assert Plan(given, 1).faults_in_force(KNOWN) == {"fault-2": 5, "fault-7": 3}
    assert Plan(given, 1, faults={}).faults_in_force(KNOWN) == {}
    assert Plan(given, 1, faults={"fault-1": 9}).faults_in_force(KNOWN) == {"fault-1": 9}


def test_the_number_of_peers_is_drawn_from_the_seed_unless_it_is_said() -> None:
    counts = Counter(len(Plan(story(), seed).instances()) for seed in range(300))
    assert set(counts) == {3, 4, 5, 6, 7}
    assert Plan(story(), 1, peers=2).instances() == ("core", "librarian")
    some = Plan(story(), 1, peers=5, names=("warden", "core", "nobody"))
    assert some.instances() == ("core", "warden")


def test_what_is_left_out_does_not_happen() -> None:
    whole, part = Plan(story(), 1), Plan(story(), 1, only=frozenset({"a"}), letters=frozenset("b"))
    assert whole.strikes("a")
    assert whole.writes("a")
    assert [part.strikes("a"), part.strikes("b"), part.writes("a"), part.writes("b")] == [
        True, False, False, True,
    ]  # fmt: skip


def test_the_command_says_everything_that_differs_from_the_scenario() -> None:
    assert Plan(story(), 42).command() == "peer simulate replay 42"
    given = Plan(story("my office.toml"), 7, 3, 20, faults={"fault-1": 9, "fault-2": 10})
    assert given.command() == (
        "peer simulate run 'my office.toml' --seed 7 --peers 3 --ticks 20"
        " --faults fault-1=9,fault-2=10"
    )
    certain = replace(story("office"), at=({"round": 1, "fault": "fault-1"},))
    assert Plan(certain, 7, faults={}).command() is None, "what is certain still happens"
    none = Plan(certain, 7, faults={}, only=frozenset())
    assert none.command() == "peer simulate run office --seed 7 --faults none"


def test_what_no_option_can_say_takes_a_file() -> None:
    whole = Plan(story(), 7)
    for part in (
        replace(whole, only=frozenset({"core:1:kill"})), replace(whole, only=frozenset()),
        replace(whole, letters=frozenset()), replace(whole, names=("core",)),
        replace(whole, quiet=0),
    ):  # fmt: skip
        assert part.command() is None
        assert part.command("a b.json") == "peer simulate replay 'a b.json'"


def test_a_case_is_kept_and_comes_back(tmp_path: Path) -> None:
    folder = str(tmp_path / "new" / "failing")
    some = Plan(story("/home/kim/My Office.toml"), 9, peers=3)
    found = [Violation("nothing-lost", 7, 3, "core", "a letter is gone")]
    path = cases.keep(folder, some, found, "trace", mark="-small")
    assert Path(path).name == "my-office-9-small.json"
    assert cases.load(path, KNOWN) == some
    kept = json.loads(Path(path).read_text())
    assert kept["found"][0]["text"] == "a letter is gone"
    assert kept["version"].startswith("soma-network ")


def test_what_is_no_case_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    for text in ("", "[]", '{"plan": 3}', '{"seed": 3}', "\udcff"):
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(UsageError):
            cases.load(str(file), KNOWN)
    with pytest.raises(UsageError, match="cannot be read"):
        cases.load(str(tmp_path / "other.json"), KNOWN)
    with pytest.raises(UsageError, match="cannot be written"):
        cases.keep(str(file), Plan(story(), 1), [])


def test_the_next_seed_is_remembered_for_each_scenario(tmp_path: Path) -> None:
    folder = str(tmp_path / "failing")
    assert cases.next_seed(folder, "any-weather") == 1
    cases.keep_next_seed(folder, "any-weather", 201)
    cases.keep_next_seed(folder, "flaky-drive", 7)
    assert cases.next_seed(folder, "any-weather") == 201
    assert cases.next_seed(folder, "office") == 1
    (tmp_path / "failing" / "next-seeds.json").write_text('{"office": "x"}')
    with pytest.raises(UsageError, match="--from"):
        cases.next_seed(folder, "office")
