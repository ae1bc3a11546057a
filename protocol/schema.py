"""The JSON Schemas (2020-12) of everything that crosses the share, made from the wire types.

One schema for each file or part of a file that another implementation writes; each stands alone.
They say what a writer may write. A reader accepts a little more: members it does not know, items
whose kind or body it does not understand (SPEC.md: ITEM-4, ITEM-5). They do not say what crosses
two members (PAGE-3) or needs a key.

Only this module and `wire` know pydantic, and neither imports it before it is asked. This module
does *not* write files: `python -m peer.schemas` does.
"""

from __future__ import annotations

from typing import Any

import orjson

from protocol import (
    ballots,
    card,
    charter,
    decision,
    delegation,
    head,
    heartbeat,
    limits,
    marker,
    order,
    page,
    receipt,
    revocation,
    root,
    roster,
    wire,
)
from protocol.messages import KINDS, Request
from protocol.messages import Head as ItemHead

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PEERS = {  # signed once, by the key that they name; a ballot by that of its voter
    "ballot": ballots.Ballot,
    "page": page.Header,
    "card": card.Card,
    "heartbeat": heartbeat.Heartbeat,
    "receipt": receipt.Receipt,
}
_STEWARDS = {  # signed by stewards, with a signed head beside
    "root": root.Root,
    "charter": charter.Charter,
    "roster": roster.Roster,
    "order": order.Order,
    "delegation": delegation.Delegation,
    "revocation": revocation.Revocation,
    "decision": decision.Decision,
}
_ITEM = {"$ref": "#/$defs/Item"}
_HEAD = {"$ref": "#/$defs/SignedHead"}
_ROOT = {"$ref": "#/$defs/SignedRoot"}


def schemas() -> dict[str, Schema]:
    """The schemas by the name of their file: `page`, `item`, `ballot` … `network`."""
    found = {name: _envelope(form) for name, form in _PEERS.items()}
    found["head"] = _envelope(head.Head, signatures_max=limits.signatures_max)
    found["item"] = _item()
    for name, form in _STEWARDS.items():
        found[name] = _envelope(form, {"head": _HEAD}, limits.signatures_max)
        _adopt(found[name], "SignedHead", found["head"])
    found["page"]["properties"]["items"] = _list_of({"anyOf": [_ITEM, {"type": "null"}]})
    found["page"]["required"].append("items")
    _adopt(found["page"], "Item", found["item"])
    found["heartbeat"]["$defs"]["Signed"]["properties"]["heads"]["items"] = _HEAD
    _adopt(found["heartbeat"], "SignedHead", found["head"])
    found["network"] = _marker(found["root"])
    return {name: _headed(name, found[name]) for name in sorted(found)}


def render(schema: Schema) -> bytes:
    """A schema as the bytes of its file: members sorted, two spaces, a newline at the end."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(schema, option=options)


def _headed(name: str, schema: Schema) -> Schema:
    return {"$schema": DIALECT, "$id": f"urn:soma:{name}:1", **schema}


def _envelope(form: type[Any], rest: Schema | None = None, signatures_max: int = 1) -> Schema:
    """A signed document: signatures, `signed` and what `rest` names, and nothing else."""
    signed = _body(form)
    defs = signed.pop("$defs", {})
    signed["required"] = ["type", *signed["required"]]
    del signed["properties"]["type"]["default"]
    signatures = {
        "type": "array",
        "items": {"$ref": "#/$defs/Signature"},
        "minItems": 1,
        "maxItems": signatures_max,
    }
    members = {"signatures": signatures, "signed": {"$ref": "#/$defs/Signed"}, **(rest or {})}
    return _closed(members) | {"$defs": {"Signature": _signature(), "Signed": signed, **defs}}


def _signature() -> Schema:
    return _closed({"key": _base64url(limits.key_bytes), "sig": _base64url(limits.signature_bytes)})


def _base64url(length: int) -> Schema:
    chars = (length * 8 + 5) // 6
    return {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{{chars}}}$"}


def _item() -> Schema:
    """An item: its head, and a body that fits its kind where the kind is known."""
    schema = _body(ItemHead)
    schema["properties"]["body"] = {"type": "object"}
    schema["required"].append("body")
    schema.setdefault("$defs", {})
    # What a request asks for is an item, too; its body is left open, or schemas would go in rings.
    asked = {member: value for member, value in schema.items() if member != "$defs"}
    schema["allOf"] = []
    for kind, form in KINDS.items():
        body = _body(form)
        schema["$defs"] |= body.pop("$defs", {}) | {form.__name__: body}
        schema["allOf"].append(
            {
                "if": {"properties": {"kind": {"const": kind}}},
                "then": {"properties": {"body": {"$ref": f"#/$defs/{form.__name__}"}}},
            }
        )
    schema["$defs"]["Asked"] = asked
    schema["$defs"][Request.__name__]["properties"]["item"] = {"$ref": "#/$defs/Asked"}
    return schema


def _marker(signed_root: Schema) -> Schema:
    """NETWORK.json, which is not signed as a whole."""
    schema = _body(marker.Marker)
    schema["properties"]["root"] = _ROOT
    _adopt(schema, "SignedRoot", signed_root)
    return schema


def _closed(members: Schema) -> Schema:
    """An object of exactly these members."""
    return {
        "type": "object",
        "properties": members,
        "required": sorted(members),
        "additionalProperties": False,
    }


def _list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items, "maxItems": limits.page_items_max}


def _adopt(schema: Schema, name: str, other: Schema) -> None:
    """Put `other` and all that it refers to among the definitions of `schema`.

    Definitions of one name would hide each other, so what `other` brings is prefixed with `name`.
    """
    defs = schema.setdefault("$defs", {})
    own = other.get("$defs", {})
    renamed = {f"#/$defs/{old}": f"#/$defs/{name}.{old}" for old in own}
    body = {member: value for member, value in other.items() if member != "$defs"}
    defs[name] = _referring(body, renamed)
    for old, definition in own.items():
        defs[f"{name}.{old}"] = _referring(definition, renamed)


def _referring(value: Any, renamed: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_referring(member, renamed) for member in value]
    if isinstance(value, dict):
        return {
            name: renamed[member] if name == "$ref" else _referring(member, renamed)
            for name, member in value.items()
        }
    return value


def _body(form: type[Any]) -> Schema:
    """The schema of a wire type, without the words: those are SPEC.md's."""
    plain: Schema = _plain(wire.json_schema(form))
    return plain


def _plain(value: Any) -> Any:
    """Without titles and descriptions, so that no reworded docstring changes a schema."""
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if not isinstance(value, dict):
        return value
    return {
        name: {key: _plain(one) for key, one in member.items()}
        if name in ("properties", "$defs")
        else _plain(member)
        for name, member in value.items()
        if name not in ("title", "description")
    }
