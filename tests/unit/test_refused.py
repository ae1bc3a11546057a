"""What a person is told about what was refused: whose it may be, what it looks like, what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from peer.home.quarantine import Caught
from peer.refused import looks_like, what_to_do, who
from protocol import canonical

ME = "scout@lab"


@dataclass(frozen=True)
class Entry:
    """An entry with what a test does not care about filled in."""

    file: str = "peers/scout/inbox/core.abcdefgh.1.page"
    rule: str = "PAGE-4"
    author: str | None = "core@lab"
    data: bytes = b"x"
    size: int = -1
    item: str | None = None

    @property
    def caught(self) -> Caught:
        size = len(self.data) if self.size < 0 else self.size
        return Caught(
            7, self.file, self.author, self.rule, "because", size, self.data, self.item, 0, 1
        )


PAGE = canonical.encode(
    {"signed": {"type": "soma/page/1", "author": "core@lab", "audience": "all", "seq": 3}}
)
LOOKS = [
    (b"", "an empty file"),
    (bytes(9), "only NULs, as some drives leave it after a power cut"),
    (b"half of", "bytes that begin with half of"),
    (b"x" * 99, "bytes that begin with " + "x" * 60 + "…"),
    (b"\xff\x00", "bytes that begin with \\xff\x00"),
    (b"[1]", "JSON, but no document: list"),
    (b"{}", "JSON, but no signed document, with no members"),
    (b'{"b":1,"signed":7}', "JSON, but no signed document, with the members b, signed"),
    (b'{"kind":"poem"}', "an item of the kind poem"),
    (PAGE, "says that it is soma/page/1: author core@lab, audience all, seq 3"),
    (b'{"signed":{"seq":true,"type":"soma/x/1"}}', "says that it is soma/x/1"),
]


@pytest.mark.parametrize(("data", "words"), LOOKS)
def test_what_it_looks_like(data: bytes, words: str) -> None:
    assert looks_like(Entry(data=data).caught) == words


def test_what_was_not_kept() -> None:
    assert looks_like(Entry(data=b"", rule="PAGE-13").caught) == "nothing was kept of it"
    assert "512 bytes, which made room" in looks_like(Entry(data=b"", size=512).caught)


def test_a_claim_is_never_long() -> None:
    data = canonical.encode({"signed": {"type": "x" * 5_000, "author": "y" * 5_000}})
    assert len(looks_like(Entry(data=data).caught)) < 400


def test_who_is_said_to_have_written_it() -> None:
    assert who(Entry().caught) == "core@lab"
    assert who(Entry(author=None, file="orders/0123456789abcdef.json").caught) == "a steward"
    assert who(Entry(author=None, file="elsewhere").caught) == "nobody knows whom"


TO_DO = [
    (Entry(), "core offers its true page again"),
    (Entry(file="peers/core/heartbeat.json", rule="HB-3"), "core writes a new one"),
    (Entry(rule="PAGE-11"), "a steward runs `peer admit core`, and you `peer quarantine retry 7`"),
    (Entry(rule="RCPT-4"), "a steward runs `peer admit core`"),
    (Entry(rule="ENV-7"), "upgrade soma-network, then `peer quarantine retry 7`"),
    (Entry(rule="ITEM-2"), "core wrote it so"),
    (Entry(rule="ACT-3", item="a"), "then `peer quarantine retry 7` acts on it again"),
    (Entry(author=ME, file="peers/scout/outbox/feed/abcdefgh.1.page"), "where only you write"),
    (Entry(author=None, file="orders/0123456789abcdef.json"), "who can write to orders/"),
    (Entry(author=None, file="charter/1.roster.01234567.json"), "who can write to charter/"),
    (Entry(file="peers/core/heartbeat.json", rule="LAYOUT-9"), "`peer tick` on its machine"),
    (Entry(rule="PAGE-13"), "core offers its true page again"),
]


@pytest.mark.parametrize(("entry", "words"), TO_DO, ids=lambda value: str(value)[:60])
def test_what_to_do(entry: Entry, words: str) -> None:
    assert words in what_to_do(entry.caught, ME)
    assert "\n" not in what_to_do(replace(entry, rule="X-1").caught, ME)
