"""The marker and the steward documents on the share. Who may sign them is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from protocol import limits
from protocol.errors import MissingError, ShareError, ShareUnavailableError, WrongShareError
from registry import layout
from registry.share import Rank, Share
from registry.yard import marker_bytes_max

if TYPE_CHECKING:
    from protocol.authority import StewardDocument

FOLDERS = (layout.CHARTER, layout.ORDERS)
Is = Callable[[str], bool]
_IS_OURS: tuple[Is, ...] = (layout.is_document_file, layout.is_order_file)

names_max = 4_096
leftovers_max = 100  # cleared at each signing, should somebody make a flood of them


def make_folders(share: Share) -> None:
    """The folders of a new network; everyone may create files in them, and remove only his own."""
    for folder in (layout.CHARTER, layout.ORDERS, layout.PEERS):
        share.make_folder(folder, shared=True)


def fetch_marker(share: Share) -> bytes:
    """The marker, so that nothing is ever made by accident where a drive is not mounted.

    ShareUnavailableError where the folder is empty, WrongShareError where it holds other things.
    """
    try:
        return share.read(layout.MARKER, marker_bytes_max)
    except MissingError as error:
        if not share.names("", 1):
            raise ShareUnavailableError(
                "the folder is empty, as a mount point is while its drive is away;"
                " mount the drive and try again"
            ) from error
        raise WrongShareError(
            "no NETWORK.json here, so this folder is no network; check the path,"
            " or make one with `peer network create DIR`"
        ) from error


def documents(share: Share) -> list[str]:
    """The paths of all files in `charter/` and `orders/` that are named like documents.

    ShareUnavailableError where one of the folders is missing, or holds too many such names: whoever
    knows no document yet, or signs the next one, must have seen all.
    """
    found = listed(share, names_max, lambda path: path)
    for folder in FOLDERS:
        if sum(path.startswith(folder) for path in found) == names_max:
            raise ShareUnavailableError(
                f"{folder}/ holds {names_max} files or more that are named like documents, far more"
                " than stewards signed; its owner may empty it, since peers put back what they know"
            )
    return found


def listed(share: Share, names_max: int, rank: Rank) -> list[str]:
    """The same, but no more of each folder than `names_max` paths, those that `rank` puts first."""
    return _listed(share, names_max, rank, _IS_OURS)


def parts(share: Share) -> list[str]:
    """The paths of documents that wait for more signatures, at most `names_max` of each folder."""
    return _listed(share, names_max, lambda path: path, (layout.is_part_file, layout.is_part_file))


def crowded(share: Share) -> str | None:
    """The folder in which there are more parts than are listed, or None."""
    found = parts(share)
    for folder in FOLDERS:
        if sum(path.startswith(folder) for path in found) == names_max:
            return folder
    return None


def _listed(share: Share, names_max: int, rank: Rank, forms: tuple[Is, ...]) -> list[str]:
    found: list[str] = []
    for folder, is_ours in zip(FOLDERS, forms, strict=True):

        def place(name: str, folder: str = folder, is_ours: Is = is_ours) -> Any:
            return rank(f"{folder}/{name}") if is_ours(name) else None

        try:
            names = share.names(folder, names_max, place)
        except ShareError as error:
            raise ShareUnavailableError(
                f"{folder}/ cannot be listed, so a halt could be hidden ({error});"
                " restore the folder, empty if need be"
            ) from error
        found += [f"{folder}/{name}" for name in names]
    return found


def fetch_document(share: Share, path: str) -> bytes:
    """The bytes of a steward document; ShareError where it cannot be had."""
    return share.read(path, limits.steward_bytes_max)


def place_document(share: Share, document: StewardDocument) -> None:
    """Put a steward document where everybody looks for it."""
    path = layout.document_path(document.type, document.number, document.digest)
    share.place(path, document.data)


def place_part(share: Share, part: StewardDocument) -> None:
    """Put a document with the signature of one steward where the others look for it."""
    (key,) = part.keys
    share.place(layout.part_path(part.type, part.number, part.digest, key), part.data)


def clear_parts(share: Share, document: StewardDocument) -> None:
    """The parts of a document go, where they can: it stands there whole, or is given up."""
    path = layout.document_path(document.type, document.number, document.digest)
    start = path.removesuffix("json")
    for part in parts(share):
        if part.startswith(start):
            with suppress(ShareError):  # whoever may not remove it leaves it, and nobody reads it
                share.remove(part)


def clear_leftovers(share: Share, steward: str) -> None:
    """What a death of this steward's program left half written goes, where that can be."""
    for folder in FOLDERS:
        left: list[str] = []

        def note(name: str, left: list[str] = left) -> None:
            if layout.is_temporary(name, steward) and len(left) < leftovers_max:
                left.append(name)

        with suppress(ShareError):  # it harms nobody
            share.names(folder, 1, note)
            share.clear(folder, left)
