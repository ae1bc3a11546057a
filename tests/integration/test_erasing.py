"""What an author takes back is kept by nobody, and nothing else is lost by that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peer.enclosing import Source
from peer.erasing import erase
from peer.home import Home
from peer.home.blobs import MemoryBlobs
from peer.mailbox import Mailbox
from peer.saving import save
from peer.stewards.orders import halt
from protocol import canonical
from protocol.errors import HumanNeededError, NotFoundError, UsageError
from protocol.messages import Alert, Body, Dispute, Endorsement, Erasure, Note, item_hash
from protocol.page import open_page
from registry import layout
from registry.faulty import Fault, Killed
from tests.integration.typist import NAMES
from tests.integration.typist import settled as typed
from tests.network import Network, failing, insight, settled

SECRET = "the password is swordfish"


def holders(network: Network) -> list[str]:
    """Every file of the share, and every table of a home, that still holds the words."""
    found = [path for path in network.files() if SECRET.encode() in network.data(path)]
    for name, peer in network.peers.items():
        found += [f"{name}: {table}" for table in tables_with(peer.home, SECRET)]
    return found


def tables_with(home: Home, words: str) -> Iterator[str]:
    for (table,) in home.db.read("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in home.db.read(f"SELECT * FROM {table}"):
            if any(words in (c if isinstance(c, str) else bytes(c).decode("utf-8", "replace"))
                   for c in row if isinstance(c, str | bytes)):  # fmt: skip
                yield table
                break


def publish(network: Network, what: Body | None = None) -> str:
    """A page of three items, of which the one in the middle should not have been."""
    network.send("core", "all", insight("before", "metal"))
    (secret,) = network.send("core", "all", what or insight(SECRET, "metal")).ids
    network.send("core", "all", insight("after", "metal"))
    return secret


def shown(network: Network, name: str, author: str = "core") -> list[tuple[str, bool]]:
    peer = network.peers[name]
    rows = Mailbox(peer.home, peer.identity).feed(author, 100)
    return [(row["text"], row["erased"]) for row in rows if row["kind"] != "erasure"][::-1]


def shown_row(network: Network, name: str) -> dict[str, Any]:
    peer = network.peers[name]
    (row,) = Mailbox(peer.home, peer.identity).rows(
        [one for one in peer.home.mail.inbox(everything=True) if one.audience != "all"]
    )
    return row


AFTER = [("before", False), ("", True), ("after", False)]


def test_what_is_erased_is_kept_by_nobody() -> None:
    """ERASE-1, ERASE-2, ERASE-3: neither on the share nor in any home; the rest stays."""
    network = settled()
    secret = publish(network)
    network.round(2)
    assert network.acted("scout") == ["core: after", "core: before", f"core: {SECRET}"]
    done = erase(network.peers["core"], secret[:6])
    assert (done.id, done.state) == (secret, "delivered")
    assert [h for h in holders(network) if "scout" not in h] == []
    network.round(1)
    assert holders(network) == []
    assert shown(network, "core") == shown(network, "scout") == AFTER
    assert network.rules("scout") == network.rules("core") == set()
    network.round(2)
    assert network.writes() == []


def test_no_word_of_it_stays_on_a_disk(tmp_path: Path) -> None:
    """ERASE-3, RECALL-1: not in an index of words, in what was deleted, nor in a log."""
    peer = typed(tmp_path)
    said = peer("share", "--as", "scout", "the xyzzyfoo is under the mat", "--topic", "keys").out
    for n in range(3):
        peer("share", "--as", "librarian", f"another thing {n}", "--topic", "keys")
    peer.round(2)
    for name in NAMES:
        assert "xyzzyfoo" in peer("recall", "mat", "--as", name).out
        peer("search", "mat", "--as", name)
    peer("erase", said.split()[0], "--as", "scout")
    peer.round(3)
    for name in NAMES:
        assert "another thing" in peer("recall", "another thing", "--as", name).out
        for file in peer.folder(name).rglob("*"):
            assert not file.is_file() or b"xyzzyfoo" not in file.read_bytes(), file


def test_its_files_go_with_it_unless_something_else_needs_them(tmp_path: Path) -> None:
    """ERASE-2, ERASE-3: from the share and the author's home at once; names are content."""
    network = settled("core", "scout", "smith")
    files = [Source(f"{SECRET}.txt", lambda: [b"swordfish"]), Source("map", lambda: [b"a map"])]
    published = network.send("core", "all", insight("public"), files=files).ids[0]
    network.send("core", "smith", "look", files=files[1:])
    network.round(1, only=["scout"])
    core, scout = network.peers["core"], network.peers["scout"]
    save(scout, scout.home.mail.get(published), str(tmp_path))
    assert isinstance(core.blobs, MemoryBlobs)
    assert isinstance(scout.blobs, MemoryBlobs)
    assert len(network.files("peers/core/blobs")) == len(core.blobs.files) == 2
    erase(core, published)
    assert [network.data(path) for path in network.files("peers/core/blobs")] == [b"a map"]
    assert list(core.blobs.files.values()) == [b"a map"]
    network.round(2)
    assert holders(network) == []
    assert network.files("peers/core/blobs") == []
    assert [one["name"] for row in [shown_row(network, "smith")] for one in row["attachments"]] == [
        "map"
    ]
    with pytest.raises(NotFoundError, match="erased"):
        save(scout, scout.home.mail.get(published), str(tmp_path))
    network.round(5, hours=24)
    assert scout.blobs.files == {}
    assert core.home.db.read("SELECT count(*) FROM attachment WHERE item = ?", published) == [(0,)]


def test_files_of_what_was_erased_while_the_share_was_away_go_later() -> None:
    """ERASE-2."""
    network = settled()
    files = [Source("a", lambda: [b"swordfish"])]
    published = network.send("core", "all", insight("public"), files=files).ids[0]
    network.memory.gone = True
    erase(network.peers["core"], published)
    network.memory.gone = False
    assert len(network.files("peers/core/blobs")) == 1
    network.round(1)
    assert network.files("peers/core/blobs") == []
    assert network.rest()


def test_the_page_stays_signed_and_chained() -> None:
    """PAGE-7, ERASE-2: same header, null in its place; another cannot strike out more."""
    network = settled()
    core = network.peers["core"]
    secret = publish(network)
    paths = network.files(layout.feed("core"))
    before = {path: network.data(path) for path in paths}
    digest = core.home.erasures.hash_of(secret)
    erase(core, secret)
    changed = [path for path in paths if network.data(path) != before[path]]
    assert len(changed) == 1
    page = open_page(network.data(changed[0]), network.network, frozenset({str(digest)}))
    assert (page.items, page.digest) == (
        (None,), open_page(before[changed[0]], network.network).digest,
    )  # fmt: skip


def test_who_comes_late_reads_around_it() -> None:
    """ERASE-4: in one tick, although the null comes before the page that explains it."""
    network = settled()
    secret = publish(network)
    erase(network.peers["core"], secret)
    network.tick("core")
    network.tick("scout")
    assert network.acted("scout") == ["core: None", "core: after", "core: before"]
    assert network.rules("scout") == set()
    assert network.peers["scout"].home.journal.damaged("core@lab.eu") == []


def test_a_null_that_nothing_explains_yet_is_looked_at_again() -> None:
    """PAGE-7, ERASE-4: no damage, no quarantine, no frozen stream; and no promise is broken."""
    network = settled()
    secret = publish(network)
    erase(network.peers["core"], secret)
    network.tick("core")
    newest = network.files(layout.feed("core"))[-1]
    with network.faulty("scout", failing("missing", "read", newest)):
        network.tick_here("scout")
        network.tick_here("scout")
    assert "core: before" in network.acted("scout")
    assert "core: after" not in network.acted("scout"), "a hole holds its stream back"
    assert network.rules("scout") == set()
    assert network.peers["scout"].home.journal.damaged("core@lab.eu") == []
    network.round(1)
    assert "core: after" in network.acted("scout")
    assert network.rules("scout") == set()


def test_what_somebody_else_strikes_out_comes_back() -> None:
    """SEND-8: its author sees the other size and places his page again."""
    network = settled()
    publish(network)
    network.tick("core")
    path = network.files(layout.feed("core"))[1]
    page = canonical.decode(network.data(path))
    network.memory.place(path, canonical.encode(page | {"items": [None]}))
    network.round(3)
    assert f"core: {SECRET}" in network.acted("scout")
    assert network.rules("scout") == set()


def test_only_the_author_erases_and_no_letter() -> None:
    """ERASE-3: an erasure counts for published items of its own author."""
    network = settled("core", "scout", "smith")
    secret = publish(network)
    (letter,) = network.send("core", "scout", "a letter").ids
    network.round(2)
    core = network.peers["core"]
    theirs = core.home.erasures.hash_of(secret)
    mine = core.home.erasures.hash_of(letter)
    assert theirs is not None
    assert mine is not None
    network.send("smith", "all", Erasure(items=(theirs,)))
    network.send("core", "all", Erasure(items=(mine,)))
    network.round(2)
    assert f"core: {SECRET}" in network.acted("scout")
    assert "core: a letter" in network.acted("scout")
    network.round(2)
    assert network.rules("scout") == set()


def test_what_was_erased_is_not_received_again() -> None:
    """ERASE-3: a sync tool brings the old page back."""
    network = settled("core", "scout", "smith")
    secret = publish(network)
    path = network.files(layout.feed("core"))[1]
    old = network.data(path)
    erase(network.peers["core"], secret)
    network.round(1, only=["core", "scout"])
    network.memory.place(path, old)
    network.tick("smith")
    network.round(1)
    network.round(1)
    assert holders(network) == []
    assert network.rules("smith") == set()


def test_an_author_never_puts_the_old_bytes_back() -> None:
    """ERASE-2, SEND-8: what is missing, or of another size, comes back without the item."""
    network = settled()
    secret = publish(network)
    path = network.files(layout.feed("core"))[1]
    erase(network.peers["core"], secret)
    for harm in (b"", b"{}"):
        network.memory.place(path, harm)
        network.tick("core")
        assert b"null" in network.data(path)
    network.memory.remove(path)
    network.tick("core")
    assert b"null" in network.data(path)
    assert holders(network) == []


def test_a_share_that_is_away_is_mended_by_the_next_tick() -> None:
    """ERASE-1, ERASE-2: it is erased here at once, in one transaction."""
    network = settled()
    secret = publish(network)
    network.round(2)
    with network.faulty("core", failing("unavailable")):
        done = erase(network.peers["core"], secret)
    assert done.state == "staged"
    assert [h for h in holders(network) if h.startswith("core")] == []
    network.round(2)
    assert holders(network) == []


def test_a_share_that_refuses_the_page_is_mended_by_the_next_tick() -> None:
    network = settled()
    secret = publish(network)
    path = network.files(layout.feed("core"))[1]
    with network.faulty("core", failing("unavailable", "place", path)):
        assert erase(network.peers["core"], secret).state == "staged"
    network.round(2)
    assert holders(network) == []


def test_erasing_dies_anywhere_and_is_finished() -> None:
    """TICK-3: or nothing of it happened, and it can be typed again."""
    template = settled()
    secret = publish(template)
    template.round(2)
    for at in range(1, 40):
        network = template.copy()
        try:
            with network.faulty("core", Fault(name="kill_before", at=at)):
                erase(network.peers["core"], secret)
            assert at > 3
            break
        except Killed:
            network.restart("core")
        erase(network.peers["core"], secret)
        network.round(2)
        assert holders(network) == [], at
    else:
        pytest.fail("it never ended")


def test_words_of_others_stay_and_the_content_goes() -> None:
    """ERASE-3: who vouched for it, or contradicted it, is still known; so is an erased opinion."""
    network = settled("core", "scout", "smith")
    secret = publish(network)
    network.round(1)
    network.send("scout", "all", Endorsement(text="I saw it"), re=secret)
    (opinion,) = network.send("smith", "all", Dispute(because=SECRET), re=secret).ids
    network.round(2)
    erase(network.peers["core"], secret)
    erase(network.peers["smith"], opinion)
    network.round(2)
    assert holders(network) == []
    assert ("refutes", "smith@lab.eu") in opinions(network, "scout", secret)
    assert ("supports", "scout@lab.eu") in opinions(network, "smith", secret)


def opinions(network: Network, name: str, item: str) -> list[tuple[str, str]]:
    """What is said of an item, as somebody knows it."""
    said = network.peers[name].home.knowledge.said_of([item])[item]
    return [(one.link, one.author) for one in said]


def test_an_alert_is_forgotten_where_people_saw_it() -> None:
    """ERASE-3: status and escalations repeat its words."""
    network = settled()
    secret = publish(network, Alert(text=SECRET, severity="critical"))
    network.round(2)
    assert holders(network) != []
    erase(network.peers["core"], secret)
    network.round(2)
    assert holders(network) == []
    assert not any(key.startswith("item:") for key in network.concerns("scout"))


@pytest.mark.parametrize("which", ["last", "first"])
def test_of_an_alert_that_was_told_again_goes_what_was_erased(which: str) -> None:
    """ERASE-3: the concern stands under the name of the first item, with the words of the last."""
    network = settled()
    words = ("the disk is slow", SECRET) if which == "last" else (SECRET, "the disk is slow")
    first = publish(network, Alert(text=words[0], severity="warn"))
    network.round(1)
    again = network.send("core", "all", Alert(text=words[1], severity="warn"), re=first).ids[0]
    network.round(2)
    assert holders(network) != []
    erase(network.peers["core"], again if which == "last" else first)
    network.round(2)
    assert holders(network) == []
    shown_still = any(key.startswith("item:") for key in network.concerns("scout"))
    assert shown_still == (which == "first"), "what was told again was not taken back"


def test_a_restored_home_learns_what_it_took_back() -> None:
    """ERASE-5: neither the repair nor the ticks after it publish it again."""
    network = settled()
    secret = publish(network)
    network.round(1)
    backup = network.backup("core")
    erase(network.peers["core"], secret)
    network.round(1)
    network.restart("core", backup)
    assert network.tick("core").state == "parked"
    network.repair("core")
    assert list(tables_with(network.peers["core"].home, SECRET)) == []
    network.round(3)
    assert holders(network) == []
    assert shown(network, "scout").count(("", True)) == 1


def test_pages_of_a_lost_life_are_offered_without_it() -> None:
    """ERASE-5: this home only knows the item, another life of it had published that."""
    network = settled()
    core = network.peers["core"]
    with network.faulty("core", failing("unavailable")):
        (secret,) = network.send_here("core", "all", insight(SECRET)).ids
    backup = network.backup("core")
    network.tick("core")
    network.round(1)
    network.restart("core", backup)
    assert network.tick("core").state == "parked"
    network.repair("core")
    network.round(2)
    core = network.peers["core"]
    assert [p for p in network.files(layout.feed("core")) if SECRET.encode() in network.data(p)]
    erase(core, secret)
    network.round(4)
    assert holders(network) == []


def test_what_cannot_be_erased_is_said() -> None:
    network = settled("core", "scout", "smith")
    core, scout = network.peers["core"], network.peers["scout"]
    secret = publish(network)
    network.round(1)
    (letter,) = network.send("core", "scout", "a letter").ids
    with pytest.raises(NotFoundError):
        erase(core, "aaaaaa")
    with pytest.raises(UsageError, match="cannot be taken back"):
        erase(core, letter)
    with pytest.raises(UsageError, match="not yours"):
        erase(scout, secret)
    done = erase(core, secret)
    assert erase(core, secret).by is None
    with pytest.raises(UsageError, match="itself"):
        erase(core, str(done.by))


def test_a_halted_peer_erases_nothing_of_its_own_and_forgets_what_others_took_back() -> None:
    """HALT-4, ERASE-3: forgetting belongs to journalling."""
    network = settled()
    secret = publish(network)
    (kept,) = network.send("core", "all", "stays").ids
    network.round(2)
    erase(network.peers["core"], secret)
    halt(network.desk, "*", "")
    network.round(1)
    assert [path for path in holders(network) if path.startswith("scout")] == []
    with pytest.raises(HumanNeededError):
        erase(network.peers["core"], kept)


def test_an_erasure_is_remembered_as_long_as_it_can_matter() -> None:
    """ERASE-3, AGE-7: neither the notes nor the rows grow with history."""
    network = settled()
    secret = publish(network)
    network.round(1)
    erase(network.peers["core"], secret)
    network.round(1)
    scout = network.peers["scout"].home
    assert len(scout.erasures.known("core@lab.eu")) == 1
    with scout.transaction():
        scout.erasures.forget_notes(scout.state.days_lived + 1)
    assert scout.erasures.known("core@lab.eu") == frozenset()


def test_a_hash_that_nobody_published_is_no_harm() -> None:
    """ERASE-3: it says nothing about anything."""
    network = settled()
    note = network.item("core", Note(text="never sent"))
    network.send("core", "all", Erasure(items=(item_hash(note),)))
    network.round(2)
    assert network.rules("scout") == set()
    assert network.peers["scout"].home.erasures.known("core@lab.eu") == {item_hash(note)}


def test_what_is_erased_before_it_was_published_never_is() -> None:
    """ERASE-2: written while the share was away, taken back when it is there again."""
    network = settled("core", "scout")
    sent = network.send("core", "all", insight("a secret of metal"), failing("unavailable"))
    assert sent.state == "staged"
    network.clock.go(60_000)
    seen: list[bytes] = []
    place = network.memory.place

    def watching(path: str, data: bytes) -> None:
        seen.append(data)
        place(path, data)

    network.peers["core"].share = network.memory
    network.memory.place = watching  # type: ignore[method-assign]
    erase(network.peers["core"], sent.ids[0])
    network.round(2)
    assert seen, "nothing was looked at"
    assert [data for data in seen if b"a secret" in data] == []


def test_a_member_who_takes_back_without_end_is_believed_so_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ERASE-3: of what never was; his own home forgets all that he takes back."""
    monkeypatch.setattr("peer.home.erasures.notes_max", 10)
    network = settled()
    erasures = network.peers["scout"].home.erasures
    with network.peers["scout"].home.transaction():
        for first in range(0, 40, 8):
            hashes = [f"{number:064x}" for number in range(first, first + 8)]
            erasures.take_back("core@lab.eu", hashes, 1, mine=False)
            erasures.take_back("scout@lab.eu", hashes, 1, mine=True)
    assert len(erasures.known("core@lab.eu")) == 10
    assert len(erasures.known("scout@lab.eu")) == 40
