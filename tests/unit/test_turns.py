"""The order of acting: urgent items sooner, each stream in its order, and nobody starves."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.home.journal import New
from peer.tick.turns import in_turn, turn_items
from tests.network import Network, settled

Items = dict[
    tuple[str, int], list[int]
]  # (author, stream) → priorities, in the order of the stream


class FakeJournal:
    """Streams as lists."""

    def __init__(self, items: Items) -> None:
        self.items = items

    def waiting(self) -> list[tuple[int, str, int, int]]:
        return [
            (stream, author, priority, count)
            for (author, stream), priorities in self.items.items()
            for priority, count in Counter(priorities).items()
        ]

    def next_items(self, stream: int, after: tuple[int, int], items_max: int) -> list[New]:
        ((author, priorities),) = [(a, p) for (a, s), p in self.items.items() if s == stream]
        return [
            New(stream * 100_000 + seq, "", author, "", "note", b"", 1, seq, 0, priority)
            for seq, priority in enumerate(priorities, 1)
            if (seq, 0) > after
        ][:items_max]


def order(items: Items) -> list[tuple[str, int, int]]:
    """(author, stream, seq) in the order of acting."""
    return [(new.author, new.n // 100_000, new.seq) for new in in_turn(FakeJournal(items))]  # type: ignore[arg-type]


def test_the_most_urgent_item_brings_its_stream_forward() -> None:
    """ACT-4, STREAM-5: what stands before it comes first all the same."""
    found = order({("a", 1): [2, 2], ("b", 2): [4, 0], ("c", 3): [1]})
    assert found == [("b", 2, 1), ("b", 2, 2), ("c", 3, 1), ("a", 1, 1), ("a", 1, 2)]


def test_inside_an_author_the_urgent_stream_comes_first() -> None:
    """ACT-4: and no longer than it has something urgent."""
    found = order({("a", 1): [2, 2], ("a", 2): [0, 3, 3]})
    assert found == [("a", 2, 1), ("a", 1, 1), ("a", 1, 2), ("a", 2, 2), ("a", 2, 3)]


def test_a_flood_of_urgent_items_keeps_nobody_waiting_beyond_a_bound() -> None:
    """ACT-4: 64 of the flooder, then everybody else's turn; in every round."""
    found = order({("flooder", 1): [0] * 10_000, ("patient", 2): [4] * 10, ("usual", 3): [2] * 40})
    usual = [place for place, (author, _, _) in enumerate(found) if author == "usual"]
    patient = [place for place, (author, _, _) in enumerate(found) if author == "patient"]
    assert usual[:17] == [*range(64, 80), 64 + 16 + 4 + 64]
    assert patient[-1] < 3 * (64 + 16 + 4)


def test_more_streams_do_not_make_longer_turns() -> None:
    """ACT-4: an author who begins many epochs has one turn all the same."""
    items: Items = {("many", stream): [0] * 100 for stream in range(1, 50)}
    found = order(items | {("one", 99): [4] * 4})
    assert [place for place, (author, _, _) in enumerate(found) if author == "one"] == [
        64, 65, 66, 67,
    ]  # fmt: skip


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abc"), st.integers(1, 6)),
        st.lists(st.integers(0, 4), min_size=1, max_size=150),
        max_size=6,
    )
)
def test_every_item_comes_once_in_the_order_of_its_stream_and_in_time(items: Items) -> None:
    """ACT-4, STREAM-5."""
    items = {(author, stream): p for (author, stream), p in items.items()
             if sum(s == stream for _, s in items) == 1}  # fmt: skip
    found = order(items)
    assert len(found) == len(set(found)) == sum(map(len, items.values()))
    for author, stream in items:
        seqs = [seq for a, s, seq in found if (a, s) == (author, stream)]
        assert seqs == sorted(seqs)
    authors = {author for author, _ in items}
    for author in authors:
        mine = [place for place, (a, _, _) in enumerate(found) if a == author]
        gaps = [b - a for a, b in pairwise(mine)]
        assert max(gaps, default=1) <= 2 * (len(authors) - 1) * turn_items[0] + 1


def acted_in_order(network: Network, name: str) -> list[str]:
    rows = network.peers[name].home.db.read(
        "SELECT data FROM item WHERE mine = 0 AND state = 'acted' ORDER BY acted_at, n"
    )
    return [row[0].decode().split('"text":"')[1].split('"')[0] for row in rows]


def test_a_tick_acts_on_what_is_urgent_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """ACT-4: by what the letters say."""
    from peer.tick import act

    monkeypatch.setattr(act, "tick_items_max", 1)
    monkeypatch.setattr(act, "batch_items_max", 1)
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "whenever", priority=4)
    network.send("smith", "scout", "now", priority=0)
    report = network.tick("scout")
    assert any("more items than I act on" in line for line in report.problems)
    assert acted_in_order(network, "scout") == ["now"]
    network.clock.go(1_000)
    network.tick("scout")
    assert acted_in_order(network, "scout") == ["now", "whenever"]


def test_an_item_that_failed_is_not_tried_twice_in_a_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """ACT-3: nor does it keep others of its stream waiting."""
    network = settled()
    tried: list[str] = []

    def fail(received: object, view: object) -> list[object]:
        tried.append("once")
        raise ValueError("no")

    scout = network.peers["scout"]
    scout.handlers = {**scout.handlers, "note": fail}  # type: ignore[dict-item]
    network.send("core", "scout", "bad")
    network.tick("scout")
    assert tried == ["once"]
