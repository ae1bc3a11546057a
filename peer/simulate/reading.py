"""What checkers read for themselves: documents, names and hashes, from bytes alone.

Written anew from SPEC.md and not with `protocol`, so that a mistake there does not blind whoever
looks for it. A name or a document that is not what it seems gives None.
"""

from __future__ import annotations

import re
from base64 import b32encode
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

ID_CHARS = 26
PAGE, BEAT, RECEIPT = "soma/page/1", "soma/heartbeat/1", "soma/receipt/1"
ORDER, ROSTER = "soma/order/1", "soma/roster/1"
CHARTER, DECISION = "soma/charter/1", "soma/decision/1"
BALLOT = "soma/ballot/1"

_INBOX = re.compile(r"peers/([a-z0-9-]+)/inbox/([a-z0-9-]+)\.([a-z2-7]{8})\.([1-9][0-9]*)\.page\Z")
_MAIL = re.compile(
    r"peers/([a-z0-9-]+)/outbox/mail/([a-z0-9-]+)/([a-z2-7]{8})\.([1-9][0-9]*)\.page\Z"
)
_FEED = re.compile(r"peers/([a-z0-9-]+)/outbox/feed/([a-z2-7]{8})\.([1-9][0-9]*)\.page\Z")
_RECEIPT = re.compile(r"peers/([a-z0-9-]+)/receipts/[a-z0-9.-]+/([a-z0-9-]+)\.json\Z")


class PageFile(NamedTuple):
    """A name at which a page stands: in an inbox, among kept mail, or in a feed (`to` is all)."""

    author: str
    to: str
    epoch8: str
    seq: int
    where: str


class Signed(NamedTuple):
    """A message as it was signed: its type, its digest and what it says."""

    type: str
    digest: str
    body: dict[str, Any]


def page_file(path: str) -> PageFile | None:
    """What a path says, where it is that of a page."""
    if found := _INBOX.match(path):
        return PageFile(found[2], found[1], found[3], int(found[4]), "inbox")
    if found := _MAIL.match(path):
        return PageFile(found[1], found[2], found[3], int(found[4]), "mail")
    if found := _FEED.match(path):
        return PageFile(found[1], "all", found[2], int(found[3]), "feed")
    return None


def receipt_file(path: str) -> tuple[str, str] | None:
    """(reader, author) of the path of a receipt."""
    found = _RECEIPT.match(path)
    return (found[1], found[2]) if found else None


def is_beat(path: str) -> bool:
    """Whether a heartbeat stands there."""
    return path.startswith("peers/") and path.endswith("/heartbeat.json") and path.count("/") == 2


def bare(address: str) -> str:
    """The name in a full address."""
    return address.partition("@")[0]


def item_id(data: bytes) -> str:
    """The id that the bytes of an item have."""
    return hash_id(sha256(data).digest())


def hash_id(digest: bytes) -> str:
    """The id of an item by its hash."""
    return b32encode(digest).decode().lower()[:ID_CHARS]


def page_ids(body: dict[str, Any]) -> tuple[str, ...]:
    """The ids of the items that the header of a page lists."""
    return tuple(hash_id(bytes.fromhex(text)) for text in body["items"])


def asked_hash(network: str, author: str, audience: str, item: str) -> str:
    """What a steward's decision on an item with this hash names."""
    effect = "publish" if audience == "all" else "send"
    value = {"audience": audience, "author": author, "effect": effect, "item": item}
    body = orjson.dumps({**value, "network": network}, option=orjson.OPT_SORT_KEYS)
    return sha256(b"DSSEv1 14 soma/request/1 %d %b" % (len(body), body)).hexdigest()


def signed_message(message: bytes) -> Signed | None:
    """What a pre-authentication encoding says ("DSSEv1 <n> <type> <n> <body>")."""
    parts = message.split(b" ", 4)
    if len(parts) != 5 or parts[0] != b"DSSEv1":
        return None
    body = orjson.loads(parts[4])
    return Signed(parts[2].decode(), sha256(message).hexdigest(), body)


@lru_cache(maxsize=2_048)
def document(data: bytes) -> Signed | None:
    """What the bytes of a document on the share or in a home say; no signature is checked."""
    try:
        body = orjson.loads(data)["signed"]
        type_ = body["type"].encode()
        text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    message = b"DSSEv1 %d %b %d %b" % (len(type_), type_, len(text), text)
    return Signed(type_.decode(), sha256(message).hexdigest(), body)
