"""The village's own eyes: on a plain folder all is well, and whatever is amiss is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.drives.village import Village, play
from tests.network import FIVE

pytestmark = pytest.mark.slow


def _lost(village: Village) -> None:
    village.words.append((FIVE[0], [FIVE[1]], "never sent"))


def _doubled(village: Village) -> None:
    village.acted += 1


def _unexpected(village: Village) -> None:
    village.words.pop()


def _waiting(village: Village) -> None:
    village.finish(village.begin([(FIVE[0], "send", FIVE[1], "one more")]))


def _blamed(village: Village) -> None:
    peer = village.peer(FIVE[0])
    with peer.home.transaction():
        peer.home.concerns.open("frozen:somebody", "human", "a fork", "look", 0)
        peer.home.concerns.resolve("frozen:somebody", 1)
    peer.home.close()


def test_it_sees_what_is_amiss(tmp_path: Path, tell: Callable[[str], None]) -> None:
    share = tmp_path / "share"
    share.mkdir()
    village = Village(tmp_path, [share])
    tell(play(village, rounds=1))
    words, done = list(village.words), village.acted
    assert done == sum(len(village.expected(name)) for name in FIVE)
    for amiss in (_lost, _doubled, _unexpected, _waiting):
        amiss(village)
        with pytest.raises(AssertionError):
            village.check()
        village.words, village.acted = list(words), done
    village.words.append((FIVE[0], [FIVE[1]], "one more"))
    village.settle()
    village.check()
    _blamed(village)
    with pytest.raises(AssertionError):
        village.check()
