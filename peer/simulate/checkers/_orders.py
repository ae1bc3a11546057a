"""What the stewards ordered, read from the bytes that they signed and kept.

Says which halts hold for whom if one knows certain orders: a halt holds until a known resume that
names it, and whose scope is no narrower, lifts it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from peer.simulate.reading import ORDER, document
from peer.simulate.world import World


@dataclass(frozen=True, slots=True)
class Order:
    """One order with its bytes and the path at which it stands."""

    path: str
    data: bytes
    body: dict[str, Any]


class Orders:
    """Every order ever signed, by digest."""

    def __init__(self, world: World) -> None:
        self._signed = world.ledger.signed
        self._read = 0
        self._all: dict[str, Order] = {}

    def all(self) -> dict[str, Order]:
        """The orders there are by now."""
        if len(self._signed) == self._read:
            return self._all
        for data in [*self._signed.values()][self._read :]:
            read = document(data)
            if read is not None and read.type == ORDER:
                self._all[read.digest] = Order(f"orders/{read.digest[:16]}.json", data, read.body)
        self._read = len(self._signed)
        return self._all

    def halting(self, address: str, known: Collection[str]) -> set[str]:
        """The halts among the known orders that hold for an address."""
        known_orders = {d: o.body for d, o in self.all().items() if d in known}
        return {
            digest
            for digest, body in known_orders.items()
            if body["order"] == "halt"
            and covers(body["scope"], address)
            and not any(_lifts(other, digest, body) for other in known_orders.values())
        }


def _lifts(resume: dict[str, Any], digest: str, halt: dict[str, Any]) -> bool:
    if resume["order"] != "resume" or digest not in resume.get("lifts", ()):
        return False
    outer, inner = resume["scope"], halt["scope"]
    return bool(outer == inner or ("@" not in outer and _reaches(outer, inner)))


def _reaches(outer: str, inner: str) -> bool:
    if inner == "*":
        return outer == "*"
    return covers(outer, inner if "@" in inner else f"anybody@{inner}")


def covers(scope: str, address: str) -> bool:
    """Whether a scope (`*`, an address, a cluster or a region) takes in a full address."""
    cluster = address.partition("@")[2]
    return scope in ("*", address, cluster) or ("@" not in scope and cluster.endswith(f".{scope}"))
