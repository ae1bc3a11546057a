"""What others use for the same job, each as a pair: `send` many bodies, `receive` as many.

Rules: durable in the same sense as ours: a body survives a loss of power when `send` returns, and a
receipt or acknowledgement is as durable as the product makes it. How is said beside each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Rival(Protocol):
    """A queue of one reader."""

    def send(self, bodies: Sequence[bytes]) -> None:
        """Put every body where the reader will find it, durably."""

    def receive(self, count: int) -> None:
        """Read `count` bodies and be done with each."""

    def close(self) -> None:
        """Let go of everything."""


class MissingRivalError(Exception):
    """The rival is not installed here; says what to install."""
