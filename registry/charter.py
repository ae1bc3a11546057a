"""The marker and the steward documents on the share. Who may sign them is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


def documents(share: Share) -> Iterator[str]:
    """The paths of all files in `charter/` and `orders/` that are named like documents.

    However many there are, with no more than `names_max` names in memory: whoever knows no document
    yet, or signs the next one, must have seen all, and nobody's crowd may keep him from that.
    ShareUnavailableError where one of the folders cannot be listed.
    """
    return _all(share, _IS_OURS)


def listed(share: Share, names_max: int, rank: Rank) -> list[str]:
    """The same, but no more of each folder than `names_max` paths, those that `rank` puts first."""
    return _listed(share, names_max, rank, _IS_OURS)


def parts(share: Share) -> Iterator[str]:
    """The paths of all documents that wait for more signatures, in the same way."""
    return _all(share, (layout.is_part_file, layout.is_part_file))


def _all(share: Share, forms: tuple[Is, ...]) -> Iterator[str]:
    for folder, is_ours in zip(FOLDERS, forms, strict=True):
        found = [""]
        while found:

            def later(path: str, last: str = found[-1]) -> str | None:
                return path if path > last else None

            found = _names(share, folder, names_max, later, is_ours)
            yield from found
            if len(found) < names_max:
                break


def _listed(share: Share, names_max: int, rank: Rank, forms: tuple[Is, ...]) -> list[str]:
    found: list[str] = []
    for folder, is_ours in zip(FOLDERS, forms, strict=True):
        found += _names(share, folder, names_max, rank, is_ours)
    return found


def _names(share: Share, folder: str, names_max: int, rank: Rank, is_ours: Is) -> list[str]:
    def place(name: str) -> Any:
        return rank(f"{folder}/{name}") if is_ours(name) else None

    try:
        names = share.names(folder, names_max, place)
    except ShareError as error:
        raise ShareUnavailableError(
            f"{folder}/ cannot be listed, so a halt could be hidden ({error});"
            " restore the folder, empty if need be"
        ) from error
    return [f"{folder}/{name}" for name in names]


def fetch_document(share: Share, path: str) -> bytes:
    """The bytes of a steward document; ShareError where it cannot be had."""
    return share.read(path, limits.steward_bytes_max)


def shows(share: Share, document: StewardDocument) -> bool:
    """Whether just these bytes stand where everybody looks for the document."""
    path = layout.document_path(document.type, document.number, document.digest)
    with suppress(ShareError):
        return fetch_document(share, path) == document.data
    return False


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
    folder, _, name = path.rpartition("/")
    start = name.removesuffix("json")

    def place(name: str) -> str | None:
        return name if name.startswith(start) and layout.is_part_file(name) else None

    with suppress(ShareError):
        for part in share.names(folder, names_max, place):
            with suppress(ShareError):  # whoever may not remove it leaves it, and nobody reads it
                share.remove(f"{folder}/{part}")


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
