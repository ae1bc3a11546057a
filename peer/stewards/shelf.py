"""What a steward's home remembers: every document its steward signed or saw in force.

A steward who forgot the newest roster would sign over it, so the base of a new version is the
newest of what the share shows and what this shelf holds.
"""

from __future__ import annotations

import os
from typing import Protocol

from peer.home.files import make_private_folder, read_private, write_private
from protocol.authority import StewardDocument, open_document
from protocol.errors import HomeError, RuleError, ShareError
from protocol.trust import Trust
from registry import charter, layout
from registry.share import Share

_FOLDER = "documents"


class Shelf(Protocol):
    """Where a steward keeps documents."""

    def keep(self, document: StewardDocument) -> None:
        """Remember a document; again is harmless."""
        ...

    def everything(self) -> list[bytes]:
        """The bytes of every document kept."""
        ...


class FolderShelf:
    """The shelf in a steward's directory."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.join(folder, _FOLDER)

    def keep(self, document: StewardDocument) -> None:
        """See `Shelf.keep`."""
        make_private_folder(self._folder)
        path = layout.document_path(document.type, document.number, document.digest)
        write_private(os.path.join(self._folder, path.replace("/", ".")), document.data)

    def everything(self) -> list[bytes]:
        """See `Shelf.everything`."""
        try:
            names = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return []
        except OSError as error:
            # Whoever signed without what stands here would sign over it.
            raise HomeError(
                f"{self._folder} cannot be read ({error.strerror}); check who owns it"
            ) from error
        return [
            read_private(os.path.join(self._folder, name))
            for name in names
            if name.endswith(".json")
        ]


def gather(shelf: Shelf, share: Share, trust: Trust) -> list[StewardDocument]:
    """Every valid document of the shelf and of the share, by type, scope, number and digest."""
    found: dict[str, StewardDocument] = {}
    for data in shelf.everything() + shared(share):
        try:
            document = open_document(data, trust)
        except RuleError:
            continue  # peers quarantine and report it; a steward only must not build on it
        found[document.digest] = document
    return sorted(found.values(), key=lambda d: (d.type, d.scope, d.number, d.digest))


def shared(share: Share) -> list[bytes]:
    """The bytes of every document that can be read on the share, valid or not."""
    data = []
    for path in charter.documents(share):
        try:
            data.append(charter.fetch_document(share, path))
        except ShareError:
            continue
    return data
