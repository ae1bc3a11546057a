"""Mentoring as a table: whose step, from which state, to which; what time does; who is best."""

from __future__ import annotations

from itertools import product

import pytest

from protocol.guidance import (
    DAY_MS,
    PATIENCE_DAYS,
    SHARED_ENOUGH,
    TERM_DAYS,
    Prospect,
    Role,
    State,
    Tie,
    after,
    best,
    guided,
    is_older,
    now,
    room,
)
from protocol.messages import Head, Item, Mentoring, compose
from tests.samples import AT, AUTHOR, SALT

OTHER = "scout@lab.eu"
THIRD = "smith@lab.eu"
STATES: tuple[State | None, ...] = (
    None, "asked", "active", "declined", "refused", "silent", "ended",
)  # fmt: skip


def letter(step: str, *, answers: bool = False) -> Item:
    re = "b" * 26 if answers else None
    return compose(
        Head(author=AUTHOR, kind="mentoring", salt=SALT, at=AT, re=re), Mentoring(step=step)
    )


def moved(step: str, role: Role, state: State | None, *, mine: bool, answers: bool) -> State | None:
    """What `OTHER` is after one letter, as `role`; and as the other role nothing may change."""
    before = [] if state is None else [Tie(OTHER, role, state, 5)]
    changed = after(before, OTHER, letter(step, answers=answers), 9, mine=mine)
    found = {tie.role: tie for tie in changed}
    return found[role].state if role in found else state


@pytest.mark.parametrize("state", STATES)
def test_what_nobody_asked_for_is_nothing(state: State | None) -> None:
    """MENTOR-5: an offer counts where it was asked for, also when it comes late."""
    expected = {"asked": "active", "silent": "active"}
    got = moved("offer", "mentor", state, mine=False, answers=True)
    assert got == expected.get(str(state), state)
    assert moved("ask", "mentee", state, mine=False, answers=False) == state, "only an answer does"
    assert moved("dance", "mentor", state, mine=False, answers=False) == state


def test_nobody_has_two_mentors() -> None:
    """MENTOR-5: also where both said yes."""
    ties = [Tie(OTHER, "mentor", "asked", 5), Tie(THIRD, "mentor", "active", 5)]
    assert after(ties, OTHER, letter("offer", answers=True), 9, mine=False) == []
    assert guided(ties) == THIRD


@pytest.mark.parametrize(("role", "mine"), [*product(("mentor", "mentee"), (True, False))])
def test_each_may_end_it(role: Role, mine: bool) -> None:
    """MENTOR-6, MENTOR-7: by `end` or by a no; what was never there stays nothing."""
    for step in ("end", "decline"):
        assert moved(step, role, None, mine=mine, answers=False) is None
        got = moved(step, role, "active", mine=mine, answers=False)
        assert got == ("refused" if mine and step == "decline" else "ended")


def test_the_no_of_who_was_asked_is_no_word_about_him_as_a_newcomer() -> None:
    """MENTOR-7: an answer to his ask makes him a mentee that was declined, whatever he is else."""
    ties = [Tie(OTHER, "mentor", "silent", 5)]
    changed = after(ties, OTHER, letter("decline", answers=True), 9, mine=True)
    assert [(tie.role, tie.state) for tie in changed] == [("mentee", "declined")]
    refused = after([Tie(OTHER, "mentee", "refused", 5)], OTHER, letter("decline", answers=True), 9,
                    mine=True)  # fmt: skip
    assert [tie.state for tie in refused] == ["refused"]


def test_time_alone_ends_what_nobody_answers_and_what_is_long_ago() -> None:
    """MENTOR-6: to the millisecond, and it stands from then on."""
    asked, active = Tie(OTHER, "mentor", "asked", 7), Tie(OTHER, "mentee", "active", 7)
    patience, term = 7 + PATIENCE_DAYS * DAY_MS, 7 + TERM_DAYS * DAY_MS
    assert now(asked, patience - 1) == asked
    assert now(asked, patience) == Tie(OTHER, "mentor", "silent", patience)
    assert now(active, term - 1) == active
    assert now(active, term) == Tie(OTHER, "mentee", "ended", term)
    for state in ("declined", "refused", "silent", "ended"):
        tie = Tie(OTHER, "mentor", state, 7)
        assert now(tie, 10 * term) == tie


def test_room_counts_those_who_are_guided() -> None:
    """MENTOR-4: not those who were declined or left, nor who asks again."""
    ties = [
        Tie(OTHER, "mentee", "active", 0), Tie(THIRD, "mentee", "active", 0),
        Tie("a@lab.eu", "mentee", "ended", 0), Tie("b@lab.eu", "mentor", "active", 0),
    ]  # fmt: skip
    assert (room(ties, 3), room(ties, 2), room(ties, 0)) == (1, 0, 0)
    assert room(ties, 2, but=OTHER) == 1


def test_who_knows_most_is_asked_and_of_equals_who_shared_most_and_comes_back_soonest() -> None:
    """MENTOR-1: whatever order they come in; nobody who shared no more than the newcomer."""
    low = Prospect("low@lab.eu", 0.05, 9, 5, 50)
    high = Prospect("high@lab.eu", 0.4, 2, 5, 50)
    same = Prospect("same@lab.eu", 0.401, 1, 5, 50)
    soon = Prospect("soon@lab.eu", 0.4, 2, 4, 50)
    assert best([low, high, same, soon], 0) == "soon@lab.eu"
    assert best([same, high, low], 0) == "high@lab.eu"
    assert best([low, high], 2) == "low@lab.eu"
    assert best([low, high], 9) is None
    assert best([], 0) is None
    loud = Prospect("loud@lab.eu", 0.05, 90_000, 7, 50)
    calm = Prospect("calm@lab.eu", 0.05, SHARED_ENOUGH, 6, 50)
    few = Prospect("few@lab.eu", 0.05, SHARED_ENOUGH - 1, 1, 50)
    assert best([loud, few, calm], 0) == "calm@lab.eu", "volume makes nobody a mentor"
    assert best([loud, calm], SHARED_ENOUGH) == "loud@lab.eu"


def test_where_all_begin_together_nobody_is_older() -> None:
    """MENTOR-1: also where one of them ticked once or twice more."""
    ticks = (1, 3, 4, 9)
    assert [one for one in ticks if is_older(one, 1)] == [4, 9]
    assert [one for one in ticks if is_older(one, 4)] == [9]
    assert not any(is_older(one, 5) for one in ticks)
