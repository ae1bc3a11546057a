"""Moving: a peer goes on on another machine, with everything it knows, and this home lets it go.

Rules: first this home says that it has moved, where everybody who takes a number asks in the same
transaction; only then it is copied. So nothing is numbered in both, and nothing that was numbered
is missing from the copy. The file holds the key: whoever has it is the peer.
"""

from __future__ import annotations

import os
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import IO

from peer import keys, lock
from peer.clock import Clock
from peer.home import open_home
from peer.home.blobs import FOLDER, FolderBlobs, part_bytes
from peer.home.files import (
    make_private_folder,
    set_aside,
    unwritten,
    write_private,
    writing_private,
)
from peer.home.places import DATABASE, Identity, directory, save_identity
from protocol import canonical, names, wire
from protocol.errors import HomeError, RuleError, UsageError

MEMBERS = ("identity.json", "key", DATABASE)
_KEYS = re.compile(r"key\.(next|[1-9][0-9]{0,3})\Z").match  # asked for, and former ones
_BLOB = re.compile(rf"{FOLDER}/([0-9a-f]{{64}})\Z").match  # attachments
_MOVED = "moved"
member_bytes_max = 8 * 1024**3


def export_peer(folder: str, identity: Identity, path: str, clock: Clock) -> None:
    """Put the identity of `folder` into one private file; from now on it has moved.

    Again and again the same, should the file get lost: nothing happens here any more. HomeError
    where a tick is running, or where the file cannot be written (then it has moved all the same,
    and says so).
    """
    if os.path.exists(path):
        raise UsageError(f"{path} exists already; name another file, or remove it")
    with lock.held(folder) as mine:
        if not mine:
            raise HomeError("a tick of this peer is running; try again when it has ended")
        with closing(open_home(os.path.join(folder, DATABASE))) as home, home.transaction():
            if home.state.text("moved") is None:
                home.state.put("moved", clock.wall_ms())
        try:
            parts = _parts_of(folder, identity)
        except OSError as error:
            raise unwritten(folder, error) from error
        with writing_private(path) as file:
            _pack(file, parts, FolderBlobs(os.path.join(folder, FOLDER)))


def import_peer(home: str, path: str, share: str | None) -> tuple[str, Identity]:
    """Unpack an exported peer into a home; (its directory, who it is).

    `share` is where the shared folder is on this machine, if that is another place. UsageError
    where the file is none, or the peer lives here already.
    """
    parts = _unpacked(path)
    try:
        identity = wire.trusted(Identity, canonical.decode(parts["identity.json"]))
        names.check_name(identity.name)  # they name a folder here
        bytes.fromhex(identity.network)
    except (RuleError, ValueError, TypeError) as error:
        raise _no_export(path, f"its identity.json says {error}") from error
    folder = directory(home, "peers", identity.name, identity.network)
    if share is not None:
        identity = replace(identity, share=os.path.abspath(share))
    make_private_folder(folder)
    with lock.held(folder) as mine:
        if not mine or not _may_come(folder):
            raise UsageError(
                f"{identity.name} lives in {home} already; import it into another home"
                " (`--home DIR`), or export it from here first"
            )
        set_aside(os.path.join(folder, DATABASE), _MOVED)
        for name in [*filter(_KEYS, os.listdir(folder))]:
            os.unlink(os.path.join(folder, name))  # of a life here that went on elsewhere
        for name in parts.keys() - {"identity.json"}:
            write_private(os.path.join(folder, name), parts[name])
        _unpack_blobs(path, FolderBlobs(os.path.join(folder, FOLDER)))
        save_identity(home, "peers", identity)  # last: what is half there is nobody
    return folder, identity


def _parts_of(folder: str, identity: Identity) -> dict[str, bytes]:
    """All that is exported but for attachments, by name; keys also of earlier days."""
    parts = {"identity.json": canonical.encode(wire.dump(identity)), DATABASE: _image(folder)}
    for name in keys.key_files(folder):
        with open(os.path.join(folder, name), "rb") as file:
            parts[name] = file.read()
    return parts


def _pack(whole: IO[bytes], parts: dict[str, bytes], blobs: FolderBlobs) -> None:
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
        for name in sorted(blobs.sizes()):
            if _BLOB(f"{FOLDER}/{name}"):  # the rest is begun, and begins again
                with archive.open(f"{FOLDER}/{name}", "w") as out:
                    out.writelines(blobs.parts(name))


def _unpack_blobs(path: str, blobs: FolderBlobs) -> None:
    with zipfile.ZipFile(path) as archive:
        for name in filter(_BLOB, archive.namelist()):
            blobs.put(_parts(archive, name))  # under the name of what it is, whatever it is called


def _parts(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as file:
        while part := file.read(part_bytes):
            yield part


def _image(folder: str) -> bytes:
    """The database as it is, except that it has not moved."""
    temporary = os.path.join(folder, f"{DATABASE}.{os.getpid()}.export")
    try:
        with closing(open_home(os.path.join(folder, DATABASE))) as home:
            home.db.copy_to(temporary)
        with closing(open_home(temporary)) as copy, copy.transaction():
            copy.state.forget("moved")
        with closing(sqlite3.connect(temporary)) as database:
            database.execute("PRAGMA journal_mode = DELETE")  # so that one file is all of it
        with open(temporary, "rb") as file:
            return file.read()
    finally:
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(temporary + suffix):
                os.unlink(temporary + suffix)


def _unpacked(path: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {
                info.filename: info.file_size
                for info in archive.infolist()
                if not _BLOB(info.filename)
            }
            if sorted(name for name in sizes if not _KEYS(name)) != sorted(MEMBERS):
                raise _no_export(path, f"it holds {', '.join(sorted(sizes))[:200] or 'nothing'}")
            if max(sizes.values()) > member_bytes_max:
                raise _no_export(path, "what it holds is too large")
            return {name: archive.read(name) for name in sizes}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise _no_export(path, str(error)) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); check the path") from error


def _no_export(path: str, why: str) -> UsageError:
    return UsageError(f"{path} is no exported peer ({why}); make one with `peer export FILE`")


def _may_come(folder: str) -> bool:
    """Whether nobody lives in a directory, or whoever did has moved."""
    path = os.path.join(folder, DATABASE)
    if not os.path.exists(os.path.join(folder, "identity.json")):
        return True
    if not os.path.exists(path) and os.path.exists(f"{path}.{_MOVED}-1"):
        return True  # an import died after it had made way
    with closing(open_home(path)) as home:
        return home.state.text("moved") is not None
