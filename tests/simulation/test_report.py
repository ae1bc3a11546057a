"""The page: one well-formed file that needs nothing else, and every number in it is the outcome's.

How it looks no test can say; that was looked at in a browser, light and dark, on a desk and on a
phone.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from unicodedata import category
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.simulate import compare
from peer.simulate.outcome import Outcome
from peer.simulate.report.axes import frame, step
from peer.simulate.report.html import VIOLATIONS_SHOWN_MAX, page
from peer.simulate.report.markup import element
from peer.simulate.report.plots import STATES, cells
from peer.simulate.report.words import number, size, span
from tests.simulation import outcomes

HOSTILE = [
    "</title><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'',
    "]]> --> & &amp; <!-- {{7*7}}",
    "\x00\x1b[31m\x7f\x85\u202e\u2028\ud800\ufeff\uffff",
    "</style><svg/onload=alert(1)>",
]
RUNS = {
    "five": outcomes.outcome,
    "broken": lambda: outcomes.outcome(violations=3),
    "alone": lambda: outcomes.outcome(peers=1, ticks=10, quiet=2),
    "fifty": lambda: outcomes.outcome(peers=50, ticks=30, quiet=6),
    "short": lambda: outcomes.outcome(ticks=1, quiet=0),
    "long": lambda: outcomes.outcome(peers=3, ticks=1_440, quiet=20),
    "empty": outcomes.empty,
}


def parsed(text: str) -> ElementTree.Element:
    """A page is XML too: nothing unclosed, nothing unescaped, no sign that XML does not have."""
    return ElementTree.fromstring(text)


def drawn(root: ElementTree.Element, size_: str = "wide") -> list[ElementTree.Element]:
    return [one for one in root.iter("svg") if one.get("class") == size_]


def titles(root: ElementTree.Element, about: str) -> list[str]:
    """The tooltips of the plots that are about something, as wide screens have them."""
    return [
        "".join(title.itertext())
        for svg in drawn(root)
        if (svg.get("aria-label") or "").startswith(about)
        for title in svg.iter("title")
    ]


def text_of(root: ElementTree.Element) -> str:
    return " ".join("".join(root.itertext()).split())


@pytest.mark.parametrize("kind", RUNS)
def test_a_page_is_well_formed_and_needs_nothing_else(kind: str) -> None:
    run = RUNS[kind]()
    for shown in ([run], [run, outcomes.outcome()]):
        text = page(shown)
        root = parsed(text)
        assert text.startswith("<!DOCTYPE html>\n")
        assert not re.search(r"http|src=|href=|url\(|@import|<script|<link|javascript", text)
        assert bool(list(root.iter("svg"))) == any(one.rounds for one in shown)
        assert len(drawn(root, "wide")) == len(drawn(root, "narrow"))
        for svg in root.iter("svg"):
            assert svg.get("role") == "img"
            assert svg.get("aria-label")


@pytest.mark.parametrize("kind", RUNS)
def test_everything_drawn_lies_inside_its_picture(kind: str) -> None:
    run = RUNS[kind]()
    larger = outcomes.outcome(peers=9, ticks=60)
    for svg in [*parsed(page([run])).iter("svg"), *parsed(page([run, larger])).iter("svg")]:
        _, _, width, height = map(float, (svg.get("viewBox") or "").split())
        for rect in svg.iter("rect"):
            x, y, w, h = (float(rect.get(key) or 0) for key in ("x", "y", "width", "height"))
            assert -0.2 <= x <= x + w <= width + 0.2
            assert -0.2 <= y <= y + h <= height + 0.2
        for path in svg.iter("path"):
            assert re.match(r"M\d+\.?\d* \d+", path.get("d") or "")
            numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", path.get("d") or "")]
            assert all(-0.2 <= n <= max(width, height) + 0.2 for n in numbers)


def test_the_same_outcome_makes_the_same_page() -> None:
    assert page([outcomes.outcome()]) == page([Outcome.from_json(outcomes.outcome().as_json())])


@pytest.mark.parametrize("count", [0, 3])
def test_a_page_shows_one_outcome_or_two(count: int) -> None:
    with pytest.raises(ValueError, match="one or two"):
        page([outcomes.outcome()] * count)


# ------------------------------------------------------------------------------- nobody's markup


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup(text: str) -> None:
    usual = Counter(one.tag for one in parsed(page([outcomes.renamed("x", "y")])).iter())
    for shown in (
        page([outcomes.renamed(text, text)]),
        page([outcomes.renamed(text, text)], [text]),
    ):
        root = parsed(shown)
        found = Counter(one.tag for one in root.iter())
        assert found.keys() <= usual.keys()
        assert not [key for one in root.iter() for key in one.attrib if key.startswith("on")]
        assert not re.search(r"<(script|img)", shown)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
        shown.encode("utf-8")


@given(st.text(), st.text())
def test_any_text_can_be_read_back_from_an_element(child: str, attribute: str) -> None:
    made = ElementTree.fromstring(element("p", child, title=attribute))
    shown = "".join(made.itertext())
    if child.isprintable():
        assert shown == child
    if attribute.isprintable():
        assert made.get("title") == attribute
    assert not [one for one in shown if category(one) == "Cc" and one not in "\t\n"]


# --------------------------------------------------------------------------- numbers are the data


def test_the_headline_says_what_was_run_and_how_it_ended() -> None:
    run = outcomes.outcome()
    said = text_of(parsed(page([run])))
    assert "five-at-home" in said
    assert "seed7" in said.replace(" ", "")
    assert "52 rounds of 6 h (13 d), the last 12 without faults" in said
    assert f"No promise was broken: 5 peers, after {len(run.strikes)} strikes" in said
    assert "peer simulate run five-at-home --seed 7 --peers 5 --ticks 40" in said
    assert run.digest in said


def test_the_command_is_the_one_that_was_handed_in_or_none() -> None:
    run = outcomes.outcome()
    assert "peer simulate replay 7" in text_of(parsed(page([run], ["peer simulate replay 7"])))
    assert "Play it again" not in text_of(parsed(page([run], [None])))
    assert "Play it again" not in text_of(parsed(page([run], [""])))


def test_violations_stand_at_the_top_and_many_are_counted() -> None:
    run = outcomes.outcome(violations=VIOLATIONS_SHOWN_MAX + 30)
    root = parsed(page([run]))
    said = text_of(root)
    assert f"✕ {len(run.violations)} violations, found by acted-once" in said
    assert "acted-once – peer-01, round 1: letter 1 was acted on twice" in said
    assert len(list(root.iter("li"))) == VIOLATIONS_SHOWN_MAX + 1
    assert "and 30 more" in said
    assert said.index("letter 1 was acted on twice") < said.index("Letters on their way")


def test_a_run_that_ended_early_says_so() -> None:
    run = outcomes.outcome(violations=1)
    assert "ended early" not in page([run])
    assert "ended early, in round 9" in page([replace(run, rounds=run.rounds[:10])])


def test_every_round_is_told_in_every_plot_over_rounds() -> None:
    run = outcomes.outcome()
    root = parsed(page([run]))
    way = titles(root, "Letters on their way")
    assert len(way) == len(run.rounds)
    for one, said in zip(run.rounds, way, strict=True):
        assert said.startswith(f"round {one.number} (")
        assert said.endswith(f": on their way {number(one.under_way)}")
    for one, said in zip(run.rounds, titles(root, "Letters so far"), strict=True):
        acted = number(one.promised - one.under_way)
        assert said.endswith(f"promised {number(one.promised)}, acted on {acted}")
    for one, said in zip(run.rounds, titles(root, "Read a tick"), strict=True):
        assert said.endswith(size(one.read_bytes / one.ticks))
    for about, amount in (
        ("Files on the share", lambda one: number(one.files)),
        ("Bytes on the share", lambda one: size(one.share_bytes)),
        ("Bytes in all homes", lambda one: size(one.home_bytes)),
    ):
        for one, said in zip(run.rounds, titles(root, about), strict=True):
            assert said.endswith(amount(one))


def test_lines_have_gaps_where_nobody_ticked() -> None:
    run = outcomes.outcome(peers=1, ticks=10, quiet=2)
    assert any(not one.ticks for one in run.rounds)
    told = titles(parsed(page([run])), "Calls to the share a tick")
    assert [said.endswith("–") for said in told] == [not one.ticks for one in run.rounds]


def test_every_strike_has_its_mark_and_every_fault_its_row() -> None:
    run = outcomes.outcome()
    told = titles(parsed(page([run])), "strikes of each fault")
    assert len(told) == len(run.strikes)
    for strike in run.strikes:
        found = [said for said in told if said.startswith(f"{strike.fault}, round {strike.round} ")]
        assert any(said.endswith(f"{strike.who}: {strike.text}") for said in found)
    lasting = [said for said in told if ", for " in said]
    assert len(lasting) == sum(strike.until_ms is not None for strike in run.strikes)
    assert any("full" in said and "for 18 h" in said for said in lasting)


def test_what_lasts_longer_than_the_run_ends_with_it() -> None:
    run = outcomes.outcome()
    ages = tuple(replace(one, until_ms=one.at_ms + 10**12) for one in run.strikes)
    svg = drawn(parsed(page([replace(run, strikes=ages)])))[0]
    bars = [one for one in svg.iter("rect") if one.get("class") == "lasts"]
    assert len(bars) == len(ages)
    for bar in bars:
        end = float(bar.get("x") or 0) + float(bar.get("width") or 0)
        assert end == pytest.approx(frame(run, 960).end, abs=0.2)


def test_health_is_a_row_for_each_pair_while_peers_are_few() -> None:
    run = outcomes.outcome()
    told = titles(parsed(page([run])), "health")
    cells_told = {said.split(":")[0] for said in told}
    pairs = {f"{a} as {b} sees it" for a in run.names for b in run.names if a != b}
    assert cells_told == pairs
    svg = next(
        one for one in drawn(parsed(page([run]))) if "health" in (one.get("aria-label") or "")
    )
    labels = [one.text for one in svg.iter("text") if one.get("class") == "end"]
    assert labels == [a for b in run.names for a in run.names if a != b]
    views = Counter(state for one in run.rounds for view in one.health.values() for state in view)
    for letter in "alsdu":
        assert (
            sum(map(rounds_told, (s for s in told if f": {STATES[letter]}," in s))) == views[letter]
        )


def rounds_told(said: str) -> int:
    """`…, rounds 3 to 7 (…)` → 5."""
    found = re.search(r"rounds? (\d+)(?: to (\d+))? \(", said)
    assert found
    return int(found[2] or found[1]) - int(found[1]) + 1


def test_health_is_a_row_a_peer_at_worst_when_there_are_many() -> None:
    run = outcomes.outcome(peers=50, ticks=30, quiet=6)
    told = titles(parsed(page([run])), "health")
    assert {said.split(",")[0] for said in told} == set(run.names)
    dead = {
        (name, one.number)
        for one in run.rounds
        for view in one.health.values()
        for name, state in zip(run.names, view, strict=True)
        if state == "d"
    }
    assert dead
    shown = [said for said in told if "at worst: dead" in said]
    assert sum(map(rounds_told, shown)) == len(dead)
    assert {said.split(",")[0] for said in shown} == {name for name, _ in dead}


def test_health_of_a_shape_that_is_not_the_worlds_draws_what_it_can() -> None:
    run = outcomes.outcome()
    odd = tuple(replace(one, health={"peer-00": "?", "gone": "aaaaaaa"}) for one in run.rounds)
    assert len(parsed(page([replace(run, rounds=odd)]))) == len(parsed(page([run])))


def test_shared_columns_are_said_to_be_shared() -> None:
    assert "A column is" not in page([outcomes.outcome()])
    assert "A column is 2 rounds" in page([outcomes.outcome(peers=3, ticks=1_440, quiet=20)])


@given(st.text(alphabet="alsduh.-", max_size=80), st.integers(1, 9))
def test_a_column_has_the_worst_state_of_its_rounds(states: str, each: int) -> None:
    runs = cells(states, each)
    assert [start for start, _, _ in runs[1:]] == [stop for _, stop, _ in runs[:-1]]
    assert sum(stop - start for start, stop, _ in runs) == len(states)
    assert all(a[2] != b[2] for a, b in pairwise(runs))
    worst = "".join(STATES)
    for at in range(0, len(states), each):
        shown = next(state for start, stop, state in runs if start <= at < stop)
        assert shown == min(states[at : at + each], key=worst.index)


def test_the_bars_of_the_waits_count_all_letters() -> None:
    run = outcomes.outcome()
    told = titles(parsed(page([run])), "letters by how long")
    counts = {said.split(" round")[0]: said.split(": ")[1] for said in told}
    assert counts == {
        str(wait): f"{count} letter{'' if count == 1 else 's'}"
        for wait, count in Counter(run.waits).items()
    }
    said = text_of(parsed(page([run])))
    assert f"median: {compare.rank(run.waits, 50)} rounds (12 h)" in said
    assert f"95 of 100 within: {compare.rank(run.waits, 95)} rounds" in said
    assert f"worst: {run.waits[-1]} rounds" in said


def test_long_waits_share_bars_and_none_is_lost() -> None:
    run = replace(outcomes.outcome(), waits=(0, 3, 3, 250, 611))
    told = titles(parsed(page([run])), "letters by how long")
    assert sum(int(said.split(": ")[1].split()[0]) for said in told) == 5
    assert "A bar is 20 rounds wide" in page([run])


def test_the_table_of_answers_has_every_count() -> None:
    run = outcomes.outcome()
    table = next(one for one in parsed(page([run])).iter("table") if one.get("class") == "answers")
    lines = [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]
    head, *body = lines
    struck = Counter(strike.fault for strike in run.strikes)
    assert {row[0]: int(row[1]) for row in body} == dict(struck)
    for row in body:
        shown = {name: int(n) for name, n in zip(head[2:], row[2:], strict=True) if n != "·"}
        assert shown == run.answers[row[0]]


def test_two_runs_stand_side_by_side_on_the_same_scale() -> None:
    a, b = outcomes.outcome(), outcomes.outcome(peers=7, ticks=60)
    root = parsed(page([a, b]))
    said = text_of(root)
    assert "A: five-at-home" in said
    assert "B: five-at-home" in said
    for run, letter in ((a, "A"), (b, "B")):
        assert f"{letter}: {run.rounds[-1].promised} letters promised" in said
    for what, left, right, words in compare.table(a, b):
        assert f"{what}{left}{right}{words}" in said
    both = [
        [text.text for text in svg.iter("text") if (text.get("class") or "") == "end"]
        for svg in drawn(root)
        if (svg.get("aria-label") or "").startswith("Letters so far")
    ]
    assert len(both) == 2
    assert both[0] == both[1]


# ----------------------------------------------------------------------------------- axes, words


@pytest.mark.parametrize("rounds", [1, 2, 52, 130, 400, 1_460])
def test_ticks_stand_at_round_numbers_and_do_not_crowd(rounds: int) -> None:
    root = parsed(page([outcomes.outcome(peers=2, ticks=rounds, quiet=0)]))
    for svg in drawn(root) + drawn(root, "narrow"):
        if "letters by how long" in (svg.get("aria-label") or ""):
            continue
        marks = [one for one in svg.iter("text") if one.get("class") == "mid"]
        for low, high in pairwise(sorted({float(one.get("y") or 0) for one in marks})):
            assert high - low > 12
        for y in {one.get("y") for one in marks}:
            places = [float(one.get("x") or 0) for one in marks if one.get("y") == y]
            assert all(b - a > 36 for a, b in pairwise(places))
        numbers = [int(n.replace(",", "")) for one in marks if (n := one.text or "")[-1].isdigit()]
        assert numbers
        assert all(re.fullmatch("[125]0*", str(b - a)) for a, b in pairwise(numbers))


@given(st.floats(1e-6, 1e12), st.integers(1, 20))
def test_a_step_is_one_two_or_five_and_the_least_that_will_do(span_: float, most: int) -> None:
    found = step(span_, most)
    assert span_ / found <= most * (1 + 1e-6)
    assert f"{found:.0e}"[0] in "125"
    assert f"{found:.6e}"[1:8] == ".000000"
    assert span_ / (found / 2.5) > most * (1 - 1e-6)


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0"),
        (999, "999 ms"),
        (90_000, "1 min 30 s"),
        (21_600_000, "6 h"),
        (108_000_000, "1 d 6 h"),
        (86_400_000 * 365, "365 d"),
        (86_400_000 + 1_000, "1 d"),
    ],
)
def test_times_are_told_in_their_two_largest_units(ms: int, said: str) -> None:
    assert span(ms) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1_250, "1.25 kB"), (40_000_000, "40 MB"), (2.5, "2.5 B")],
)
def test_sizes_are_decimal(count: float, said: str) -> None:
    assert size(count) == said


@given(st.integers(0, 10**12))
def test_whole_numbers_are_never_rounded(value: int) -> None:
    assert int(number(value).replace(",", "")) == value
