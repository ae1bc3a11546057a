"""Steps from the root of a share down to a folder, following no link (SHARE-2).

Where the system has `dir_fd`, every step is opened relative to the one before with O_NOFOLLOW, so
nobody can slip a link in between. Where it has not
(Windows) every step is looked at first; a link made in between is followed, and the system asks
for a privilege to make one.

Handles live as long as the walk: one operation, never longer (they go stale when a drive returns).
The root itself may be reached through links: that was the user's choice. Nothing here creates.
"""

from __future__ import annotations

import errno
import os
import stat

from protocol.errors import ShareDeniedError, ShareUnavailableError
from registry.spot import Spot, is_folder

has_descriptors = (
    os.open in os.supports_dir_fd and os.scandir in os.supports_fd and hasattr(os, "O_NOFOLLOW")
)

_folder_flags = (
    getattr(os, "O_PATH", os.O_RDONLY)  # search permission is enough on the way
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
_step_flags = _folder_flags | getattr(os, "O_NOFOLLOW", 0)


class Walk:
    """One operation's way through the tree; close it with `with`."""

    def __init__(self, root: str, by_descriptor: bool) -> None:
        self._root = root
        self._by_descriptor = by_descriptor
        self._names: list[str] = []
        self._spots: list[Spot] = []

    def __enter__(self) -> Walk:
        """Stand at the root; a root that is not there is a share that is gone (SHARE-17)."""
        try:
            if self._by_descriptor:
                self._spots.append(Spot(os.open(self._root, _folder_flags), ""))
            elif stat.S_ISDIR(os.stat(self._root).st_mode):
                self._spots.append(Spot(None, self._root + "/"))
            else:
                raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        except PermissionError as error:
            raise ShareDeniedError(
                f"{self._root}: {error.strerror}; ask the owner of the drive for access"
            ) from error
        except OSError as error:
            raise ShareUnavailableError(
                f"{self._root}: {error.strerror}; is the drive mounted and the path right?"
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        while self._spots:
            _leave(self._spots.pop())

    def above(self, depth: int) -> Spot:
        """The folder that is so many steps below the root, on the way to where this stands."""
        return self._spots[depth]

    def to(self, names: list[str]) -> Spot:
        """Stand in the folder `names`; what it has in common with the last one stays open.

        The spot is good until the next call. Raises OSError: ENOENT, ENOTDIR or ELOOP, and others.
        """
        mine, spots = self._names, self._spots
        common = len(names)
        while mine[:common] != names[:common]:  # at 0 both are empty
            common -= 1
        while len(mine) > common:
            mine.pop()
            _leave(spots.pop())
        for name in names[common:]:
            spots.append(_step(spots[-1], name))
            mine.append(name)
        return spots[-1]


def _step(spot: Spot, name: str) -> Spot:
    if spot.fd is not None:
        return Spot(os.open(name, _step_flags, dir_fd=spot.fd), "")
    if not is_folder(os.lstat(spot.prefix + name)):
        raise NotADirectoryError(errno.ENOTDIR, "not a folder")
    return Spot(None, f"{spot.prefix}{name}/")


def _leave(spot: Spot) -> None:
    if spot.fd is not None:
        os.close(spot.fd)
