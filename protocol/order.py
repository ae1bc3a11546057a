"""Orders: halt and resume. They have no number and no predecessor; they are sets that only grow.

A halt stays in force until a resume that names it is in force too, so neither reordering nor
replaying old orders changes what holds. Scopes: `*`, a region or cluster, or one full address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from protocol import limits
from protocol.fields import Hash, Line, Millis, NetworkId, Scope
from protocol.wire import AtMost

TYPE: Final = "soma/order/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`lifts` are the digests of the halts that a resume ends; empty in a halt."""

    type: Literal["soma/order/1"] = TYPE
    network: NetworkId
    order: Literal["halt", "resume"]
    scope: Scope
    at: Millis
    lifts: Annotated[tuple[Hash, ...], AtMost(limits.lifts_max)] = ()
    because: Line = ""


def within(address: str, scope: str) -> bool:
    """Whether a full address lies in a scope; `eu.acme` contains `core@lab.eu.acme`."""
    cluster = address.partition("@")[2]
    return scope in ("*", address, cluster) or ("@" not in scope and cluster.endswith("." + scope))


def halts_in_force(orders: Mapping[str, Order]) -> dict[str, Order]:
    """The halts among `orders` (by digest) that no resume of at least their scope lifts."""
    lifted = {
        digest
        for order in orders.values()
        if order.order == "resume"
        for digest in order.lifts
        if digest in orders and _contains(order.scope, orders[digest].scope)
    }
    return {d: o for d, o in orders.items() if o.order == "halt" and d not in lifted}


def _contains(outer: str, inner: str) -> bool:
    return outer in ("*", inner) or within(inner if "@" in inner else f"x@{inner}", outer)
