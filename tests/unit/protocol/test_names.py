"""Names, clusters, addresses: each rule at its border."""

from __future__ import annotations

import pytest

from protocol.errors import RuleError
from protocol.names import Address, check_cluster, check_name


@pytest.mark.parametrize(
    "text", ["a", "7", "core", "a-b", "a--b", "0-0", "a" * 32, "con1", "com", "com10", "alls", "nu"]
)
def test_good_names(text: str) -> None:
    """NAME-1 to NAME-4: this side of the border."""
    assert check_name(text) == text


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "NAME-1"),
        ("a" * 33, "NAME-1"),
        ("Core", "NAME-1"),
        ("a.b", "NAME-1"),
        ("a_b", "NAME-1"),
        ("a/b", "NAME-1"),
        ("..", "NAME-1"),
        ("a b", "NAME-1"),
        ("core\n", "NAME-1"),
        ("kö", "NAME-1"),
        ("\u0660", "NAME-1"),  # a digit, but not one of ours
        ("a\x00", "NAME-1"),
        ("-", "NAME-2"),
        ("-a", "NAME-2"),
        ("a-", "NAME-2"),
        ("con", "NAME-3"),
        ("prn", "NAME-3"),
        ("aux", "NAME-3"),
        ("nul", "NAME-3"),
        *((f"{port}{digit}", "NAME-3") for port in ("com", "lpt") for digit in range(10)),
        ("all", "NAME-4"),
        ("feed", "NAME-4"),
        ("mail", "NAME-4"),
        ("relay", "NAME-4"),
    ],
)
def test_bad_names(text: str, rule: str) -> None:
    """NAME-1 to NAME-4: the other side, as a name and in an address."""
    for call in (lambda: check_name(text), lambda: Address.parse(f"{text}@lab")):
        with pytest.raises(RuleError) as refusal:
            call()
        assert refusal.value.rule == rule
        assert str(refusal.value).isprintable()


@pytest.mark.parametrize("text", ["", "Lab", "-lab", "con", "all", "a" * 33, "la/b"])
def test_a_label_follows_the_rules_of_a_name(text: str) -> None:
    """NAME-5: in first, middle and last place."""
    for cluster in (text, f"{text}.eu", f"lab.{text}.eu", f"lab.{text}"):
        with pytest.raises(RuleError, match=r"NAME-[1-4]"):
            check_cluster(cluster)


def test_good_clusters() -> None:
    """NAME-5: labels, most specific first, up to 100 characters."""
    for text in ("lab", "lab.eu", "lab.eu.acme", "1.2.3", ".".join(["a" * 32, "b" * 32, "c" * 32])):
        assert check_cluster(text) == text
    exactly = ".".join(["a" * 32, "b" * 32, "c" * 32, "d"])
    assert len(exactly) == 100
    assert check_cluster(exactly) == exactly


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (".".join(["a" * 32, "b" * 32, "c" * 32, "de"]), "NAME-5"),
        ("a" * 10_000, "NAME-5"),
        ("", "NAME-1"),
        (".", "NAME-1"),
        ("lab.", "NAME-1"),
        (".eu", "NAME-1"),
        ("lab..eu", "NAME-1"),
        ("a" * 33, "NAME-1"),
        ("con.eu", "NAME-3"),  # Windows reserves a device name with any ending, too
    ],
)
def test_bad_clusters(text: str, rule: str) -> None:
    """NAME-5: too long, or a label that is no name."""
    with pytest.raises(RuleError) as refusal:
        check_cluster(text)
    assert refusal.value.rule == rule
    assert len(str(refusal.value)) < 150


def test_an_address_is_name_and_cluster() -> None:
    """NAME-6: there and back."""
    address = Address.parse("core@lab.eu")
    assert address == Address("core", "lab.eu")
    assert str(address) == "core@lab.eu"
    assert Address("a", "x") < Address("b", "a")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("core", "NAME-6"),
        ("", "NAME-6"),
        ("@", "NAME-1"),
        ("core@", "NAME-1"),
        ("@lab", "NAME-1"),
        ("core@lab@eu", "NAME-1"),
        ("all@lab", "NAME-4"),
    ],
)
def test_bad_addresses(text: str, rule: str) -> None:
    """NAME-6: exactly one @, a name before it, a cluster behind it."""
    with pytest.raises(RuleError) as refusal:
        Address.parse(text)
    assert refusal.value.rule == rule
