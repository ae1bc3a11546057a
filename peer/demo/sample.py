"""The sample: a real network folder, byte for byte the same wherever and whenever it is made.

    python -m peer.demo.sample [DIR]                        the share (sample_network), anew
    python -m peer.demo.sample --home HOME --network COPY   a home of its peers, for a copy

It is the day that `peer demo` plays (`peer.demo.story`), on a stopped clock and counted chance,
frozen before its last round: mail waits in inboxes, and one letter in core's is forged. Only the
share is under version control. To let its peers live on, work on a copy, with a fresh home for each
copy (a home that knows less than its share is a restored backup, and parks):

    cp -r sample_network /tmp/copy
    python -m peer.demo.sample --home /tmp/home --network /tmp/copy
    peer inbox --home /tmp/home --as core
    peer tick --home /tmp/home --as core
    peer inbox --home /tmp/home --as core
    peer quarantine list --home /tmp/home --as core

Rules: nothing but `StoppedClock`, `CountedChance` and `demo_seed` may decide a byte of the share.
THE KEYS ARE PUBLIC: anybody can compute them from this file. Nobody may use them for anything else.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace

from peer.demo.stage import STEWARD, PlayedClock, Stage
from peer.demo.story import DAY_MS, EARLY_MS, Story
from peer.home.places import Part, identities, save_identity
from protocol.errors import SomaError, UsageError
from protocol.signing import Signer
from registry import layout

FOLDER = "sample_network"
ENDS_MS = 1_775_822_400_000  # 2026-04-10T12:00:00Z
PARTS: tuple[Part, ...] = ("peers", "stewards")


class StoppedClock:
    """A clock at which it is always the same moment."""

    def wall_ms(self) -> int:
        """See `Clock.wall_ms`."""
        return ENDS_MS

    def monotonic_ms(self) -> int:
        """See `Clock.monotonic_ms`."""
        return DAY_MS + EARLY_MS

    def boot(self) -> str:
        """See `Clock.boot`."""
        return "sample"


class CountedChance:
    """Bytes that look random and are the hashes of a name and a count."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._drawn = 0

    def draw(self, size: int) -> bytes:
        """See `Entropy.draw`; each call begins a new block."""
        data = b""
        while len(data) < size:
            self._drawn += 1
            data += hashlib.sha256(f"soma demo chance {self._name} {self._drawn}".encode()).digest()
        return data[:size]


def demo_seed(name: str) -> bytes:
    """The demo key of a name: no secret, so never a key of anything but the sample."""
    return hashlib.sha256(f"soma demo key {name}".encode()).digest()


def write_share(folder: str) -> None:
    """Make `folder` the sample share; UsageError where something else stands there."""
    _check_replaceable(folder)
    with tempfile.TemporaryDirectory(prefix="soma-sample-") as scratch:
        _home, share = _play(scratch)
        if os.path.isdir(folder):
            shutil.rmtree(folder)
        shutil.copytree(share, folder)


def write_home(home: str, copy: str) -> None:
    """Make `home` a home of the sample's peers and steward, bound to a copy of its share.

    UsageError where `home` holds something, or `copy` is no sample that this code writes.
    """
    if os.path.lexists(home) and (not os.path.isdir(home) or os.listdir(home)):
        raise UsageError(f"{home} is not empty; name a new folder for the home")
    with tempfile.TemporaryDirectory(prefix="soma-sample-") as scratch:
        made, share = _play(scratch)
        if _marker(copy) != _marker(share):
            raise UsageError(f"{copy} is no copy of the sample; run `cp -r {FOLDER} {copy}` first")
        for part in PARTS:
            for _, identity in identities(made, part):
                save_identity(made, part, replace(identity, share=os.path.abspath(copy)))
        shutil.copytree(made, home, dirs_exist_ok=True)


def _play(scratch: str) -> tuple[str, str]:
    """The story up to its last round, below `scratch`; returns (home, share)."""
    home, share = os.path.join(scratch, "home"), os.path.join(scratch, "share")
    clock = PlayedClock(StoppedClock(), DAY_MS + EARLY_MS)
    stage = Stage(home, share, clock, CountedChance, demo_seed)
    try:
        Story(stage, lambda event: None).until_last_round()
    finally:
        stage.close()
    return home, share


def _check_replaceable(folder: str) -> None:
    """Only an empty folder, or a sample (of whatever version), is ever replaced."""
    if not os.path.lexists(folder) or (os.path.isdir(folder) and not os.listdir(folder)):
        return
    if os.path.islink(folder) or Signer(demo_seed(STEWARD)).key.encode() not in _marker(folder):
        raise UsageError(f"{folder} holds something that is no sample; name a new folder")


def _marker(folder: str) -> bytes:
    try:
        with open(os.path.join(folder, layout.MARKER), "rb") as file:
            return file.read()
    except OSError:
        return b""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m peer.demo.sample", allow_abbrev=False)
    parser.description = "Write the sample network, or a home for a copy of it."
    parser.add_argument("folder", nargs="?", metavar="DIR", help=f"default {FOLDER}")
    parser.add_argument("--home", help="write a home of the sample's peers here instead")
    parser.add_argument("--network", metavar="COPY", help="the copy of the share it works on")
    asked = parser.parse_args(arguments)
    if (asked.home is None) != (asked.network is None) or (asked.home and asked.folder):
        parser.error("give DIR alone, or --home and --network together")
    try:
        if asked.home is not None:
            write_home(asked.home, asked.network)
        else:
            write_share(asked.folder or FOLDER)
    except SomaError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"it cannot be written there ({error}); name another folder\n")
        return 1
    sys.stdout.write(f"wrote {asked.home or asked.folder or FOLDER}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
