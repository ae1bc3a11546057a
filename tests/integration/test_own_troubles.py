"""A peer that finds troubles of its own: what it tells, how often, and what the others see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from peer import approvals
from peer.overview import concerns
from peer.stewards.orders import halt
from peer.tick import selfcheck
from protocol import canonical
from protocol.charter import Budget, Rule
from protocol.messages import Alert, Note
from protocol.trouble import Trouble, times_max
from registry.faulty import Killed
from tests.network import DAY_MS, DyingDatabase, Network, settled

SLOW = Trouble("slow", "warn", "answers take 40 s")
GONE = Trouble("slow", "critical", "nobody answers")


class Sick:
    """`core` of a network has one check; `found` is what that finds."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.found: list[Trouble] = []
        network.peers["core"].checks = {"model": self.look}

    def look(self) -> Iterator[Trouble]:
        yield from self.found

    def lasts(self, ticks: int, *found: Trouble, hours: float = 6) -> None:
        """So it is for some ticks of everybody."""
        self.found = list(found)
        self.network.round(ticks, hours=hours)

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """What it published, oldest first."""
        rows = self.network.peers["core"].home.db.read(
            "SELECT id, data FROM item WHERE mine = 1 AND kind = 'alert' ORDER BY n"
        )
        return [{**canonical.decode(data), "id": id_} for id_, data in rows]

    @property
    def told(self) -> list[str]:
        """The severities of that."""
        return [one["body"].get("severity", "warn") for one in self.alerts]

    def seen(self, name: str = "scout") -> list[tuple[str, str]]:
        """(level, text) of what somebody is shown."""
        return [(c["level"], c["text"]) for c in concerns(self.network.peers[name])]


@pytest.fixture
def sick() -> Sick:
    return Sick(settled())


def test_a_trouble_is_told_once(sick: Sick) -> None:
    """CHECK-1, AUTO-1: and shown on both sides, once, as no letter."""
    sick.lasts(3, SLOW)
    (alert,) = sick.alerts
    assert (alert["auto"], alert.get("depth", 0), alert.get("re")) == (True, 0, None)
    assert alert["body"] == {"severity": "warn", "text": SLOW.text}
    assert sick.seen("core") == [("warn", SLOW.text)]
    assert sick.seen() == [("warn", f"core@lab.eu: {SLOW.text}")]
    assert sick.network.letters("scout") == []
    assert sick.network.writes() == []


def test_what_became_worse_is_told_and_takes_the_place_of_what_was(sick: Sick) -> None:
    """CHECK-2, CHECK-7: one concern, which waits for a human now; better is not told at once."""
    sick.lasts(1, SLOW)
    sick.lasts(1, GONE)
    sick.lasts(1, SLOW)
    sick.lasts(1, GONE)
    first, worse = sick.alerts
    assert (worse["re"], worse["thread"]) == (first["id"], first["id"])
    assert sick.told == ["warn", "critical"]
    assert sick.seen() == [("human", f"core@lab.eu: {GONE.text}")]
    assert sick.seen("core") == [("human", GONE.text)]


def test_what_lasts_is_told_again_each_day_and_not_for_ever(sick: Sick) -> None:
    """CHECK-3, CHECK-7: renewed, not doubled; and my own people see it as long as it lasts."""
    sick.lasts(5, SLOW)
    assert len(sick.alerts) == 2, "at once, and after a day"
    sick.lasts(4 * 9, GONE)
    assert len(sick.alerts) == times_max
    assert {one["re"] for one in sick.alerts[1:]} == {sick.alerts[0]["id"]}
    assert len(sick.seen()) == len(sick.seen("core")) == 1
    sick.lasts(4 * 70, SLOW)
    assert len(sick.alerts) == times_max
    assert sick.seen("core") == [("warn", SLOW.text)], "however long it lasts"


def test_what_is_over_is_over_for_everybody(sick: Sick) -> None:
    """CHECK-4, CHECK-7: whatever was told in between."""
    sick.lasts(6, SLOW)
    sick.lasts(1, GONE)
    sick.lasts(2)
    over = sick.alerts[-1]
    assert (over["re"], over["body"]["severity"]) == (sick.alerts[0]["id"], "info")
    assert over["body"]["text"] == f"it is over: {GONE.text}"
    assert sick.seen() == sick.seen("core") == []
    count = len(sick.alerts)
    sick.lasts(9)
    assert len(sick.alerts) == count, "its end is told once"
    sick.lasts(1, SLOW)
    assert "re" not in sick.alerts[-1], "later it is another one"


def test_what_comes_back_within_an_hour_is_the_same(sick: Sick) -> None:
    """CHECK-4: a resident that ticks every ten minutes floods nobody."""
    for _ in range(12):
        sick.lasts(3, SLOW, hours=1 / 6)
        sick.lasts(5, hours=1 / 6)
    assert sick.told == ["warn"]
    sick.lasts(1, SLOW, hours=1 / 6)
    sick.lasts(6, hours=1 / 6)
    assert sick.told == ["warn", "info"]


def test_several_troubles_are_several_concerns(sick: Sick) -> None:
    sick.lasts(2, SLOW, Trouble("disk", "critical", "no room"))
    assert sick.seen() == [
        ("human", "core@lab.eu: no room"), ("warn", f"core@lab.eu: {SLOW.text}"),
    ]  # fmt: skip
    sick.lasts(2, SLOW)
    assert sick.seen() == [("warn", f"core@lab.eu: {SLOW.text}")]


def test_a_text_that_changes_is_no_news_for_others(sick: Sick) -> None:
    """CHECK-1: numbers in a text change all the time; my own people see them."""
    for n in range(4):
        sick.lasts(1, Trouble("disk", "warn", f"{90 + n} % full"))
    assert len(sick.alerts) == 1
    assert sick.seen("core") == [("warn", "93 % full")]


def test_a_halted_peer_says_nothing(sick: Sick) -> None:
    """CHECK-5: and tells it when it may."""
    halt(sick.network.desk, sick.network.peers["core"].address, "a look inside")
    sick.lasts(3, SLOW)
    assert sick.alerts == []
    sick.network.resume_all()
    sick.lasts(2, SLOW)
    assert sick.told == ["warn"]


def test_where_stewards_forbid_it_or_want_a_yes_a_person_is_told() -> None:
    """CHECK-5, BOX-4: no pile of requests: one line for people, and one letter to the mailbox."""
    for verdict in ("approve", "forbidden"):
        sick = Sick(settled("core", "scout"))
        sick.network.mailbox("kay")
        sick.network.charter(Rule(effect="publish", kind="alert", verdict=verdict))
        sick.network.round(2)
        sick.lasts(3, SLOW)
        assert sick.alerts == []
        assert approvals.approvals(sick.network.peers["core"]) == []
        assert sick.seen("core") == [("human", SLOW.text)]
        assert sick.seen() == []
        assert [text for _, text in sick.seen("kay")] == [f"core: {SLOW.text}"]
        sick.lasts(2)
        assert sick.seen("core") == sick.seen("kay") == []


def test_what_may_be_told_later_is() -> None:
    """CHECK-5: over a budget it waits; whether it lasts until then, or ends."""
    sick = Sick(settled())
    sick.network.charter(budgets=(Budget(what="publish", amount=1, ms=DAY_MS),))
    sick.network.round()
    sick.lasts(1, Trouble("a", "warn", "a"), Trouble("b", "warn", "b"))
    assert [one["body"]["text"] for one in sick.alerts] == ["a"]
    assert len(sick.seen("core")) == 2
    sick.lasts(4, Trouble("b", "warn", "b"))
    assert [one["body"]["text"] for one in sick.alerts] == ["a", "it is over: a"]
    assert sick.seen("core") == [("warn", "b")]
    sick.lasts(4, Trouble("b", "warn", "b"))
    assert [one["body"]["text"] for one in sick.alerts][2:] == ["b"]
    assert sick.seen("core") == [("warn", "b")]


def test_what_was_told_and_is_forbidden_now_ends_here() -> None:
    sick = Sick(settled())
    sick.lasts(1, SLOW)
    sick.network.charter(Rule(effect="publish", kind="alert", verdict="forbidden"))
    sick.lasts(1, SLOW)
    sick.lasts(2)
    assert sick.told == ["warn"]
    assert sick.seen("core") == []
    assert sick.network.peers["core"].home.troubles.all() == []


def test_alerts_with_notice_are_counted() -> None:
    """ASK-12: as everything else that stewards want to be told of."""
    sick = Sick(settled())
    sick.network.charter(Rule(effect="publish", kind="alert", verdict="notice"))
    sick.network.round()
    sick.lasts(1, SLOW)
    assert sick.told == ["warn"]
    assert ("notice", "publish", "alert", 1) in sick.network.peers["core"].home.asks.deeds()


def test_a_mailbox_tells_only_its_own_person() -> None:
    network = settled()
    network.mailbox("kay")
    network.round()
    found = [SLOW]
    network.peers["kay"].checks = {"model": lambda: found}
    network.round(2)
    assert [c.text for c in network.peers["kay"].home.concerns.all()] == [SLOW.text]
    assert network.concerns("scout") == []
    found.clear()
    network.round(2)
    assert network.concerns("kay") == []


def test_a_check_that_fails_ends_nothing(sick: Sick) -> None:
    """CHECK-6: what it found before lasts; that it fails is told, and over when it works again."""
    sick.lasts(1, SLOW)
    core = sick.network.peers["core"]
    core.checks = {"model": lambda: 1 // 0}  # type: ignore[dict-item, return-value]
    sick.network.round(3)
    assert [text for _, text in sick.seen("core")] == [
        SLOW.text, "the check model raised ZeroDivisionError",
    ]  # fmt: skip
    core.checks = {"model": sick.look}
    sick.lasts(1)
    assert sick.seen("core") == []
    assert sick.told == ["warn", "warn", "info", "info"]


def test_a_check_of_another_program_is_left_alone(sick: Sick) -> None:
    """A tick of the machine's scheduler does not know what an agent's program looks for."""
    sick.lasts(1, SLOW)
    sick.network.peers["core"].checks = {}
    sick.network.round(11)
    assert sick.told == ["warn"]
    sick.network.round(3)
    assert sick.told == ["warn", "info"], "after three days nobody looks any more"


def test_a_process_that_stays_looks_once_a_minute(sick: Sick) -> None:
    looks: list[int] = []
    core = sick.network.peers["core"]

    def look() -> list[Trouble]:
        looks.append(1)
        return []

    core.checks = {"model": look}
    for _ in range(7):
        sick.network.clock.go(selfcheck.rest_ms // 3)
        sick.network.tick("core")
    assert len(looks) == 3


def test_without_checks_nothing_is_written() -> None:
    network = settled()
    before = network.peers["core"].home.db.stamp("trouble", "concern")
    network.round(3)
    assert network.peers["core"].home.db.stamp("trouble", "concern") == before


def test_whoever_dies_on_the_way_tells_it_once() -> None:
    """CHECK-1: what is told and what is remembered of that are one transaction."""
    before, step, died = settled(), 0, True
    while died:
        step += 1
        sick = Sick(before.copy(DyingDatabase))
        core = sick.network.peers["core"]
        assert isinstance(core.home.db, DyingDatabase)
        sick.found, core.home.db.steps, core.home.db.die_at = [SLOW], 0, step
        died = False
        try:
            sick.network.tick("core")
        except Killed:
            died = True
        core.home.db.die_at = 0
        sick.network.restart("core").checks = {"model": sick.look}
        sick.network.round(2)
        assert sick.told == ["warn"], step
        assert len(sick.seen()) == 1
    assert step > 8, "it died in many places"


# -------------------------------------------------------------------------------------- readers


def test_the_end_of_what_was_never_heard_changes_nothing() -> None:
    """CHECK-7: what is told again stands under the name of what was told first, known or not."""
    network = settled()
    first = "a" * 26
    network.send("core", "all", Alert(text="again"), re=first, thread=first)
    network.round()
    assert network.concerns("scout") == [f"item:core@lab.eu:{first}"]
    network.send("core", "all", Alert(text="over", severity="info"), re=first, thread=first)
    network.send("core", "all", Alert(text="over", severity="info"), re="b" * 26, thread="b" * 26)
    network.round()
    assert network.concerns("scout") == []


def test_nobody_renews_or_ends_the_trouble_of_another() -> None:
    """CHECK-7: not by `re`; and two alerts in reply to one letter are two concerns."""
    network = settled("core", "scout", "smith")
    network.send("core", "all", Alert(text="my disk", severity="critical"))
    network.round()
    (mine,) = network.concerns("scout")
    told = mine.rpartition(":")[2]
    network.send("smith", "all", Alert(text="mine as well"), re=told, thread=told)
    network.send("smith", "all", Alert(text="over", severity="info"), re=told, thread=told)
    letter = network.send("scout", "smith", Note(text="how are you?")).ids[0]
    network.round()
    for text in ("my fan", "my lamp"):
        network.send("smith", "scout", Alert(text=text), re=letter, thread=letter)
    network.round()
    shown = {(c.level, c.text) for c in network.peers["scout"].home.concerns.all()}
    assert shown == {
        ("human", "core@lab.eu: my disk"), ("warn", "smith@lab.eu: mine as well"),
        ("warn", "smith@lab.eu: my fan"), ("warn", "smith@lab.eu: my lamp"),
    }  # fmt: skip
