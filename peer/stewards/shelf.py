"""What a steward's home remembers: every document its steward signed or saw in force.

A steward who forgot the newest roster would sign over it, so the base of a new version is the
newest of what the share shows and what this shelf holds.
"""

from __future__ import annotations

import os

from peer.home.files import make_private_folder, read_private, write_private
from peer.stewards.opening import open_document
from protocol.authority import StewardDocument
from protocol.errors import RuleError, ShareError
from protocol.root import Root
from registry import charter, layout
from registry.share import Share

_FOLDER = "documents"


def verify(data: bytes, trust: Root, network: str) -> StewardDocument:
    """A document under the root; RuleError where it is not one."""
    return open_document(data, trust, network)


def keep(folder: str, document: StewardDocument) -> None:
    """Remember a document in a steward's directory."""
    shelf = os.path.join(folder, _FOLDER)
    make_private_folder(shelf)
    path = layout.document_path(document.type, document.number, document.digest)
    write_private(os.path.join(shelf, path.replace("/", ".")), document.data)


def gather(folder: str, share: Share, trust: Root, network: str) -> list[StewardDocument]:
    """Every valid document of the shelf and of the share, by type, scope, number and digest."""
    found: dict[str, StewardDocument] = {}
    for data in _shelved(folder) + _shared(share):
        try:
            document = verify(data, trust, network)
        except RuleError:
            continue  # peers quarantine and report it; a steward only must not build on it
        found[document.digest] = document
    return sorted(found.values(), key=lambda d: (d.type, d.scope, d.number, d.digest))


def _shelved(folder: str) -> list[bytes]:
    shelf = os.path.join(folder, _FOLDER)
    if not os.path.isdir(shelf):
        return []
    return [
        read_private(os.path.join(shelf, name))
        for name in sorted(os.listdir(shelf))
        if name.endswith(".json")
    ]


def _shared(share: Share) -> list[bytes]:
    data = []
    for path in charter.documents(share):
        try:
            data.append(charter.fetch_document(share, path))
        except ShareError:
            continue
    return data
