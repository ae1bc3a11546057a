"""Files held open as a Windows program does: by an SMB session of its own, with a sharing mode.

A session of the kernel's client always shares everything with everybody; Windows programs do not.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path


def opener(where: str) -> Callable[[Path, Path], AbstractContextManager[object]]:
    """How to open files of `user:password@host:port/share`: others may read, and nothing else."""
    import smbclient  # type: ignore[import-not-found, import-untyped, unused-ignore]

    who, _, place = where.partition("@")
    user, _, password = who.partition(":")
    server, _, share = place.partition("/")
    host, _, port = server.partition(":")
    smbclient.register_session(host, username=user, password=password, port=int(port))

    def open_(mount: Path, path: Path) -> AbstractContextManager[object]:
        names = "\\".join(path.relative_to(mount).parts)
        held: AbstractContextManager[object] = smbclient.open_file(
            rf"\\{host}\{share}\{names}", mode="rb", share_access="r", port=int(port)
        )
        return held

    return open_
