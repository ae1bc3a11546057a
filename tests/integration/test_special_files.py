"""Files that are none, on a real folder: no tick hangs, follows, fills the memory or fails.

Links, FIFOs, sockets, devices, sparse files of 10 GB, folders for files and files for folders,
unreadable files, names of every kind, and a crowd of junk files in one inbox.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from peer.enclosing import Source
from peer.home.places import choose
from peer.wiring import open_peer
from protocol.messages import Note
from registry import layout
from tests.integration.typist import Typist
from tests.integration.typist import settled as typed
from tests.network import CLUSTER, FolderNetwork, acted, insight, send, tick

TEN_GB = 10 * 1000**3
DATA = b"attached"
FILE = sha256(DATA).hexdigest()
pytestmark = pytest.mark.skipif(os.name == "nt", reason="made with POSIX calls")


@pytest.fixture
def network(tmp_path: Path) -> Iterator[FolderNetwork]:
    made = FolderNetwork(tmp_path)
    made.round(2)
    yield made
    made.close()


def _secret() -> Path:
    """A file of the person's own, outside the share."""
    secret = Path(os.environ["HOME"], "secret")
    if not secret.exists():
        secret.write_bytes(b"mine")
    return secret


def _symbolic(path: Path) -> None:
    path.symlink_to(_secret())


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _hard(path: Path) -> None:
    os.link(_secret(), path)


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def _device(minor: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, minor))
        except PermissionError:
            pytest.skip("devices are made by root")

    return make


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(TEN_GB)


def _folder(path: Path) -> None:
    (path / "a" / "b").mkdir(parents=True)
    (path / "a" / "file").write_bytes(b"x")


def _deep(path: Path) -> None:
    (path / "/".join("d" * 60)).mkdir(parents=True)


def _unreadable(path: Path) -> None:
    path.write_bytes(b"{}")
    path.chmod(0)


SPECIAL: dict[str, Callable[[Path], None]] = {
    "symbolic link": _symbolic,
    "dangling link": _dangling,
    "hard link": _hard,
    "FIFO": _fifo,
    "socket": _socket,
    "zero device": _device(5),
    "full device": _device(7),
    "sparse": _sparse,
    "folder": _folder,
    "deep folder": _deep,
    "unreadable": _unreadable,
}
ENDLESS = ("sparse", "zero device")
PLACES = (
    "letter", "next letter", "heartbeat", "own heartbeat", "receipt", "own receipt", "feed",
    "order", "roster", "mail", "card", "attachment", "stale attachment",
)  # fmt: skip


def _peak_bytes(work: Callable[[], object]) -> int:
    """The most memory that Python held at once for this."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _path(network: FolderNetwork, place: str) -> Path:
    core = network.peers["core"].home.state.epoch[:8]
    return (
        Path(network.share)
        / {
            "letter": f"{layout.inbox('scout')}/core.{core}.1.page",
            "next letter": f"{layout.inbox('scout')}/core.{core}.2.page",
            "heartbeat": layout.heartbeat("core"),
            "own heartbeat": layout.heartbeat("scout"),
            "receipt": layout.receipt("core", CLUSTER, "scout"),
            "own receipt": layout.receipt("scout", CLUSTER, "core"),
            "feed": f"{layout.feed('core')}/{core}.1.page",
            "order": f"{layout.ORDERS}/0123456789abcdef.json",
            "roster": f"{layout.CHARTER}/9.roster.01234567.json",
            "mail": f"{layout.mail('core', 'scout')}/{core}.1.page",
            "card": layout.card("core"),
            "attachment": f"{layout.blobs('core')}/{FILE}",
            "stale attachment": f"{layout.blobs('core')}/{'0' * 64}",
        }[place]
    )


# Every kind and every place, and half of their pairs; `make floods` has all.
PAIRS = [
    (kind, place)
    for n, kind in enumerate(SPECIAL)
    for m, place in enumerate(PLACES)
    if (n + m) % 2 == 0 or "JUNK" in os.environ
]


@pytest.mark.parametrize(("kind", "place"), PAIRS)
def test_whatever_stands_in_a_files_place(network: FolderNetwork, kind: str, place: str) -> None:
    """PAGE-13, LAYOUT-9, SHARE-2, SHARE-6, SHARE-7, TICK-3: all goes on; nothing is followed."""
    for author, reader in (("core", "scout"), ("scout", "core")):
        files = [Source("data", lambda: [DATA])]
        send(network.peers[author], [reader], [Note(text="letter")], files=files)
        send(network.peers[author], ["all"], [insight("published")])
    path = _path(network, place)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.unlink()
    SPECIAL[kind](path)
    if kind in ENDLESS:
        assert _peak_bytes(lambda: network.round(5)) < 20_000_000
    else:
        network.round(5)
    assert acted(network.peers["scout"].home) == ["core: letter", "core: published"]
    assert acted(network.peers["core"].home) == ["scout: letter", "scout: published"]
    for peer in network.peers.values():
        assert peer.blobs.sizes() == {FILE: len(DATA)}
    assert not list(Path(network.share).glob(f"peers/*/blobs/{FILE}"))
    assert _secret().read_bytes() == b"mine"


@pytest.mark.parametrize("kind", ["symbolic link", "FIFO", "socket", "sparse", "file"])
@pytest.mark.parametrize(
    "place",
    ["inbox", "outbox", "outbox/feed", "outbox/mail", "receipts", f"receipts/{CLUSTER}", ""],
)
def test_whatever_stands_in_a_folders_place(network: FolderNetwork, kind: str, place: str) -> None:
    """LAYOUT-7, PAGE-13, TICK-3: the owner makes way for it, and nothing is lost."""
    send(network.peers["core"], ["scout"], [Note(text="letter")])
    send(network.peers["scout"], ["core"], [Note(text="letter")])
    path = Path(network.share, layout.peer_folder("scout"), place)
    if path.exists():
        shutil.rmtree(path)
    make = {**SPECIAL, "file": lambda path: path.write_bytes(b"x")}[kind]
    make(path)
    network.round(6)
    assert acted(network.peers["scout"].home) == ["core: letter"]
    assert acted(network.peers["core"].home) == ["scout: letter"]


NAMES = (
    b"new\nline.page", b"bell\x07.page", b"\x1b]0;title\x07\x1b[2J.page", b"tab\there", b"\x7f",
    b"\xff\xfe.page", b"core.\xc3\xa4.1.page", b"x" * 255, "\u202egepag".encode(), b"-rf", b" ",
    b"a b", b"*", b"$(touch x)", b"core.aaaaaaaa.1.page\n", b"CON", b"nul.page", b"..page", b"...",
    "\u0441ore.aaaaaaaa.1.page".encode(), b"CORE.aaaaaaaa.1.page", b"core.aaaaaaaa.01.page",
    b"core.aaaaaaaa.99999999999999999.page", b"core.aaaaaaaa.-1.page", b"core.aaaaaaaa.1.page ",
)  # fmt: skip
FOLDERS = ("peers/scout/inbox", "peers/scout/outbox/feed", "charter", "orders", "peers", "",
           f"peers/scout/receipts/{CLUSTER}", "peers/core/outbox/mail/scout")  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_that_are_not_ours(network: FolderNetwork, folder: str) -> None:
    """LAYOUT-2: control characters, invalid UTF-8, 255 bytes: nobody's, read by nobody."""
    place = os.path.join(os.fsencode(network.share), folder.encode())
    os.makedirs(place, exist_ok=True)
    for name in NAMES:
        with open(os.path.join(place, name), "wb") as file:
            file.write(b"{}")
    send(network.peers["core"], ["scout"], [Note(text="letter")])
    network.round(3)
    assert acted(network.peers["scout"].home) == ["core: letter"]
    assert [peer.home.quarantine.all() for peer in network.peers.values()] == [[], []]
    assert set(NAMES) <= set(os.listdir(place)), "what is nobody's is left alone"


def test_commands_print_such_names_without_harm(tmp_path: Path) -> None:
    """LAYOUT-2: whatever a name or a file holds, a terminal shows codes."""
    typist = typed(tmp_path)
    box = typist.share / layout.inbox("scout")
    for name in NAMES:
        (box / os.fsdecode(name)).write_bytes(b"{}")
    (box / "core.aaaaaaaa.1.page").write_bytes(b'{"\x1b[2J\x07":1}')
    (typist.share / layout.ORDERS / "0123456789abcdef.json").write_bytes(b"\x1b[2J")
    for _ in range(2):
        typist("tick", "--as", "scout")
    for words in (
        ("tick",), ("status",), ("peers",), ("escalations",), ("doctor",), ("inbox",),
        ("quarantine", "list"), ("quarantine", "show", "1"), ("quarantine", "show", "2"),
    ):  # fmt: skip
        for extra in ((), ("--json",)):
            said = typist.run([*words, "--as", "scout", *extra])
            assert said.code == 0, said
            for text in (said.out, said.err):
                assert not [c for c in text if c != "\n" and (c < " " or "\x7f" <= c < "\xa0")]


# `make floods` makes 200,000 of each.
JUNK = int(os.environ.get("JUNK", "20000"))


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    """Where so many files are made in seconds."""
    place = Path("/dev/shm")
    if not os.access(place, os.W_OK):
        pytest.skip("no memory-backed disk here")
    folder = place / f"soma-junk-{os.getpid()}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def _fill(box: Path, form: str) -> None:
    handle = os.open(box, os.O_RDONLY)
    try:
        for number in range(1, JUNK + 1):
            os.close(os.open(form.format(number), os.O_CREAT | os.O_WRONLY, dir_fd=handle))
    finally:
        os.close(handle)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("form", "ticks", "pages"),
    [
        # 5,000 go in a tick, hidden names from the second one on that meets them.
        pytest.param("0junk{}", JUNK // 5_000, "no", id="names of no form"),
        pytest.param(".core.{}", JUNK // 5_000 + 1, "no", id="hidden names"),
        # 100,000 are read in a tick; what is empty goes when it is read again.
        pytest.param(
            "core.abcdefgh.{}.page", 5 if JUNK == 200_000 else 2, "letters", id="names of letters"
        ),
    ],
)
def test_a_crowd_of_junk_files_in_an_inbox(memory: Path, form: str, ticks: int, pages: str) -> None:
    """LAYOUT-8, PAGE-14, PAGE-15: letters pass, ticks are bounded, say what waits, work it off."""
    base = memory / form[:4]
    base.mkdir()
    typist = typed(base)
    box = typist.share / layout.inbox("scout")
    _fill(box, form)
    typist("send", "--as", "core", "scout", "letter")
    told, peak_mib = _tick_in_a_process(typist)
    assert peak_mib < 200
    waits = [p for p in told if "inbox" in p and ("put off" in p or "crowded" in p)]
    assert waits or (JUNK <= 100_000 and "letters" in pages)
    assert len(told) <= 1_001
    scout = open_peer(*choose(str(typist.home), "peers", "scout", None))
    assert acted(scout.home) == ["core: letter"]
    for _ in range(ticks - 1):
        assert os.listdir(box), "the number of ticks is as stated"
        tick(scout)
    assert not os.listdir(box)
    assert tick(scout).problems == []
    assert scout.home.quarantine.count() <= 10_000
    assert os.path.getsize(scout.home.db.path) < 100_000_000
    scout.home.close()


# What a process is said to have held at most counts from before it became this program.
_MEASURED = r"""
import atexit, re, runpy, sys
def tell():
    with open("/proc/self/status") as file:
        print(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1], file=sys.stderr)
atexit.register(tell)
runpy.run_module("peer", run_name="__main__", alter_sys=True)
"""


def _tick_in_a_process(typist: Typist) -> tuple[list[str], float]:
    """The problems that `peer tick` tells, and the most memory that its process had, MiB."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, "tick", "--as", "scout", "--json"],
        capture_output=True,
        env=typist.environment,
    )
    assert done.returncode == 0, done.stderr
    problems: list[str] = json.loads(done.stdout)["problems"]
    return problems, int(done.stderr.split()[-1]) / 1024
