"""Somebody who types commands: whole processes with a home and a share of their own.

`Typist` runs `python -m peer …` and says what came back; `settled` makes it a network of three
admitted peers that have heard of each other, copied from one that is made once.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from peer import keys
from peer.clock import SystemClock, SystemEntropy
from peer.home.places import choose
from peer.membership import join
from peer.stewards.admission import admit
from peer.stewards.desk import Desk
from peer.stewards.founding import create_network
from peer.stewards.shelf import FolderShelf
from peer.tick.session import tick
from peer.wiring import open_peer, open_share
from tests.integration import warm

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("core", "librarian", "scout")
Word = str | bytes


@dataclass(frozen=True)
class Said:
    """What a command came back with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its one JSON document."""
        return json.loads(self.out)


@dataclass
class Typist:
    """`base/home` and `base/share` unless `env` says otherwise.

    `warm`: each command is forked from a process that has imported everything (`warm.py`).
    """

    base: Path
    env: dict[str, str] = field(default_factory=dict)
    warm: bool = True

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def share(self) -> Path:
        return self.base / "share"

    @property
    def environment(self) -> dict[str, str]:
        """What a process of this person sees."""
        mine = {
            "PEER_HOME": str(self.home),
            "COLUMNS": "100",
        }
        return {**os.environ, **warm.environment(), **mine, **self.env}

    def __call__(
        self, *words: Word, code: int = 0, stdin: str = "", env: dict[str, str] | None = None
    ) -> Said:
        """Run `peer words…`; it must exit with `code`, without a trace, and say so in one line."""
        said = self.run(words, stdin=stdin, env=env)
        assert "Traceback" not in said.err, said.err
        assert said.code == code, said
        if code in (2, 3, 4, 5) and "doctor" not in words:
            assert said.err.startswith("peer: "), said.err
            assert said.err.count("\n") == 1 or "--all" in words, said.err
        return said

    def run(
        self, words: Sequence[Word], stdin: str = "", env: dict[str, str] | None = None
    ) -> Said:
        """The same without any expectation."""
        all_ = {**self.environment, **(env or {})}
        if self.warm and warm.can(all_):
            code, out, err = warm.run(words, stdin.encode(), all_, self.base, 100)
            return Said(code, out.decode(), err.decode())
        done = subprocess.run(
            self.command(*words),
            input=stdin.encode(),
            capture_output=True,
            env=all_,
            cwd=self.base,
            timeout=100,
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    def command(self, *words: Word) -> list[Word]:
        """The command line of a process."""
        return [sys.executable, "-m", "peer", *words]

    def round(self, times: int = 1) -> None:
        """Everybody ticks, in this process: what `tick` prints is tested elsewhere."""
        for _ in range(times):
            for name in NAMES:
                peer = open_peer(*choose(str(self.home), "peers", name, None))
                tick(peer)
                peer.home.close()

    def folder(self, name: str) -> Path:
        """The directory of an identity."""
        return Path(choose(str(self.home), "peers", name, None)[0])


def on_terminal(peer: Typist, words: list[str], columns: int) -> str:
    """What a command writes to a terminal of so many columns, without its own colours."""
    near, far = os.openpty()
    with subprocess.Popen(
        peer.command(*words), stdout=far, stderr=subprocess.PIPE, cwd=peer.base,
        env={**peer.environment, "COLUMNS": str(columns), "NO_COLOR": "1"},
    ) as process:  # fmt: skip
        os.close(far)
        said = b""
        while part := _read(near):
            said += part
        assert process.wait(60) == 0
    os.close(near)
    return said.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux says so where the other end is closed
        return b""


def settled(base: Path) -> Typist:
    """A typist with the network of `NAMES`, its steward's key unsealed in the same home."""
    template = _template()
    for part in ("home", "share"):
        shutil.copytree(template / part, base / part)
    for file in (base / "home").glob("*/*/identity.json"):
        file.write_bytes(
            file.read_bytes().replace(bytes(template / "share"), bytes(base / "share"))
        )
    return Typist(base)


def _folder(prefix: str) -> Path:
    """A temporary folder for as long as this process lives."""
    folder = tempfile.mkdtemp(prefix=prefix)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@lru_cache
def _template() -> Path:
    base = _folder("typist-")
    home, share = str(base / "home"), str(base / "share")
    clock, entropy = SystemClock(), SystemEntropy()
    create_network(home, share, "lab", "kay", None, clock, entropy)
    folder, identity = choose(home, "stewards", None, None)
    desk = Desk(
        home=home, identity=identity, shelf=FolderShelf(folder), share=open_share(share, "kay"),
        clock=clock, entropy=entropy, unlock=lambda: keys.load_key(folder),
    )  # fmt: skip
    for name in NAMES:
        join(home, share, name, None, clock, entropy)
        admit(desk, name, None, reuse=False, confirm=lambda shown: False)
    Typist(base).round(2)
    return base
