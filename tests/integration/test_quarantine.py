"""Whatever stands on the share.

The tick completes, it is set aside with its rule, the rest goes on.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from protocol import canonical, limits
from protocol.effect import Effect
from protocol.errors import ShareError
from protocol.messages import Note
from registry import layout
from registry.layout import PageName
from tests.network import CLUSTER, FolderNetwork, Network, acted, insight, send, settled

Junk = bytes | dict[str, bytes] | None
JUNK: dict[str, Junk] = {
    "special": None,
    "folder": {"more": b"junk"},
    "oversized": b"[" * (limits.page_bytes_max + 1),
    "empty": b"",
    "half": b'{"items":[',
    "binary": bytes(range(256)),
    "deep": b"[" * 5_000 + b"]" * 5_000,
    "zip-like": b'{"a":' + b"[" * 100_000,
    "null": b"null",
    "other json": b'{"items":[],"signatures":[],"signed":{"type":"soma/page/1"}}',
    "surrogate": b'{"items":[],"signatures":"\\ud800","signed":{}}',
    "huge number": b'{"items":[],"signatures":[],"signed":' + b"9" * 10_000 + b"}",
}
AT_ONCE = {"special": "PAGE-13", "folder": "PAGE-13", "oversized": "PAGE-13"}


def _put(network: Network, path: str, junk: Junk) -> None:
    folder, _, name = path.rpartition("/")
    network.memory.nodes(folder)[name] = junk if not isinstance(junk, dict) else dict(junk)


@pytest.mark.parametrize("kind", JUNK)
def test_junk_at_a_letters_name(kind: str) -> None:
    """PAGE-13, PAGE-14, PAGE-15: gone from the inbox at once, or at the second look; all listed."""
    network = settled("core", "scout", "smith")
    core = network.peers["core"]
    path = f"peers/scout/inbox/core.{core.home.state.epoch[:8]}.1.page"
    _put(network, path, JUNK[kind])
    network.send("smith", "scout", "meanwhile")
    first = network.tick("scout")
    assert network.acted("scout") == ["smith: meanwhile"]
    if kind in AT_ONCE:
        assert network.caught("scout") == [(AT_ONCE[kind], path)]
        assert first.quarantined == 1
    network.tick("scout")
    [(rule, where)] = network.caught("scout")
    assert where == path
    assert rule == AT_ONCE.get(kind, rule)
    assert network.files("peers/scout/inbox") == []
    assert list(network.memory.nodes("peers/scout/inbox")) == []
    [caught] = network.peers["scout"].home.quarantine.all()
    assert caught.reason
    assert caught.author == core.address
    assert len(caught.data) <= limits.quarantine_bytes_max
    network.send("core", "scout", "true")
    network.round(2)
    assert network.acted("scout") == ["core: true", "smith: meanwhile"]


@pytest.mark.parametrize("kind", JUNK)
def test_junk_over_a_letter_under_way(kind: str) -> None:
    """SEND-3, PAGE-13, PAGE-15: overwritten before it was read; the author puts it back."""
    network = settled()
    network.send("core", "scout", "true")
    [path] = network.files("peers/scout/inbox")
    _put(network, path, JUNK[kind])
    network.round(4)
    assert network.acted("scout") == ["core: true"]
    assert network.open_pages("core", "scout") == 0
    assert network.writes() == []


@pytest.mark.parametrize("part", [0, 1, 400])
def test_a_letter_that_is_still_being_written_gets_time(part: int) -> None:
    """PAGE-14: half a file at the first look is left alone; whole at the second, it is taken."""
    network = settled()
    network.send("core", "scout", "slowly written")
    [path] = network.files("peers/scout/inbox")
    whole = network.data(path)
    network.memory.place(path, whole[:part])
    report = network.tick("scout")
    assert (report.quarantined, network.caught("scout")) == (0, [])
    assert network.data(path) == whole[:part]
    network.memory.place(path, whole[: part + 50])
    network.tick("scout")
    assert network.caught("scout") == [], "other bytes than before: it grows"
    network.memory.place(path, whole)
    network.tick("scout")
    assert network.acted("scout") == ["core: slowly written"]
    assert network.caught("scout") == []


def test_a_feed_page_that_is_still_being_written_gets_time() -> None:
    """PAGE-14, RCPT-13: neither refused nor named as damaged at the first look."""
    network = settled()
    network.send("core", "all", insight("slowly written"))
    [path] = network.files("peers/core/outbox/feed")
    whole = network.data(path)
    network.memory.place(path, whole[:300])
    network.tick("scout")
    assert network.caught("scout") == []
    assert network.peers["scout"].home.journal.damaged("core@lab.eu") == []
    network.memory.place(path, whole)
    network.tick("scout")
    assert network.acted("scout") == ["core: slowly written"]


def _own_places(network: Network) -> dict[str, str]:
    """Everything that a tick of scout writes or lists in its own folder."""
    scout, core = network.peers["scout"], network.peers["core"]
    epoch = scout.home.state.epoch[:8]
    return {
        "inbox": layout.inbox("scout"),
        "feed": layout.feed("scout"),
        "outbox": "peers/scout/outbox",
        "own": "peers/scout",
        "receipts": "peers/scout/receipts",
        "receipts of the cluster": layout.receipts("scout", CLUSTER),
        "mail": "peers/scout/outbox/mail",
        "receipt": layout.receipt("scout", CLUSTER, "core"),
        "heartbeat": layout.heartbeat("scout"),
        "canary": "peers/scout/canary",
        "next feed page": f"{layout.feed('scout')}/{epoch}.2.page",
        "old feed page": f"{layout.feed('scout')}/{epoch}.1.page",
        "next letter": f"{layout.inbox('core')}/scout.{epoch}.2.page",
        "core's letter": f"{layout.inbox('scout')}/core.{core.home.state.epoch[:8]}.2.page",
    }


@pytest.mark.parametrize("place", _own_places(settled()))
@pytest.mark.parametrize("kind", ["special", "folder", "oversized", "binary", "nothing"])
def test_whatever_takes_the_place_of_what_is_mine_makes_way(place: str, kind: str) -> None:
    """PAGE-13, PAGE-15, TICK-3.

    Files for folders, folders for files; a few ticks and all is well.
    """
    network = settled()
    network.send("scout", "core", "letter 1")
    network.send("core", "scout", "letter 1")
    network.send("scout", "all", insight("public 1"))
    network.round(2)
    path = _own_places(network)[place]
    folder, _, name = path.rpartition("/")
    network.memory.nodes(folder).pop(name, None)
    if kind != "nothing":
        _put(network, path, JUNK[kind])
    network.send("core", "scout", "letter 2")
    network.send("scout", "core", "letter 2")
    network.send("scout", "all", insight("public 2"))
    network.round(6)
    assert network.acted("scout") == ["core: letter 1", "core: letter 2"]
    assert network.acted("core") == [
        "scout: letter 1",
        "scout: letter 2",
        "scout: public 1",
        "scout: public 2",
    ]
    assert network.open_pages("core", "scout") == network.open_pages("scout", "core") == 0
    assert network.health("core") == {"scout": "alive"}
    assert network.writes() == []


@pytest.mark.parametrize("kind", JUNK)
@pytest.mark.parametrize("path", ["heartbeat.json", f"receipts/{CLUSTER}/core.json"])
def test_junk_where_core_reads_scouts_documents(path: str, kind: str) -> None:
    """PAGE-15: a neighbour's heartbeat or receipt that is none costs nothing but that news."""
    network = settled("core", "scout", "smith")
    network.memory.make_folder(f"peers/scout/receipts/{CLUSTER}")
    _put(network, f"peers/scout/{path}", JUNK[kind])
    network.send("core", "scout", "one")
    network.send("core", "smith", "two")
    report = network.tick("core")
    assert report.state == "idle"
    assert report.seq
    network.round(4)
    assert network.acted("scout") == ["core: one"]
    assert network.acted("smith") == ["core: two"]
    assert network.open_pages("core", "scout") == 0


NAMES = [
    "core.abcdefgh.01.page",
    "core.abcdefgh.0.page",
    "core.abcdefgh.-1.page",
    "core.abcdefgh.1.page.tmp",
    "core.abcdefgh.1.sync-conflict-20261121-015315-N3EJAFG.page",
    "core.abcdefgh.99999999999999999.page",
    "core.ABCDEFGH.1.page",
    "core.abcdefg.1.page",
    "Core.abcdefgh.1.page",
    "core..1.page",
    "-core.abcdefgh.1.page",
    "..page",
    "all.abcdefgh.1.page.page",
    "~syncthing~core.page",
    "Thumbs.db",
    "desktop.ini",
]


def test_junk_names_are_nobodys() -> None:
    """PAGE-15: what is not exactly of the form is neither read nor removed nor in the way."""
    network = settled()
    network.send("core", "scout", "one")
    [letter] = network.files("peers/scout/inbox")
    nodes = network.memory.nodes("peers/scout/inbox")
    nodes.update(dict.fromkeys(NAMES, network.data(letter)))
    calls = network.calls("scout", lambda: network.tick_here("scout"))
    assert [p for op, p in calls if op == "read" and "inbox" in p] == [letter]
    assert network.acted("scout") == ["core: one"]
    assert sorted(nodes) == sorted(NAMES)
    assert network.caught("scout") == []


def test_names_that_nothing_could_open_are_ignored() -> None:
    """PAGE-15: control characters, other alphabets, device names, names of 200 characters."""
    network = settled()
    nodes = network.memory.nodes("peers/scout/inbox")
    for name in ("new\nline.page", "ä.abcdefgh.1.page", "con.abcdefgh.1.page", "x" * 200, " "):
        nodes[name] = b"?"
    network.send("core", "scout", "one")
    report = network.tick("scout")
    assert report.acted == 1
    assert report.state == "idle"


def test_an_unknown_author_is_refused_under_any_name() -> None:
    """PAGE-11, PAGE-15: names of nobody, of Windows devices, of reserved words."""
    network = settled()
    _, data, _ = network.page("core", "scout")
    for author in ("nobody", "all", "nul", "a" * 32, "scout"):
        if author == "nul":
            network.memory.nodes("peers/scout/inbox")["nul.abcdefgh.1.page"] = data
        else:
            network.drop("scout", PageName(author, "abcdefgh", 1), data)
    report = network.tick("scout")
    assert report.state == "idle"
    assert network.rules("scout") == {"PAGE-10"}


def test_twenty_thousand_junk_names_do_not_hide_a_letter() -> None:
    """PAGE-15: they are said aloud and cleared away, and the letter arrives."""
    network = settled()
    nodes = network.memory.nodes("peers/scout/inbox")
    nodes.update({f"0junk{number}": b"" for number in range(25_000)})
    network.send("core", "scout", "one")
    problems = [problem for _ in range(6) for problem in network.round(1)[1].problems]
    assert any("crowded" in problem for problem in problems)
    assert network.acted("scout") == ["core: one"]


def test_the_quarantine_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAGE-15: junk under ever new names fills no disk; the newest are kept, with their reasons."""
    from peer.home import quarantine

    monkeypatch.setattr(quarantine, "entries_max", 30)
    monkeypatch.setattr(quarantine, "kept_bytes_max", 10_000)
    network = settled()
    nodes = network.memory.nodes("peers/scout/inbox")
    for turn in range(5):
        junk = {f"nobody.abcdefg{'abcde'[turn]}.{n}.page": b"{}" + b"x" * 700 for n in range(1, 21)}
        nodes.update(junk)
        network.round(2, only=["scout"])
    kept = network.peers["scout"].home.quarantine.all()
    assert len(kept) == 30
    assert sum(len(caught.data) for caught in kept) <= 10_000
    assert all(caught.reason and caught.size == 702 for caught in kept)
    assert kept[-1].data


def test_a_flood_hides_no_item_that_was_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """ACT-3, PAGE-15: a person can still see it and let it be tried again."""
    from peer import handlers
    from peer.home import quarantine

    def fail(received: handlers.Received, view: handlers.View) -> list[Effect]:
        raise ValueError("poison")

    monkeypatch.setattr(quarantine, "entries_max", 30)
    network = settled()
    network.send("core", "scout", "poison")
    with monkeypatch.context() as patch:
        patch.setitem(handlers.HANDLERS, "note", fail)
        network.round(4)
    nodes = network.memory.nodes("peers/scout/inbox")
    nodes.update({f"nobody.abcdefgh.{number}.page": b"{}" for number in range(1, 101)})
    network.round(3)
    assert "ACT-3" in network.rules("scout")


def test_a_flood_of_letters_by_nobody_is_worked_off() -> None:
    """PAGE-15: 500 files by well-formed names: each is refused once and gone."""
    network = settled()
    nodes = network.memory.nodes("peers/scout/inbox")
    nodes.update({f"nobody.abcdefgh.{number}.page": b"{}" for number in range(1, 501)})
    network.send("core", "scout", "one")
    network.tick("scout")
    assert network.acted("scout") == ["core: one"]
    assert list(nodes) == []


# ------------------------------------------------------------------------------ items


def test_a_bad_item_is_set_aside_alone() -> None:
    """ITEM-6: its page is good, so the rest is taken, receipted, acted on."""
    network = settled()
    items: list[str | bytes] = [
        "first",
        canonical.encode({"no": "head"}),
        network.item("core", "by smith", author=f"smith@{CLUSTER}"),
        canonical.encode("only a word"),
        "last",
    ]
    name, data, _ = network.page("core", "scout", items)
    network.drop("scout", name, data)
    report = network.tick("scout")
    assert network.acted("scout") == ["core: first", "core: last"]
    assert network.receipt("scout", "core")["streams"][0]["received"] == 1
    assert [rule for rule, _ in network.caught("scout")] == ["ITEM-2", "ITEM-3", "ITEM-2"]
    assert [file.rpartition("#")[2] for _, file in network.caught("scout")] == ["1", "2", "3"]
    assert report.problems
    network.round(2)
    assert network.files("peers/scout/inbox") == []


def test_bad_items_keep_their_own_bytes_only() -> None:
    """PAGE-15: a page of 500 bad items must not fill the home with 500 copies of itself."""
    network = settled()
    items = [canonical.encode({"bad": number}) for number in range(500)]
    name, data, _ = network.page("core", "scout", items)
    network.drop("scout", name, data)
    network.tick("scout")
    kept = network.peers["scout"].home.quarantine.all()
    assert len(kept) == 500
    assert sum(len(caught.data) for caught in kept) <= len(data)


UNKNOWN = [
    {"kind": "poem", "body": {"lines": ["a", "b"]}},
    {"kind": "note", "body": {"text": 7}},
    {"kind": "note", "body": "not an object"},
    {"kind": "note"},
    {"kind": "insight", "body": {"text": "x", "confidence": 2_000}},
]


@pytest.mark.parametrize("said", UNKNOWN, ids=lambda said: str(said)[:40])
def test_what_is_not_understood_is_kept_and_receipted(said: dict[str, object]) -> None:
    """ITEM-4: byte for byte, shown as not understood, acted on by nothing, the duty ended."""
    network = settled()
    base = canonical.decode(network.item("core", "x"))
    base.pop("body")
    item = canonical.encode({**base, **said, "future": {"field": [1, 2]}})
    name, data, _ = network.page("core", "scout", [item, "after it"])
    network.drop("scout", name, data)
    report = network.tick("scout")
    assert report.acted == 2
    assert report.quarantined == 0
    strange = network.letters("scout")[0]
    assert strange.understood == 0
    assert strange.data == item
    assert network.receipt("scout", "core")["streams"][0]["acted"] == 1
    assert network.writes(["scout"]) == []


def test_unknown_members_of_a_known_kind_are_kept() -> None:
    """ITEM-4: a newer author says more; the part that is known is understood."""
    network = settled()
    value = canonical.decode(network.item("core", Note(text="hello")))
    value["body"]["mood"] = "bright"
    value["ttl"] = 7
    name, data, _ = network.page("core", "scout", [canonical.encode(value)])
    network.drop("scout", name, data)
    network.tick("scout")
    [letter] = network.letters("scout")
    assert letter.understood == 1
    assert canonical.decode(letter.data) == value


# ------------------------------------------------------------------------------ real files


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _link_to_folder(path: Path) -> None:
    path.symlink_to("/tmp")


def _full_folder(path: Path) -> None:
    (path / "deep" / "er").mkdir(parents=True)
    (path / "deep" / "file").write_bytes(b"x")


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize("make", [_fifo, _link, _loop, _link_to_folder, _full_folder, _sparse])
@pytest.mark.parametrize("where", ["letter", "heartbeat", "receipt", "feed", "order", "own feed"])
def test_special_files_in_a_real_folder(
    tmp_path: Path, make: Callable[[Path], None], where: str
) -> None:
    """PAGE-13, PAGE-15, HALT-8: FIFOs, links, sparse files: no tick hangs, follows or fails."""
    network = FolderNetwork(tmp_path)
    network.round()
    share = Path(network.share)
    core, scout = (network.peers[name].home.state.epoch[:8] for name in ("core", "scout"))
    path = (
        share
        / {
            "letter": f"peers/scout/inbox/core.{core}.1.page",
            "heartbeat": "peers/core/heartbeat.json",
            "receipt": f"peers/scout/receipts/{CLUSTER}/core.json",
            "feed": f"peers/core/outbox/feed/{core}.1.page",
            "order": "orders/aaaaaaaaaaaaaaaa.json",
            "own feed": f"peers/scout/outbox/feed/{scout}.1.page",
        }[where]
    )
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.unlink()
    make(path)
    send(network.peers["core"], ["scout"], [Note(text="letter")])
    send(network.peers["core"], ["all"], [insight("core's")])
    send(network.peers["scout"], ["all"], [insight("scout's")])
    network.round(4)
    assert acted(network.peers["scout"].home) == ["core: core's", "core: letter"]
    assert acted(network.peers["core"].home) == ["scout: scout's"]
    assert Path("/etc/passwd").exists()
    network.close()


def test_a_folder_of_ten_thousand_files_is_cleared_away(tmp_path: Path) -> None:
    """PAGE-13, TICK-3: not in one go, but in the end."""
    network = FolderNetwork(tmp_path)
    network.round()
    heap = Path(network.share, "peers/core/canary")
    heap.mkdir()
    for number in range(10_050):
        (heap / str(number)).touch()
    for _ in range(3):
        with suppress(ShareError):
            network.tick("core")
    assert network.tick("core").state == "idle"
    assert not heap.exists()
    network.close()


def _strike(share: Path, dice: random.Random, seen: dict[Path, bytes]) -> None:
    """One trick with one path of a real folder."""
    paths = sorted(path for path in share.rglob("*") if path.name != "NETWORK.json")
    files = [path for path in paths if path.is_symlink() or not path.is_dir()]
    path = dice.choice(files)
    if path.is_file() and not path.is_symlink() and path.stat().st_size < 1_000_000:
        seen[path] = path.read_bytes()
    old = seen.get(path, b"")
    if not path.is_symlink() and path.is_dir():
        return
    path.unlink()
    steward = path.parent.name in ("charter", "orders")
    match dice.randrange(10):
        case 0:
            path.write_bytes(old[: dice.randrange(len(old) + 1)])
        case 1:
            path.write_bytes(dice.randbytes(len(old)))
        case 2 if not steward:
            (path / "a" / "b").mkdir(parents=True)
            (path / "a" / "c").write_bytes(b"junk")
        case 3:
            os.mkfifo(path)
        case 4:
            path.symlink_to(dice.choice(["/etc/passwd", path.name, "..", "/dev/zero", "/tmp"]))
        case 5:
            with path.open("wb") as file:
                file.truncate(1 << 33)
        case 6:
            path.write_bytes(dice.choice(sorted(seen.values())))
        case 7:
            os.link(share / "NETWORK.json", path)
        case 8:
            folder = path.parent
            if folder.parent.parent.name == "peers":
                shutil.rmtree(folder)
                dice.choice([lambda: None, lambda: folder.write_bytes(b""), folder.mkdir])()


@pytest.mark.parametrize("seed", range(3))
def test_an_attacker_in_a_real_folder(tmp_path: Path, seed: int) -> None:
    """PAGE-13, PAGE-15, SEND-3, SEND-8, TICK-3: FIFOs, links, devices, holes; then all is well."""
    network = FolderNetwork(tmp_path)
    network.round()
    dice = random.Random(seed)
    seen: dict[Path, bytes] = {}
    expected: dict[str, list[str]] = {name: [] for name in network.names}
    for number in range(60):
        author, reader = dice.sample(network.names, 2)
        peer = network.peers[author]
        peer.looked.clear()
        if dice.random() < 0.5:
            to = dice.choice([reader, "all"])
            send(peer, [to], [insight(f"{number}") if to == "all" else Note(text=f"{number}")])
            expected[reader].append(f"{author}: {number}")
        for _ in range(dice.randrange(3)):
            _strike(Path(network.share), dice, seen)
        if dice.random() < 0.5:
            network.clock.go(60_000)
            network.tick(author)
    network.round(12)
    for name in network.names:
        assert acted(network.peers[name].home) == sorted(expected[name])
        assert not [c for c in network.peers[name].home.concerns.all() if "frozen" in c.key]
    assert Path("/etc/passwd").stat().st_size > 0
    network.close()
