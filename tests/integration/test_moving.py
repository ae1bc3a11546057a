"""A peer moves to another machine: no letter is lost or doubled, and the old home knows it."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from peer.instance import RunningPeer
from peer.moving import import_peer
from peer.tick import own
from protocol import canonical
from protocol.errors import HumanNeededError
from tests.integration.typist import Typist, settled
from tests.network import Killed, insight
from tests.network import settled as in_memory


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def inbox(peer: Typist, *where: str) -> list[str]:
    return sorted(letter["text"] for letter in peer("inbox", "--json", *where).json)


def test_a_peer_moves_with_its_letters(peer: Typist, tmp_path: Path) -> None:
    """MOVE-1: what was under way in either direction arrives once."""
    file, there = str(tmp_path / "core.peer"), str(tmp_path / "there")
    peer("send", "--as", "librarian", "core", "read before")
    peer("tick", "--as", "core")
    peer("send", "--as", "librarian", "core", "under way")
    peer("send", "--as", "core", "librarian", "sent before")
    said = peer("export", file, "--as", "core")
    assert "moved" in said.out
    assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600
    here = ["--home", there, "--as", "core"]
    peer("import", file, "--home", there)
    peer("tick", *here)
    peer("send", "librarian", "sent after", *here)
    for _ in range(2):
        peer("tick", "--as", "librarian")
        peer("tick", *here)
    assert inbox(peer, *here) == ["read before", "under way"]
    assert inbox(peer, "--as", "librarian") == ["sent after", "sent before"]
    assert peer("outbox", "--json", *here).json == []
    assert peer("escalations", "--json", *here).json == []
    assert peer("escalations", "--json", "--as", "librarian").json == []


def test_the_old_home_knows_that_it_has_moved(peer: Typist, tmp_path: Path) -> None:
    """MOVE-2: it numbers nothing any more; what it holds can still be read."""
    peer("send", "--as", "librarian", "core", "hello")
    peer("tick", "--as", "core")
    before = {path: path.read_bytes() for path in peer.share.rglob("*") if path.is_file()}
    peer("export", str(tmp_path / "core.peer"), "--as", "core")
    for words in (["tick"], ["send", "librarian", "no"], ["share", "no"], ["leave"]):
        said = peer(*words, "--as", "core", code=6)
        assert "has moved" in said.err
    assert inbox(peer, "--as", "core") == ["hello"]
    assert "moved" in peer("status", "--as", "core").out
    assert "exported" in peer("doctor", "--as", "core").out
    after = {path: path.read_bytes() for path in peer.share.rglob("*") if path.is_file()}
    assert after == before


def test_a_lost_file_is_exported_again_and_a_change_of_mind_is_a_repair(
    peer: Typist, tmp_path: Path
) -> None:
    """MOVE-3."""
    file = tmp_path / "core.peer"
    peer("export", str(file), "--as", "core")
    assert "exists already" in peer("export", str(file), "--as", "core", code=2).err
    file.unlink()
    peer("export", str(file), "--as", "core")
    peer("repair", "--as", "core")
    peer("tick", "--as", "core")
    peer("send", "--as", "core", "librarian", "I stayed")
    there = str(tmp_path / "there")
    peer("import", str(file), "--home", there)
    said = peer("tick", "--home", there, "--as", "core", code=6)
    assert "repair" in said.err  # the copy is a twin now, and learns it before it signs anything
    peer("tick", "--as", "librarian")
    assert inbox(peer, "--as", "librarian") == ["I stayed"]


def test_a_peer_moves_back(peer: Typist, tmp_path: Path) -> None:
    """MOVE-1: into the home that it had left; what stood there is set aside."""
    out, back, there = (str(tmp_path / name) for name in ("out", "back", "there"))
    peer("export", out, "--as", "core")
    peer("import", out, "--home", there)
    peer("send", "librarian", "from there", "--home", there, "--as", "core")
    peer("export", back, "--home", there, "--as", "core")
    peer("import", back)
    peer("tick", "--as", "core")
    peer("tick", "--as", "librarian")
    assert inbox(peer, "--as", "librarian") == ["from there"]
    assert (peer.folder("core") / "home.db.moved-1").exists()


def test_an_import_that_dies_can_be_done_again(
    peer: Typist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MOVE-1: back to where it moved from, with what it learned meanwhile."""
    file, there, back = (str(tmp_path / name) for name in ("file", "there", "back"))
    peer("export", file, "--as", "core")
    peer("import", file, "--home", there)
    peer("send", "librarian", "from there", "--home", there, "--as", "core")
    peer("export", back, "--home", there, "--as", "core")

    def die(*arguments: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("peer.moving.write_private", die)
        with pytest.raises(Killed):
            import_peer(str(peer.home), back, None)
    peer("import", back)
    assert peer("tick", "--as", "core", "--json").json["state"] == "idle"
    peer("tick", "--as", "librarian")
    assert inbox(peer, "--as", "librarian") == ["from there"]


def test_the_share_may_be_elsewhere(peer: Typist, tmp_path: Path) -> None:
    file, there, mount = (str(tmp_path / name) for name in ("file", "there", "mount"))
    peer("export", file, "--as", "core")
    peer.share.rename(mount)
    peer("import", file, "--home", there, "--network", mount)
    assert peer("tick", "--home", there, "--as", "core", "--json").json["state"] == "idle"


def test_nobody_is_overwritten(peer: Typist, tmp_path: Path) -> None:
    file, there = str(tmp_path / "core.peer"), str(tmp_path / "there")
    peer("export", file, "--as", "core")
    peer("import", file, "--home", there)
    said = peer("import", file, "--home", there, code=2)
    assert "lives in" in said.err
    peer("tick", "--home", there, "--as", "core")


def test_what_is_no_export_is_refused(peer: Typist, tmp_path: Path) -> None:
    there, file = str(tmp_path / "there"), tmp_path / "file"
    assert "cannot be read" in peer("import", str(file), "--home", there, code=2).err
    file.write_bytes(b"nonsense")
    assert "peer export" in peer("import", str(file), "--home", there, code=2).err
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../../etc/passwd", b"x")
    assert "peer export" in peer("import", str(file), "--home", there, code=2).err
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("identity.json", "key", "home.db"):
            archive.writestr(name, b"{}")
    assert "peer export" in peer("import", str(file), "--home", there, code=2).err
    for name, network in (("../../escaped", "ab" * 32), ("core", "../" * 20)):
        said = {"name": name, "cluster": "lab", "network": network, "share": "/", "key": "x"}
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("identity.json", canonical.encode(said))
            archive.writestr("key", b"{}")
            archive.writestr("home.db", b"")
        assert "peer export" in peer("import", str(file), "--home", there, code=2).err
    peer("status", "--home", there, code=3)
    assert not (tmp_path / "there").exists()


def test_a_send_that_began_before_the_export_takes_no_number_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """MOVE-1: the home is asked again where the number is taken."""
    network = in_memory()
    asked = own.check_parked

    def ask_and_move(peer: RunningPeer) -> None:
        asked(peer)
        with peer.home.transaction():
            peer.home.state.put("moved", 1)

    monkeypatch.setattr(own, "check_parked", ask_and_move)
    files = network.files()
    for to in ("scout", "all"):
        with network.peers["core"].home.transaction():
            network.peers["core"].home.state.forget("moved")
        with pytest.raises(HumanNeededError, match="has moved"):
            network.send("core", to, insight("no"))
    assert network.files() == files
    assert network.waiting("core", "scout") == 0
