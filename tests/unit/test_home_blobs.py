"""The bytes of attachments in a home: in a folder as in memory, and what a disk does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from peer.enclosing import file_source, keep
from peer.home.blobs import Blobs, FolderBlobs, MemoryBlobs
from protocol import limits
from protocol.errors import HomeError, UsageError
from tests.network import settled

DATA = bytes(range(256)) * 5_000
NAME = sha256(DATA).hexdigest()


@pytest.fixture(params=["folder", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return FolderBlobs(str(tmp_path / "blobs")) if request.param == "folder" else MemoryBlobs()


def test_a_content_is_kept_under_its_hash(blobs: Blobs) -> None:
    """ATT-1."""
    assert blobs.sizes() == {}
    for _ in range(2):
        assert blobs.put([DATA[:1_000], b"", DATA[1_000:]]) == (NAME, len(DATA))
    assert blobs.size(NAME) == len(DATA)
    assert b"".join(blobs.parts(NAME)) == DATA
    assert blobs.sizes() == {NAME: len(DATA)}
    for _ in range(2):
        blobs.drop(NAME)
    assert blobs.size(NAME) is None
    with pytest.raises(HomeError):
        list(blobs.parts(NAME))


def test_parts_that_fail_leave_nothing(blobs: Blobs) -> None:
    """SEND-1."""

    def failing() -> Iterator[bytes]:
        yield b"half"
        raise UsageError("it changed")

    with pytest.raises(UsageError):
        blobs.put(failing())
    assert blobs.sizes() == {}


def test_what_is_begun_is_gone_on_with(blobs: Blobs) -> None:
    """ATT-2: by another process, too."""
    part = blobs.begin(NAME, "core")
    part.add(DATA[:10])
    part.pause()
    assert blobs.size(NAME) is None
    part = blobs.begin(NAME, "core")
    assert part.size == 10
    part.add(DATA[10:])
    assert part.finish()
    assert blobs.sizes() == {NAME: len(DATA)}


def test_what_is_something_else_in_the_end_is_dropped(blobs: Blobs) -> None:
    """ATT-1."""
    part = blobs.begin(NAME, "core")
    part.add(DATA[:-1] + b"?")
    assert not part.finish()
    assert blobs.sizes() == {}


def test_files_are_private(tmp_path: Path) -> None:
    blobs = FolderBlobs(str(tmp_path / "blobs"))
    blobs.put([DATA])
    part = blobs.begin("a" * 64, "core")
    part.pause()
    assert (tmp_path / "blobs").stat().st_mode & 0o777 == 0o700
    for file in (tmp_path / "blobs").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def fetched(blobs: Blobs, name: str, *parts: bytes) -> None:
    part = blobs.begin(name, "core")
    try:
        for data in parts:
            part.add(data)
        part.finish()
    finally:
        part.pause()


def _fail(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "use",
    [
        lambda blobs: blobs.put([DATA]),
        lambda blobs: fetched(blobs, "a" * 64, b"x"),
        lambda blobs: fetched(blobs, sha256(b"").hexdigest()),
    ],
)
def test_a_full_disk_is_told(
    use: Callable[[Blobs], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = FolderBlobs(str(tmp_path / "blobs"))
    monkeypatch.setattr("peer.home.blobs._write", _fail)
    monkeypatch.setattr("os.fsync", _fail)
    with pytest.raises(HomeError, match="make room"):
        use(blobs)


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_bytes(b"in the way")
    blobs = FolderBlobs(str(tmp_path / "blobs"))
    with pytest.raises(HomeError):
        blobs.sizes()
    with pytest.raises(HomeError):
        blobs.put([b"x"])
    (tmp_path / "other" / f"{NAME}.core.part").mkdir(parents=True)
    with pytest.raises(HomeError):
        FolderBlobs(str(tmp_path / "other")).begin(NAME, "core")


class TestSources:
    def test_a_file_is_read_as_it_is(self, tmp_path: Path) -> None:
        (tmp_path / "a\nb.txt").write_bytes(DATA)
        source = file_source(str(tmp_path / "a\nb.txt"))
        assert source.name == "a_b.txt"
        assert b"".join(source.read()) == DATA

    def test_a_name_is_no_longer_than_a_line(self, tmp_path: Path) -> None:
        assert len(file_source("x" * 9_999).name) <= limits.line_chars_max
        assert file_source(os.fsdecode(b"\xff.txt")).name == "\ufffd.txt"

    def test_what_is_no_file_is_refused(self, tmp_path: Path) -> None:
        """ATT-1: at once; a FIFO is not waited for."""
        os.mkfifo(tmp_path / "fifo")
        for name, said in (("fifo", "no file"), (".", "cannot be read"), ("missing", "--attach")):
            with pytest.raises(UsageError, match=said):
                list(file_source(str(tmp_path / name)).read())

    def test_a_file_that_changes_meanwhile_is_refused(self, tmp_path: Path) -> None:
        """ATT-1: nobody could say what was sent."""
        file = tmp_path / "growing"
        file.write_bytes(bytes(2_000_000))
        parts = iter(file_source(str(file)).read())
        next(parts)
        with file.open("ab") as more:
            more.write(b"more")
        with pytest.raises(UsageError, match="changed while it was read"):
            list(parts)
        peer = settled().peers["core"]
        assert keep(peer, [file_source(str(file))], sealed=False)[0].attachment.size == 2_000_004


def test_two_who_fetch_one_content_do_not_mix_it(tmp_path: Path) -> None:
    """ATT-1: both would append to what is here, and neither would notice."""
    first, second = FolderBlobs(str(tmp_path)), FolderBlobs(str(tmp_path))
    one = first.begin(NAME, "core")
    one.add(DATA[:1_000])
    with pytest.raises(HomeError, match="another process"):
        second.begin(NAME, "core")
    one.pause()
    other = second.begin(NAME, "core")
    assert other.size == 1_000
    other.add(DATA[1_000:])
    assert other.finish()
    assert b"".join(first.parts(NAME)) == DATA


def test_a_disk_that_lets_nothing_go_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = FolderBlobs(str(tmp_path / "blobs"))
    kept = blobs.put([DATA])
    monkeypatch.setattr("os.unlink", _fail)
    with pytest.raises(HomeError, match="make room"):
        blobs.drop(kept.sha256)
    assert blobs.put([DATA]) == kept  # what is left over goes some day
