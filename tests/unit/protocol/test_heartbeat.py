"""Heartbeats: the form of each member (what all documents share is in test_documents)."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import limits
from protocol.canonical import encode
from protocol.errors import RuleError
from protocol.heartbeat import FeedHead, Heartbeat, open_heartbeat
from tests.samples import AUTHOR, CORE, EPOCH, HASH, HEARTBEAT, LATER, NETWORK, signed

FEED: dict[str, Any] = {"epoch": LATER, "seq": 3, "hash": HASH, "floor": 1}
NAMES = [f"peer-{number}" for number in range(limits.mail_flags_max)]


def heard(**members: Any) -> Heartbeat:
    return open_heartbeat(encode(signed(HEARTBEAT, CORE, **members)), NETWORK, AUTHOR)


def test_what_may_be_left_out() -> None:
    """HB-1: defaults of the table."""
    beat = heard(earlier_epochs=None, halted=None, software=None, feed=None, mail=None, heads=None)
    assert (beat.earlier_epochs, beat.halted, beat.software) == ((), False, "")
    assert (beat.feed, beat.mail, beat.heads) == (None, (), ())
    assert heard(feed={"epoch": LATER, "seq": 3, "hash": HASH}).feed == FeedHead(**FEED)


def test_a_later_version_may_know_more_words() -> None:
    """HB-1: an unknown lifecycle is shown, and is no reason to think a peer dead."""
    assert heard(lifecycle="dreaming").lifecycle == "dreaming"


@pytest.mark.parametrize(
    "members",
    [
        {"author": AUTHOR + "\n"}, {"epoch": EPOCH[1:]}, {"epoch": EPOCH.upper()},
        {"earlier_epochs": [EPOCH[1:]]},
        {"earlier_epochs": [EPOCH] * (limits.earlier_epochs_max + 1)},
        {"seq": 0}, {"seq": "7"}, {"seq": True}, {"tick": -1}, {"at": -1}, {"next_beat_ms": -1},
        {"lifecycle": "Idle"}, {"lifecycle": ""}, {"halted": 1}, {"halted": "no"},
        {"software": "a\nb"}, {"software": "x" * 501},
        {"feed": []}, {"feed": {**FEED, "seq": 0}}, {"feed": {**FEED, "hash": HASH[1:]}},
        {"feed": {"epoch": LATER, "seq": 3}},
        {"mail": ["Core"]}, {"mail": "librarian"}, {"mail": [*NAMES, "core"]},
        {"heads": [1]}, {"heads": {}}, {"heads": [{}] * (limits.heads_max + 1)},
    ],
    ids=lambda members: repr(members)[:60],
)  # fmt: skip
def test_a_member_of_another_form(members: dict[str, Any]) -> None:
    """HB-1: nothing is coerced, nothing is unlimited."""
    with pytest.raises(RuleError) as caught:
        heard(**members)
    assert caught.value.rule == "HB-1"


def test_as_many_as_are_allowed() -> None:
    """HB-1: the limits themselves are within them."""
    beat = heard(
        mail=NAMES, heads=[{}] * limits.heads_max, earlier_epochs=[EPOCH] * 64, software="x" * 500
    )
    assert len(beat.mail) == limits.mail_flags_max


@pytest.mark.parametrize(("name", "rule"), [("nul", "NAME-3"), ("all", "NAME-4")])
def test_names_are_names(name: str, rule: str) -> None:
    """NAME-3, NAME-4: where a folder could not be made, a flag is no flag."""
    with pytest.raises(RuleError) as caught:
        heard(mail=[name])
    assert caught.value.rule == rule
