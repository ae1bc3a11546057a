"""Names in a folder of one's own that are none of the protocol's: cleared where they are too many.

Rules: a few are nobody's business. What listings leave out (hidden names: temporaries of a write
under way; unsafe ones: those of a sync tool) goes only if an earlier tick of its owner saw it, by
its name, since no file time can be trusted. What goes too early is only written again.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

from registry.share import Share, is_listed

names_max = 1_000
cleared_max = 5_000  # in one call
_mark_bytes = 8


class Cleared(NamedTuple):
    """How many names went, and marks of those that may go once a later tick sees them."""

    names: int
    waiting: bytes


def clear(share: Share, folder: str, is_ours: Callable[[str], bool], seen: bytes) -> Cleared:
    """Remove some of the names that are not ours; `seen` is what waited after an earlier tick."""
    before = {seen[at : at + _mark_bytes] for at in range(0, len(seen), _mark_bytes)}
    some, waiting = list[str](), list[bytes]()

    def rank(name: str) -> None:
        if is_ours(name):
            return
        if is_listed(name) or _mark(name) in before:
            if len(some) < cleared_max:
                some.append(name)
        elif len(waiting) < cleared_max:
            waiting.append(_mark(name))

    share.names(folder, 1, rank)
    return Cleared(share.clear(folder, some), b"".join(waiting))


def _mark(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_mark_bytes).digest()
