"""Peers on the share: cards, heartbeats, the canary, walked by names that others give."""

from __future__ import annotations

import pytest

from protocol import limits
from protocol.errors import MissingError, OversizedError, ShareDeniedError
from registry import roster
from registry.faulty import Fault, FaultyShare
from registry.memory import MemoryShare
from registry.share import digest


def test_a_card_is_placed_and_fetched(share: MemoryShare) -> None:
    """LAYOUT-1: and is as large as a document, no larger."""
    with pytest.raises(MissingError):
        roster.fetch_card(share, "core")
    roster.place_card(share, "core", b"x" * limits.document_bytes_max)
    assert len(roster.fetch_card(share, "core")) == limits.document_bytes_max
    roster.place_card(share, "core", b"x" * (limits.document_bytes_max + 1))
    with pytest.raises(OversizedError):
        roster.fetch_card(share, "core")


def test_heartbeats_are_fetched_in_the_order_of_the_names(share: MemoryShare) -> None:
    """LAYOUT-3: of the peers that the caller names, errors in their places."""
    for name in ("scout", "core"):
        roster.place_heartbeat(share, name, name.encode())
    share.make_folder("peers/intruder")
    share.place("peers/intruder/heartbeat.json", b"me too")
    found = roster.fetch_heartbeats(share, ["scout", "nobody", "core"], [None, None, None])
    assert (found[0], found[2]) == (b"scout", b"core")
    assert isinstance(found[1], MissingError)


def test_an_unchanged_heartbeat_is_no_news(share: MemoryShare) -> None:
    """SHARE-8: so that nothing is verified again."""
    roster.place_heartbeat(share, "core", b"beat")
    known = digest(b"beat")
    assert roster.fetch_heartbeats(share, ["core"], [known]) == [None]
    roster.place_heartbeat(share, "core", b"boat")
    (other,) = roster.fetch_heartbeats(share, ["core"], [known])
    assert other == b"boat"


def test_an_oversized_heartbeat_is_an_error_in_its_place(share: MemoryShare) -> None:
    """ENV-1: one peer's flood keeps nobody else from being heard."""
    roster.place_heartbeat(share, "core", b"x" * (limits.document_bytes_max + 1))
    roster.place_heartbeat(share, "scout", b"x" * limits.document_bytes_max)
    found = roster.fetch_heartbeats(share, ["core", "scout"], [None, None])
    assert isinstance(found[0], OversizedError)
    assert isinstance(found[1], bytes)


def test_nobody_lists_peers(share: MemoryShare) -> None:
    """LAYOUT-3: whoever makes a folder there is not thereby a peer."""
    watched = FaultyShare(share)
    roster.fetch_heartbeats(watched, ["core"], [None])
    roster.place_heartbeat(watched, "core", b"x")
    roster.place_card(watched, "core", b"x")
    roster.fetch_card(watched, "core")
    assert not [call for call in watched.calls if call.path in ("", "peers")]


def test_only_the_own_folder_is_written(share: MemoryShare) -> None:
    """LAYOUT-4: card, heartbeat and canary."""
    watched = FaultyShare(share)
    roster.place_heartbeat(watched, "core", b"x")
    roster.place_card(watched, "core", b"x")
    roster.sing(watched, "core", b"la")
    assert all(call.path.startswith("peers/core/") for call in watched.calls)


def test_a_canary_leaves_nothing_behind(share: MemoryShare) -> None:
    """TICK-5: written, read back, removed."""
    before = share.names("peers/core", 99)
    assert roster.sing(share, "core", b"la")
    assert share.names("peers/core", 99) == before


@pytest.mark.parametrize(
    ("fault", "op"), [("damaged", "read"), ("stale", "read"), ("lost", "place")]
)
def test_a_share_that_lies_is_heard(share: MemoryShare, fault: str, op: str) -> None:
    """TICK-5: what is read is an old song, or none of ours."""
    lying = FaultyShare(share, [Fault(name=fault, op=op, at=2 if op == "place" else 1)])
    lying.place("peers/core/canary", b"do")
    assert not roster.sing(lying, "core", b"la")
    assert lying.struck


def test_a_share_that_cannot_be_written_is_an_error(share: MemoryShare) -> None:
    """TICK-5: which says what is wrong."""
    with pytest.raises(ShareDeniedError):
        roster.sing(FaultyShare(share, [Fault(name="denied", op="place", times=-1)]), "core", b"la")
