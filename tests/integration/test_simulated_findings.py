"""What simulated networks found, told as short stories: one for each fault of the product.

Found by `peer simulate` in any weather; some of the runs are in `tests/simulation/cases/`.
"""

from __future__ import annotations

import contextlib
from typing import Any, cast

import pytest

from peer.tick.deliver import audited_pages
from protocol.errors import HumanNeededError, ShareError
from protocol.messages import Announcement, Insight, Question
from registry import layout
from registry.layout import PageName
from registry.memory import MemoryShare
from registry.share import Share
from tests.network import Network, failing, insight, settled, stream_seqs

TWIN = "core: two of its twin"


def test_what_two_lives_published_at_one_place_reaches_everybody() -> None:
    """EPOCH-4: readers hold the page of one life; the other one comes again after the repair."""
    network = settled("core", "scout", "smith")
    backup = network.backup("core")
    network.send("core", "all", insight("of a life that was lost"))
    network.tick("core")
    network.round(1, only=["scout", "smith"])
    lost_page = network.files("peers/core/outbox/feed")
    for path in [*lost_page, layout.heartbeat("core")]:
        network.memory.remove(path)  # nothing tells the restored home of the other life
    network.restart("core", backup)
    network.send("core", "all", insight("of a backup"))
    network.round(2)
    network.repair("core")
    network.restart("core")
    network.round(3)
    for name in ("scout", "smith"):
        assert network.acted(name) == ["core: of a backup", "core: of a life that was lost"]


def test_what_was_published_long_ago_is_not_published_again() -> None:
    """EPOCH-4: a repair offers what is younger than 30 days."""
    network = settled()
    network.send("core", "all", insight("old"))
    network.round(2, hours=31 * 24)
    network.send("core", "all", insight("young"))
    network.round()
    assert network.repair("core") == 1
    network.restart("core")
    network.round(2)
    assert network.acted("scout") == ["core: old", "core: young"]
    assert sorted(stream_seqs(network.peers["core"].home)) == [[1], [1, 2]]


@pytest.mark.parametrize("to", [None, "scout"], ids=["feed", "mail"])
@pytest.mark.parametrize("junk", [b"{}", b"copied"], ids=["no page", "a page of another place"])
def test_a_false_page_in_my_own_outbox_goes(to: str | None, junk: bytes) -> None:
    """SEND-11: only I can clear it, and every reader would read it at every tick."""
    network = settled()
    network.send("core", "all", insight("genuine"))
    genuine = network.data(network.files("peers/core/outbox/feed")[0])
    folder = layout.feed("core") if to is None else layout.mail("core", to)
    path = f"{folder}/{layout.page_file(PageName('core', 'abcdefgh', 7))}"
    network.memory.make_folder(folder)
    network.memory.place(path, genuine if junk == b"copied" else junk)
    peer = network.peers["core"]
    with peer.home.transaction():
        peer.home.state.put(f"mail:{peer.full('scout')}", 1)
    network.round(3)
    assert path not in network.files()
    assert path in [file for _, file in network.caught("core")]
    assert network.heartbeat("core")["mail"] == []
    assert network.acted("scout") == ["core: genuine"]
    assert network.writes() == []


def test_a_page_of_a_lost_life_stays_in_my_outbox() -> None:
    """SEND-11: my key signed it for this place, so it was promised; until somebody breaks it."""
    network = settled()
    backup = network.backup("core")
    network.send("core", "all", insight("promised"))
    (page,) = network.files("peers/core/outbox/feed")
    data = network.data(page)
    network.restart("core", backup)
    network.tick("core")
    network.repair("core")
    network.restart("core")
    network.round(3)
    assert network.data(page) == data
    network.memory.place(page, data[:-1])
    network.round(3)
    assert page not in network.files()


def test_a_page_that_cannot_be_read_now_is_not_removed() -> None:
    """SEND-11: who cannot look must not remove."""
    network = settled()
    path = f"{layout.feed('core')}/{layout.page_file(PageName('core', 'abcdefgh', 7))}"
    network.memory.place(path, b"{}")
    network.tick("core", failing("unavailable", "read", path))
    assert path in network.files()
    network.tick("core")
    assert path not in network.files()


def test_a_new_epoch_whose_receipt_was_deleted_is_offered_everything_again() -> None:
    """EPOCH-8: neither side had a reason to send anything, so nobody noticed for ever."""
    network = settled()
    backup = network.backup("scout")
    network.send("core", "scout", "lost with the home of its reader")
    network.round(3)
    assert network.open_pages("core", "scout") == 0
    network.restart("scout", backup)
    network.tick("scout")
    network.repair("scout")
    network.restart("scout")
    network.tick("scout")
    network.memory.remove(layout.receipt("scout", network.cluster, "core"))
    network.round(4)
    assert network.acted("scout") == ["core: lost with the home of its reader"]
    assert network.open_pages("core", "scout") == 0
    assert network.writes() == []


def test_a_receipt_of_a_new_epoch_that_came_before_its_heartbeat_is_enough() -> None:
    """EPOCH-8: on a drive that shows the heartbeat late nothing is offered again."""
    network = settled()
    for number in range(5):
        network.send("core", "scout", f"letter {number}")
        network.round()
    old_beat = network.data(layout.heartbeat("scout"))
    network.repair("scout")
    network.restart("scout")
    network.tick("scout")
    new_beat = network.data(layout.heartbeat("scout"))
    network.memory.place(layout.heartbeat("scout"), old_beat)
    network.send("core", "scout", "one more")
    network.tick("core")
    network.memory.place(layout.heartbeat("scout"), new_beat)
    for _ in range(4):
        network.tick("core")
        assert network.open_pages("core", "scout") <= 1  # the last one
    network.round(2)
    assert len(network.acted("scout")) == 6


def test_a_home_that_lost_its_epoch_can_be_repaired() -> None:
    """EPOCH-4: that is what it is told to do."""
    network = settled()
    home = network.peers["core"].home
    with home.transaction():
        home.state.forget("epoch")
    network.repair("core")
    network.restart("core")
    network.send("core", "scout", "afterwards")
    network.round(2)
    assert network.acted("scout") == ["core: afterwards"]


def test_a_reader_that_went_back_unnoticed_gets_again_what_it_lost() -> None:
    """RCPT-15: nothing on the share told it of its later life; its receipts tell the author."""
    network = settled()
    network.send("core", "scout", "before the backup")
    network.round(2)
    backup = network.backup("scout")
    network.send("core", "scout", "lost with the home of its reader")
    network.round(2)
    network.restart("scout", backup)
    for path in network.files("peers/scout/receipts"):
        network.memory.remove(path)
    network.memory.remove(layout.heartbeat("scout"))
    network.send("core", "scout", "afterwards")
    network.round(6)
    assert network.acted("scout") == [
        "core: afterwards",
        "core: before the backup",
        "core: lost with the home of its reader",
    ]
    assert network.open_pages("core", "scout") == 0
    assert network.writes() == []


def test_what_a_reader_holds_of_a_twin_above_a_hole_covers_none_of_mine() -> None:
    """EPOCH-4: such ranges carry no hash, so a repair sends again what only they covered."""
    network = settled()
    twin = network.backup("core")
    for words in ("one of core", "two of core"):
        network.send("core", "scout", words)
    _take_letters_away(network)
    mine = network.peers["core"].home
    network.restart("core", twin)
    network.send("core", "scout", "one of its twin")
    _take_letters_away(network)
    network.send("core", "scout", "two of its twin")
    network.tick("scout")
    network.restart("core", mine)
    network.tick("core")
    assert network.open_pages("core", "scout") == 1  # it believes that the second one is there
    network.repair("core")
    network.restart("core")
    network.round(4)
    assert network.acted("scout") == ["core: one of core", "core: two of core", TWIN]
    assert network.open_pages("core", "scout") == 0


def _take_letters_away(network: Network) -> None:
    for path in network.files("peers/scout/inbox"):
        network.memory.remove(path)


def test_what_was_held_back_long_ago_is_another_silence() -> None:
    """HEALTH-6: after days without a share all are silent again, and again it is my fault."""
    names = ("core", "librarian", "scout", "smith", "warden", "zoe")
    network = settled(*names)
    network.round(2)
    away = ("librarian", "scout", "smith")
    network.round(3, only=[name for name in names if name not in away])
    held = network.peers["core"].home.state.text("held")
    assert held is not None
    assert set(held.split()) == set(away)
    network.clock.go(9 * 86_400_000)  # without a share
    for _ in range(3):
        network.clock.go(60_000)
        network.tick("core")
        assert "dead" not in network.health("core").values()


def test_ticks_that_could_not_use_the_share_are_no_patience() -> None:
    """HEALTH-6: three looks without a death, not three failures."""
    names = ("core", "librarian", "scout", "smith", "warden")
    network = settled(*names)
    network.round(2)
    network.clock.go(3 * 86_400_000)
    network.tick("core")  # everybody seems silent: more likely my own fault
    for _ in range(5):
        with pytest.raises(Exception, match="injected"):
            network.tick("core", failing("unavailable"))
    network.clock.go(60_000)
    network.tick("core")
    assert set(network.health("core").values()) == {"alive"}


def test_a_feed_page_that_stands_although_its_author_thinks_not_is_read_once() -> None:
    """SEND-8: a backup of a moment when the drive was full; its lost life placed the page."""
    network = settled()
    for number in range(12):
        network.send("core", "all", insight(f"news {number}"))
    network.send("core", "all", insight("too much"), failing("full", "place"))
    network.round()
    home = network.peers["core"].home
    (newest,) = home.db.read("SELECT max(n) FROM own_page WHERE audience = 'all'")
    with home.transaction():
        home.outgoing.mark_unplaced([newest[0]])
    network.round()

    def reads() -> int:
        calls = network.calls("core", lambda: network.tick_here("core"))
        return sum(op == "read" and "/outbox/feed/" in path for op, path in calls)

    assert [reads() for _ in range(6)] == [audited_pages] * 6


def test_plans_and_doubts_do_not_hide_what_is_known() -> None:
    """Plans are no claims, and doubtful claims do not hide an older good one."""
    network = settled()
    network.send("core", "all", insight("copper melts at 1085", "copper"))
    for number in range(4):
        network.send("core", "all", Announcement(text=f"plan {number}", topics=("copper",)))
        network.send("core", "all", Insight(text="perhaps", topics=("copper",), confidence=100))
    network.send("scout", "core", Question(text="when does it melt?", topics=("copper",)))
    network.round(3)
    answers = [words for words in network.acted("scout") if words.startswith("core: copper melts")]
    assert len(answers) == 2, "what was published, and the answer"


def test_who_goes_on_in_a_life_that_is_over_is_told_and_heard_again_after_a_repair() -> None:
    """EPOCH-9: the share shows it no proof of the life that it lost, so it cannot know."""
    network = settled()
    backup, told = network.backup("scout"), f"returned:{network.peers['core'].full('scout')}"
    network.repair("scout")
    network.restart("scout")
    network.round(2)
    for path in [layout.heartbeat("scout"), *network.files("peers/scout/receipts")]:
        network.memory.remove(path)
    network.restart("scout", backup)
    network.round(2)
    network.send("core", "scout", "are you there?")
    assert told not in network.concerns("core")
    network.round(2)
    assert told in network.concerns("core")
    network.repair("scout")
    network.restart("scout")
    network.round(5)
    assert told not in network.concerns("core")
    assert network.acted("scout") == ["core: are you there?"]
    assert network.open_pages("core", "scout") == 0


def test_an_old_heartbeat_that_is_put_back_is_no_return() -> None:
    """EPOCH-9: nothing goes on there; it is one file, or what was said long ago."""
    network = settled()
    old = []
    for _ in range(4):
        network.tick("scout")
        old.append(network.data(layout.heartbeat("scout")))
        network.clock.go(6 * 3_600_000)
    network.clock.go(24 * 3_600_000)
    network.repair("scout")
    network.restart("scout")
    network.round(2)
    for beat in [*old, old[-1], old[-1]]:
        network.memory.place(layout.heartbeat("scout"), beat)
        network.tick("core")
    assert network.concerns("core") == []


def test_a_repair_after_a_reboot_with_a_wrong_clock_buries_nobody() -> None:
    """HEALTH-5: what it remembers of its clock is all that shows that the clock is wrong."""
    network = settled("core", "scout", "smith")
    network.round(2)
    network.tick("core")  # there is no newer beat than those it knows
    network.clock.reboot()
    network.clock.jump(2 * 86_400_000)
    network.repair("core")
    network.tick("core")
    assert set(network.health("core").values()) == {"alive"}


@pytest.mark.parametrize("trace", ["receipt", "feed", "heartbeat"])
def test_a_life_that_was_lost_is_over_although_one_trace_of_it_is_left(trace: str) -> None:
    """EPOCH-4: else what readers hold of it behind a hole would wait for ever."""
    network = settled()
    network.round(2)
    backup = network.backup("scout")
    network.repair("scout")
    network.restart("scout")
    lost = network.peers["scout"].home.state.epoch
    network.send("scout", "all", insight("first"))
    network.tick("scout")
    network.send("scout", "all", insight("second"))
    network.tick("scout")
    kept = {"receipt": "receipts/", "feed": "outbox/feed/", "heartbeat": "heartbeat.json"}[trace]
    first = min(path for path in network.files("peers/scout/outbox/feed") if lost[:8] in path)
    for path in network.files("peers/scout"):
        if path == first or (kept not in path and not path.endswith("card.json")):
            network.memory.remove(path)
    network.tick("core")
    network.restart("scout", backup)
    network.repair("scout")
    network.restart("scout")
    assert lost in network.peers["scout"].home.state.earlier_epochs
    network.round(4)
    waiting = network.peers["core"].home.db.one("SELECT count(*) FROM item WHERE state = 'new'")
    assert waiting == (0,)


@pytest.mark.parametrize("repaired", [False, True])
def test_the_last_trace_of_a_lost_life_may_be_a_receipt(repaired: bool) -> None:
    """EPOCH-2, EPOCH-6, RCPT-16: its author believes it, so nothing would ever come again."""
    network = settled("core", "scout", "smith")
    network.round(2)
    backup = network.backup("scout")
    beat = network.data(layout.heartbeat("scout"))
    if repaired:
        network.repair("scout")
        network.restart("scout")
    network.send("core", "scout", "lost with a life")
    network.round(3)
    assert network.open_pages("core", "scout") == 0
    network.restart("scout", backup)
    network.memory.place(layout.heartbeat("scout"), beat)
    for _ in range(2):  # there are two others: each receipt has its turn
        with contextlib.suppress(HumanNeededError):
            network.tick("scout")
    assert "parked" in network.concerns("scout")
    network.repair("scout")
    network.restart("scout")
    network.round(4)
    assert network.acted("scout") == ["core: lost with a life"]


@pytest.mark.parametrize("what", ["removed", "damaged", "replaced by an older one"])
def test_a_receipt_of_mine_that_is_not_what_i_wrote_is_written_again(what: str) -> None:
    """RCPT-16: at its turn, though its author has no reason to send anything again."""
    network = settled("core", "scout", "smith")
    where = layout.receipt("scout", network.cluster, "core")
    network.send("core", "scout", "one")
    network.round(2)
    old = network.data(where)
    network.send("core", "scout", "two")
    network.round(2)
    data = network.data(where)
    assert old != data
    network.memory.remove(where)
    if what != "removed":
        network.memory.place(where, old if what.startswith("replaced") else data[:-9])
    network.round(2, only=["scout"])
    assert network.receipt("scout", "core")["streams"][-1]["received"] == 2
    assert network.writes() == []


class EmptyFrom:
    """A drive that goes away at its `at`-th call; the machine still shows its own folders."""

    def __init__(self, inner: Share, at: int) -> None:
        self.inner, self.at, self.calls = inner, at, 0
        self.cached = MemoryShare()
        for folder in (layout.inbox("core"), layout.feed("core")):
            self.cached.make_folder(folder)

    def __getattr__(self, operation: str) -> Any:
        self.calls += 1
        return getattr(self.inner if self.calls < self.at else self.cached, operation)


@pytest.mark.parametrize("at", range(1, 19))
def test_a_drive_that_goes_away_in_the_middle_of_a_tick_buries_nobody(at: int) -> None:
    """HEALTH-9: the newest heartbeat of a neighbour was there a moment ago."""
    network = settled()
    network.round(2)
    network.clock.go(48 * 3_600_000)
    network.tick("scout")
    share = EmptyFrom(network.memory, at)
    with contextlib.suppress(ShareError):
        network.tick_on("core", cast(Share, share))
    assert network.health("core") == {"scout": "alive"}
