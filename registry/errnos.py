"""What the system says, in our words: an OSError becomes an error of protocol/errors.py.

SHARE-15, SHARE-16 and SHARE-18 are kept here, for every operation in the same way. Every message
says what is wrong and what happens or is to be done next.
This module does *not* try anything again.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from protocol.errors import (
    MissingError,
    ShareDeniedError,
    ShareError,
    ShareFullError,
    ShareUnavailableError,
    SpecialFileError,
)

# A link under O_NOFOLLOW is ELOOP, or ENOTDIR where a folder was wanted; a socket is ENXIO.
special = {errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO}
denied = {errno.EACCES, errno.EPERM, errno.EROFS}
full = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
unsupported = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}

_in_use_winerrors = (32, 33)  # sharing violation, lock violation
_sharing_winerrors = (5, *_in_use_winerrors)  # 5 is also what a lack of permission is called


def explain(error: OSError, path: str) -> ShareError:
    """The error of ours that `error` means for `path`; "" is the root."""
    code = error.errno
    said = f"{path or 'the root'}: {error.strerror or error}"
    if code == errno.ENOENT:
        return MissingError(f"{said}; it may appear later")
    if code in special:
        return SpecialFileError(f"{said}; its owner can remove what stands there")
    if code in full:
        return ShareFullError(f"{said}; free space on the drive, the next tick tries again")
    if code in denied and getattr(error, "winerror", None) not in _in_use_winerrors:
        return ShareDeniedError(
            f"{said}; ask the owner of the folder for access, or close what has it open"
        )
    return ShareUnavailableError(f"{said}; is the drive well? The next tick tries again")


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Raise `explain(error, path)` for an OSError of the block."""
    try:
        yield
    except OSError as error:
        raise explain(error, path) from error


def is_sharing(error: OSError) -> bool:
    """Whether Windows says that somebody has the file open (or a virus scanner looks at it)."""
    return getattr(error, "winerror", None) in _sharing_winerrors


def keeps_its_name(error: OSError) -> bool:
    """Whether a name may not be replaced or removed because somebody has the file open.

    On a Linux client of a Windows drive that is EBUSY, or EACCES, like a lack of permission.
    """
    return is_sharing(error) or error.errno in (errno.EACCES, errno.EBUSY)
