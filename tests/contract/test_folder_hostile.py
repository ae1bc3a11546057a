"""What people with write access can put on a drive, against the folder adapter on a real disk."""

from __future__ import annotations

import errno
import os
import socket
import stat
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

import registry.folder
from protocol.errors import (
    OversizedError,
    ShareDeniedError,
    ShareError,
    ShareUnavailableError,
    SpecialFileError,
)
from registry.folder import FolderShare
from registry.share import Share, digest
from registry.spot import is_folder
from tests.contract.rigs import FolderRig

parts = ("peers", "mallory", "inbox", "heartbeat.json")
path = "/".join(parts)


@pytest.fixture(params=[True, False], ids=["by descriptor", "by path"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> FolderRig:
    return FolderRig(tmp_path, by_descriptor=request.param)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Permissions do not bind root: be somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def _refuses(number: int) -> Callable[..., None]:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        str(at.relative_to(folder)): at.read_bytes() if at.is_file() else None
        for at in folder.rglob("*")
    }


class TestLinks:
    @pytest.mark.parametrize("depth", range(len(parts)))
    def test_a_link_in_any_component_is_not_followed(
        self, rig: FolderRig, tmp_path: Path, depth: int
    ) -> None:
        """SHARE-2, SHARE-11: neither read nor written nor removed beyond it."""
        outside = tmp_path / "outside"
        (outside / path).parent.mkdir(parents=True)
        (outside / path).write_bytes(b"secret")
        before = contents(outside)
        link = rig.root.joinpath(*parts[: depth + 1])
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(outside.joinpath(*parts[: depth + 1]))

        share = rig.share
        folder = "/".join(parts[:-1]) if depth < len(parts) - 1 else path
        operations: list[Callable[[], object]] = [
            lambda: share.read(path, 99),
            lambda: share.entries(folder, 99),
            lambda: share.names(folder, 99),
            lambda: share.make_folder(path),
            lambda: share.make_folder(f"{path}/deeper"),
        ]
        if depth < len(parts) - 1:
            operations += [lambda: share.place(path, b"x"), lambda: share.remove(path)]
        for operate in operations:
            with pytest.raises(SpecialFileError):
                operate()
        assert [type(answer) for answer in share.read_many([path], 99)] == [SpecialFileError]

        share.remove("/".join(parts[: depth + 1]))
        assert not link.is_symlink()
        assert contents(outside) == before

    def test_a_link_at_the_final_name_is_replaced(self, rig: FolderRig) -> None:
        """SHARE-11."""
        (rig.root / "a").symlink_to(rig.target)
        rig.share.place("a", b"mine")
        assert rig.target.read_bytes() == b"not yours"
        assert not (rig.root / "a").is_symlink()

    def test_the_root_may_be_reached_through_a_link(self, rig: FolderRig, tmp_path: Path) -> None:
        """SHARE-2 begins below the root."""
        rig.share.place("a", b"x")
        (tmp_path / "link").symlink_to(rig.root)
        share = FolderShare(str(tmp_path / "link"), "core", lambda: "1")
        share.by_descriptor = rig.folder.by_descriptor
        assert share.read("a", 9) == b"x"
        share.place("b", b"y")
        assert rig.share.names("", 9) == ["a", "b"]

    def test_a_folder_swapped_for_a_link_in_the_middle_of_reads(self, tmp_path: Path) -> None:
        """SHARE-2, as a race: by descriptor nobody is ever led outside."""
        rig = FolderRig(tmp_path)
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside/file").write_bytes(b"secret")
        rig.share.make_folder("real")
        rig.share.place("real/file", b"mine")
        (rig.root / "link").symlink_to(tmp_path / "outside")
        stop = threading.Event()

        def swap() -> None:
            while not stop.is_set():
                for source in ("real", "link"):
                    os.rename(rig.root / source, rig.root / "peer")
                    os.rename(rig.root / "peer", rig.root / source)

        attacker = threading.Thread(target=swap)
        attacker.start()
        try:
            seen = {str(answer) for answer in rig.share.read_many(["peer/file", "top"] * 5_000, 9)}
        finally:
            stop.set()
            attacker.join()
        assert str(b"secret") not in seen
        assert str(b"mine") in seen
        assert any("Not a directory" in answer for answer in seen)  # it did meet the link

    def test_a_junction_of_windows_is_no_folder(self) -> None:
        """SHARE-2: lstat calls it a folder, its reparse tag does not."""
        junction = SimpleNamespace(st_mode=stat.S_IFDIR, st_reparse_tag=0xA0000003)
        assert not is_folder(cast(os.stat_result, junction))
        assert is_folder(cast(os.stat_result, SimpleNamespace(st_mode=stat.S_IFDIR)))


@pytest.mark.timeout(20)
class TestSpecialFiles:
    def test_a_fifo_is_neither_waited_for_nor_drained(self, rig: FolderRig) -> None:
        """SHARE-6."""
        os.mkfifo(rig.root / "fifo")
        with pytest.raises(SpecialFileError):
            rig.share.read("fifo", 9)
        reader = os.open(rig.root / "fifo", os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(rig.root / "fifo", os.O_WRONLY)
        try:
            os.write(writer, b"letter")
            with pytest.raises(SpecialFileError):
                rig.share.read("fifo", 9)
            assert isinstance(
                rig.share.read_many(["fifo"], 9, [digest(b"letter")])[0], SpecialFileError
            )
            assert os.read(reader, 99) == b"letter"
        finally:
            os.close(reader)
            os.close(writer)

    def test_a_fifo_on_the_way_is_not_waited_for(self, rig: FolderRig) -> None:
        """SHARE-6, SHARE-16."""
        os.mkfifo(rig.root / "fifo")
        for operate in (rig.share.read, rig.share.entries, rig.share.names):
            with pytest.raises(SpecialFileError):
                operate("fifo/a", 9)
        with pytest.raises(SpecialFileError):
            rig.share.names("fifo", 9)

    def test_a_socket(self, rig: FolderRig) -> None:
        """SHARE-6, SHARE-11, SHARE-13."""
        with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{short}/s")  # a socket's path may have some 100 characters only
            os.rename(f"{short}/s", rig.root / "socket")
        with pytest.raises(SpecialFileError):
            rig.share.read("socket", 9)
        assert rig.share.entries("", 9) == [("socket", None)]
        rig.share.place("socket", b"mine")
        assert rig.share.read("socket", 9) == b"mine"

    def test_a_device(self, rig: FolderRig) -> None:
        """SHARE-6, SHARE-13."""
        try:
            os.mknod(rig.root / "zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        except PermissionError:
            pytest.skip("only root can make a device")
        with pytest.raises((SpecialFileError, ShareDeniedError)):  # denied: mounted without devices
            rig.share.read("zero", 9)
        rig.share.remove("zero")
        assert rig.share.names("", 9) == []

    def test_a_folder_at_a_files_name_and_the_way_out(self, rig: FolderRig) -> None:
        """SHARE-11, SHARE-13."""
        (rig.root / "heartbeat.json" / "deep" / "er").mkdir(parents=True)
        (rig.root / "heartbeat.json" / "deep" / "ä \n").write_bytes(b"x")
        (rig.root / "heartbeat.json" / "out").symlink_to(rig.target.parent)
        with pytest.raises(SpecialFileError):
            rig.share.read("heartbeat.json", 99)
        with pytest.raises(SpecialFileError):
            rig.share.place("heartbeat.json", b"me")
        rig.share.remove("heartbeat.json")
        rig.share.place("heartbeat.json", b"me")
        assert rig.share.read("heartbeat.json", 99) == b"me"
        assert rig.target.read_bytes() == b"not yours"
        assert os.listdir(rig.root) == ["heartbeat.json"]


class TestSizes:
    def test_a_huge_sparse_file_costs_nothing(self, rig: FolderRig) -> None:
        """SHARE-7."""
        with open(rig.root / "huge", "wb") as file:
            file.truncate(10 * 1024**3)
        tracemalloc.start()
        try:
            with pytest.raises(OversizedError):
                rig.share.read("huge", 64 * 1024)
            assert isinstance(rig.share.read_many(["huge"], 9)[0], OversizedError)
            assert tracemalloc.get_traced_memory()[1] < 100_000
        finally:
            tracemalloc.stop()
        assert rig.share.entries("", 9) == [("huge", 10 * 1024**3)]

    @pytest.mark.parametrize("lie", [0, 3, 7])
    def test_a_size_that_lies(
        self, rig: FolderRig, monkeypatch: pytest.MonkeyPatch, lie: int
    ) -> None:
        """SHARE-7: a file that grows while it is read, or that a stale cache calls smaller."""
        rig.share.place("a", b"0123456789")
        real = os.fstat

        def fstat(fd: int) -> os.stat_result:
            fields = list(real(fd))
            fields[stat.ST_SIZE] = lie
            return os.stat_result(fields)

        held: list[int] = []
        read = os.read

        def note_and_read(fd: int, count: int) -> bytes:
            held.append(count)
            return read(fd, count)

        monkeypatch.setattr(os, "fstat", fstat)
        monkeypatch.setattr(os, "read", note_and_read)
        assert rig.share.read("a", 10) == b"0123456789"
        held.clear()
        with pytest.raises(OversizedError):
            rig.share.read("a", 8)
        assert sum(held) <= 9

    def test_reads_that_come_in_pieces(
        self, rig: FolderRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SHARE-5."""
        rig.share.place("a", b"0123456789")
        real = os.read
        monkeypatch.setattr(os, "read", lambda fd, count: real(fd, min(count, 3)))
        assert rig.share.read("a", 10) == b"0123456789"

    def test_a_flood_of_names(self, rig: FolderRig) -> None:
        """SHARE-3: bounded memory, and the same names every time."""
        (rig.root / "inbox").mkdir()
        for number in range(20_000):
            os.mknod(rig.root / "inbox" / f"{number * 7919 % 20_000:05}.page")
        tracemalloc.start()
        try:
            assert rig.share.names("inbox", 100) == [f"{number:05}.page" for number in range(100)]
            assert tracemalloc.get_traced_memory()[1] < 200_000
        finally:
            tracemalloc.stop()
        assert len(rig.share.entries("inbox", 4096)) == 4096
        assert len(rig.share.names("inbox", 99_999)) == 20_000

    def test_removal_is_bounded_and_goes_on(
        self, rig: FolderRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SHARE-13."""
        monkeypatch.setattr(registry.folder, "remove_names_max", 10)
        for folder in ("tree/a", "tree/b", "tree/c"):
            (rig.root / folder).mkdir(parents=True)
            for name in range(6):
                (rig.root / folder / str(name)).touch()
        attempts = 1
        while True:
            try:
                rig.share.remove("tree")
                break
            except OversizedError:
                attempts += 1
        assert 1 < attempts < 10

    def test_clearing_folders_full_of_names_is_bounded_and_goes_on(
        self, rig: FolderRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SHARE-19: 5,000 folders of 10,000 names each must not fill one tick."""
        monkeypatch.setattr(registry.folder, "remove_names_max", 10)
        some = [f"a {number}" for number in range(4)]
        for folder in some:
            (rig.root / folder).mkdir()
            for name in range(6):
                (rig.root / folder / str(name)).touch()

        def left() -> int:
            return sum(len(files) for _, _, files in os.walk(rig.root))

        assert rig.share.clear("", some) == 1
        assert left() == 24 - 10
        assert [rig.share.clear("", some) for _ in range(2)] == [2, 1]
        assert list(rig.root.iterdir()) == []
        assert rig.share.names("", 9) == []

    def test_a_tree_however_deep_is_removed(self, rig: FolderRig) -> None:
        """SHARE-13: no RecursionError, and no more open files than a process may have."""
        where = os.getcwd()
        try:
            os.chdir(rig.root)
            for _ in range(3_000):
                os.mkdir("x")
                Path("x", "y").touch()
                os.chdir("x")
        finally:
            os.chdir(where)
        rig.share.remove("x")
        assert list(rig.root.iterdir()) == []

    def test_a_folder_that_the_drive_keeps_is_tried_no_more(
        self, rig: FolderRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SHARE-13: whatever it says; the next call tries again."""
        (rig.root / "x" / "y").mkdir(parents=True)
        for number, error in ((errno.EPERM, ShareDeniedError), (errno.ENOTEMPTY, ShareError)):
            with monkeypatch.context() as patch:
                patch.setattr(os, "rmdir", _refuses(number))
                with pytest.raises(error):
                    rig.share.remove("x")
        rig.share.remove("x")
        assert list(rig.root.iterdir()) == []

    def test_a_deep_tree_is_removed_in_bounded_steps(
        self, rig: FolderRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SHARE-13, SHARE-19: each call goes on where the last one ended."""
        monkeypatch.setattr(registry.folder, "remove_names_max", 50)
        (rig.root / "x" / "/".join("d" * 120)).mkdir(parents=True)
        attempts = 1
        while not rig.share.clear("", ["x"]):
            attempts += 1
        assert 2 < attempts < 9
        assert list(rig.root.iterdir()) == []


class TestPermissions:
    @pytest.fixture
    def guarded(self) -> Iterator[Path]:
        """A root that others may enter, with a file and a folder that they may not."""
        with tempfile.TemporaryDirectory() as home:
            os.chmod(home, 0o755)
            share = FolderShare.create(f"{home}/share", "core", lambda: "1")
            share.make_folder("closed")
            share.place("closed/a", b"x")
            share.place("unreadable", b"x")
            os.chmod(f"{home}/share/closed", 0)
            os.chmod(f"{home}/share/unreadable", 0)
            os.chmod(f"{home}/share", 0o555)
            yield Path(home, "share")
            os.chmod(f"{home}/share", 0o755)
            os.chmod(f"{home}/share/closed", 0o755)

    @pytest.mark.parametrize("by_descriptor", [True, False])
    def test_denied_is_denied_at_once(self, guarded: Path, by_descriptor: bool) -> None:
        """SHARE-18."""
        pauses: list[float] = []
        share = FolderShare(str(guarded), "core", lambda: "2", pauses.append)
        share.by_descriptor = by_descriptor
        operations: list[Callable[[Share], object]] = [
            lambda share: share.read("unreadable", 9),
            lambda share: share.read("closed/a", 9),
            lambda share: share.names("closed", 9),
            lambda share: share.entries("closed", 9),
            lambda share: share.place("new", b"x"),
            lambda share: share.place("closed/new", b"x"),
            lambda share: share.make_folder("new"),
            lambda share: share.remove("unreadable"),
        ]
        with as_nobody():
            for operate in operations:
                with pytest.raises(ShareDeniedError):
                    operate(share)
            answers = share.read_many(["unreadable", "closed/a"], 9)
        assert [type(answer) for answer in answers] == [ShareDeniedError, ShareDeniedError]
        assert pauses == []

    @pytest.mark.parametrize("by_descriptor", [True, False])
    def test_a_root_behind_a_closed_door(self, guarded: Path, by_descriptor: bool) -> None:
        """SHARE-18."""
        share = FolderShare(str(guarded / "closed/share"), "core", lambda: "2")
        share.by_descriptor = by_descriptor
        with as_nobody(), pytest.raises(ShareDeniedError, match="ask the owner"):
            share.names("", 9)


class TestRoot:
    def test_only_create_makes_a_root(self, tmp_path: Path) -> None:
        """SHARE-17."""
        root = tmp_path / "share"
        share = FolderShare(str(root), "core", lambda: "1")
        with pytest.raises(ShareUnavailableError):
            share.make_folder("a")
        assert not root.exists()
        for _ in range(2):
            FolderShare.create(str(root), "core", lambda: "1").place("a", b"x")
        assert share.read("a", 9) == b"x"

    def test_create_makes_no_parents(self, tmp_path: Path) -> None:
        """SHARE-17."""
        with pytest.raises(ShareError, match="No such file"):
            FolderShare.create(str(tmp_path / "a/b"), "core", lambda: "1")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("by_descriptor", [True, False])
    def test_a_file_is_no_root(self, tmp_path: Path, by_descriptor: bool) -> None:
        """SHARE-17."""
        (tmp_path / "file").touch()
        share = FolderShare(str(tmp_path / "file"), "core", lambda: "1")
        share.by_descriptor = by_descriptor
        with pytest.raises(ShareUnavailableError, match="is the drive mounted"):
            share.names("", 9)


def test_no_handle_outlives_its_operation(rig: FolderRig) -> None:
    """DRIVES: handles go stale; also when things fail."""
    rig.share.make_folder("p/a")
    rig.share.place("p/a/x", b"x")
    rig.put_special("p/link")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        rig.share.read_many(["p/a/x", "p/link/x", "p/no/x", "p/a", "p/a/x/y"], 0)
        rig.share.entries("p", 1)
        for failing in ("p/link/x", "p/no/x", "p/a/x/y"):
            with pytest.raises(ShareError):
                rig.share.place(failing, b"x")
            with pytest.raises(ShareError):
                rig.share.remove(failing)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT])
def test_what_a_dying_drive_says(
    rig: FolderRig, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """SHARE-18."""
    rig.share.place("a", b"x")

    def fail(*_: object, **__: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "scandir", fail)
    monkeypatch.setattr(os, "read", fail)
    for operate in (rig.share.read, rig.share.entries, rig.share.names):
        with pytest.raises(ShareUnavailableError):
            operate("a" if operate == rig.share.read else "", 9)
    assert isinstance(rig.share.read_many(["a"], 9)[0], ShareUnavailableError)
