"""Names on the share: what is written is what is recognised, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.limits import int_abs_max
from registry import layout
from registry.layout import PageName
from registry.share import check_path
from tests.strategies import base32, clusters, hashes, names, seqs

LETTER = PageName("core", "abcdefg2", 17)


def test_where_everything_stands() -> None:
    """LAYOUT-1: the tree of SPEC.md, by name."""
    digest = "0123456789abcdef" * 4
    assert layout.MARKER == "NETWORK.json"
    assert layout.document_path("soma/root/1", 1, digest) == "charter/1.root.01234567.json"
    assert layout.document_path("soma/charter/1", 12, digest) == "charter/12.charter.01234567.json"
    assert layout.document_path("soma/roster/1", 3, digest) == "charter/3.roster.01234567.json"
    assert layout.document_path("soma/order/1", 0, digest) == "orders/0123456789abcdef.json"
    assert layout.peer_folder("core") == "peers/core"
    assert layout.card("core") == "peers/core/card.json"
    assert layout.heartbeat("core") == "peers/core/heartbeat.json"
    assert layout.inbox("core") == "peers/core/inbox"
    assert layout.feed("core") == "peers/core/outbox/feed"
    assert layout.mail("core", "scout") == "peers/core/outbox/mail/scout"
    assert layout.receipts("core", "lab.eu") == "peers/core/receipts/lab.eu"
    assert layout.receipt("core", "lab.eu", "scout") == "peers/core/receipts/lab.eu/scout.json"
    assert layout.letter_file(LETTER) == "core.abcdefg2.17.page"
    assert layout.page_file(LETTER) == "abcdefg2.17.page"


@given(names, base32, seqs)
def test_page_names_are_read_as_they_were_written(name: str, epoch: str, seq: int) -> None:
    """LAYOUT-1, LAYOUT-2: author, beginning of the epoch, seq."""
    page = PageName(name, epoch[:8], seq)
    assert layout.read_letter_file(layout.letter_file(page)) == page
    assert layout.read_page_file(layout.page_file(page), name) == page
    assert layout.read_page_file(layout.letter_file(page), name) is None
    assert layout.read_letter_file(layout.page_file(page)) is None


@given(st.sampled_from(["root", "charter", "roster", "order"]), seqs, hashes)
def test_documents_are_recognised_by_their_names(word: str, number: int, digest: str) -> None:
    """LAYOUT-1, LAYOUT-2: each in its own folder, in the other one not."""
    folder, _, name = layout.document_path(f"soma/{word}/1", number, digest).partition("/")
    assert layout.is_order_file(name) is (word == "order")
    assert layout.is_document_file(name) is (word != "order")
    assert folder == (layout.ORDERS if word == "order" else layout.CHARTER)


@given(names, names, clusters, base32, seqs)
def test_every_path_is_one_that_a_share_takes(
    name: str, other: str, cluster: str, epoch: str, seq: int
) -> None:
    """LAYOUT-1, SHARE-1: the longest names, too, fit on every drive."""
    page = PageName(name, epoch[:8], seq)
    for path in (
        layout.card(name),
        layout.heartbeat(name),
        f"{layout.inbox(other)}/{layout.letter_file(page)}",
        f"{layout.feed(name)}/{layout.page_file(page)}",
        f"{layout.mail(name, other)}/{layout.page_file(page)}",
        layout.receipt(name, cluster, other),
    ):
        assert check_path(path)


JUNK = [
    "", ".", "page", ".page", "core.abcdefg2.17.page.tmp", ".core.abcdefg2.17.page",
    "core.abcdefg2.17.page\n", "core.abcdefg2.17 (1).page", "core.abcdefg2.17.sync-conflict.page",
    "core.abcdefg2.17.PAGE", "Core.abcdefg2.17.page", "core.ABCDEFG2.17.page",
    "core.abcdefg1.17.page", "core.abcdefg.17.page", "core.abcdefg22.17.page",
    "core.abcdefg2.017.page", "core.abcdefg2.0.page", "core.abcdefg2.-1.page",
    "core.abcdefg2..page", "core.abcdefg2.1e3.page", "core.abcdefg2.\u0661.page",
    "core.abcdefg2.1\u0661.page",
    "core.abcdefg2.10000000000000000.page", "-core.abcdefg2.17.page", "core-.abcdefg2.17.page",
    f"{'c' * 33}.abcdefg2.17.page", "core@lab.abcdefg2.17.page", "coré.abcdefg2.17.page",
]  # fmt: skip


@pytest.mark.parametrize("name", JUNK)
def test_other_names_are_nobody_s(name: str) -> None:
    """LAYOUT-2: copies that sync tools make, temporaries, other spellings."""
    assert layout.read_letter_file(name) is None
    assert layout.read_page_file(name.removeprefix("core."), "core") is None


def test_as_long_as_numbers_may_be() -> None:
    """LAYOUT-2: sixteen digits hold every seq there is."""
    assert len(str(int_abs_max)) == 16
    page = layout.read_letter_file(f"core.abcdefg2.{int_abs_max}.page")
    assert page == PageName("core", "abcdefg2", int_abs_max)
    longest = "c" * 32
    assert layout.read_letter_file(f"{longest}.abcdefg2.1.page") == PageName(longest, "abcdefg2", 1)


@pytest.mark.parametrize(
    "name",
    [
        "1.root.01234567.json\n", "0.root.01234567.json", "01.root.01234567.json",
        "1.order.01234567.json", "1.root.0123456.json", "1.root.012345678.json",
        "1.root.ABCDEF01.json", "1.root.01234567.json.tmp", "root.01234567.json", "1.root..json",
        "1.roots.01234567.json", "0123456789abcde.json", "0123456789abcdef0.json",
        "0123456789ABCDEF.json", "0123456789abcdef.json\n", "0123456789abcdef (1).json", "",
    ],
)  # fmt: skip
def test_other_names_are_no_documents(name: str) -> None:
    """LAYOUT-2: in neither folder."""
    assert not layout.is_document_file(name)
    assert not layout.is_order_file(name)
