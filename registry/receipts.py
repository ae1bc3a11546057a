"""Receipts on the share: one file for each author, in its reader's folder."""

from __future__ import annotations

from protocol import limits
from protocol.errors import MissingError
from registry import layout
from registry.share import Share


def fetch(share: Share, reader: str, cluster: str, author: str) -> bytes | None:
    """The receipt of a reader for an author, or None where there is none."""
    try:
        return share.read(layout.receipt(reader, cluster, author), limits.document_bytes_max)
    except MissingError:
        return None


def place(share: Share, reader: str, cluster: str, author: str, data: bytes) -> None:
    """Write the own receipt for an author."""
    path = layout.receipt(reader, cluster, author)
    try:
        share.place(path, data)
    except MissingError:
        share.make_folder(layout.receipts(reader, cluster))
        share.place(path, data)
