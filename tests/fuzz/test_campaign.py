"""The campaign in short: some hundred struck files in every run, others in every night's.

`python -m tests.fuzz --files 100000` is the long one (`make fuzz`).
"""

from __future__ import annotations

import pytest

from tests.fuzz.campaign import QUARANTINED, Account, play
from tests.fuzz.forging import FORGE
from tests.fuzz.mangling import BLIND, JSON
from tests.fuzz.placing import MOVES
from tests.fuzz.world import BASES, fresh, kind_of

KINDS = {
    "attachment",
    "delegation", "revocation", "part",
    "marker", "root", "charter", "roster", "order", "card", "heartbeat", "letter", "feed",
    "mail", "receipt",
}  # fmt: skip


@pytest.mark.parametrize("first", range(0, 45, 15))
def test_nothing_that_was_struck_is_accepted_and_nothing_is_lost(first: int) -> None:
    """PAGE-15, AUTH-8, LAYOUT-2, LAYOUT-9, STREAM-3, TICK-3: whatever stands on the share.

    Every tick ends; no home believes, alarms or accuses; what broke a rule is in quarantine with
    it; and all letters arrive exactly once although nobody but the peers mends anything.
    """
    account = Account()
    for seed in range(first, first + 15):
        play(seed, account)
    assert account.failures == []
    assert account.files > 15 * 20
    assert sum(found[QUARANTINED] for found in account.outcomes.values()) > account.files // 4


def test_every_kind_of_file_is_struck_in_every_way() -> None:
    account = Account()
    for seed in range(1_000, 1_027):
        play(seed, account)
    done = {how for how in account.outcomes if not how.startswith("marker")}
    assert done == {*BLIND, *JSON, *FORGE, *MOVES}
    assert KINDS - {"marker"} <= set(account.kinds)
    assert account.failures == []


def test_the_network_has_every_kind_of_file() -> None:
    worlds = [fresh(number) for number in range(BASES)]
    for world in worlds:
        found = {kind_of(path) for path in world.network.files()}
        assert KINDS - {"letter", "mail", "feed", "attachment"} <= found
    assert {kind_of(path) for world in worlds for path in world.genuine} >= KINDS


def test_what_peers_ask_decide_and_agree_on_is_among_what_is_struck() -> None:
    worlds = [fresh(number) for number in range(BASES)]
    kinds = {
        row[0]
        for world in worlds
        for peer in world.network.peers.values()
        for row in peer.home.db.read("SELECT kind FROM item WHERE mine = 1")
    }
    assert {"request", "announcement", "proposal", "vote"} <= kinds
    types = {document.type for world in worlds for document in world.network.desk.shelf}
    assert {f"soma/{word}/1" for word in ("decision", "delegation", "revocation")} <= types


def test_what_is_accepted_wrongly_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The campaign can fail: with a reader that verifies nothing it does so, in every way."""
    from protocol.envelope import Envelope

    monkeypatch.setattr(Envelope, "signed_by", lambda *_: True)
    account = Account()
    for seed in range(5_000, 5_010):
        play(seed, account)
    assert account.failures
