"""From `send` to its effect with `peer run` on both sides, and what `peer run` costs idle."""

from __future__ import annotations

import os
import select
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median, quantiles

from benchmarks.measure import shown, verdict
from benchmarks.network import KIBIBYTE, Network, letters, network
from peer.home.places import DATABASE, choose
from peer.send import send
from peer.wiring import open_peer

ROUNDS = 200  # letters; in each round everybody brings one
MEDIAN_MAX, P99_MAX = 0.050, 0.500
POLL_SECONDS, POLL_LETTERS, POLL_MAX = 2, 12, 1.2
IDLE_SECONDS, CPU_MAX, GROWTH_KIB_MAX = 120, 0.002, 1024
PATIENCE_SECONDS = 30
PAUSE_SECONDS = 0.15  # between letters: a burst is another question
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGETS = (
    f"letter to effect: median at most {MEDIAN_MAX * 1000:.0f} ms, p99 {P99_MAX * 1000:.0f} ms",
    f"where it polls: at most {POLL_MAX} × the interval",
    f"idle: at most {CPU_MAX:.1%} of a core, flat memory, no file written between beats",
)


def run(rounds: int) -> None:
    """Print the figures of letters, of polling, and of an idle resident."""
    with network(("core", "librarian")) as made:
        for peer in made.peers.values():
            peer.home.close()
        with residents(made, ("core", "librarian")):
            _native(made, rounds)
        with residents(made, ("librarian",), "--watch", "polling", "--poll", str(POLL_SECONDS)):
            _polling(made)
        with residents(made, ("librarian",), "--cron", "0 0 29 2 *") as processes:
            _idle(made, processes[0].pid)


def _native(made: Network, rounds: int) -> None:
    maildir = os.path.join(os.path.dirname(made.home), "maildir")
    times: dict[str, list[float]] = {"ours": [], "a script with watchdog on a Maildir": []}
    with _script(maildir) as database, _Sender(made) as sender:
        for n in range(rounds + 1):
            ours, theirs = sender.letter(), _plain_letter(maildir, database, n)
            if n:
                for found, seconds in zip(times.values(), (ours, theirs), strict=True):
                    found.append(seconds)
    print(f"\nOne letter of 1 KiB, from the return of `send` to its effect ({rounds} letters)\n")
    for name, found in times.items():
        print(f"  {name:38}  {_spread(found)}")
    print()
    found = times["ours"]
    _at_most("median", MEDIAN_MAX, median(found))
    _at_most("p99", P99_MAX, _p99(found))


def _polling(made: Network) -> None:
    with _Sender(made) as sender:
        found = []
        for n in range(POLL_LETTERS):
            time.sleep(POLL_SECONDS * n / POLL_LETTERS)  # at every moment of the interval
            found.append(sender.letter())
    print(f"\nThe same where it looks every {POLL_SECONDS} s ({POLL_LETTERS} letters)\n")
    print(f"  {'ours':38}  {_spread(found)}\n")
    _at_most("the slowest", POLL_SECONDS * POLL_MAX, max(found))


def _idle(made: Network, parent: int) -> None:
    time.sleep(10)  # what a start leaves to be done is done
    pids = [parent, *_children(parent)]
    files, memory = _files(made), [_kibibytes(pid) for pid in pids]
    before, began = _cpu(pids), time.monotonic()
    time.sleep(IDLE_SECONDS)
    share = (_cpu(pids) - before) / (time.monotonic() - began)
    after, changed = [_kibibytes(pid) for pid in pids], _files(made) ^ files
    print(f"\n`peer run`, idle for {IDLE_SECONDS} s: both of its processes\n")
    print(f"  memory {sum(memory) / 1024:.1f} MiB, then {sum(after) / 1024:.1f} MiB\n")
    verdict("of a core", f"at most {CPU_MAX:.1%}", f"{share:.3%}", share <= CPU_MAX)
    grown = sum(after) - sum(memory)
    verdict("growth", f"at most {GROWTH_KIB_MAX} KiB", f"{grown} KiB", grown <= GROWTH_KIB_MAX)
    names = sorted({os.path.basename(path) for path, _ in changed})
    verdict("files written", "none", f"{len(names)} {' '.join(names)}".strip(), not changed)


class _Sender:
    """Sends as core, and sees what librarian's home says."""

    def __init__(self, made: Network) -> None:
        self._core = open_peer(*choose(made.home, "peers", "core", None))
        folder, _ = choose(made.home, "peers", "librarian", None)
        self._home = _open(os.path.join(folder, DATABASE))

    def __enter__(self) -> _Sender:
        return self

    def __exit__(self, *raised: object) -> None:
        self._core.home.close()
        self._home.close()

    def letter(self) -> float:
        """The seconds from the return of `send` until the letter is acted on."""
        time.sleep(PAUSE_SECONDS)
        sent = send(self._core, ["librarian"], letters(1))
        if sent.state != "delivered":
            raise RuntimeError(f"the letter was {sent.state}, not delivered")
        return _until(
            self._home, "SELECT 1 FROM item WHERE id = ? AND state = 'acted'", sent.ids[0]
        )


def _until(db: sqlite3.Connection, question: str, value: str) -> float:
    began = time.perf_counter()
    while db.execute(question, (value,)).fetchone() is None:
        if time.perf_counter() - began > PATIENCE_SECONDS:
            raise RuntimeError(f"nothing happened within {PATIENCE_SECONDS} s")
        time.sleep(0.0005)
    return time.perf_counter() - began


def _open(path: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)


@contextmanager
def residents(
    made: Network, names: Sequence[str], *words: str
) -> Iterator[list[subprocess.Popen[str]]]:
    """`peer run` of each, ready."""
    environment = {**os.environ, "PEER_HOME": made.home, "PYTHONPATH": ROOT}
    with ExitStack() as stack:
        processes = []
        for name in names:
            command = [sys.executable, "-m", "peer", "run", "--as", name, "--json", *words]
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment,
            )
            stack.enter_context(process)
            stack.callback(process.terminate)
            processes.append(process)
        for process in processes:
            assert process.stdout is not None
            if not process.stdout.readline():  # its first tick is over
                raise RuntimeError("`peer run` did not start")
            stack.enter_context(_drained(process))
        yield processes


@contextmanager
def _drained(process: subprocess.Popen[str]) -> Iterator[None]:
    """Nobody reads on: the lines of ticks fit into the pipe, or are thrown away here."""
    assert process.stdout is not None
    drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        drain.kill()
        drain.wait()


@contextmanager
def _script(maildir: str) -> Iterator[sqlite3.Connection]:
    """The rival, ready."""
    for part in ("tmp", "new"):
        os.makedirs(os.path.join(maildir, part))
    database = os.path.join(maildir, "letters.db")
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.rivals.watcher", maildir, database],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    with process:
        try:
            assert process.stdout is not None
            select.select([process.stdout], [], [], PATIENCE_SECONDS)
            process.stdout.readline()
            db = _open(database)
            yield db
            db.close()
        finally:
            process.kill()


def _plain_letter(maildir: str, db: sqlite3.Connection, number: int) -> float:
    time.sleep(PAUSE_SECONDS)
    name = f"{number:08}"
    temporary, final = (os.path.join(maildir, part, name) for part in ("tmp", "new"))
    with open(temporary, "wb") as file:
        file.write(name.encode().ljust(KIBIBYTE, b"x"))
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, final)
    return _until(db, "SELECT 1 FROM letter WHERE id = ?", name)


def _p99(found: list[float]) -> float:
    return quantiles(found, n=100, method="inclusive")[98]


def _spread(found: list[float]) -> str:
    cells = (("median", median(found)), ("p99", _p99(found)), ("slowest", max(found)))
    return "  ".join(f"{name} {shown(value):>8}" for name, value in cells)


def _at_most(what: str, bound: float, found: float) -> None:
    verdict(what, f"at most {shown(bound)}", shown(found), found <= bound)


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def _cpu(pids: list[int]) -> float:
    """Seconds of processor time of all threads so far."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def _kibibytes(pid: int) -> int:
    """What a process holds in memory."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def _files(made: Network) -> set[tuple[str, int]]:
    """Every file and folder of home and share, with the time of its last change."""
    return {
        (path, os.lstat(path).st_mtime_ns)
        for top in (made.home, made.share)
        for folder, _, names in os.walk(top)
        for path in [folder, *(os.path.join(folder, name) for name in names)]
    }
