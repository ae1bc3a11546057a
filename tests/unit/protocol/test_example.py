"""The example of SPEC.md, recomputed without this project's code, and then read with it."""

from __future__ import annotations

import json
import re
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.messages import Note
from protocol.page import open_page
from protocol.signing import fingerprint, show_fingerprint

SEED = b"\x01" * 32


@pytest.fixture(scope="module")
def example(root: Path) -> dict[str, str]:
    """The lines of the example by their names."""
    text = (root / "SPEC.md").read_text(encoding="utf-8")
    section = re.search(r"^## \d+\. An example$(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    assert section is not None
    return dict(re.findall(r"^    (\S+(?: \S+)?) {2,}(.+)$", section[1], re.MULTILINE))


def b32(data: bytes) -> str:
    return b32encode(data).decode().lower().rstrip("=")


def canonical(text: str) -> bytes:
    """Good enough for values whose keys are ASCII and whose numbers are integers."""
    value = json.loads(text)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_the_example_is_what_the_rules_say(example: dict[str, str]) -> None:
    """CANON-6, SIG-1, SIG-6, ENV-9, ITEM-7, PAGE-8: with the standard library and Ed25519 alone."""
    private = Ed25519PrivateKey.from_private_bytes(SEED)
    public = private.public_key().public_bytes_raw()
    assert urlsafe_b64encode(public).rstrip(b"=").decode() == example["key"]
    assert b32(sha256(public).digest())[:26] == example["fingerprint"].replace("-", "")
    item, signed = canonical(example["item"]), canonical(example["signed"])
    assert [item.decode(), signed.decode()] == [example["item"], example["signed"]]
    assert sha256(item).hexdigest() == example["its hash"]
    assert b32(sha256(item).digest())[:26] == example["its id"]
    head = example["PAE"].partition(" followed by")[0]
    assert head == f"DSSEv1 11 soma/page/1 {len(signed)}"
    message = head.encode() + b" " + signed
    assert sha256(message).hexdigest() == example["hash"]
    page = json.loads(example["page"])
    assert page["signed"] == json.loads(signed)
    assert page["items"] == [json.loads(item)]
    assert page["signed"]["items"] == [example["its hash"]]
    (entry,) = page["signatures"]
    assert entry["key"] == example["key"]
    assert urlsafe_b64decode(entry["sig"] + "==") == private.sign(message)


def test_the_example_is_read(example: dict[str, str]) -> None:
    """PAGE-1 to PAGE-8: by this implementation."""
    page = open_page(example["page"].encode(), "0" * 64)
    (item,) = page.items
    assert not isinstance(item, Exception)
    assert item is not None
    assert (page.digest, item.id) == (example["hash"], example["its id"])
    assert item.body == Note(text="hé")
    shown = show_fingerprint(fingerprint(urlsafe_b64decode(example["key"] + "=")))
    assert shown == example["fingerprint"]
