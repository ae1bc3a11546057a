"""Orders: halt and resume. They have no number and no predecessor; they are sets that only grow.

A halt stays in force until a resume that names it is in force too, so neither reordering nor
replaying old orders changes what holds. Scopes: `*`, a region or cluster, or one full address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from protocol import limits
from protocol.fields import Hash, Line, Millis, NetworkId, Salt, Scope
from protocol.wire import AtMost

TYPE: Final = "soma/order/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`lifts` are the digests of the halts that a resume ends; empty in a halt.

    The salt tells two orders of one instant apart: a halt must not be born lifted.
    """

    type: Literal["soma/order/1"] = TYPE
    network: NetworkId
    order: Literal["halt", "resume"]
    scope: Scope
    salt: Salt
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
        if digest in orders and contains(order.scope, orders[digest].scope)
    }
    return {d: o for d, o in orders.items() if o.order == "halt" and d not in lifted}


def contains(outer: str, inner: str) -> bool:
    """Whether everybody within the scope `inner` is within `outer`."""
    if "@" in outer:
        return outer == inner
    return outer in ("*", inner) or within(inner if "@" in inner else f"any@{inner}", outer)


def describe_halts(halts: Iterable[Order]) -> list[str]:
    """Halts as lines for a person."""
    return [f"{halt.scope}" + (f" ({halt.because})" if halt.because else "") for halt in halts]
