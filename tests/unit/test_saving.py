"""Names that others chose, and files that are written under them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer import saving
from peer.enclosing import Source
from peer.home.blobs import MemoryBlobs
from peer.saving import safe_name, save
from protocol.errors import NotFoundError, ShareError, UsageError
from registry import blobs
from tests.network import Network, settled

HARMLESS = {
    "report.pdf": "report.pdf",
    "zwei Wörter.tar.gz": "zwei Wörter.tar.gz",
    "日本語.txt": "日本語.txt",
    "../../etc/passwd": "passwd",
    "/etc/passwd": "passwd",
    "..\\..\\evil.exe": "evil.exe",
    "C:\\x\\y.txt": "y.txt",
    ".bashrc": "bashrc",
    "...": "attachment",
    "": "attachment",
    "a/": "attachment",
    " padded . ": "padded",
    "nul": "_nul",
    "CON.txt": "_CON.txt",
    "com1.x.y": "_com1.x.y",
    "COM¹.txt": "_COM¹.txt",
    "conin$": "_conin$",
    "-rf": "_-rf",
    "~": "_~",
    "console": "console",
    'a:b|c?*<>"': "a_b_c_____",
    "exe\u202efdp.scr": "exefdp.scr",
    "zero\u200bwidth\ufeff": "zerowidth",
    "line\nbreak\x7f\x9b": "linebreak",
    "x" * 400 + ".pdf": "x" * 146 + ".pdf",
    "ä" * 200: "ä" * 75,
    "a." + "x" * 300: "a." + "x" * 148,
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_is_made_harmless(name: str) -> None:
    """ATT-7."""
    assert safe_name(name) == HARMLESS[name]


@given(st.text(max_size=300))
def test_whatever_the_name_it_is_one_visible_file(name: str) -> None:
    """ATT-7: and once harmless, it stays as it is."""
    found = safe_name(name)
    assert found == os.path.basename(found)
    assert not set(found) & set('/\\<>:"|?*')
    assert found[0] not in ". "
    assert found[-1] not in ". "
    assert found.isprintable() or not found.isascii()
    assert 0 < len(found.encode()) <= 200
    assert safe_name(found) == found


def letter(network: Network, *names: str, to: str = "scout") -> str:
    """A letter with files of these names; its id."""
    files = [Source(name, lambda n=n: [b"content %d" % n]) for n, name in enumerate(names)]  # type: ignore[misc]
    id_ = network.send("core", to, "files", files=files).ids[0]
    network.tick("scout")
    return id_


def test_nothing_that_exists_is_replaced(tmp_path: Path) -> None:
    """ATT-7: neither a file, a link nor a folder; a number is added."""
    network = settled()
    scout = network.peers["scout"]
    id_ = letter(network, "a.txt", "b", "../a.txt")
    (tmp_path / "a.txt").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "b").mkdir()
    saved = save(scout, scout.home.mail.get(id_), str(tmp_path))
    assert [os.path.basename(one.path) for one in saved] == ["a-2.txt", "b-2", "a-3.txt"]
    assert [Path(one.path).read_bytes() for one in saved] == [b"content %d" % n for n in range(3)]
    assert not (tmp_path / "elsewhere").exists()
    assert Path(saved[0].path).stat().st_mode & 0o777 == 0o600


def test_one_of_several(tmp_path: Path) -> None:
    network = settled()
    scout = network.peers["scout"]
    found = scout.home.mail.get(letter(network, "a", "b"))
    assert [one.name for one in save(scout, found, str(tmp_path), "b")] == ["b"]
    with pytest.raises(NotFoundError, match="no attachment called 'c'"):
        save(scout, found, str(tmp_path), "c")


def test_what_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = settled()
    scout = network.peers["scout"]
    found = scout.home.mail.get(letter(network, "a"))
    with pytest.raises(UsageError, match="no folder"):
        save(scout, found, str(tmp_path / "missing"))
    monkeypatch.setattr(saving, "tries_max", 3)
    for _ in range(3):
        save(scout, found, str(tmp_path))
    with pytest.raises(UsageError, match="holds 3 files"):
        save(scout, found, str(tmp_path))


def test_a_letter_without_files(tmp_path: Path) -> None:
    network = settled()
    id_ = network.send("core", "scout", "bare").ids[0]
    network.tick("scout")
    with pytest.raises(NotFoundError, match="no attachment"):
        save(network.peers["scout"], network.peers["scout"].home.mail.get(id_), str(tmp_path))


def test_what_is_published_is_fetched_when_it_is_asked_for(tmp_path: Path) -> None:
    """ATT-6, ATT-1: and refused where it is not what its author named."""
    network = settled()
    scout = network.peers["scout"]
    found = scout.home.mail.get(letter(network, "a", to="all"))
    assert [one.size for one in save(scout, found, str(tmp_path))] == [9]
    assert isinstance(scout.blobs, MemoryBlobs)
    (name,) = scout.blobs.files
    scout.blobs.files.clear()
    network.memory.place(blobs.path("core", name), b"different")
    with pytest.raises(ShareError, match="damaged"):
        save(scout, found, str(tmp_path))
    network.memory.place(blobs.path("core", name), b"longer than that")
    with pytest.raises(ShareError, match="ask core"):
        save(scout, found, str(tmp_path))
    assert len(list(tmp_path.iterdir())) == 1


def test_what_this_home_has_let_go_of_is_told(tmp_path: Path) -> None:
    """AGE-6."""
    network = settled()
    core = network.peers["core"]
    id_ = letter(network, "a")
    assert isinstance(core.blobs, MemoryBlobs)
    core.blobs.files.clear()
    with pytest.raises(NotFoundError, match="not in this home any more"):
        save(core, core.home.mail.get(id_), str(tmp_path))
