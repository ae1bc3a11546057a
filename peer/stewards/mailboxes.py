"""Whose mailbox a member may be: the role `steward` goes only to the name of a steward.

Not here: what follows from the role (`peer.stewards.standing`, `peer.permission`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protocol import delegation
from protocol.delegation import Delegation
from protocol.errors import UsageError
from protocol.order import contains
from protocol.roster import STEWARD, Member

if TYPE_CHECKING:
    from peer.stewards.desk import Desk


def with_role(desk: Desk, member: Member, *, steward: bool, reuse: bool) -> Member:
    """The member with the role, if that is wanted; another holder of the name begins without it.

    UsageError where no steward of the root, or of a delegation in force, has the member's name.
    """
    if not steward:
        roles = tuple(role for role in member.roles if role != STEWARD) if reuse else member.roles
        return replace(member, roles=roles)
    if member.name not in steward_names(desk):
        raise UsageError(
            f"no steward is called {member.name}; a mailbox has the name of its steward, as"
            " `peer network show` lists them"
        )
    return replace(member, roles=tuple(dict.fromkeys((*member.roles, STEWARD))))


def steward_names(desk: Desk) -> set[str]:
    """The names of the stewards who have a say in the desk's cluster."""
    names = {steward.name for steward in desk.trust().root.stewards}
    newest: dict[str, Delegation] = {}
    for document in desk.documents(delegation.TYPE):  # oldest first
        body = document.body
        if isinstance(body, Delegation) and contains(body.scope, desk.identity.cluster):
            newest[body.scope] = body
    now = desk.clock.wall_ms()
    return names.union(
        steward.name
        for body in newest.values()
        if body.roles and (body.until is None or now < body.until)
        for steward in body.stewards
    )
