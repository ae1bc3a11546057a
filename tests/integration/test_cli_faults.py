"""Bad input: one line says what is wrong and what to do; what can still be read is not lost."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from protocol import canonical
from registry import layout
from tests.integration.typist import ROOT, Said, Typist, settled

PR_CAPBSET_DROP, CAPABILITIES = 24, (1, 2, 3)  # to write, read and own everything


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def obey_modes() -> None:
    """In a new process, before it runs: what root may beyond the modes of files is taken away."""
    if os.geteuid() == 0:
        for capability in CAPABILITIES:
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def ordinary(peer: Typist, *words: str) -> Said:
    """Run a command as somebody for whom modes count, wherever the tests run as root."""
    done = subprocess.run(
        peer.command(*words), capture_output=True, text=True, env=peer.environment,
        cwd=peer.base, timeout=60, preexec_fn=obey_modes,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


@contextmanager
def without(bits: int, *tops: Path) -> Iterator[None]:
    """Everything below these has lost these bits of its mode, for a while."""
    paths = [path for top in tops for path in (top, *top.rglob("*"))]
    modes = [(path, stat.S_IMODE(path.stat().st_mode)) for path in paths]
    for path, mode in reversed(modes):
        path.chmod(mode & ~bits)
    try:
        probe = subprocess.run(["test", "-w", tops[0]], preexec_fn=obey_modes)
        if probe.returncode == 0:
            pytest.skip("modes do not count here")
        yield
    finally:
        for path, mode in modes:
            path.chmod(mode)


def other_network(base: Path) -> Typist:
    """Another network beside the first, with a peer `core` of its own."""
    base.mkdir()
    other = Typist(base)
    new = ("--cluster", "lab", "--steward", "eve", "--no-passphrase")
    other("network", "create", str(other.share), *new)
    other("join", str(other.share), "--name", "core")
    other("admit", "core")
    return other


READERS = ("inbox", "outbox", "feed", "peers", "status", "escalations")


def test_a_folder_never_bound_to_this_home_is_refused(peer: Typist) -> None:
    (peer.base / "empty").mkdir()
    (peer.base / "file").write_text("x")
    for path in ("empty", "file", "missing"):
        peer("join", path, "--name", "new", code=5)
    for path in ("empty", "file", "missing", "nats://127.0.0.1:4222"):
        for words in (("send", "librarian", "x"), ("inbox",), ("tick",), ("peers",), ("doctor",)):
            said = peer(*words, "--as", "core", "--network", path, code=5)
            assert "never bound" in said.err
            assert said.out == ""
    assert peer("outbox", "--as", "core", "--json").json == []
    assert os.listdir(peer.base / "empty") == []


def test_another_network_is_refused_and_not_touched(peer: Typist) -> None:
    other = other_network(peer.base / "other")
    peer("inbox", "--as", "core", "--network", str(other.share), code=5)
    shutil.rmtree(peer.share)
    shutil.copytree(other.share, peer.share)
    before = {p: p.read_bytes() for p in peer.share.rglob("*") if p.is_file()}
    for words in (("inbox",), ("tick",), ("send", "librarian", "x"), ("leave",)):
        said = peer(*words, "--as", "core", code=5)
        assert "another root" in said.err
    peer("network", "show", code=5)
    peer(
        "join",
        str(peer.share),
        "--name",
        "core",
        "--root",
        "abcde-fghi-jklm-nopqr-stuv-wxyz",
        code=5,
    )
    assert {p: p.read_bytes() for p in peer.share.rglob("*") if p.is_file()} == before
    assert peer("outbox", "--as", "core", "--json").json == []


def test_of_two_networks_at_one_path_the_one_that_stands_there_is_meant(peer: Typist) -> None:
    other = other_network(peer.base / "other")
    root = other("network", "show", "--json").json["root"]
    away = peer.base / "away"
    peer.share.rename(away)
    shutil.copytree(other.share, peer.share)
    peer("join", str(peer.share), "--name", "core", code=5)
    peer("join", str(peer.share), "--name", "core", "--root", root)
    said = peer("tick", "--as", "core", code=6).err
    assert "not admitted" in said
    shutil.rmtree(peer.share)
    away.rename(peer.share)
    assert peer("tick", "--as", "core", "--json").json["state"] == "idle"


def test_a_forged_or_broken_marker_is_no_network(peer: Typist) -> None:
    marker = peer.share / layout.MARKER
    value = canonical.decode(marker.read_bytes())
    value["root"]["signed"]["at"] += 1
    for data in (canonical.encode(value), b"{}", b"garbage", b""):
        marker.write_bytes(data)
        for words in (("inbox",), ("tick",), ("send", "librarian", "x")):
            peer(*words, "--as", "core", code=5)
    marker.unlink()
    assert "NETWORK.json" in peer("inbox", "--as", "core", code=5).err
    marker.mkdir()
    assert peer("inbox", "--as", "core", "--json").json == [], "unreadable is not another one"
    peer("tick", "--as", "core", code=5)


def test_a_share_that_is_away_is_an_error_for_ticks_and_a_warning_for_readers(peer: Typist) -> None:
    peer("send", "--as", "core", "librarian", "hello")
    peer.round()
    peer.share.rename(peer.base / "away")
    for replaced in (False, True):
        if replaced:
            peer.share.mkdir()  # a mount point without its drive
        peer("tick", "--as", "librarian", code=5)
        said = peer("inbox", "--as", "librarian", "--json")
        assert [row["text"] for row in said.json] == ["hello"]
        assert said.err.startswith("peer: ")
        for words in READERS:
            peer(words, "--as", "librarian")
    assert os.listdir(peer.share) == [], "nothing is made where a drive is not mounted"
    (error,) = [r for r in peer("tick", "--all", "--json", code=5).json if r["peer"] == "core"]
    assert "empty" in error["error"]


def test_hidden_orders_folder_is_exit_5(peer: Typist) -> None:
    shutil.rmtree(peer.share / "orders")
    assert "orders" in peer("tick", "--as", "core", code=5).err


def test_a_read_only_share_stages_and_says_so(peer: Typist) -> None:
    with without(0o222, peer.share):
        said = ordinary(peer, "send", "--as", "core", "librarian", "x", "--json")
        assert (said.code, said.json["state"]) == (0, "staged")
        ticked = ordinary(peer, "tick", "--as", "core")
        assert ticked.code == 5, ticked
        assert ticked.err.startswith("peer: ")
        assert "access" in ticked.err
        doctor = ordinary(peer, "doctor", "--as", "core")
        assert doctor.code == 5
        assert "cannot be written" in doctor.out
        assert ordinary(peer, "halt").code == 5
    peer("tick", "--as", "core")
    peer("tick", "--as", "librarian")
    assert [row["text"] for row in peer("inbox", "--as", "librarian", "--json").json] == ["x"]


def test_an_unreadable_share_is_named(peer: Typist) -> None:
    peer("send", "--as", "core", "librarian", "hello")
    peer.round()
    with without(0o777, peer.share):
        assert ordinary(peer, "tick", "--as", "core").code == 5
        said = ordinary(peer, "inbox", "--as", "librarian", "--json")
        assert (said.code, len(said.json)) == (0, 1)
        assert "access" in said.err


def test_a_home_that_cannot_be_written_or_read_is_named(peer: Typist) -> None:
    for bits in (0o222, 0o777):
        with without(bits, peer.home / "peers"):
            for words in (("send", "librarian", "x"), ("tick",), ("inbox",), ("tick", "--all")):
                said = ordinary(peer, *words, "--as", "core")
                assert said.code == 1 or (bits == 0o222 and words == ("inbox",)), said
                assert said.code == 0 or said.err.startswith("peer: ")
    peer("tick", "--as", "core")


@pytest.mark.slow
def test_a_full_share_stages_and_says_so(peer: Typist) -> None:
    size = sum(file.stat().st_size + 4096 for file in peer.share.rglob("*")) + 200_000
    small = peer.base / "small"
    small.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(small)]
    if os.geteuid() != 0 or subprocess.run(mounted, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        peer.share.rename(peer.base / "old")
        shutil.copytree(peer.base / "old", small / "share")
        peer.share.symlink_to(small / "share")
        with open(small / "ballast", "wb", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(b"x" * 4096)
        said = peer("send", "--as", "core", "librarian", "x" * 30_000, "--json")
        assert said.json["state"] == "staged"
        assert "space" in peer("tick", "--as", "core", code=5).err
        assert peer("inbox", "--as", "core", "--json").json == []
        (small / "ballast").unlink()
        peer("tick", "--as", "core")
        peer("tick", "--as", "librarian")
        assert len(peer("inbox", "--as", "librarian", "--json").json) == 1
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_a_missing_or_strange_home_says_what_to_do(peer: Typist) -> None:
    for home in ("missing", "file", "x" * 300):
        (peer.base / "file").write_text("x")
        code = 3 if home == "missing" else 1
        for words in (("inbox",), ("tick",), ("send", "librarian", "x"), ("tick", "--all")):
            peer(*words, "--home", home, code=code)
    assert not (peer.base / "missing").exists()


def test_a_damaged_identity_harms_nobody_else(peer: Typist) -> None:
    (peer.folder("core") / "identity.json").write_bytes(b"garbage")
    assert "damaged" in peer("inbox", "--as", "core", code=1).err
    assert peer("inbox", "--as", "librarian", "--json").json == []
    peer("tick", "--as", "librarian")


def test_a_key_that_is_gone_damaged_or_open_to_others(peer: Typist) -> None:
    key = peer.folder("core") / "key"
    whole = key.read_bytes()
    key.chmod(0o644)
    assert "chmod 600" in peer("tick", "--as", "core", code=1).err
    key.chmod(0o600)
    key.write_bytes(b"garbage")
    assert "damaged" in peer("send", "--as", "core", "librarian", "x", code=1).err
    key.unlink()
    assert "backup" in peer("tick", "--as", "core", code=1).err
    assert peer("inbox", "--as", "core", "--json").json == []
    key.write_bytes(whole)
    key.chmod(0o600)
    peer("tick", "--as", "core")


def test_a_corrupt_database_is_repaired_and_keeps_what_can_be_read(peer: Typist) -> None:
    for n in range(3):
        peer("send", "--as", "core", "librarian", f"letter {n} " + "x" * 3000)
    peer.round()
    database = peer.folder("librarian") / "home.db"
    data = bytearray(database.read_bytes())
    data[100:2000] = b"\xff" * 1900
    database.write_bytes(data)
    for words in (("inbox",), ("tick",), ("send", "core", "x"), ("status",)):
        said = peer(*words, "--as", "librarian", code=1)
        assert "peer repair" in said.err
    assert peer("doctor", "--as", "librarian", code=1).out.count("peer repair") == 1
    repaired = peer("repair", "--as", "librarian", "--json").json
    assert Path(repaired["set_aside"]).is_file(), "the damaged one is kept"
    database.write_bytes(b"garbage" * 500)
    assert "is kept as" in peer("repair", "--as", "librarian").out
    peer("tick", "--as", "librarian")
    peer.round(2)
    texts = [row["text"][:8] for row in peer("inbox", "--as", "librarian", "--all", "--json").json]
    assert sorted(texts) == ["letter 0", "letter 1", "letter 2"], "offered again, each once"


@pytest.mark.parametrize("left", [None, b""], ids=["gone", "empty"])
def test_a_lost_database_is_not_made_anew_in_silence(peer: Typist, left: bytes | None) -> None:
    database = peer.folder("core") / "home.db"
    database.unlink()
    if left is not None:
        database.write_bytes(left)
    for words in (("inbox",), ("tick",), ("send", "librarian", "x")):
        assert "peer repair" in peer(*words, "--as", "core", code=1).err
    assert "epoch" in peer("repair", "--as", "core").out
    peer("tick", "--as", "core")


def test_a_damaged_identity_does_not_stop_the_others(peer: Typist) -> None:
    (peer.folder("core") / "identity.json").write_bytes(b"{")
    ticked = peer("tick", "--all", "--json", code=1).json
    assert {row["peer"] for row in ticked if "error" not in row} == {"librarian", "scout"}
    assert "damaged" in next(row["error"] for row in ticked if "error" in row)
    assert "damaged" in peer("doctor", code=1).out
    assert peer("inbox", "--as", "librarian").out


def test_a_restored_backup_parks_until_it_is_repaired(peer: Typist) -> None:
    folder, backup = peer.folder("core"), peer.base / "backup"
    shutil.copytree(folder, backup)
    peer("tick", "--as", "core")
    peer("send", "--as", "core", "librarian", "after the backup")
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
    said = peer("send", "--as", "core", "librarian", "x", code=6)
    assert "peer repair" in said.err
    assert peer("tick", "--as", "core", "--json", code=6).json["state"] == "parked"
    assert peer("status", "--as", "core", "--json").json["parked"]
    assert "peer repair" in peer("escalations", "--as", "core").out
    assert "parked" in peer("status", "--as", "core").out
    assert "parked" in peer("doctor", "--as", "core", code=1).out
    assert "begins epoch" in peer("repair", "--as", "core").out
    peer("tick", "--as", "core")
    peer("send", "--as", "core", "librarian", "again")


def test_a_clock_before_the_last_tick_is_told_and_stops_nothing(peer: Typist) -> None:
    database = sqlite3.connect(peer.folder("core") / "home.db")
    database.execute("UPDATE self SET value = value + 7200000 WHERE name = 'last_wall'")
    database.commit()
    database.close()
    assert "before the last tick" in peer("doctor", "--as", "core", code=1).out
    report = peer("tick", "--as", "core", "--json").json
    assert any("behind the last tick" in problem for problem in report["problems"])
    assert report["state"] == "idle"
    peer("send", "--as", "core", "librarian", "x")


def test_arguments_that_are_no_text(peer: Typist) -> None:
    peer("send", "--as", "core", "librarian", b"\xff\xfe", code=2)
    peer("send", "--as", b"\xff", "librarian", "x", code=3)
    peer("send", "--as", "core", b"\xff", "x", code=2)
    peer("read", "--as", "core", b"\xff\xff\xff\xff", code=2)
    peer("trace", "--as", "core", "k3va' OR 1", code=2)
    peer("halt", "--because", b"\xff", code=2)
    peer("join", b"/tmp/\xff", "--name", "new", code=2)
    peer("join", str(peer.share), "--name", b"\xff", code=2)
    (peer.base / "latin").write_bytes("Käse".encode("latin-1"))
    assert "UTF-8" in peer("send", "--as", "core", "librarian", "--file", "latin", code=2).err
    peer("inbox", "--home", b"/tmp/\xff", code=3)
    assert peer("outbox", "--as", "core", "--json").json == []


def test_huge_arguments(peer: Typist) -> None:
    book = "x" * 100_000
    said = peer("send", "--as", "core", "librarian", book, code=2)
    assert len(said.err) < 2000
    typed = (("read", book), ("inbox", "--as", book), ("halt", book), ("peers", "--network", book))
    for words in typed:
        said = peer.run([*words, "--as", "core"] if "--as" not in words else words)
        assert said.code in (2, 3, 5), said.code
        assert len(said.err) < 2000
        assert "Traceback" not in said.err
    (peer.base / "film").write_bytes(b"x" * 200_000)
    peer("send", "--as", "core", "librarian", "--file", "film", code=2)
    peer("send", "--as", "core", "librarian", "--file", "/dev/zero", code=2)
    peer("send", "--as", "core", "librarian", "x" * 60_001, code=2)
    peer("send", "--as", "core", "librarian", "\x01" * 20_000, code=2)  # six bytes each in JSON
    peer("send", "--as", "core", "librarian", "x" * 60_000)
    peer.round()
    assert len(peer("inbox", "--as", "librarian", "--json").json[0]["text"]) == 60_000


def test_a_reader_that_goes_away_and_an_interruption_are_no_bugs(peer: Typist) -> None:
    for n in range(3):
        peer("send", "--as", "core", "librarian", f"{n}" * 50_000)
    peer.round()
    process = subprocess.Popen(
        peer.command("inbox", "--as", "librarian", "--json"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=peer.environment,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(20) == 141
    assert process.stderr.read() == b""
    process.stderr.close()
    waiting = subprocess.Popen(
        peer.command("send", "--as", "core", "librarian", "x", "--wait", "acted"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=peer.environment,
    )  # fmt: skip
    assert waiting.stdout is not None
    waiting.stdout.readline()
    time.sleep(0.3)
    waiting.send_signal(signal.SIGINT)
    _, err = waiting.communicate(timeout=20)
    assert waiting.returncode == 130
    assert b"Traceback" not in err


def test_a_bug_of_ours_shows_its_trace(peer: Typist) -> None:
    (peer.base / "sitecustomize.py").write_text(
        "import peer.mailbox\n"
        "def broken(home, identity): raise AssertionError('a bug')\n"
        "peer.mailbox.check_share = broken\n"
    )
    path = os.pathsep.join([str(peer.base), str(ROOT)])
    said = peer.run(["inbox", "--as", "core"], env={"PYTHONPATH": path})
    assert said.code == 1
    assert "AssertionError: a bug" in said.err


UNHEARD = "import sys, os; sys.stdout = sys.stderr = None; "


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        ("from peer.cli import main; sys.exit(main(['tick', '--as', 'core']))", 0),
        ("from peer.cli import main; sys.exit(main(['read', 'nothing', '--as', 'core']))", 3),
        ("from peer.cli import faults; faults._let_go_of_stdout()", 0),
        (
            "from peer import deadline; deadline.stalled_ms_max = 0;"
            "deadline._guard(deadline.WatchedShare(None, None))",
            5,
        ),
    ],
)
def test_without_a_console_a_process_ends_as_it_should(peer: Typist, code: str, ends: int) -> None:
    """As under pythonw, which has no stdout and no stderr; the last one finds the share frozen."""
    done = subprocess.run([sys.executable, "-c", UNHEARD + code], env=peer.environment, check=False)
    assert done.returncode == ends
