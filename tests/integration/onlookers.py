"""What tests of the demo and the sample look at: files of a folder, peers of a home, commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from peer.home.places import choose
from peer.instance import RunningPeer
from peer.tick.report import Report
from peer.tick.session import tick
from peer.wiring import open_peer
from protocol import canonical


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path in it."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def as_cloned(source: Path, target: Path) -> None:
    """What a clone holds: files, and no folder that would be empty, and no modes."""
    for path, data in files(source).items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(data)


def wake(home: Path, name: str) -> RunningPeer:
    folder, identity = choose(str(home), "peers", name, None)
    return open_peer(folder, identity)


def tick_once(home: Path, name: str) -> Report:
    peer = wake(home, name)
    try:
        return tick(peer)
    finally:
        peer.home.close()


def letters(home: Path, name: str) -> list[tuple[str, str]]:
    """(author, text) of a peer's inbox, all of it."""
    peer = wake(home, name)
    try:
        found = peer.home.mail.inbox(everything=True)
    finally:
        peer.home.close()
    return [(one.author, canonical.decode(one.data)["body"]["text"]) for one in found]


def run(*arguments: str, cwd: Path, code: int = 0, **environment: str) -> str:
    """Standard output of `python …`, as a person would call it."""
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout


def shell(command: str, cwd: Path) -> str:
    """What a line types out that a person pastes into a shell; it must end with 0."""
    result = subprocess.run(["sh", "-c", command], cwd=cwd, capture_output=True, text=True)
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout
