"""Receipts on the share: one file for each author, in its reader's folder."""

from __future__ import annotations

from protocol import limits
from protocol.errors import MissingError, OversizedError, ShareDeniedError, SpecialFileError
from registry import layout, yard
from registry.share import Share


def read(share: Share, reader: str, cluster: str, author: str) -> bytes:
    """The receipt of a reader for an author; ShareError where there is none."""
    return share.read(layout.receipt(reader, cluster, author), limits.document_bytes_max)


def fetch(share: Share, reader: str, cluster: str, author: str) -> bytes | None:
    """The receipt of a reader for an author; None where none can be read as a file."""
    try:
        return read(share, reader, cluster, author)
    except (MissingError, OversizedError, SpecialFileError, ShareDeniedError):
        return None


def place(share: Share, reader: str, cluster: str, author: str, data: bytes) -> None:
    """Write the own receipt for an author."""
    yard.place(share, reader, layout.receipt(reader, cluster, author), data)
