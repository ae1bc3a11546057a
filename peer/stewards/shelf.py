"""What a steward's home remembers: every document its steward signed or saw in force.

A steward who forgot the newest roster would sign over it, so the base of a new version is the
newest of what the share shows and what this shelf holds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Protocol

from peer.home.files import make_private_folder, read_private, write_private
from protocol.authority import StewardDocument, open_root
from protocol.errors import HomeError, RuleError
from registry import layout

_FOLDER = "documents"


class Shelf(Protocol):
    """Where a steward keeps documents."""

    def keep(self, document: StewardDocument) -> None:
        """Remember a document; again is harmless."""
        ...

    def everything(self) -> Iterable[bytes]:
        """The bytes of every document kept, one after the other."""
        ...


class _NoShelf:
    """Of whoever remembers nothing yet."""

    def keep(self, document: StewardDocument) -> None:
        """Nothing is kept."""

    def everything(self) -> list[bytes]:
        """Nothing was kept."""
        return []


NO_SHELF = _NoShelf()


class FolderShelf:
    """The shelf in a steward's directory."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.join(folder, _FOLDER)

    def keep(self, document: StewardDocument) -> None:
        """See `Shelf.keep`."""
        make_private_folder(self._folder)
        path = layout.document_path(document.type, document.number, document.digest)
        write_private(os.path.join(self._folder, path.replace("/", ".")), document.data)

    def everything(self) -> Iterator[bytes]:
        """See `Shelf.everything`."""
        try:
            names = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return
        except OSError as error:
            # Whoever signed without what stands here would sign over it.
            raise HomeError(
                f"{self._folder} cannot be read ({error.strerror}); check who owns it"
            ) from error
        for name in names:
            if name.endswith(".json"):
                yield read_private(os.path.join(self._folder, name))


def first_root(shelf: Shelf, network: str) -> StewardDocument:
    """Root version 1 as the shelf holds it; HomeError where it does not."""
    for data in shelf.everything():
        try:
            return open_root(data, network)
        except RuleError:
            continue
    raise HomeError("the first root is not remembered here; run the command beside the share once")
