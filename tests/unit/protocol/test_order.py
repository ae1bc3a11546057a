"""Orders: scopes, and which halts are in force."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol.order import Order, contains, describe_halts, halts_in_force, within
from tests.samples import AT, NETWORK, SALT


def order(word: str, scope: str = "lab.eu", *lifts: str) -> Order:
    said: dict[str, Any] = {"order": word}
    return Order(network=NETWORK, scope=scope, salt=SALT, at=AT, lifts=lifts, **said)


def halted(**orders: Order) -> set[str]:
    return set(halts_in_force(orders))


@pytest.mark.parametrize(
    ("scope", "inside"),
    [
        ("*", True),
        ("core@lab.eu.acme", True),
        ("lab.eu.acme", True),
        ("eu.acme", True),
        ("acme", True),
        ("me", False),
        ("u.acme", False),
        ("lab", False),
        ("lab.eu", False),
        ("core", False),
        ("lab.eu.acme.org", False),
        ("core@eu.acme", False),
        ("scout@lab.eu.acme", False),
        ("core@lab.eu.acme.org", False),
    ],
)
def test_who_is_within_a_scope(scope: str, inside: bool) -> None:
    """HALT-3: a region ends at the dots of the address, a name at its @."""
    assert within("core@lab.eu.acme", scope) is inside


@pytest.mark.parametrize(
    ("outer", "inner", "inside"),
    [
        ("*", "*", True), ("*", "eu", True), ("*", "core@lab.eu", True),
        ("eu", "*", False), ("eu", "eu", True), ("eu", "lab.eu", True), ("lab.eu", "eu", False),
        ("eu", "core@lab.eu", True), ("us", "core@lab.eu", False), ("u", "lab.eu", False),
        ("core@lab.eu", "core@lab.eu", True), ("core@lab.eu", "scout@lab.eu", False),
        ("core@lab.eu", "*", False), ("core@eu", "core@lab.eu", False),
        ("core@lab.eu", "lab.eu", False), ("x@lab.eu", "lab.eu", False), ("any@eu", "eu", False),
    ],
)  # fmt: skip
def test_which_scope_contains_which(outer: str, inner: str, inside: bool) -> None:
    """HALT-1: one peer's scope contains no cluster, whatever the peer is called."""
    assert contains(outer, inner) is inside


def test_a_halt_holds_until_a_resume_names_it() -> None:
    """HALT-1: nothing else lifts it."""
    halt = order("halt")
    assert halted(h=halt) == {"h"}
    assert halted(h=halt, r=order("resume", "lab.eu", "h")) == set()
    assert halted(h=halt, r=order("resume", "lab.eu", "other")) == {"h"}
    assert halted(h=halt, r=order("resume", "lab.eu")) == {"h"}
    assert halted(r=order("resume", "lab.eu", "h")) == set()


@pytest.mark.parametrize(
    ("scope", "lifted"),
    [("*", True), ("lab.eu", True), ("eu", True), ("core@lab.eu", False), ("lab", False)],
)
def test_a_resume_lifts_what_lies_within_its_scope(scope: str, lifted: bool) -> None:
    """HALT-1: a resume of less does not end a halt of more."""
    assert halted(h=order("halt"), r=order("resume", scope, "h")) == (set() if lifted else {"h"})


def test_a_new_halt_is_not_lifted_by_an_old_resume() -> None:
    """HALT-1: a resume ends what it names, and nothing that comes later."""
    known = {"a": order("halt"), "r": order("resume", "*", "a"), "b": order("halt")}
    assert halted(**known) == {"b"}


def test_a_halt_lifts_nothing_and_a_resume_halts_nothing() -> None:
    """HALT-2: `lifts` means something in a resume only; resuming a resume is nothing."""
    assert halted(h=order("halt"), other=order("halt", "*", "h")) == {"h", "other"}
    lifted = {"h": order("halt"), "r": order("resume", "*", "h"), "s": order("resume", "*", "r")}
    assert halted(**lifted) == set()


def test_halts_for_a_person() -> None:
    """HALT-1: where, and why if somebody said so."""
    because = replace(order("halt", "core@lab.eu"), because="its disk is full")
    assert describe_halts([order("halt", "*"), because]) == ["*", "core@lab.eu (its disk is full)"]
