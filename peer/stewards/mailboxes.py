"""Whose mailbox a member may be: the role `steward` goes only to the name of a steward.

Not here: what follows from the role (`peer.stewards.standing`, `peer.permission`).
"""

from __future__ import annotations

from dataclasses import replace

from peer.stewards.gathering import Known
from protocol.errors import UsageError
from protocol.order import contains
from protocol.roster import STEWARD, Member


def with_role(known: Known, cluster: str, member: Member, *, steward: bool, reuse: bool) -> Member:
    """The member with the role, if that is wanted; another holder of the name begins without it.

    UsageError where no steward of the root, or of a delegation in force, has the member's name.
    """
    if not steward:
        roles = tuple(role for role in member.roles if role != STEWARD) if reuse else member.roles
        return replace(member, roles=roles)
    if member.name not in steward_names(known, cluster):
        raise UsageError(
            f"no steward is called {member.name}; a mailbox has the name of its steward, as"
            " `peer network show` lists them"
        )
    return replace(member, roles=tuple(dict.fromkeys((*member.roles, STEWARD))))


def steward_names(known: Known, cluster: str) -> set[str]:
    """The names of the stewards who have a say in a cluster."""
    keys = [
        key
        for grant in known.trust.grants
        if contains(grant.scope, cluster)
        for key in grant.keys
        if not (grant.depth and known.trust.is_void(key, cluster))
    ]
    return {known.trust.name_of(key) for key in keys}
