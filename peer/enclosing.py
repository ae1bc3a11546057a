"""Enclosing: a file that somebody names becomes an attachment, durable in the home.

Rules: a file is read once, a part at a time; one that changes meanwhile is refused, because nobody
could say what was sent. Only regular files of at most `blob_bytes_max` bytes are taken.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from peer.home.blobs import part_bytes
from peer.instance import RunningPeer
from protocol import canonical, limits
from protocol.errors import UsageError
from protocol.messages import Attachment
from protocol.sealing import Enclosed, seal_parts

name_chars_max = 200


@dataclass(frozen=True, slots=True)
class Source:
    """Something to attach: what to call it, and its content, from the beginning at each call."""

    name: str
    read: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Kept:
    """An attachment whose bytes are in the home; `key` is there where they are sealed."""

    attachment: Attachment
    enclosed: Enclosed | None


def file_source(path: str) -> Source:
    """A file of this machine; it is looked at when it is read."""
    name = os.fsencode(os.path.basename(path)).decode("utf-8", "replace")
    shown = "".join("_" if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in name)
    return Source(shown[-name_chars_max:], lambda: _read(path))


def keep(peer: RunningPeer, sources: Sequence[Source], *, sealed: bool) -> list[Kept]:
    """Put every content into the home; UsageError where one cannot be attached."""
    if len(sources) > limits.attachments_max:
        raise UsageError(f"{len(sources)} files; at most {limits.attachments_max} go with a letter")
    found = [_keep_sealed(peer, one) if sealed else _keep(peer, one) for one in sources]
    hashes = [one.attachment.sha256 for one in found]
    if len(set(hashes)) < len(hashes):
        raise UsageError("two of the files have the same content; attach it once")
    return found


def _keep(peer: RunningPeer, source: Source) -> Kept:
    sha256, size = peer.blobs.put(_limited(source.read(), source.name))
    return Kept(Attachment(sha256=sha256, size=size, name=source.name), None)


def _keep_sealed(peer: RunningPeer, source: Source) -> Kept:
    key, plain = peer.entropy.draw(32), 0

    def counted() -> Iterator[bytes]:
        nonlocal plain
        for part in source.read():
            plain += len(part)
            yield part

    sha256, size = peer.blobs.put(_limited(seal_parts(key, counted()), source.name))
    enclosed = Enclosed(sha256=sha256, size=plain, name=source.name, key=canonical.b64(key))
    return Kept(Attachment(sha256=sha256, size=size), enclosed)


def _limited(parts: Iterable[bytes], name: str) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if size > limits.blob_bytes_max:
            raise UsageError(
                f"{name} is larger than {limits.blob_bytes_max >> 20} MiB; send it in parts"
            )
        yield part


def _read(path: str) -> Iterator[bytes]:
    try:
        # Whoever names a FIFO must not wait for its writer.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags), "rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise UsageError(f"{path} is no file that can be attached")
            read = 0
            while part := file.read(part_bytes):
                read += len(part)
                yield part
            after = os.fstat(file.fileno())
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); check --attach") from error
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if not same or read != before.st_size:
        raise UsageError(f"{path} changed while it was read; send it again when it is finished")
