"""Power cuts: a whole machine dies amid traffic, and again, over disks and mounts of all kinds.

The lab machine (user-mode Linux, see `tests/integration/drives/machine.py`) keeps homes and share
on images of disks. What it had in memory is gone when it is killed. At the next boot everybody
ticks calmly, and the ledger, which the host keeps from what came over the console, is held against
the homes. Then there is traffic until the next cut.
"""

from __future__ import annotations

import json
import os
import random
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.crash.campaign import Campaign
from tests.crash.inside import MARK
from tests.crash.ledger import Ledger, Verdict
from tests.integration.drives.machine import cut, start
from tests.integration.drives.mounts import program, run

SECONDS_MAX = 240
TRAFFIC_SECONDS = (0.3, 4.0)


class Drive(NamedTuple):
    """How the share is mounted (a script of the lab), and on what; `alone`: without the homes."""

    script: str
    make: tuple[str, str, tuple[str, ...]]  # the maker of the file system, its package, words
    size_mib: int = 128
    alone: bool = False
    patience: float = 0
    needs: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, object], ...] = ()
    frail: bool = False  # a cut damages what lay on it before; a person has it checked then


_EXT4 = ("mkfs.ext4", "e2fsprogs", ("-q", "-F"))
DRIVES = {
    "ext4": Drive("disk", _EXT4, values=(("TYPE", "ext4"),)),
    "xfs": Drive("disk", ("mkfs.xfs", "xfsprogs", ("-q",)), 320, values=(("TYPE", "xfs"),)),
    "btrfs": Drive("disk", ("mkfs.btrfs", "btrfs-progs", ("-q",)), 256,
                   values=(("TYPE", "btrfs"),)),
    "vfat": Drive("disk", ("mkfs.vfat", "dosfstools", ()), alone=True, values=(("TYPE", "vfat"),),
                  frail=True),
    "cifs": Drive("cifs", _EXT4, alone=True, patience=4,
                  needs=(("smbd", "samba"), ("smbpasswd", "samba-common-bin"),
                         ("mount.cifs", "cifs-utils"))),
    "nfs": Drive("nfs", _EXT4, alone=True, patience=4, values=(("VERSION", "4.2"),),
                 needs=(("exportfs", "nfs-kernel-server"), ("mount.nfs", "nfs-common"),
                        ("rpcbind", "rpcbind"))),
}  # fmt: skip


def power(campaign: Campaign, cuts: int) -> None:
    """So many cuts on every drive that this machine has."""
    for name, drive in DRIVES.items():
        trial = f"power/{name}"
        if not campaign.wants(trial):
            continue
        try:
            # Not below /dev: the machine has its own there, and must see the ledger.
            with tempfile.TemporaryDirectory(prefix="crash-") as base:
                _Lab(campaign, trial, drive, Path(base)).play(cuts)
        except pytest.skip.Exception as why:
            campaign.skipped.append(f"{trial}: {why}")


class _Lab:
    """One drive, and a machine that is cut again and again."""

    def __init__(self, campaign: Campaign, trial: str, drive: Drive, base: Path) -> None:
        self.campaign, self.trial, self.drive = campaign, trial, drive
        self.base = base
        self.ledger = Ledger(self.base / "ledger")
        self.ledger.path.touch()
        self.dice = random.Random(campaign.number(trial))
        for command, package in drive.needs:
            program(command, package)
        self.disks = [self._disk("store", drive.size_mib, drive.make)]
        if drive.alone:
            self.disks.append(self._disk("home", 64, _EXT4))

    def _disk(self, name: str, mib: int, make: tuple[str, str, tuple[str, ...]]) -> Path:
        maker, package, words = make
        image = self.base / name
        with image.open("wb") as file:
            file.truncate(mib << 20)
        run(program(maker, package), *words, image)
        return image

    def play(self, cuts: int) -> None:
        """Traffic and cuts; after each of them calm and a verdict."""
        for number in range(1, cuts + 1):
            self._boot(str(number), struck=number > 1)
        self._boot("none", struck=True)

    def _boot(self, number: str, *, struck: bool) -> None:
        if struck and self.drive.frail:
            fsck = program("fsck.fat", "dosfstools")
            for _ in range(2):
                subprocess.run([fsck, "-y", "-w", self.disks[0]], capture_output=True, timeout=60)
        console = _Console(
            start(
                self.base, self.drive.script, self.disks, PLAY="tests.crash.inside", CUT=number,
                SEED=self.campaign.seed, LEDGER=self.ledger.path, PATIENCE=self.drive.patience,
                FRAIL=int(self.drive.frail), **dict(self.drive.values),
            )
        )  # fmt: skip
        verdict = self._listen(console, Verdict(unwell=["it told no verdict"]))
        if struck:
            if verdict:
                verdict.unwell += console.heard[-12:]
            drive = self.trial.rpartition("/")[2]
            self.campaign.count("power", self.trial, {drive: 1}, verdict)
        elif not console.ready:
            pytest.skip(f"the lab machine does not play: {' / '.join(console.heard[-8:])}")

    def _listen(self, console: _Console, verdict: Verdict) -> Verdict:
        """Until the cut: what comes over the console goes into the ledger."""
        for line in console.lines():
            match line["what"]:
                case "verdict":
                    verdict = Verdict(**line["found"])
                    verdict.unwell += line["odd"]
                    told = len(self.ledger.lines("told"))
                    if line["told"] != told:
                        verdict.unwell.append(f"it knows of {line['told']} of {told} letters")
                case "ready":
                    console.cut_in(self.dice.uniform(*TRAFFIC_SECONDS))
                case "tried" | "told" | "admitted":
                    self.ledger.note(**line)
                case "ended":
                    verdict.unwell.append(f"a life ended: {line}")
        return verdict


class _Console:
    """What a machine says, until it is silent or its power is cut."""

    def __init__(self, machine: subprocess.Popen[bytes]) -> None:
        self.heard: list[str] = []
        self.ready = False
        self._machine = machine
        self._until = time.monotonic() + SECONDS_MAX

    def cut_in(self, seconds: float) -> None:
        """It has so many seconds to live."""
        self.ready = True
        self._until = time.monotonic() + seconds

    def lines(self) -> Iterator[dict[str, Any]]:
        """The lines that are meant for us."""
        try:
            rest = b""
            while data := self._read():
                *lines, rest = (rest + data).split(b"\n")
                for raw in lines:
                    text = raw.decode(errors="replace").strip()
                    self.heard.append(text)
                    if text.startswith(MARK):
                        with suppress(ValueError):  # two spoke at once
                            yield json.loads(text.removeprefix(MARK))
        finally:
            cut(self._machine)
            self._machine.communicate()

    def _read(self) -> bytes:
        """The next bytes; none at the end. At the time set the power goes."""
        out = self._machine.stdout
        assert out is not None
        left = max(0.0, self._until - time.monotonic())
        if not select.select([out], [], [], left)[0]:
            cut(self._machine)
        return os.read(out.fileno(), 1 << 16)
