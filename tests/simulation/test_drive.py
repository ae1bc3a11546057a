"""The simulated drive: what each machine sees of a change, and what becomes of two sides."""

from __future__ import annotations

import pytest

from peer.simulate.chance import Chance
from peer.simulate.drive import Drive, Lag, View
from protocol.errors import MissingError, ShareUnavailableError

OLD, NEW = b"old", b"new"


class Time:
    def __init__(self) -> None:
        self.ms = 0

    def spend(self, ms: int) -> None:
        self.ms += ms


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def drive(time: Time) -> Drive:
    return Drive(lambda: time.ms, time.spend)


def mount(drive: Drive, who: str, *lags: Lag) -> View:
    view = drive.mount(who, Chance(who))
    view.lags += lags
    return view


def lag(**how: bool) -> Lag:
    given = {"new": False, "replaced": False, "listed": False, "read": False, **how}
    return Lag(ms_max=60_000, **given)


def test_without_lags_everybody_sees_a_change_at_once(drive: Drive) -> None:
    core, scout = mount(drive, "core"), mount(drive, "scout")
    core.place("a", OLD)
    core.place("a", NEW)
    assert scout.read("a", 9) == NEW
    assert scout.names("", 9) == ["a"]
    core.remove("a")
    assert scout.names("", 9) == []


def test_a_replaced_file_is_read_old_for_a_while_and_by_others_only(
    drive: Drive, time: Time
) -> None:
    core, scout = mount(drive, "core"), mount(drive, "scout", lag(replaced=True, read=True))
    core.place("a", OLD)
    core.place("a", NEW)
    assert (core.read("a", 9), scout.read("a", 9)) == (NEW, OLD)
    time.spend(60_001)
    assert scout.read("a", 9) == NEW


def test_a_missing_name_is_remembered_by_reads_while_listings_show_it(
    drive: Drive, time: Time
) -> None:
    core, scout = mount(drive, "core"), mount(drive, "scout", lag(new=True, read=True))
    core.place("a", OLD)
    assert scout.names("", 9) == ["a"]
    with pytest.raises(MissingError):
        scout.read("a", 9)
    time.spend(60_001)
    assert scout.read("a", 9) == OLD


def test_a_new_name_is_listed_late_while_reads_find_it(drive: Drive, time: Time) -> None:
    core, scout = mount(drive, "core"), mount(drive, "scout", lag(new=True, listed=True))
    core.place("a", OLD)
    assert scout.names("", 9) == []
    assert scout.entries("", 9) == []
    assert scout.read("a", 9) == OLD
    time.spend(60_001)
    assert scout.names("", 9) == ["a"]


def test_a_removed_file_is_seen_for_a_while_and_my_own_changes_at_once(drive: Drive) -> None:
    late = lag(new=True, replaced=True, listed=True, read=True)
    core, scout = mount(drive, "core"), mount(drive, "scout", late)
    scout.place("a", OLD)
    core.remove("a")
    assert scout.read("a", 9) == OLD
    assert scout.names("", 9) == ["a"]
    scout.place("a", NEW)
    assert scout.read("a", 9) == NEW
    assert core.read("a", 9) == NEW


def test_a_second_change_does_not_show_the_first_one_early(drive: Drive, time: Time) -> None:
    core, scout = mount(drive, "core"), mount(drive, "scout", lag(replaced=True, read=True))
    for content in (b"1", b"2", b"3"):
        core.place("a", content)
    assert scout.read("a", 9) == b"1"
    time.spend(60_001)
    core.place("a", b"4")
    assert scout.read("a", 9) == b"3"


def test_two_sides_see_only_their_own_until_they_are_joined(drive: Drive) -> None:
    core, scout = mount(drive, "core"), mount(drive, "scout")
    core.place("both", OLD)
    core.place("gone", OLD)
    core.place("changed", OLD)
    drive.split(["scout"])
    core.place("mine", NEW)
    scout.place("theirs", NEW)
    scout.remove("gone")
    core.remove("changed")
    scout.place("changed", NEW)
    assert core.names("", 9) == ["both", "gone", "mine"]
    assert scout.names("", 9) == ["both", "changed", "theirs"]
    drive.join_sides(Chance("join"))
    assert core.names("", 9) == scout.names("", 9) == ["both", "changed", "mine", "theirs"]


def test_a_file_changed_on_both_sides_leaves_a_conflict_copy(drive: Drive) -> None:
    core, scout = mount(drive, "core"), mount(drive, "scout")
    core.place("a.json", OLD)
    drive.split(["scout"])
    core.place("a.json", b"ours")
    scout.place("a.json", b"theirs")
    drive.join_sides(Chance("join"))
    names = core.names("", 9)
    assert len(names) == 2
    assert "a.json" in names
    assert {core.read(name, 9) for name in names} == {b"ours", b"theirs"}


def test_contents_that_were_replaced_or_removed_are_remembered(drive: Drive) -> None:
    core = mount(drive, "core")
    core.place("a", OLD)
    core.place("a", NEW)
    core.remove("a")
    assert drive.past == [("a", OLD), ("a", NEW)]


def test_what_a_trouble_kept_from_being_read_is_noted(drive: Drive, time: Time) -> None:
    def broken(op: str, path: str) -> None:
        if path.startswith("bad"):
            raise ShareUnavailableError(path)

    core = mount(drive, "core")
    core.make_folder("good")
    core.place("good/a", OLD)
    core.troubles["broken"] = broken
    assert core.read("good/a", 9) == OLD
    with pytest.raises(ShareUnavailableError):
        core.place("bad/a", NEW)
    assert not core.troubles.hid("bad/a")  # it was not read
    with pytest.raises(ShareUnavailableError):
        core.names("bad", 9)
    assert core.troubles.hid("bad/a")
    assert not core.troubles.hid("good/a")


def test_a_slow_drive_hides_only_what_changes_meanwhile(drive: Drive, time: Time) -> None:
    core, scout = mount(drive, "core"), mount(drive, "scout", lag(new=True, read=True))
    core.place("a", NEW)
    core.place("b", NEW)
    scout.troubles["slow"] = lambda op, path: time.spend(60_000)
    assert scout.read("a", 9) == NEW
    assert scout.troubles.unseen == {"a", "b"}
    scout.troubles.unseen.clear()
    assert scout.read("b", 9) == NEW
    assert not scout.troubles.unseen
