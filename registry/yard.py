"""The folder that a peer owns: only it writes there, so whatever else stands there is in the way.

Anybody who can write to the drive can put a folder where a file belongs, or a file where a folder
belongs; the owner clears it away instead of failing at every tick from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from protocol import limits
from protocol.errors import MissingError, ShareUnavailableError, SpecialFileError
from registry import layout
from registry.share import Share

marker_bytes_max = limits.steward_bytes_max + 4_096


def place(share: Share, owner: str, path: str, data: bytes) -> None:
    """Create or replace a file below the folder of `owner`, making way for it."""
    _place(share, owner, path, lambda: share.place(path, data))


def place_file(share: Share, owner: str, path: str, read: Callable[[], Iterable[bytes]]) -> None:
    """The same for a large file; `read` gives its parts, from the first one at each call."""
    _place(share, owner, path, lambda: share.place_file(path, read()))


def _place(share: Share, owner: str, path: str, place: Callable[[], None]) -> None:
    try:
        place()
    except (MissingError, SpecialFileError):
        _check_mounted(share)
        make_folder(share, owner, path.rpartition("/")[0])
        _clear_name(share, path)
        place()


def make_folder(share: Share, owner: str, path: str, *, shared: bool = False) -> None:
    """Make sure that a folder below the folder of `owner` exists, making way for it."""
    try:
        share.make_folder(path, shared=shared)
    except SpecialFileError:
        # The topmost thing in the way is the only one that exists: nothing stands below a file.
        for part in _below(owner, path):
            try:
                share.names(part, 1)
            except SpecialFileError:
                share.remove(part)
                break
            except MissingError:
                break
        share.make_folder(path, shared=shared)


def make_folders(share: Share, owner: str) -> None:
    """All folders of a peer; others may create files in the inbox and nowhere else."""
    _check_mounted(share)
    make_folder(share, owner, layout.feed(owner))
    make_folder(share, owner, f"{layout.peer_folder(owner)}/outbox/mail")
    make_folder(share, owner, f"{layout.peer_folder(owner)}/receipts")
    make_folder(share, owner, layout.inbox(owner), shared=True)


def is_whole(share: Share, owner: str) -> bool:
    """Whether the folders that are listed at every tick exist and are folders."""
    try:
        share.names(layout.inbox(owner), 1)
        share.names(layout.feed(owner), 1)
    except (MissingError, SpecialFileError):
        return False
    return True


def _check_mounted(share: Share) -> None:
    """An empty mount point, where a drive was a moment ago, must not be filled."""
    try:
        share.read(layout.MARKER, marker_bytes_max)
    except MissingError as error:
        raise ShareUnavailableError(
            "NETWORK.json is gone, so the drive may be away; mount it and try again"
        ) from error


def _clear_name(share: Share, path: str) -> None:
    try:
        share.names(path, 1)
    except (MissingError, SpecialFileError):
        return  # nothing, or something that a rename replaces
    share.remove(path)


def _below(owner: str, path: str) -> list[str]:
    """Every folder on the way from the owner's to `path`, topmost first."""
    top = layout.peer_folder(owner)
    parts = path.removeprefix(top).strip("/").split("/")
    return [top] + ["/".join([top, *parts[: count + 1]]) for count in range(len(parts))]
