"""One tick: what it checks first, and what it does not do where something is wrong."""

from __future__ import annotations

import pytest

from protocol.errors import ShareError, ShareUnavailableError, WrongShareError
from registry import layout
from registry.faulty import Fault
from tests.network import failing, settled


@pytest.mark.parametrize("marker", [b"", b"{}", b"\xff", b'{"cluster":"lab.eu","root":{}}', None])
def test_the_marker_comes_first(marker: bytes | None) -> None:
    """TICK-4: garbage there is exit 5; nothing else is read, and nothing is written."""
    network = settled()
    network.send("core", "scout", "one")
    network.memory.place(
        layout.MARKER, marker
    ) if marker is not None else network.memory.put_special(layout.MARKER)
    with network.faulty("scout") as share, pytest.raises(ShareError) as caught:
        network.tick_here("scout")
    assert caught.value.exit_code == 5
    assert [call.path for call in share.calls] == [layout.MARKER]
    assert network.letters("scout") == []


def test_a_missing_marker_is_a_wrong_folder_and_never_an_empty_inbox() -> None:
    """TICK-4: WrongShareError with other files around it, unavailable where all is empty."""
    network = settled()
    network.memory.remove(layout.MARKER)
    with pytest.raises(WrongShareError):
        network.tick("scout")
    network.memory.place(layout.MARKER, network.marker)
    network.send("core", "scout", "one")
    network.tick("scout")
    assert network.acted("scout") == ["core: one"]


@pytest.mark.parametrize("how", ["damaged", "stale", "missing", "lost"])
def test_a_canary_that_comes_back_wrong_ends_the_tick(how: str) -> None:
    """TICK-5.

    The drive does not do what it says: exit 5, nothing acted on, nobody declared dead.
    """
    network = settled()
    network.send("core", "scout", "one")
    fault = {
        "damaged": Fault(name="damaged", path="peers/scout/canary"),
        "stale": Fault(name="damaged", path="peers/scout/canary"),
        "missing": Fault(name="missing", op="read", path="peers/scout/canary"),
        "lost": Fault(name="lost", op="place", path="peers/scout/canary"),
    }[how]
    network.clock.go(100 * 3_600_000)
    with pytest.raises(ShareError) as caught:
        network.tick("scout", fault)
    assert caught.value.exit_code == 5
    assert network.acted("scout") == []
    assert network.health("scout")["core"] != "dead"
    network.round(1)
    assert network.acted("scout") == ["core: one"]


def test_the_canary_leaves_nothing_behind() -> None:
    """TICK-5: written, read back, removed."""
    network = settled()
    calls = network.calls("scout", lambda: network.tick_here("scout"))
    assert [op for op, path in calls if path.endswith("canary")] == ["place", "read", "remove"]
    assert "peers/scout/canary" not in network.files()


def test_a_read_only_share_is_said_and_nothing_is_lost() -> None:
    """TICK-5: remounted read-only: exit 5, and all is done when it can be written again."""
    network = settled()
    network.send("core", "scout", "one")
    for op in ("place", "remove", "make_folder"):
        with pytest.raises(ShareError):
            network.tick("scout", failing("denied", "place"), failing("denied", op))
    network.round(2)
    assert network.acted("scout") == ["core: one"]


def test_an_idle_tick_costs_the_same_after_a_long_life() -> None:
    """SEND-3, TICK-4: no call of the share is made for what is over and done with."""
    network = settled("core", "scout")
    young = network.calls("scout", lambda: network.tick_here("scout"))
    for number in range(40):
        network.send("core", "scout", f"{number}")
        network.send("scout", "core", f"{number}")
        network.round()
    network.round(3)
    old = network.calls("scout", lambda: network.tick_here("scout"))
    assert [op for op, _ in old] == [op for op, _ in young]


def test_an_unavailable_share_is_exit_5_at_every_call() -> None:
    """TICK-4.

    Gone in the middle of a tick: said at once, or a problem of the report; never lost.
    """
    network = settled()
    network.send("core", "scout", "one")
    calls = network.copy().calls("scout", lambda: None)
    assert calls == []
    for at in range(1, 30):
        trial = network.copy()
        fault = Fault(name="unavailable", at=at, times=-1)
        try:
            trial.tick("scout", fault)
        except ShareUnavailableError as error:
            assert error.exit_code == 5
        trial.round(3)
        assert trial.acted("scout") == ["core: one"]
        assert trial.open_pages("core", "scout") == 0
