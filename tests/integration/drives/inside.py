"""What the lab machine runs: five peers on two mounts, the story, one line of JSON for the host.

python -m tests.integration.drives.inside A B PATIENCE
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.integration.drives import trips
from tests.integration.drives.village import Village, as_json, play

MARK = "DRIVE "


def main() -> None:
    *mounts, patience = sys.argv[1:]
    base = Path(tempfile.mkdtemp(prefix="village-"))
    village = Village(base, [Path(mount) for mount in mounts], patience=float(patience))
    told = play(village)
    if trips.made() is not None:
        told += f"; {village.costs()}"
    print(MARK + as_json(village, told), flush=True)


if __name__ == "__main__":
    main()
