"""What I wrote and what does not go out is not known here either."""

from __future__ import annotations

from typing import Any

import pytest

from peer.cancelling import cancel
from protocol.charter import Rule
from protocol.messages import Question
from registry.faulty import Fault
from tests.network import insight, settled

AWAY = Fault(name="unavailable", times=-1)


@pytest.mark.parametrize(("verdict", "state"), [("approve", "asked"), ("forbidden", "dropped")])
def test_what_a_new_charter_holds_back(verdict: Any, state: str) -> None:
    """It was known while it could go out, and stood in no page yet."""
    network = settled()
    network.mailbox("kay")
    network.charter(Rule(effect="publish", kind="insight", verdict="free"))
    network.round(2)
    id_ = network.send("core", "all", insight("copper conducts"), AWAY).ids[0]
    core = network.peers["core"]
    assert core.home.knowledge.get(id_) is not None
    network.charter(Rule(effect="publish", kind="insight", verdict=verdict))
    network.round(2)
    assert core.home.mail.get(id_).state == state
    assert core.home.knowledge.get(id_) is None


def test_a_letter_that_was_taken_back() -> None:
    network = settled("core", "scout")
    core = network.peers["core"]
    id_ = network.send("core", "scout", Question(text="what conducts?"), AWAY).ids[0]
    assert core.home.knowledge.get(id_) is not None
    cancel(core.home, id_, network.clock.wall_ms())
    assert core.home.knowledge.get(id_) is None
