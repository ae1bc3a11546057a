"""The checker of authority sees every type: whatever a home believes that no steward signed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from peer.home import Home
from peer.simulate.checkers.unauthorised import Check
from peer.simulate.outcome import Violation
from peer.simulate.world import Broken
from protocol import authority
from protocol.acts import FORMS, StewardBody
from protocol.head import Head
from tests.network import Network, settled
from tests.samples import (
    CHARTER,
    DECISION,
    DELEGATION,
    HALT,
    NETWORK,
    REVOCATION,
    ROSTER,
    STEWARD,
    TRUST,
)

BODIES: tuple[StewardBody, ...] = (CHARTER, ROSTER, HALT, DELEGATION, REVOCATION, DECISION)


class Core:
    """An honest instance in whose home something may be new at any time, but for items."""

    name, honest = "core", True

    def __init__(self, home: Home) -> None:
        self.home = home

    def news(self, name: str, *tables: str) -> bool:
        return "item" not in tables


def watched(network: Network) -> tuple[Check, Any]:
    """The checker of a world in which everything that core holds was signed, and core."""
    home = network.peers["core"].home
    signed = {one.digest: one.data for type_ in FORMS for one in home.archive.all(type_)}
    world: Any = SimpleNamespace(
        ledger=SimpleNamespace(signed=signed),
        violation=lambda checker, who, text: Violation(checker, 0, 0, who, text),
    )
    return Check(world), Core(home)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.type.split("/")[1])
def test_a_forged_document_in_a_home_is_noticed(body: StewardBody) -> None:
    network = settled()
    check, core = watched(network)
    check.after(core, "tick", 1)
    forged = authority.open_document(authority.seal_document(body, NETWORK, STEWARD), TRUST)
    with core.home.transaction():
        core.home.archive.remember(forged, 1)
    with pytest.raises(Broken) as caught:
        check.after(core, "tick", 1)
    assert f"believes a {body.type}" in str(caught.value.args)


def test_a_document_that_nobody_hides_is_noticed() -> None:
    network = settled()
    check, core = watched(network)
    lie = Head(network=NETWORK, of="soma/decision/1", scope="*", number=0, hash="a" * 64)
    with core.home.transaction():
        core.home.archive.hide(lie, b"", 1)
    with pytest.raises(Broken):
        check.after(core, "tick", 1)
