"""Orders: halt, pause, resume. They have no number and no predecessor; they only become more.

A halt stays in force until a resume that names it is in force too, so neither reordering nor
replaying old orders changes what holds. Scopes: `*`, a region or cluster, or one full address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from protocol import limits
from protocol.fields import Count, Hash, Line, Millis, NetworkId, Salt, Scope
from protocol.wire import AtMost

TYPE: Final = "soma/order/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`lifts` are the digests of the halts and pauses that a resume ends; empty in others.

    A pause is a halt that ends by itself, `ms` after a peer saw it first, in time that it lived.

    The salt tells two orders of one instant apart: a halt must not be born lifted.
    """

    type: Literal["soma/order/1"] = TYPE
    network: NetworkId
    order: Literal["halt", "pause", "resume"]
    scope: Scope
    salt: Salt
    at: Millis
    lifts: Annotated[tuple[Hash, ...], AtMost(limits.lifts_max)] = ()
    because: Line = ""
    ms: Count | None = None

    def fault(self) -> str | None:
        """What makes it contradict itself, or None."""
        if (self.ms is None) == (self.order == "pause"):
            return "exactly a pause says how long it lasts"
        return "only a resume lifts something" if self.lifts and self.order != "resume" else None


def within(address: str, scope: str) -> bool:
    """Whether a full address lies in a scope; `eu.acme` contains `core@lab.eu.acme`."""
    cluster = address.partition("@")[2]
    return scope in ("*", address, cluster) or ("@" not in scope and cluster.endswith("." + scope))


def halts_in_force(orders: Mapping[str, Order]) -> dict[str, Order]:
    """The halts and pauses among `orders` (by digest) that no resume of at least their scope lifts.

    Not here: whether a pause is over.
    """
    lifted = {
        digest
        for order in orders.values()
        if order.order == "resume"
        for digest in order.lifts
        if digest in orders and contains(order.scope, orders[digest].scope)
    }
    return {d: o for d, o in orders.items() if o.order != "resume" and d not in lifted}


def contains(outer: str, inner: str) -> bool:
    """Whether everybody within the scope `inner` is within `outer`."""
    if "@" in outer:
        return outer == inner
    return outer in ("*", inner) or within(inner if "@" in inner else f"any@{inner}", outer)


def describe_halts(halts: Iterable[Order]) -> list[str]:
    """Halts as lines for a person."""
    return [f"{halt.scope}" + (f" ({halt.because})" if halt.because else "") for halt in halts]
