"""Where everything stands on the share, and the exact form of every name.

    NETWORK.json                        the marker: root version 1, and the cluster as a hint
    charter/<n>.<type>.<hash8>.json     root, charter, roster: steward documents with a number
    orders/<hash16>.json                halts and resumes
    peers/<name>/card.json, heartbeat.json
                 inbox/<author>.<epoch8>.<seq>.page
                 outbox/feed/<epoch8>.<seq>.page
                 outbox/mail/<to>/<epoch8>.<seq>.page
                 receipts/<cluster>/<author>.json
                 blobs/<sha256>

Rules: a name that is not exactly of the expected form is nobody's and is ignored; conflict copies
and temporaries of sync tools are such names. Numbers are decimal without leading zeros.
This module does not read or write.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MARKER = "NETWORK.json"
CHARTER = "charter"
ORDERS = "orders"
PEERS = "peers"

_NAME = r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
_NUMBER = r"[1-9][0-9]{0,15}"
_LETTER = re.compile(rf"({_NAME})\.([a-z2-7]{{8}})\.({_NUMBER})\.page\Z").match
_PAGE = re.compile(rf"([a-z2-7]{{8}})\.({_NUMBER})\.page\Z").match
_DOCUMENT = re.compile(
    rf"({_NUMBER})\.(root|charter|roster|delegation)\.([0-9a-f]{{8}})\.json\Z"
).match
_REVOCATION = re.compile(r"revocation\.[0-9a-f]{16}\.json\Z").match
_BLOB = re.compile(r"[0-9a-f]{64}\Z").match
_ORDER = re.compile(r"[0-9a-f]{16}\.json\Z").match


class PageName(NamedTuple):
    """What a page's file name claims: its author's bare name, the epoch's start, the seq."""

    author: str
    epoch8: str
    seq: int


def letter_file(page: PageName) -> str:
    """The file name of a page in an inbox."""
    return f"{page.author}.{page.epoch8}.{page.seq}.page"


def page_file(page: PageName) -> str:
    """The file name of a page in its author's own outbox."""
    return f"{page.epoch8}.{page.seq}.page"


def read_letter_file(name: str) -> PageName | None:
    """What a name in an inbox claims, or None where it is not of the form."""
    found = _LETTER(name)
    return PageName(found[1], found[2], int(found[3])) if found else None


def read_page_file(name: str, author: str) -> PageName | None:
    """What a name in the outbox of `author` claims, or None where it is not of the form."""
    found = _PAGE(name)
    return PageName(author, found[1], int(found[2])) if found else None


def document_path(type_: str, number: int, digest: str) -> str:
    """Where a steward document stands; `type_` as on the wire, `number` 0 where it has none."""
    word = type_.split("/")[1]
    if word in ("order", "decision"):
        return f"{ORDERS}/{digest[:16]}.json"
    if word == "revocation":
        return f"{CHARTER}/{word}.{digest[:16]}.json"
    return f"{CHARTER}/{number}.{word}.{digest[:8]}.json"


def is_document_file(name: str) -> bool:
    """Whether a name in `charter/` is of the form."""
    return _DOCUMENT(name) is not None or _REVOCATION(name) is not None


def is_order_file(name: str) -> bool:
    """Whether a name in `orders/` is of the form."""
    return _ORDER(name) is not None


def is_blob_file(name: str) -> bool:
    """Whether a name in `blobs/` is of the form."""
    return _BLOB(name) is not None


def peer_folder(name: str) -> str:
    """The folder that a peer owns."""
    return f"{PEERS}/{name}"


def card(name: str) -> str:
    """The path of a peer's card."""
    return f"{PEERS}/{name}/card.json"


def heartbeat(name: str) -> str:
    """The path of a peer's heartbeat."""
    return f"{PEERS}/{name}/heartbeat.json"


def inbox(name: str) -> str:
    """The folder where others put letters for a peer."""
    return f"{PEERS}/{name}/inbox"


def feed(name: str) -> str:
    """The folder of the pages that a peer published."""
    return f"{PEERS}/{name}/outbox/feed"


def mail(name: str, to: str) -> str:
    """The folder where `name` keeps letters for `to` whose inbox it cannot write."""
    return f"{PEERS}/{name}/outbox/mail/{to}"


def blobs(name: str) -> str:
    """The folder of the files that belong to what `name` wrote."""
    return f"{PEERS}/{name}/blobs"


def receipts(name: str, cluster: str) -> str:
    """The folder of a peer's receipts for authors of a cluster."""
    return f"{PEERS}/{name}/receipts/{cluster}"


def receipt(name: str, cluster: str, author: str) -> str:
    """The path of the receipt that `name` writes for `author` of `cluster`."""
    return f"{PEERS}/{name}/receipts/{cluster}/{author}.json"


def is_temporary(name: str, writer: str) -> bool:
    """Whether a hidden name is one that this writer takes while he writes."""
    return name.startswith(f".{writer}.")
