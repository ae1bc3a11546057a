"""How the folder adapter writes: order, failures, kills, modes, the ways of Windows."""

from __future__ import annotations

import errno
import itertools
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from protocol.errors import (
    MissingError,
    ShareDeniedError,
    ShareError,
    ShareFullError,
    ShareUnavailableError,
    SpecialFileError,
)
from registry.folder import FolderShare
from tests.contract.rigs import FolderRig


@pytest.fixture(params=[True, False], ids=["by descriptor", "by path"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> FolderRig:
    rig = FolderRig(tmp_path, by_descriptor=request.param)
    rig.share.make_folder("f")
    rig.share.place("f/a", b"old content")
    return rig


class Tracer:
    """Notes the calls that write, and does what `at` says when the step of that number comes.

    Opening folders on the way down is no step. What is to happen at a close happens after it.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self.at: dict[int, Callable[[], object]] = {}
        self.files: dict[int, str] = {}
        for call in ("open", "fchmod", "write", "fsync", "close", "replace"):
            patch.setattr(os, call, self.wrap(call, getattr(os, call)))

    def wrap(self, call: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            what = self.describe(call, args)
            if what is None:
                return real(*args, **kwargs)
            self.seen.append(what)
            happens = self.at.get(len(self.seen) - 1, lambda: None)
            if call == "close":
                real(*args)
                return happens()
            happens()
            result = real(*args, **kwargs)
            if call == "open":
                self.files[result] = what.removeprefix("open ")
            return result

        return wrapped

    def describe(self, call: str, args: tuple[Any, ...]) -> str | None:
        if call == "replace":
            return f"rename {Path(args[0]).name} {Path(args[1]).name}"
        if call == "open":
            path, flags = args[:2]
            name = "folder" if flags & os.O_DIRECTORY else Path(path).name
            return None if flags & os.O_PATH else f"open {name}"
        name = self.files.pop(args[0], "") if call == "close" else self.files.get(args[0], "")
        return f"{call} {name}" if name else None


def raising(error: BaseException) -> Callable[[], object]:
    def happens() -> object:
        raise error

    return happens


steps = [
    *("open .core.00000001", "fchmod .core.00000001", "write .core.00000001"),
    *("fsync .core.00000001", "close .core.00000001", "rename .core.00000001 a"),
    *("open a", "fsync a", "close a", "open folder", "fsync folder", "close folder"),
]


def test_the_order_of_a_durable_write(rig: FolderRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """SHARE-9, SHARE-10: as in rule 5 of what drives taught us."""
    tracer = Tracer(monkeypatch)
    rig.share.place("f/a", b"new content")
    assert tracer.seen == steps


codes = [
    (errno.ENOSPC, ShareFullError),
    (errno.EDQUOT, ShareFullError),
    (errno.EROFS, ShareDeniedError),
    (errno.EIO, ShareUnavailableError),
    (errno.ESTALE, ShareUnavailableError),
]


@pytest.mark.parametrize(("code", "error"), codes)
@pytest.mark.parametrize("step", range(len(steps)), ids=steps)
def test_a_failure_at_every_step(
    rig: FolderRig,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    code: int,
    error: type[ShareError],
) -> None:
    """SHARE-9, SHARE-18: old or new, whole; no temporary; before the rename always old."""
    with monkeypatch.context() as patch:
        tracer = Tracer(patch)
        tracer.at[step] = raising(OSError(code, os.strerror(code)))
        # A drive without modes refuses fchmod, somebody else's file at the final name is no matter.
        tolerated = code == errno.EROFS and steps[step] in ("fchmod .core.00000001", "open a")
        if tolerated:
            rig.share.place("f/a", b"new content")
        else:
            with pytest.raises(error, match="f/a"):
                rig.share.place("f/a", b"new content")
    renamed = any(seen.startswith("rename") for seen in tracer.seen)
    assert renamed == (tolerated or step >= 5)
    new = tolerated or step > 5
    assert rig.share.read("f/a", 99) == (b"new content" if new else b"old content")
    assert os.listdir(rig.root / "f") == ["a"]
    rig.share.place("f/a", b"next content")
    assert rig.share.read("f/a", 99) == b"next content"


def test_an_interrupt_leaves_no_temporary(rig: FolderRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """SHARE-9."""
    for step in range(1, 6):
        with monkeypatch.context() as patch:
            Tracer(patch).at[step] = raising(KeyboardInterrupt())
            with pytest.raises(KeyboardInterrupt):
                rig.share.place("f/a", b"new content")
        assert os.listdir(rig.root / "f") == ["a"]


@pytest.mark.parametrize("step", range(len(steps)), ids=steps)
def test_a_kill_at_every_step(rig: FolderRig, step: int) -> None:
    """SHARE-9: whatever a killed process leaves, readers see the old content or the new one."""
    child = os.fork()
    if child == 0:
        with pytest.MonkeyPatch.context() as patch:
            Tracer(patch).at[step] = lambda: os._exit(9)
            try:
                rig.share.place("f/a", b"new content")
            finally:
                os._exit(0)  # never back into pytest
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert rig.share.read("f/a", 99) == (b"new content" if step > 5 else b"old content")
    assert rig.share.names("f", 9) == ["a"]
    rig.share.place("f/a", b"next content")  # in spite of a temporary of the same name
    assert rig.share.read("f/a", 99) == b"next content"


def test_writes_that_come_in_pieces(rig: FolderRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """SHARE-9: a short write is no error and no end."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data)[:3]))
    rig.share.place("f/a", b"0123456789")
    assert rig.share.read("f/a", 99) == b"0123456789"


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_drive_that_knows_no_sync(
    rig: FolderRig, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """SHARE-10: as far as the drive has a way to say so."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: raising(OSError(code, os.strerror(code)))())
        rig.share.place("f/a", b"new")
        rig.share.make_folder("g")
    assert rig.share.read("f/a", 99) == b"new"


def test_folders_are_durable_too(rig: FolderRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """SHARE-10: the folder above each new one is synced."""
    tracer = Tracer(monkeypatch)
    rig.share.make_folder("f/g/h")
    assert tracer.seen.count("fsync folder") == 2


def test_a_letter_that_is_fetched_at_once(rig: FolderRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """SHARE-9: gone between the rename and the sync of the final name means delivered."""
    Tracer(monkeypatch).at[6] = lambda: os.unlink(rig.root / "f/a")
    rig.share.place("f/a", b"letter")
    assert os.listdir(rig.root / "f") == []


def test_a_folder_that_vanishes_or_loses_our_temporary(
    rig: FolderRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SHARE-15: a lost temporary is no missing folder, which would mean "no inbox"."""
    with monkeypatch.context() as patch:
        Tracer(patch).at[5] = lambda: os.unlink(rig.root / "f/.core.00000001")
        with pytest.raises(ShareUnavailableError, match="temporary"):
            rig.share.place("f/a", b"x")
    with monkeypatch.context() as patch:
        Tracer(patch).at[0] = lambda: (rig.root / "f").rename(rig.root / "g")
        if rig.folder.by_descriptor:
            rig.share.place("f/a", b"followed its folder")
            assert rig.share.read("g/a", 99) == b"followed its folder"
        else:
            with pytest.raises(MissingError):
                rig.share.place("f/a", b"x")


def test_temporary_names_that_are_taken(tmp_path: Path) -> None:
    """SHARE-9: O_EXCL, a few new names, then an error; never somebody else's file."""
    nonces = itertools.chain("1112", itertools.repeat("1"))
    share = FolderShare.create(str(tmp_path / "s"), "core", lambda: next(nonces))
    taken = tmp_path / "s/.core.1"
    taken.symlink_to(tmp_path / "secret")
    share.place("a", b"x")
    with pytest.raises(ShareUnavailableError, match="File exists"):
        share.place("a", b"y")
    assert share.read("a", 9) == b"x"
    assert not (tmp_path / "secret").exists()


def test_an_unsafe_writer_or_nonce_is_our_own_mistake(tmp_path: Path) -> None:
    """SHARE-1."""
    share = FolderShare.create(str(tmp_path / "s"), "core", lambda: "../x")
    with pytest.raises(ValueError, match="not a safe"):
        share.place("a", b"x")


class TestModes:
    @pytest.fixture(params=[0o077, 0o027, 0o000], ids=oct, autouse=True)
    def umask(self, request: pytest.FixtureRequest) -> Iterator[None]:
        before = os.umask(request.param)
        yield
        os.umask(before)

    def mode(self, at: Path) -> str:
        return oct(stat.S_IMODE(at.stat().st_mode))

    def test_modes_do_not_depend_on_the_umask(self, rig: FolderRig) -> None:
        """SHARE-12."""
        rig.share.make_folder("p/core/inbox", shared=True)
        rig.share.make_folder("p/core/outbox/feed")
        rig.share.place("p/core/a", b"x")
        rig.share.place("p/core/a", b"y")
        assert self.mode(rig.root / "p/core/a") == "0o644"
        assert self.mode(rig.root / "p/core/inbox") == "0o1777"
        for folder in ("p", "p/core", "p/core/outbox", "p/core/outbox/feed"):
            assert int(self.mode(rig.root / folder), 8) & 0o755 == 0o755

    def test_what_a_killed_process_left_is_opened_up(self, rig: FolderRig) -> None:
        """SHARE-12: made, but not yet opened to others; bits of the owner's choice stay."""
        (rig.root / "inbox").mkdir(mode=0o700)
        os.chmod(rig.root / "inbox", 0o2770)
        rig.share.make_folder("inbox")
        assert self.mode(rig.root / "inbox") == "0o2775"
        rig.share.make_folder("inbox", shared=True)
        assert self.mode(rig.root / "inbox") == "0o3777"


def test_modes_that_cannot_be_set(rig: FolderRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """SHARE-12: "where the drive knows modes"."""
    denied = raising(OSError(errno.EPERM, "Operation not permitted"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fchmod", lambda fd, mode: denied())
        rig.share.make_folder("inbox", shared=True)
        rig.share.place("inbox/a", b"x")
    assert rig.share.read("inbox/a", 9) == b"x"


without_posix = """
import os, stat, sys
for name in "O_NOFOLLOW O_NONBLOCK O_DIRECTORY O_CLOEXEC O_NOCTTY O_PATH fchmod".split():
    delattr(os, name)
os.supports_dir_fd.clear()
import errno
del errno.EDQUOT
from registry.folder import FolderShare
share = FolderShare.create(sys.argv[1], "core", lambda: "1")
assert not share.by_descriptor
share.make_folder("p/inbox", shared=True)
share.place("p/inbox/a", b"letter")
assert share.read_many(["p/inbox/a"], 9) == [b"letter"]
assert share.entries("p/inbox", 9) == [("a", 6)]
share.remove("p")
assert share.names("", 9) == []
"""


class TestWindows:
    """What can be tried without Windows: calls it lacks, and what it says of open files."""

    def test_a_system_that_lacks_what_is_posix(self, root: Path, tmp_path: Path) -> None:
        """Imports, and keeps the contract by path."""
        command = [sys.executable, "-c", without_posix, str(tmp_path / "share")]
        subprocess.run(command, cwd=root, check=True, timeout=60)

    @pytest.fixture
    def pauses(self, rig: FolderRig) -> list[float]:
        rig.folder.by_descriptor = False
        pauses: list[float] = []
        rig.folder._pause = pauses.append
        return pauses

    def in_use(self, winerror: int, times: float, real: Callable[..., Any]) -> Callable[..., Any]:
        left = itertools.count()

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if next(left) >= times:
                return real(*args, **kwargs)
            error = PermissionError(errno.EACCES, "in use")
            error.winerror = winerror  # type: ignore[attr-defined]
            raise error

        return wrapped

    def test_neither_folders_nor_modes_can_be_opened(
        self, rig: FolderRig, pauses: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SHARE-9, SHARE-14."""
        monkeypatch.delattr(os, "O_DIRECTORY")
        monkeypatch.delattr(os, "fchmod")
        rig.share.make_folder("p/inbox", shared=True)
        rig.share.place("p/inbox/a", b"x")
        assert rig.share.read_many(["p/inbox/a"], 9) == [b"x"]
        assert rig.share.entries("p/inbox", 9) == [("a", 1)]
        rig.share.remove("p")
        assert rig.share.names("", 9) == ["f"]
        assert pauses == []

    def test_open_files_are_waited_for(
        self, rig: FolderRig, pauses: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SHARE-18: a reader that has the file open is done in a moment."""
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", self.in_use(5, 2, os.replace))
            rig.share.place("f/a", b"new")
        assert rig.share.read("f/a", 9) == b"new"
        assert len(pauses) == 2
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", self.in_use(32, 1, os.open))
            assert rig.share.read_many(["f/a"], 9) == [b"new"]
        with monkeypatch.context() as patch:
            patch.setattr(os, "unlink", self.in_use(33, 1, os.unlink))
            rig.share.remove("f/a")
        assert rig.share.names("f", 9) == []

    @pytest.mark.parametrize("code", [errno.EACCES, errno.EBUSY])
    def test_so_are_those_of_a_windows_drive(
        self, rig: FolderRig, pauses: list[float], monkeypatch: pytest.MonkeyPatch, code: int
    ) -> None:
        """SHARE-18: a client that is no Windows has no better word for it."""

        def in_use(times: int, real: Callable[..., Any]) -> Callable[..., Any]:
            left = itertools.count()

            def wrapped(*args: Any, **kwargs: Any) -> Any:
                if next(left) >= times:
                    return real(*args, **kwargs)
                raise OSError(code, os.strerror(code))

            return wrapped

        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", in_use(3, os.replace))
            rig.share.place("f/a", b"new")
        assert rig.share.read("f/a", 9) == b"new"
        with monkeypatch.context() as patch:
            patch.setattr(os, "unlink", in_use(3, os.unlink))
            rig.share.remove("f/a")
        assert rig.share.names("f", 9) == []
        assert len(pauses) == 6

    @pytest.mark.parametrize(
        ("winerror", "error"), [(5, ShareDeniedError), (32, ShareUnavailableError)]
    )
    def test_but_not_for_ever(
        self,
        rig: FolderRig,
        pauses: list[float],
        monkeypatch: pytest.MonkeyPatch,
        winerror: int,
        error: type[ShareError],
    ) -> None:
        """SHARE-9, SHARE-18: then the next tick; 5 may as well be a lack of permission."""
        with monkeypatch.context() as patch:
            for call in ("replace", "unlink"):
                real = getattr(os, call)
                patch.setattr(os, call, self.in_use(winerror, float("inf"), real))
            with pytest.raises(error):
                rig.share.place("f/a", b"new")
            with pytest.raises(error):
                rig.share.place("f/b", b"new")
        assert 3 <= len(pauses) <= 12
        assert sum(pauses) < 0.2
        assert rig.share.read("f/a", 99) == b"old content"
        assert rig.share.names("f", 9) == ["a"]

    def test_place_onto_a_folder(
        self, rig: FolderRig, pauses: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SHARE-11: Windows calls it denied."""
        rig.share.make_folder("f/folder")
        monkeypatch.setattr(os, "replace", self.in_use(5, float("inf"), os.replace))
        with pytest.raises(SpecialFileError):
            rig.share.place("f/folder", b"x")

    def test_a_file_replaced_while_it_is_opened(
        self, rig: FolderRig, pauses: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SHARE-2: by path, what was looked at must be what was opened."""
        other = os.stat(rig.target)
        real = os.lstat
        looks = itertools.count()

        def lstat(path: Any, **kwargs: Any) -> os.stat_result:
            is_first = str(path).endswith("f/a") and next(looks) == 0
            return other if is_first else real(path, **kwargs)

        monkeypatch.setattr(os, "lstat", lstat)
        assert rig.share.read("f/a", 99) == b"old content"
        looks = itertools.count()
        assert rig.share.read_many(["f/a"], 99) == [b"old content"]


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("failures", [1, 9])
def test_a_stale_handle_is_tried_once_more(
    rig: FolderRig, monkeypatch: pytest.MonkeyPatch, many: bool, failures: int
) -> None:
    """SHARE-18: NFS after a replace; a few looks without a pause, then the next tick."""
    real = os.read
    done = itertools.count(1)

    def read(fd: int, count: int) -> bytes:
        if next(done) <= failures:
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return real(fd, count)

    monkeypatch.setattr(os, "read", read)
    if many:
        [answer] = rig.share.read_many(["f/a"], 99)
    elif failures == 1:
        answer = rig.share.read("f/a", 99)
    else:
        with pytest.raises(ShareUnavailableError):
            rig.share.read("f/a", 99)
        return
    if failures == 1:
        assert answer == b"old content"
    else:
        assert isinstance(answer, ShareUnavailableError)
    assert next(done) <= 4
