"""What stewards sign: the forms of their documents, and which word of the table each one says.

Nothing here opens or verifies anything (`protocol.authority` does), so that whoever only weighs
what verified before loads no keys.
"""

from __future__ import annotations

from protocol.charter import TYPE as CHARTER
from protocol.charter import Charter
from protocol.decision import TYPE as DECISION
from protocol.decision import Decision
from protocol.delegation import TYPE as DELEGATION
from protocol.delegation import Delegation
from protocol.errors import RuleError
from protocol.order import TYPE as ORDER
from protocol.order import Order
from protocol.revocation import TYPE as REVOCATION
from protocol.revocation import Revocation
from protocol.root import TYPE as ROOT
from protocol.root import Root
from protocol.roster import TYPE as ROSTER
from protocol.roster import Roster
from protocol.trust import RIGHTS, Trust, delegates

StewardBody = Root | Charter | Roster | Delegation | Revocation | Order | Decision
FORMS: dict[str, type[StewardBody]] = {
    ROOT: Root, CHARTER: Charter, ROSTER: Roster, DELEGATION: Delegation,
    REVOCATION: Revocation, ORDER: Order, DECISION: Decision,
}  # fmt: skip


def scope_of(body: StewardBody) -> str:
    """What a document speaks for: `*`, a region, a cluster or a full address."""
    if isinstance(body, Roster):
        return body.cluster
    return "*" if isinstance(body, Root) else body.scope


# What is signed → the type of the document that says it.
_ACTS = (
    {act: f"soma/{act}/1" for act in RIGHTS}
    | dict.fromkeys(("halt", "pause", "resume"), ORDER)
    | dict.fromkeys(("approve", "deny"), DECISION)
)


def type_of(act: str) -> str:
    """The type of the document that says a word of the table."""
    return _ACTS[act]


def act_of(body: StewardBody) -> str:
    """The word of the table (`protocol.trust.RIGHTS`) for a document."""
    if isinstance(body, Order):
        return body.order
    return body.decision if isinstance(body, Decision) else body.type.split("/")[1]


def fault_under(
    body: StewardBody, scope: str, keys: frozenset[str], trust: Trust
) -> RuleError | None:
    """Why those who signed may not sign this together; AUTH-14 to AUTH-16, None where they may."""
    act = act_of(body)
    grant = trust.grant(act, scope, keys)
    if grant is None:
        return RuleError("AUTH-16", f"{len(keys)} signatures are too few for a {act} of {scope}")
    if isinstance(body, Delegation) and not delegates(trust, body, keys):
        return RuleError("AUTH-15", "it gives more than those who signed it have")
    if isinstance(body, Roster) and len(body.members) > grant.members_max:
        active = sum(member.active for member in body.members)
        if active > grant.members_max:
            return RuleError("AUTH-14", f"{active} members, {grant.members_max} are allowed")
    return None
