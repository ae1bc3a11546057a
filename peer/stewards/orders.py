"""Halting, pausing, resuming: a steward's orders to whoever is in a scope."""

from __future__ import annotations

from peer.stewards.desk import Desk, newest_roster
from protocol import canonical, limits
from protocol.authority import StewardDocument
from protocol.errors import NotFoundError
from protocol.order import Order, contains
from protocol.roster import Roster


def scope_named(desk: Desk, word: str | None) -> str:
    """The scope that a person means: none is the network, a bare name a member or a cluster.

    `*.eu` is the region eu, also where a member has that name.
    """
    cluster = desk.identity.cluster
    if word in (None, "*"):
        return "*"
    assert word is not None
    body = newest_roster(desk).body
    assert isinstance(body, Roster)
    name, at, rest = word.partition("@")
    if body.member(name) is not None and rest in ("", cluster):
        return f"{name}@{cluster}"
    region = word.removeprefix("*.")
    if not at and (cluster == region or cluster.endswith("." + region)):
        return region
    raise NotFoundError(f"no peer, cluster or region {word} here; `peer peers` lists the peers")


def halt(desk: Desk, scope: str, because: str, ms: int | None = None) -> StewardDocument:
    """Order everybody within `scope` to stop acting and sending.

    `ms`: to pause, and go on by themselves when they have lived so long; None: until `resume`.
    """
    body = Order(
        network=desk.identity.network,
        order="halt" if ms is None else "pause",
        scope=scope,
        salt=canonical.b32(desk.entropy.draw(16)),
        at=desk.clock.wall_ms(),
        because=because,
        ms=ms,
    )
    return desk.sign(body)


def resume(desk: Desk, scope: str) -> list[StewardDocument]:
    """Lift every halt and pause in force whose scope lies within `scope`.

    NotFoundError where none does; WaitingError where more stewards have to sign.
    """
    halts = desk.known().ruling.halts
    lifts = sorted(digest for digest, halt in halts.items() if contains(scope, halt.scope))
    if not lifts:
        desk.put_back()
        raise NotFoundError("nothing is halted there; `peer network show` lists what is")
    bodies = [
        Order(
            network=desk.identity.network,
            order="resume",
            scope=scope,
            salt=canonical.b32(desk.entropy.draw(16)),
            at=desk.clock.wall_ms(),
            lifts=tuple(lifts[start : start + limits.lifts_max]),
        )
        for start in range(0, len(lifts), limits.lifts_max)
    ]
    return desk.sign_all(bodies)
