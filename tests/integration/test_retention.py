"""Neither home nor share grows with history, and nothing is lost or done twice because of that."""

from __future__ import annotations

import json

import pytest

from peer.instance import DAY_MS, HOUR_MS
from peer.mailbox import Mailbox
from peer.tick import retire
from peer.tracing import trace
from protocol.errors import NotFoundError
from protocol.messages import stored_item
from protocol.page import ALL, Stream
from registry import layout
from tests.network import Network, denied, failing, insight, settled

HOURS = 24.0


def live(network: Network, days: int, *only: str) -> None:
    """So many days go by; everybody (or only these) ticks once a day."""
    network.round(days, hours=HOURS, only=only)


def feed(network: Network, name: str) -> list[int]:
    """The positions of the pages in a feed on the share."""
    files = network.files(layout.feed(name))
    return sorted(int(path.split(".")[-2]) for path in files)


def rows(network: Network, name: str, what: str) -> int:
    row = network.peers[name].home.db.one(f"SELECT count(*) FROM {what}")
    assert row is not None
    return int(row[0])


def test_a_feed_keeps_ninety_days_and_says_where_it_begins() -> None:
    """AGE-2, AGE-3: whoever reads it then."""
    network = settled()
    network.send("core", "all", insight("old"))
    live(network, 40)
    network.send("core", "all", insight("younger"))
    live(network, 45)
    assert feed(network, "core") == [1, 2]
    live(network, 8)
    assert feed(network, "core") == [2]
    assert network.heartbeat("core")["feed"]["floor"] == 2
    live(network, 100)
    assert feed(network, "core") == [2], "the newest page stays, however old it is"
    assert network.acted("scout") == ["core: old", "core: younger"]


def test_a_feed_keeps_its_newest_thousand_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """AGE-2: at once, not only once a day."""
    monkeypatch.setattr(retire, "feed_pages_max", 20)
    network = settled()
    for number in range(60):
        network.send("core", "all", insight(f"news {number}"))
    network.round(2)
    assert feed(network, "core") == list(range(41, 61))
    assert len(network.acted("scout")) in (20, 60)  # whoever ticks first


def test_what_a_lost_life_published_goes_after_ninety_days() -> None:
    """AGE-2, SEND-11: whoever restores a backup does not offer it for ever."""
    network = settled("core", "scout", "smith")
    backup = network.backup("core")
    for number in range(3):
        network.send("core", "all", insight(f"lost {number}"))
    network.tick("core")
    network.restart("core", backup)
    network.repair("core")
    network.send("core", "all", insight("since"))
    live(network, 85, "core", "smith")
    assert len(network.files(layout.feed("core"))) == 4
    live(network, 10, "core", "smith")
    (left,) = network.files(layout.feed("core"))
    assert "since" in network.data(left).decode()
    assert network.peers["core"].home.state.flags("kept:") == []
    live(network, 2)
    assert "core: since" in network.acted("scout")
    network.send("core", "all", insight("goes on"))
    live(network, 2)
    assert "core: goes on" in network.acted("scout")
    assert network.writes() == []


def test_of_what_a_lost_life_published_the_newest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """AGE-2: not without bound."""
    monkeypatch.setattr(retire, "feed_pages_max", 20)
    network = settled()
    backup = network.backup("core")
    for number in range(24):
        network.send("core", "all", insight(f"lost {number}"))
    network.tick("core")
    network.restart("core", backup)
    network.repair("core")
    network.send("core", "all", insight("since"))
    live(network, 3)
    assert feed(network, "core") == [1, *range(5, 25)]
    assert len(network.acted("scout")) >= 21


def test_who_comes_late_does_not_wait_for_what_is_gone() -> None:
    """AGE-3, STREAM-4: the floor in a heartbeat is one."""
    network = settled()
    for _ in range(4):
        network.send("core", "all", insight("gone"))
    network.tick("core")
    live(network, 95, "core")
    network.send("core", "all", insight("there"))
    live(network, 2)
    assert "core: there" in network.acted("scout")
    assert network.writes() == []


def test_a_letter_is_offered_for_thirty_days() -> None:
    """AGE-4: then it leaves the inbox, its writer is told, and later ones are received."""
    network = settled("core", "scout", "smith")
    sent = network.send("core", "scout", "too late")
    live(network, 29, "core", "smith")
    assert network.files("peers/scout/inbox") != []
    live(network, 3, "core", "smith")
    assert network.files("peers/scout/inbox") == []
    assert "expired:scout@lab.eu" in network.concerns("core")
    core = network.peers["core"]
    (row,) = Mailbox(core.home, core.identity).outbox()
    assert (row["id"], row["state"]) == (sent.ids[0], "expired")
    network.send("core", "scout", "in time")
    network.round(3)
    assert network.acted("scout") == ["core: in time"]
    assert network.open_pages("core", "scout") == 0
    assert network.writes() == []


def test_letters_that_wait_in_the_home_expire_too() -> None:
    """AGE-4: those beyond the window were never on the share."""
    network = settled("core", "scout", "smith")
    for number in range(40):
        network.send("core", "scout", f"letter {number}")
    live(network, 32, "core", "smith")
    assert network.waiting("core", "scout") == 0
    assert rows(network, "core", "item WHERE state = 'expired'") == 40
    (said,) = network.files("peers/scout/inbox")
    assert json.loads(network.data(said))["signed"]["floor"] == 17, "and this page is young"
    live(network, 31, "core", "smith")
    assert network.open_pages("core", "scout") == 0
    assert network.files("peers/scout/inbox") == []


def test_what_follows_a_letter_that_expired_is_acted_on() -> None:
    """AGE-5: its reader holds it above a hole; an empty page says that nobody fills that."""
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "lost on the way")
    for path in network.files("peers/scout/inbox"):
        network.memory.remove(path)
    live(network, 27, "core", "smith")
    for path in network.files("peers/scout/inbox"):
        network.memory.remove(path)
    network.send("core", "scout", "arrived")
    network.tick("scout")
    assert network.acted("scout") == []
    live(network, 6, "core", "smith")
    network.round(3)
    assert network.acted("scout") == ["core: arrived"]
    assert network.open_pages("core", "scout") == 0
    assert network.writes() == []


def test_what_was_received_before_does_not_hold_back_what_follows() -> None:
    """AGE-5, AGE-6: pages that are kept for a reader who loses his home stand below the hole."""
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "received")
    network.round(2)
    network.send("core", "scout", "lost on the way")
    for path in network.files("peers/scout/inbox"):
        network.memory.remove(path)
    live(network, 27, "core", "smith")
    for path in network.files("peers/scout/inbox"):
        network.memory.remove(path)
    network.send("core", "scout", "arrived")
    network.tick("scout")
    assert network.acted("scout") == ["core: received"]
    live(network, 6, "core", "smith")
    network.round(3)
    assert network.acted("scout") == ["core: arrived", "core: received"]
    assert network.open_pages("core", "scout") == 0
    assert network.writes() == []


@pytest.mark.parametrize("reboot", [False, True])
def test_a_wrong_clock_makes_nothing_old(reboot: bool) -> None:
    """AGE-1: age is what this home has lived; a jump of ten years is a week at most."""
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "waits")
    network.send("core", "all", insight("stays"))
    network.round(1, only=["core", "smith"])
    if reboot:
        network.clock.reboot()
    network.clock.jump(3_650 * DAY_MS)
    for _ in range(4):
        network.tick("core")
    assert network.files("peers/scout/inbox") != []
    assert feed(network, "core") == [1]
    network.round(3)
    assert "core: waits" in network.acted("scout")


def test_what_was_received_long_ago_is_forgotten_page_by_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """AGE-7: by its position it is known for ever, so a page that comes back changes nothing."""
    monkeypatch.setattr(retire, "pages_max", 8)
    monkeypatch.setattr(retire, "item_days", 20)
    network = settled()
    saved: dict[str, bytes] = {}
    for number in range(30):
        network.send("core", "scout", f"letter {number}")
        saved |= {path: network.data(path) for path in network.files("peers/scout/inbox")}
        live(network, 1)
    live(network, 25)
    assert rows(network, "scout", "page") < 12
    assert rows(network, "scout", "item WHERE mine = 0") == 0
    for path, data in saved.items():
        network.memory.place(path, data)
    live(network, 3)
    assert rows(network, "scout", "item WHERE mine = 0") == 0
    assert network.caught("scout") == []
    assert network.files("peers/scout/inbox") == []
    assert network.concerns("core") == []


def test_a_letter_that_was_received_is_traced_after_its_page_is_forgotten() -> None:
    """AGE-6: its page for 60 days, the letter for a year."""
    network = settled()
    sent = network.send("core", "scout", "read it")
    live(network, 70)
    core = network.peers["core"]
    assert rows(network, "core", "own_page") == 0
    assert Mailbox(core.home, core.identity).outbox() == []
    told = [event["what"] for event in trace(core.home, core.identity, sent.ids[0])["events"]]
    assert told == ["staged", "acknowledged"]
    live(network, 320)
    assert rows(network, "core", "item") == 0


def test_where_the_share_does_not_let_it_go_it_stays_another_day() -> None:
    """AGE-4: from the share first, then from the home."""
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "stubborn")
    where = "peers/scout/inbox"
    (letter,) = network.files(where)
    live(network, 28, "core", "smith")
    for _ in range(5):
        network.clock.go(DAY_MS)
        report = network.tick("core", failing("unavailable", "remove", letter))
    assert any("another day" in problem for problem in report.problems)
    assert network.files(where) == [letter]
    live(network, 2, "core", "smith")
    assert network.files(where) == []
    assert network.open_pages("core", "scout") == 0


def test_what_stays_keeps_nothing_else_from_going() -> None:
    """AGE-2, AGE-4, AGE-8: a name that the drive does not let go, in a feed or an inbox."""
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "stays", expires_ms=DAY_MS)
    network.send("core", "scout", "goes", expires_ms=DAY_MS)
    for number in range(3):
        network.send("core", "all", insight(f"news {number}"))
    letter, _ = network.files("peers/scout/inbox")
    page = network.files(layout.feed("core"))[0]
    refused = [denied(path, "remove") for path in (letter, page)]
    for _ in range(95):
        network.clock.go(DAY_MS)
        network.tick("core", *refused)
        network.tick("smith")
    assert network.files("peers/scout/inbox") == [letter]
    assert feed(network, "core") == [1, 3]
    assert network.open_pages("core", "scout") == 0
    assert network.peers["core"].home.state.number("retired_day") >= 95
    live(network, 2, "core", "smith")
    assert feed(network, "core") == [3]


def test_a_reader_who_lost_his_home_gets_what_is_kept_and_waits_for_nothing_else() -> None:
    """RCPT-9, AGE-5: pages of sixty days come again, and a floor tells that no others will."""
    network = settled()
    backup = network.backup("scout")
    network.send("core", "scout", "long ago")
    live(network, 50)
    network.send("core", "scout", "lately")
    live(network, 20)
    network.restart("scout", backup)
    network.repair("scout")
    network.restart("scout")
    network.round(6)
    assert network.acted("scout") == ["core: lately"]
    assert network.open_pages("core", "scout") == 0
    assert network.writes() == []


@pytest.mark.parametrize("days", [20, 45])
def test_what_a_reader_lost_is_offered_for_two_weeks_at_least(days: int) -> None:
    """AGE-6: he comes back from a backup, and is away once more; its page alone would expire."""
    network = settled()
    backup = network.backup("scout")
    network.send("core", "scout", "long ago")
    live(network, days)
    network.restart("scout", backup)
    network.repair("scout")
    network.tick("scout")
    live(network, 14, "core")
    assert network.concerns("core") == ["unheard:scout@lab.eu", "dead:scout"], "nothing expired"
    network.round(4)
    assert network.acted("scout") == ["core: long ago"]
    assert network.open_pages("core", "scout") == 0
    live(network, 70)
    assert network.files("peers/scout/inbox") == []
    assert rows(network, "core", "own_page") == 0


def test_what_was_received_is_kept_although_a_later_letter_expires() -> None:
    """AGE-6: the floor passes its page; whoever comes back from a backup gets it in a new one."""
    network = settled()
    backup = network.backup("scout")
    network.send("core", "scout", "received")
    live(network, 5)
    network.send("core", "scout", "expired")
    live(network, 33, "core")
    assert "expired:scout@lab.eu" in network.concerns("core")
    network.restart("scout", backup)
    network.repair("scout")
    network.round(4)
    assert network.acted("scout") == ["core: received"]
    network.send("core", "scout", "goes on")
    network.round(3)
    assert network.acted("scout") == ["core: goes on", "core: received"]
    assert network.open_pages("core", "scout") == 0
    assert network.writes() == []


def test_an_item_that_comes_again_is_acted_on_once() -> None:
    """AGE-6, STREAM-6: a new life that kept everything knows it in its new page, too."""
    network = settled()
    network.send("core", "scout", "received")
    live(network, 20)
    network.repair("scout")
    home = network.peers["scout"].home
    with home.transaction():  # a new life that says to hold nothing
        home.db.write("UPDATE stream SET received = 0, kept = 1, head = NULL")
        home.db.write("DELETE FROM page")
    network.round(4)
    assert rows(network, "core", "own_page WHERE covered_at = 0") == 1
    assert rows(network, "core", "own_page") == 2
    assert network.acted("scout") == ["core: received"]
    assert network.open_pages("core", "scout") == 0


@pytest.mark.parametrize("days", [62, 400])
def test_a_letter_after_a_long_silence_is_as_young_as_any(days: int) -> None:
    """AGE-4, AGE-7: what was kept before it is gone, and its row takes no number of those."""
    network = settled()
    network.send("core", "scout", "early")
    live(network, days)
    assert rows(network, "core", "own_page") == 0
    network.tick("core")
    network.send("core", "scout", "late")
    live(network, 28, "core")
    assert network.waiting("core", "scout") == 0
    live(network, 1)
    assert "core: late" in network.acted("scout")
    live(network, 28)
    assert rows(network, "core", "item") == (2 if days < 365 else 1)


def test_what_a_hostile_member_makes_up_does_not_pile_up() -> None:
    """AGE-7: of lives that it says to have, and of files that it spoils, only some are known."""
    network = settled()
    network.send("core", "all", insight("genuine"))
    network.round(2)
    home = network.peers["scout"].home
    author, key = network.peers["core"].address, network.peers["core"].signer.key
    with home.transaction():
        for number in range(50):
            epoch = f"{number:02}".replace("0", "a").replace("1", "b") * 13
            stream = home.journal.open_stream(Stream(author, key, epoch[:26], ALL), over=False)
            home.journal.announce(stream, 7, "00" * 32)
        for number in range(2_000):
            home.journal.set_damaged(author, "abcdefgh", ALL, number + 1, bad=True)
    live(network, 2)
    assert rows(network, "scout", "stream") < 12
    assert rows(network, "scout", "damage") == 0
    network.send("core", "all", insight("goes on"))
    live(network, 2)
    assert network.acted("scout") == ["core: genuine", "core: goes on"]


def test_a_floor_beyond_all_measure_costs_nothing() -> None:
    """AGE-3: who says that pages up to 2^53 are gone harms only his own feed."""
    network = settled("core", "scout", "smith")
    home, core = network.peers["scout"].home, network.peers["core"]
    stream = Stream(core.address, core.signer.key, core.home.state.epoch, ALL)
    with home.transaction():
        state = home.journal.open_stream(stream, over=False)
        home.journal.raise_floor(state, 1 << 53)
    live(network, 3)
    names = [("abcdefgh", (1 << 53) - 1), (stream.epoch[:8], 1), (stream.epoch[:8], 1 << 52)]
    assert home.journal.holds(core.address, ALL, names) == set(names[1:])
    network.send("smith", "scout", "others go on")
    live(network, 2)
    assert network.acted("scout") == ["smith: others go on"]


def test_a_number_that_is_given_out_again_is_not_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """AGE-1, AGE-4: age goes by the numbers of rows, and these begin again below."""
    monkeypatch.setattr(retire, "item_days", 40)
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "expires")
    live(network, 33, "core", "smith")
    network.send("core", "scout", "young, in a page")
    live(network, 3, "core", "smith")
    core = network.peers["core"]
    rows = Mailbox(core.home, core.identity).outbox()
    assert [row["state"] for row in rows] == ["expired", "delivered"]
    network.round(2)
    assert network.acted("scout") == ["core: young, in a page"]
    live(network, 50)
    network.send("core", "scout", "young, unread")
    live(network, 3)
    assert [letter.author for letter in network.letters("scout")] == ["core@lab.eu"]


def test_what_was_put_away_is_known_for_a_year() -> None:
    """AGE-4: as other items are; of what it said nothing is kept meanwhile."""
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "forget me", expires_ms=HOUR_MS)
    live(network, 2, "core", "smith")
    home = network.peers["core"].home
    (letter,) = home.mail.unacknowledged()
    with home.transaction():
        assert home.past.put_away(letter.id, network.clock.wall_ms())
        assert not home.past.put_away(letter.id, network.clock.wall_ms())
    kept = home.mail.get(letter.id, cancelled=True)
    assert (kept.state, kept.expired_at is None) == ("cancelled", False)
    assert b"forget me" not in kept.data
    live(network, 368, "core", "smith")
    with pytest.raises(NotFoundError, match="no item"):
        home.mail.get(letter.id, cancelled=True)


def test_what_is_written_after_the_newest_rows_are_gone_is_not_old() -> None:
    """AGE-1, AGE-4: a number that may be given out again makes nothing old."""
    network = settled("core", "scout", "smith")
    for number in range(20):
        network.send("core", "scout", f"letter {number}")
    live(network, 33, "core", "smith")
    home = network.peers["core"].home
    with home.transaction():
        for letter in home.mail.unacknowledged():
            home.db.write("DELETE FROM item WHERE id = ?", letter.id)
        home.outgoing.add(
            [stored_item(network.item("core", "waits"), understood=True)],
            "scout@lab.eu",
            network.clock.wall_ms(),
        )
    live(network, 2, "core", "smith")
    core = network.peers["core"]
    assert [row["state"] for row in Mailbox(core.home, core.identity).outbox()] == ["delivered"]
