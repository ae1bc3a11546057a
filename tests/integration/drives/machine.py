"""The lab machine: user-mode Linux over this machine's own files, read-only, in a few seconds.

It has the clients and servers of the kernel for CIFS and NFS, and vfat, which the kernel of a host
of containers often lacks. Nothing of it is reachable: its network is its own loopback.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.drives.inside import MARK
from tests.integration.drives.mounts import needs_root, program
from tests.integration.typist import ROOT

LAB = Path(__file__).parent / "lab"
MODULES = Path("/usr/lib/uml/modules")
UP = "THE LAB IS UP"
MINUTES_MAX = 12


def live_on(base: Path, drive: str, *, disk: Path | None = None, **values: object) -> str:
    """Boot it, let five peers live on a drive; what was told and seen there, in words.

    `values` reach the drive's script as variables; they have no spaces.
    """
    process = start(base, drive, [disk] if disk else [], **values)
    late = ""
    try:
        out, _ = process.communicate(timeout=60 * MINUTES_MAX)
    except subprocess.TimeoutExpired:
        cut(process)
        out, _ = process.communicate()
        late = f"\nit was ended after {MINUTES_MAX} minutes"
    finally:
        cut(process)
    said = out.decode(errors="replace").replace("\r", "") + late
    if UP not in said:
        pytest.skip(f"user-mode Linux does not start here: {said[-300:].strip()}")
    if "NOT MOUNTED" in said:
        pytest.skip(f"the lab machine cannot mount {drive}: {' / '.join(said.splitlines()[-6:])}")
    lines = [line for line in said.splitlines() if line.startswith(MARK)]
    assert len(lines) == 1, said
    seen = json.loads(lines[0].removeprefix(MARK))
    return "\n  ! ".join([seen["told"], *seen["problems"]])


def start(
    base: Path, drive: str, disks: Sequence[Path], **values: object
) -> subprocess.Popen[bytes]:
    """Boot it; what it says comes out of `stdout`. Skips where there is no such machine."""
    needs_root()
    machine = program("linux.uml", "user-mode-linux")
    if not MODULES.is_dir():
        pytest.skip(f"needs {MODULES}: apt install user-mode-linux")
    variables = {"DRIVE": drive, "CHECKOUT": ROOT, "PYTHON": sys.executable, **values}
    words = [
        machine, "mem=1G", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro",
        f"init={LAB / 'start.sh'}", "quiet", "con=null", "con0=null,fd:1", "con1=null",
        "ssl=null", f"umid=lab{os.getpid()}", f"uml_dir={base}/",
        *(f"ubd{number}={disk}" for number, disk in enumerate(disks)),
        *(f"{name}={value}" for name, value in variables.items()),
    ]  # fmt: skip
    return subprocess.Popen(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "TMPDIR": str(base)},
        start_new_session=True,
    )


def cut(process: subprocess.Popen[bytes]) -> None:
    """Cut its power, with all its helpers; nothing where it is off."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
