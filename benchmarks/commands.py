"""Whole commands, from the start of the process to its end, against `python -c pass`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.measure import Target, Turn, contest, timed, verdict
from benchmarks.network import Network, deliver, letters, network
from peer.tick.session import tick

ROUNDS = 25
NAMES = ("core", "librarian", "scout", "smith", "warden")
BARE = "python -c pass"
HELP, INBOX, SEND = "peer --help", "peer inbox --json", "peer send"
IDLE_TICK, BUSY_TICK = "peer tick, nothing new", "peer tick, a letter and heartbeats"
BOUNDS = {HELP: 6, INBOX: 6, SEND: 9, IDLE_TICK: 15, BUSY_TICK: 22}
MEBIBYTES_MAX = 60
UNRECEIPTED_MAX = 8
TARGETS = (
    *(f"{what}: at most {bound} times as long as {BARE}" for what, bound in BOUNDS.items()),
    f"an idle tick keeps its peak of memory at or below {MEBIBYTES_MAX} MiB",
)

# Linux counts the memory of whoever starts a process into the peak of the process: so a small
# interpreter starts it.
_PEAK = """
import os, sys
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, used = os.wait4(child, 0)
print(used.ru_maxrss)
sys.exit(status != 0)
"""


def run(rounds: int) -> None:
    """Print the table and the peak of memory of an idle tick."""
    with network(NAMES) as made:
        commands = _Commands(made)
        turns: dict[str, Turn] = {
            BARE: lambda: commands.seconds([sys.executable, "-c", "pass"]),
            HELP: lambda: commands.peer("--help"),
            INBOX: lambda: commands.peer("inbox", "--as", "core", "--json"),
            SEND: commands.send,
            IDLE_TICK: commands.idle_tick,
            BUSY_TICK: commands.busy_tick,
        }
        targets = [Target(what, at_most=bound) for what, bound in BOUNDS.items()]
        contest("Whole commands among five peers", BARE, turns, targets, rounds)
        peak = commands.peak_mebibytes()
        bound = f"at most {MEBIBYTES_MAX} MiB"
        verdict("peak memory of an idle tick", bound, f"{peak:.1f} MiB", peak <= MEBIBYTES_MAX)


class _Commands:
    """The command line of this checkout on a network of five, prepared through the API."""

    def __init__(self, made: Network) -> None:
        self._peers = made.peers
        self._under_way = 0
        script = os.path.join(os.path.dirname(sys.executable), "peer")
        installed = os.access(script, os.X_OK)
        self._program = [script] if installed else [sys.executable, "-m", "peer"]
        self._folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self._environment = {
            **os.environ,
            "PEER_HOME": made.home,
            "PEER_NETWORK": made.share,
            # Compiled modules are kept, as they are where a program is installed, but not here.
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": os.path.join(made.home, "compiled"),
        }
        core = made.peers["core"]
        deliver(made.peers["scout"], core, letters(3))
        tick(core)  # so that the inbox has something to show

    def seconds(self, command: Sequence[str]) -> float:
        """How long a process takes; its output goes nowhere, its errors come to light."""

        def work() -> None:
            done = subprocess.run(
                command, cwd=self._folder, env=self._environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode().strip()}")

        return timed(work)

    def peer(self, *arguments: str) -> float:
        return self.seconds([*self._program, *arguments])

    def send(self) -> float:
        if self._under_way == UNRECEIPTED_MAX:
            tick(self._peers["librarian"])
            self._under_way = 0
        self._under_way += 1
        return self.peer("send", "--as", "smith", "librarian", "a line of text")

    def idle_tick(self) -> float:
        """Twice in a row: the first takes in what others did since, the second has no news."""
        tick(self._peers["warden"])
        return self.peer("tick", "--as", "warden", "--json")

    def busy_tick(self) -> float:
        deliver(self._peers["scout"], self._peers["core"], letters(1))
        for name in NAMES[1:]:
            tick(self._peers[name])
        return self.peer("tick", "--as", "core", "--json")

    def peak_mebibytes(self) -> float:
        tick(self._peers["warden"])
        command = [*self._program, "tick", "--as", "warden", "--json"]
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, *command],
            cwd=self._folder, env=self._environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
        return int(done.stdout) * unit / 2**20
