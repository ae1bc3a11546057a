"""Letters that say for how long they are offered, and what their writers are told."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from peer import repair
from peer.home import database
from peer.home.database import Database
from peer.instance import DAY_MS, HOUR_MS, USUAL_MS
from peer.mailbox import Mailbox
from peer.settings import Letters, Settings
from peer.tick import retire
from protocol import canonical
from protocol.limits import stream_pages_unreceipted_max
from tests.network import Network, failing, settled

HERE = ["core", "smith"]


def alone() -> Network:
    """A network in which scout is away."""
    return settled("core", "scout", "smith")


def hours(network: Network, times: int, each: float = 1) -> None:
    network.round(times, hours=each, only=HERE)


def states(network: Network) -> list[tuple[str, str]]:
    core = network.peers["core"]
    return [(row["text"], row["state"]) for row in Mailbox(core.home, core.identity).outbox()]


def test_the_usual_days_are_those_of_the_settings() -> None:
    assert retire.letter_days * DAY_MS == USUAL_MS


def test_a_letter_is_offered_until_its_own_term_ends() -> None:
    """AGE-8: to the tick, not to the day; its writer is told once."""
    network = alone()
    network.send("core", "scout", "for twelve hours", expires_ms=12 * HOUR_MS)
    hours(network, 11)
    assert network.files("peers/scout/inbox") != []
    hours(network, 2)
    assert network.files("peers/scout/inbox") == []
    assert states(network) == [("for twelve hours", "expired")]
    assert network.concerns("core").count("expired:scout@lab.eu") == 1
    network.round(3)
    assert network.acted("scout") == []
    network.send("core", "scout", "in time")
    network.round(3)
    assert network.acted("scout") == ["core: in time"]
    assert network.open_pages("core", "scout") == 0
    assert network.writes() == []


def test_a_letter_received_in_time_has_no_end() -> None:
    """AGE-8: a term ends the duty to offer it, nothing else."""
    network = alone()
    network.send("core", "scout", "quick", expires_ms=30 * HOUR_MS)
    network.round(3)
    hours(network, 60)
    assert network.acted("scout") == ["core: quick"]
    assert (states(network), network.concerns("core")) == ([], ["dead:scout"])


@pytest.mark.parametrize("reboot", [False, True])
def test_no_wrong_date_ends_a_term(reboot: bool) -> None:
    """AGE-1, AGE-8: what counts is what this home has lived; across a boot a week at most."""
    network = alone()
    network.send("core", "scout", "for ten days", expires_ms=10 * DAY_MS)
    hours(network, 1)
    if reboot:
        network.clock.reboot()
    network.clock.jump(3_650 * DAY_MS)
    for _ in range(3):
        network.tick("core")
    assert network.files("peers/scout/inbox") != []
    network.round(2)
    assert network.acted("scout") == ["core: for ten days"]


def test_a_reader_compares_no_clock() -> None:
    """AGE-9: it is shown when it is said to expire, and acted on all the same."""
    network = alone()
    network.send("core", "scout", "stale?", expires_ms=HOUR_MS)
    network.clock.jump(400 * DAY_MS)
    network.tick("scout")
    assert network.acted("scout") == ["core: stale?"]
    scout = network.peers["scout"]
    (row,) = Mailbox(scout.home, scout.identity).rows(network.letters("scout"))
    said = canonical.decode(network.letters("scout")[0].data)
    assert said["expires"] == said["at"] + HOUR_MS
    assert row["expires"] is not None
    assert row["expires"] > row["at"]


def test_a_term_begins_when_the_letter_is_written_not_at_the_last_tick() -> None:
    """AGE-8: a home that had not looked for days does not shorten it."""
    network = alone()
    network.clock.go(5 * DAY_MS)
    network.send("core", "scout", "for a day", expires_ms=DAY_MS)
    network.tick("core")
    network.clock.go(DAY_MS - HOUR_MS)
    network.tick("core")
    assert states(network) == [("for a day", "delivered")]
    network.clock.go(2 * HOUR_MS)
    network.tick("core")
    assert states(network) == [("for a day", "expired")]


def test_a_page_expires_with_its_last_item() -> None:
    """AGE-8: letters that waited share a page; the usual thirty days count, too."""
    network = alone()
    for number in range(stream_pages_unreceipted_max):
        network.send("core", "scout", f"first {number}", expires_ms=HOUR_MS)
    network.send("core", "scout", "short", expires_ms=10 * HOUR_MS)
    network.send("core", "scout", "usual")
    assert network.waiting("core", "scout") == 2
    hours(network, 3)
    assert network.open_pages("core", "scout") == 1
    hours(network, 10)
    assert {state for text, state in states(network) if text in ("short", "usual")} == {"delivered"}
    network.round(31, hours=24, only=HERE)
    assert {state for _, state in states(network)} == {"expired"}
    network.send("core", "scout", "after")
    network.round(3)
    assert network.acted("scout") == ["core: after"]


def test_a_letter_that_never_left_the_home_expires_too() -> None:
    """AGE-8: it waits behind the window, or for a share that is away."""
    network = alone()
    for number in range(stream_pages_unreceipted_max + 1):
        network.send("core", "scout", f"{number}", expires_ms=(number + 1) * HOUR_MS * 2)
    hours(network, 1)
    core = network.peers["core"]
    assert network.waiting("core", "scout") == 1
    with core.home.transaction():
        core.home.db.write("UPDATE item SET due_ms = 1 WHERE state = 'waiting'")
    network.tick("core")
    assert ("16", "expired") in states(network)


def test_a_long_term_outlasts_the_usual_days() -> None:
    """AGE-8: and the page of a received one is kept for a month after it."""
    network = alone()
    network.peers["core"].settings = Settings(letters=Letters(expires_days=90))
    network.send("core", "scout", "for ninety days")
    network.round(80, hours=24, only=HERE)
    assert network.files("peers/scout/inbox") != []
    network.round(2, hours=24)
    assert network.acted("scout") == ["core: for ninety days"]
    network.round(20, hours=24)
    core = network.peers["core"]
    assert core.home.outgoing.page(core.home.state.epoch, "scout@lab.eu", 1) is not None
    network.round(25, hours=24)
    assert core.home.outgoing.page(core.home.state.epoch, "scout@lab.eu", 1) is None


def test_a_writer_is_told_after_a_week_and_again_when_it_expires() -> None:
    """AGE-10: each once; the first ends when the letter is received, or expires."""
    network = alone()
    network.send("core", "scout", "one")
    network.round(6, hours=24, only=HERE)
    assert network.concerns("core") == ["dead:scout"]
    network.round(3, hours=24, only=HERE)
    assert "unheard:scout@lab.eu" in network.concerns("core")
    network.round(24, hours=24, only=HERE)
    keys = network.concerns("core")
    assert ("expired:scout@lab.eu" in keys, "unheard:scout@lab.eu" in keys) == (True, False)
    network.send("core", "scout", "two")
    network.round(9, hours=24, only=HERE)
    assert "unheard:scout@lab.eu" in network.concerns("core")
    network.round(3, hours=24)
    assert "unheard:scout@lab.eu" not in network.concerns("core")


def test_a_notice_counts_all_that_expired() -> None:
    """AGE-10: a second letter that expires renews the notice."""
    network = alone()
    network.send("core", "scout", "one", expires_ms=HOUR_MS)
    hours(network, 2)
    network.send("core", "scout", "two", expires_ms=HOUR_MS)
    hours(network, 2)
    (told,) = [c for c in network.peers["core"].home.concerns.all() if c.key.startswith("exp")]
    assert told.text.startswith("2 letters to scout expired")


def test_a_share_that_is_away_lets_nothing_expire_half() -> None:
    """AGE-8: a page goes from the share before it goes from the home."""
    network = alone()
    network.send("core", "scout", "one", expires_ms=HOUR_MS)
    (path,) = network.files("peers/scout/inbox")
    network.clock.go(2 * HOUR_MS)
    report = network.tick("core", failing("unavailable", "remove", path))
    assert any("until the next tick" in line for line in report.problems)
    assert states(network) == [("one", "delivered")]
    network.tick("core")
    assert states(network) == [("one", "expired")]
    assert network.files("peers/scout/inbox") == []


def test_an_answer_written_by_the_peer_itself_has_the_term_of_the_settings() -> None:
    """AGE-8: whoever writes it, a letter is a letter."""
    from protocol.messages import Question
    from tests.network import insight

    network = settled()
    core = network.peers["core"]
    core.settings = replace(core.settings, letters=Letters(expires_days=2))
    network.send("core", "all", replace(insight("copper conducts", "metal"), confidence=900))
    network.round(2)
    network.send("scout", "core", Question(text="what conducts?", topics=("metal",)))
    network.tick("core")
    (due,) = core.home.db.read("SELECT due_ms FROM item WHERE kind = 'answer'")
    assert due[0] == core.home.state.number("lived_ms") + 2 * DAY_MS


def test_a_damaged_database_of_an_earlier_version_loses_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EPOCH-4: columns that came later have their defaults; nothing else is given up."""
    steps = tmp_path / "steps"
    steps.mkdir()
    first = "0001_start.sql"
    source = os.path.join(os.path.dirname(database.__file__), "migrations", first)
    (steps / first).write_bytes(Path(source).read_bytes())
    path = str(tmp_path / "home.db")
    with monkeypatch.context() as patch:
        patch.setattr(database, "_MIGRATIONS", str(steps))
        with closing(Database(path, create=True)) as old, old.transaction():
            old.write(
                "INSERT INTO item (id, mine, author, audience, kind, thread, auto, depth,"
                " understood, data, state, stored_at) VALUES"
                " ('a', 1, 'x', 'y', 'note', 'a', 0, 0, 1, x'7b7d', 'waiting', 1)"
            )
    with closing(Database(str(tmp_path / "new.db"), create=True)) as fresh:
        assert repair._salvage(path, fresh) >= 1
        assert fresh.read("SELECT id, priority, due_ms FROM item") == [("a", 2, None)]
    with closing(Database(path)) as now:  # and a sound one is migrated
        assert now.read("SELECT id, priority, due_ms FROM item") == [("a", 2, None)]
    assert sqlite3.sqlite_version_info >= (3, 24)


def test_who_was_away_hears_of_what_expired_between_two_letters() -> None:
    """AGE-5: the floor waits for the lower one, and whoever holds the higher one is told then."""
    network = alone()
    network.send("core", "scout", "usual, the first")
    network.send("core", "scout", "for an hour", expires_ms=HOUR_MS)
    hours(network, 3)
    network.send("core", "scout", "usual, the third")
    network.round(4, hours=1)
    assert network.acted("scout") == ["core: usual, the first", "core: usual, the third"]
    assert network.open_pages("core", "scout") == 0


@pytest.mark.parametrize("days", [3, 25])
def test_what_was_received_in_time_is_offered_again_to_who_lost_it(days: int) -> None:
    """AGE-8, AGE-6: his home went back to a backup long after the letter's own term."""
    network = settled()
    backup = network.backup("scout")
    network.send("core", "scout", "quick", expires_ms=6 * HOUR_MS)
    network.round(3, hours=1)
    network.round(days, hours=24)
    assert network.acted("scout") == ["core: quick"]
    network.restart("scout", backup)
    network.repair("scout")
    network.tick("scout")
    network.round(10, hours=24, only=["core"])
    assert "expired:scout@lab.eu" not in network.concerns("core")
    network.round(4)
    assert network.acted("scout") == ["core: quick"]
    assert network.open_pages("core", "scout") == 0
    network.round(60, hours=24)
    assert network.files("peers/scout/inbox") == []
    assert network.writes() == []
