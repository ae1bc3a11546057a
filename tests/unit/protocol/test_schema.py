"""The JSON Schemas: shipped as generated, true of what this code writes, told by SPEC.md."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peer.schemas import FOLDER, write
from protocol import canonical
from protocol.schema import DIALECT, render, schemas
from tests.samples import DOCUMENTS

Schema = dict[str, Any]
SCHEMAS = schemas()
DATA = {name: canonical.decode(data) for name, data in DOCUMENTS.items()}

# The words of JSON Schema that `faults` below knows.
CHECKED = {
    "$defs", "$id", "$schema", "$ref", "default", "type", "const", "enum", "pattern", "minLength",
    "maxLength", "minimum", "maximum", "minItems", "maxItems", "items", "prefixItems",
    "properties", "required", "additionalProperties", "anyOf", "allOf", "if", "then",
}  # fmt: skip
TYPES = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool,
    "null": type(None),
}  # fmt: skip


def faults(value: Any, schema: Schema, top: Schema, at: str = "$") -> Iterator[str]:
    """Where `value` is not what `schema` says; only with the words of JSON Schema used here."""
    assert schema.keys() <= CHECKED, schema.keys() - CHECKED
    if "$ref" in schema:
        yield from faults(value, resolved(schema["$ref"], top), top, at)
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        yield f"{at} is no {schema['type']}"
        return
    if schema.get("type") == "integer" and isinstance(value, bool):
        yield f"{at} is no integer"
    if "const" in schema and value != schema["const"]:
        yield f"{at} is not {schema['const']}"
    if value not in schema.get("enum", [value]):
        yield f"{at} is none of {schema['enum']}"
    if isinstance(value, str):
        yield from text_faults(value, schema, at)
    if isinstance(value, int) and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        yield f"{at} is too small or large"
    if isinstance(value, list):
        yield from list_faults(value, schema, top, at)
    if isinstance(value, dict):
        yield from object_faults(value, schema, top, at)
    if "anyOf" in schema and all(list(faults(value, one, top, at)) for one in schema["anyOf"]):
        yield f"{at} fits nothing of anyOf"
    for one in schema.get("allOf", []):
        yield from faults(value, one, top, at)
    if "if" in schema and not list(faults(value, schema["if"], top, at)):
        yield from faults(value, schema["then"], top, at)


def text_faults(value: str, schema: Schema, at: str) -> Iterator[str]:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{at} is too short or long"
    if "pattern" in schema and re.search(schema["pattern"], value) is None:
        yield f"{at} is not of the pattern"


def list_faults(value: list[Any], schema: Schema, top: Schema, at: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{at} has too few or many entries"
    for index, member in enumerate(value):
        forms = schema.get("prefixItems", [schema.get("items", {})] * len(value))
        if index < len(forms):
            yield from faults(member, forms[index], top, f"{at}[{index}]")


def object_faults(value: Schema, schema: Schema, top: Schema, at: str) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{at}.{name} is missing"
    for name, member in value.items():
        if name in known:
            yield from faults(member, known[name], top, f"{at}.{name}")
        elif not schema.get("additionalProperties", True):
            yield f"{at}.{name} is unknown"


def resolved(ref: str, top: Schema) -> Schema:
    found: Schema = top["$defs"][ref.removeprefix("#/$defs/")]
    return found


def test_there_is_a_schema_for_every_sample_and_a_sample_for_every_schema() -> None:
    assert SCHEMAS.keys() == DATA.keys()


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_this_code_writes_is_what_the_schema_says(name: str) -> None:
    assert not list(faults(DATA[name], SCHEMAS[name], SCHEMAS[name]))


@pytest.mark.parametrize("name", sorted(SCHEMAS.keys() - {"item", "network"}))
@pytest.mark.parametrize("member", ["signatures", "signed"])
def test_schemas_refuse_what_lacks_or_adds_a_member(name: str, member: str) -> None:
    schema = SCHEMAS[name]
    without = {key: value for key, value in DATA[name].items() if key != member}
    assert list(faults(without, schema, schema))
    assert list(faults(DATA[name] | {"extra": 1}, schema, schema))


@pytest.mark.parametrize("member", ["author", "kind", "salt", "at", "body"])
def test_an_item_needs_its_members(member: str) -> None:
    """ITEM-2: and a body, which an honest author writes for every kind."""
    schema = SCHEMAS["item"]
    without = {name: value for name, value in DATA["item"].items() if name != member}
    assert list(faults(without, schema, schema))


def spoiled(value: Any) -> Iterator[Any]:
    """The value with one leaf of it replaced by what fits nowhere."""
    if isinstance(value, dict):
        for name in value:
            for worse in spoiled(value[name]):
                yield {**value, name: worse}
    elif isinstance(value, list):
        for index, member in enumerate(value):
            for worse in spoiled(member):
                yield [*value[:index], worse, *value[index + 1 :]]
    else:
        yield -1.5


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_know_every_leaf(name: str) -> None:
    """No member of a sample is left undescribed: anything else in its place is refused."""
    schema = SCHEMAS[name]
    for worse in spoiled(DATA[name]):
        assert list(faults(worse, schema, schema)), worse


def test_a_body_that_does_not_fit_its_kind_is_refused_and_an_unknown_kind_is_not() -> None:
    """ITEM-4: writers keep to the kinds they know; new kinds need no new schema."""
    schema = SCHEMAS["item"]
    assert list(faults(DATA["item"] | {"body": {}}, schema, schema))
    assert not list(faults(DATA["item"] | {"kind": "dream", "body": {}}, schema, schema))


def test_the_shipped_files_are_those_that_the_code_makes() -> None:
    """Run `python -m peer.schemas` where this fails."""
    shipped = {file.name: file.read_bytes() for file in Path(FOLDER).iterdir()}
    assert shipped == {f"{name}.json": render(schema) for name, schema in schemas().items()}


def test_writing_replaces_what_is_stale(tmp_path: Path) -> None:
    (tmp_path / "gone.json").write_text("{}")
    (tmp_path / "README.md").write_text("kept")
    names = write(str(tmp_path))
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([*names, "README.md"])
    assert (tmp_path / "page.json").read_bytes() == render(SCHEMAS["page"])


def test_one_command_writes_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "peer.schemas", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.startswith(f"{len(SCHEMAS)} schemas: ballot.json, "), done.stderr
    assert len(list(tmp_path.iterdir())) == len(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_stands_alone(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema["$schema"] == DIALECT
    assert schema["$id"] == f"urn:soma:{name}:1"
    text = render(schema).decode()
    assert text.endswith("}\n")
    used = set(re.findall(r'"\$ref": "#/\$defs/([^"]+)"', text))
    assert used == schema.get("$defs", {}).keys()


def test_importing_the_module_loads_no_pydantic() -> None:
    program = "import sys, protocol.schema; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def members(schema: Schema, top: Schema, prefix: str = "") -> Iterator[str]:
    """The dotted names of everything that `schema` describes inside `signed`."""
    schema = resolved(schema["$ref"], top) if "$ref" in schema else schema
    for one in schema.get("anyOf", []):
        yield from members(one, top, prefix)
    if "items" in schema:
        yield from members(schema["items"], top, prefix)
    for name, member in schema.get("properties", {}).items():
        yield f"{prefix}{name}"
        if name != "heads":  # signed heads have a table of their own
            yield from members(member, top, f"{prefix}{name}.")


@pytest.mark.parametrize("name", sorted(SCHEMAS.keys() - {"network"}))
def test_the_specification_has_a_table_of_exactly_these_members(name: str, root: Path) -> None:
    text = (root / "SPEC.md").read_text(encoding="utf-8")
    section = re.search(rf"^### {name.capitalize()}\b.*?(?=^#)", text, re.DOTALL | re.MULTILINE)
    assert section is not None
    table = section[0].split("\n\n")[1]
    told = re.findall(r"^\| `([a-z0-9_.]+)` \|", table, re.MULTILINE)
    signed = SCHEMAS[name]["$defs"].get("Signed", SCHEMAS[name])
    known = [member for member in members(signed, SCHEMAS[name]) if member != "type"]
    assert sorted(told) == sorted(known)
