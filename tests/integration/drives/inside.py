"""What the lab machine runs: five peers on two mounts, the story, one line of JSON for the host.

python -m tests.integration.drives.inside A B PATIENCE
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.integration.drives import sharing, trips
from tests.integration.drives.village import FINE, ROUGH, Village, as_json, freeze, hold, play

MARK = "DRIVE "


def main() -> None:
    *mounts, patience = sys.argv[1:]
    os.environ["PEER_CHECKS_DISK_WARN_PERCENT"] = "0"  # its small disks are no news
    base = Path(tempfile.mkdtemp(prefix="village-"))
    stalls = int(os.environ.get("STALLS", "0"))  # of the server, not of the peers
    codes = ROUGH if stalls else FINE
    where = [Path(mount) for mount in mounts]
    village = Village(base, where, patience=float(patience), codes=codes)
    told = play(village)
    if trips.made() is not None:
        told += f"; {village.costs()}"
    assert village.failed <= stalls, village.problems
    told += f"; {hold(village)}"
    if "SMB" in os.environ:
        told += f"; {hold(village, sharing.opener(os.environ['SMB']), ' by another SMB session')}"
    if "FREEZE" in os.environ:
        stop, go = (partial(_shell, os.environ[name]) for name in ("FREEZE", "THAW"))
        told += f"; {freeze(village, stop, go)}"
    print(MARK + as_json(village, told), flush=True)


def _shell(command: str) -> None:
    subprocess.run(["sh", "-c", command], check=True)


if __name__ == "__main__":
    main()
