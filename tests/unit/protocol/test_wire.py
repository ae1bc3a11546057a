"""Dataclasses on the wire: validated, dumped, described, and rebuilt without pydantic."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union

import pytest

from protocol.canonical import encode
from protocol.errors import RuleError
from protocol.names import check_name
from protocol.wire import (
    AtMost,
    Between,
    Checked,
    Form,
    Length,
    dump,
    json_schema,
    trusted,
    validate,
)

Colour = Annotated[str, Form("red|green", 5)]
Name = Annotated[str, Form("[a-z]+", 8), Checked(check_name)]
Dot = Annotated[str, Form(".", 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """The inner one."""

    colour: Colour
    size: Annotated[int, Between(-1, 10)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """One field of every kind that wire types use."""

    kind: Literal["tree"] = "tree"
    name: Name
    note: Annotated[str, Length(1, 3)] | None = None
    leaves: Annotated[tuple[Leaf, ...], AtMost(2)] = ()
    crown: Leaf | None = None
    numbers: tuple[tuple[int, ...], ...] = ()
    dot: Dot | None = None
    old: Union[Leaf, None] = None  # noqa: UP007 - the other spelling of the same
    tall: bool = False
    raw: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Muddle:
    """Not of the shape that `trusted` rebuilds."""

    either: Leaf | Tree


FULL: dict[str, Any] = {
    "kind": "tree",
    "name": "oak",
    "note": "ab",
    "leaves": [{"colour": "red", "size": 10}, {"colour": "green", "size": -1}],
    "crown": {"colour": "red", "size": 0},
    "numbers": [[1, 2], []],
    "dot": "é",
    "old": {"colour": "green", "size": 1},
    "tall": True,
    "raw": {"a": [1]},
}
OAK = Tree(
    name="oak",
    note="ab",
    leaves=(Leaf(colour="red", size=10), Leaf(colour="green", size=-1)),
    crown=Leaf(colour="red"),
    numbers=((1, 2), ()),
    dot="é",
    old=Leaf(colour="green", size=1),
    tall=True,
    raw={"a": [1]},
)


def test_every_kind_of_field_is_read() -> None:
    assert validate(Tree, encode(FULL), "T-1") == OAK
    assert validate(Tree, b'{"name":"oak"}', "T-1") == Tree(name="oak")


def test_unknown_members_are_ignored() -> None:
    """Networks are upgraded peer by peer: a newer peer may say more."""
    newer = {**FULL, "new": 1, "crown": {"colour": "red", "size": 0, "new": [[]]}}
    assert validate(Tree, encode(newer), "T-1") == OAK


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": None}, "name"),
        ({"name": "Oak"}, "name"),
        ({"name": "a" * 9}, "name"),
        ({"name": "oak\n"}, "name"),
        ({"name": " oak"}, "name"),
        ({"name": 1}, "name"),
        ({"kind": "bush"}, "kind"),
        ({"note": ""}, "note"),
        ({"note": "abcd"}, "note"),
        ({"leaves": [{"colour": "red"}] * 3}, "leaves"),
        ({"leaves": {"colour": "red"}}, "leaves"),
        ({"leaves": ["red"]}, "leaves.0"),
        ({"crown": {"colour": "blue"}}, "crown.colour"),
        ({"crown": {"colour": "redx"}}, "crown.colour"),  # the whole text, not its beginning
        ({"crown": {"colour": "xred"}}, "crown.colour"),
        ({"crown": {"colour": "xgreen"}}, "crown.colour"),
        ({"crown": {"size": 1}}, "crown.colour"),
        ({"crown": {"colour": "red", "size": 11}}, "crown.size"),
        ({"crown": {"colour": "red", "size": -2}}, "crown.size"),
        ({"crown": {"colour": "red", "size": True}}, "crown.size"),
        ({"crown": {"colour": "red", "size": "1"}}, "crown.size"),
        ({"crown": {"colour": "red", "size": None}}, "crown.size"),
        ({"numbers": [1]}, "numbers.0"),
        ({"tall": 1}, "tall"),
        ({"tall": "yes"}, "tall"),
    ],
)
def test_refused_with_the_caller_s_rule_and_the_place(change: dict[str, Any], where: str) -> None:
    """Nothing is bent into shape: no text for a number, no number for a boolean."""
    with pytest.raises(RuleError) as refusal:
        validate(Tree, encode({**FULL, **change}), "T-7")
    assert refusal.value.rule == "T-7"
    assert refusal.value.reason.startswith(f"{where}: ")
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 5000, b'{"name":"\xff']
)
def test_bytes_that_are_no_object_are_refused(body: bytes) -> None:
    with pytest.raises(RuleError) as refusal:
        validate(Tree, body, "T-1")
    assert refusal.value.rule == "T-1"
    assert str(refusal.value).isprintable()


def test_a_missing_member_is_named() -> None:
    with pytest.raises(RuleError, match=r"^T-1: name: Field required$"):
        validate(Tree, b"{}", "T-1")


def test_characters_are_counted_not_bytes() -> None:
    """Of Unicode, as JSON Schema counts."""
    assert validate(Tree, encode({"name": "oak", "note": "\U0001f600" * 3}), "T-1").note


def test_a_check_refuses_with_its_own_rule() -> None:
    """NAME-3, NAME-4: what a pattern cannot say keeps its own name."""
    with pytest.raises(RuleError, match=r"^NAME-3: "):
        validate(Tree, b'{"name":"con"}', "T-1")
    with pytest.raises(RuleError, match=r"^NAME-4: "):
        validate(Tree, b'{"name":"all"}', "T-1")


def test_dump_leaves_out_what_is_none() -> None:
    assert dump(OAK) == FULL
    assert dump(Tree(name="oak")) == {
        "kind": "tree",
        "name": "oak",
        "leaves": [],
        "numbers": [],
        "tall": False,
    }


def test_trusted_builds_the_same() -> None:
    """Unknown members are ignored, missing ones get their default, null stays None."""
    assert trusted(Tree, FULL) == OAK
    assert trusted(Tree, {"name": "oak", "new": 1}) == Tree(name="oak")
    assert trusted(Tree, {"name": "oak", "crown": None}) == Tree(name="oak")
    assert isinstance(trusted(Tree, FULL).leaves, tuple)
    assert isinstance(trusted(Tree, FULL).numbers[0], tuple)


def test_trusted_checks_nothing() -> None:
    """That is what makes it quick, and why only our own JSON may go in."""
    assert trusted(Leaf, {"colour": "blue"}) == Leaf(colour="blue")


def test_trusted_refuses_types_it_cannot_tell_apart() -> None:
    with pytest.raises(TypeError, match="which member"):
        trusted(Muddle, {"either": {"colour": "red"}})


def test_the_schema_says_every_limit() -> None:
    """JSON Schema for implementations in other languages."""
    schema = json_schema(Tree)
    leaf = schema["$defs"]["Leaf"]
    fields = schema["properties"]
    assert schema["required"] == ["name"]
    assert leaf["required"] == ["colour"]
    assert leaf["properties"]["colour"]["pattern"] == "^(?:red|green)$"
    assert leaf["properties"]["size"]["minimum"] == -1
    assert leaf["properties"]["size"]["maximum"] == 10
    assert fields["name"]["pattern"] == "^(?:[a-z]+)$"
    assert fields["name"]["maxLength"] == 8
    assert fields["note"]["anyOf"][0] == {"maxLength": 3, "minLength": 1, "type": "string"}
    assert fields["leaves"]["maxItems"] == 2
    assert fields["leaves"]["items"] == {"$ref": "#/$defs/Leaf"}
    assert fields["kind"]["const"] == "tree"
    assert schema.get("additionalProperties", True) is True


IMPORTS = """
import sys
for absent in {absent!r}:
    sys.modules[absent] = None  # an import of it raises
from dataclasses import dataclass
{code}
"""


@pytest.mark.parametrize(
    ("absent", "code"),
    [
        (["cryptography"], "import protocol.canonical, protocol.names, protocol.wire"),
        (["pydantic", "pydantic_core"], "import protocol.envelope, protocol.names, protocol.wire"),
        (["orjson", "pydantic"], "import protocol.names, protocol.wire, protocol.limits"),
        (
            ["pydantic", "pydantic_core"],
            "from protocol.wire import Between, dump, trusted\n"
            "from typing import Annotated\n"
            "@dataclass(frozen=True, slots=True, kw_only=True)\n"
            "class Leaf:\n"
            "    size: Annotated[int, Between(0, 1)]\n"
            "assert dump(trusted(Leaf, {'size': 1})) == {'size': 1}\n",
        ),
    ],
)
def test_start_up_does_without(absent: list[str], code: str) -> None:
    """What a short command imports is what it waits for."""
    program = IMPORTS.format(absent=absent, code=code)
    top = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=top)
