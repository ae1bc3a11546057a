"""What kind of drive a share lies on, in words: what is slower or weaker there, how to watch it.

From the type of the file system and a probe. Nothing depends on being right: peers distrust every
drive alike; this tells a person what to expect, and `peer run` how often to look.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from registry.probe import Probe

Watching = Literal["native", "polling"]
POLL_SECONDS = 2  # on CIFS and NFS a file that is read again sooner may be seen old
_SLOW_MS = 100
_COARSE_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Kind:
    """What drives of one kind are called, and what to expect of them."""

    called: str
    expect: str
    watching: Watching = "polling"


_LOCAL = Kind("a local disk", "", "native")
_KINDS = {
    "cifs": Kind("an SMB share", "a replaced file may be seen old for half a minute"),
    "smb": Kind("an SMB share", "a replaced file may be seen old for half a minute"),
    "nfs": Kind("an NFS mount", "replaced files, and names looked for too soon, may be seen late"),
    "fuse.sshfs": Kind("an SSH mount", "new names may be seen 20 s late"),
    "fuse.rclone": Kind("a cloud drive", "it says that data is safe before it is"),
    "vfat": Kind("a FAT drive", "what was written last may be gone after a power cut", "native"),
    "msdos": Kind("a FAT drive", "what was written last may be gone after a power cut", "native"),
    "exfat": Kind("an exFAT drive", "a file may be missing for a moment while replaced", "native"),
    "fuseblk": Kind("an NTFS drive", "a file may be missing for a moment while replaced", "native"),
    "9p": Kind("a folder of the host", "changes made by the host may be seen late"),
    "fuse": Kind("a FUSE mount", "it may show changes late"),
}
_SYNCTHING = Kind(
    "a Syncthing folder",
    "files arrive late, in any order, and deleted ones may come back",
    "native",
)


def kind_of_drive(type_: str, root: str) -> Kind:
    """What a drive looks like, by the type of its file system and what lies at its root."""
    if os.path.isdir(os.path.join(root, ".stfolder")):
        return _SYNCTHING
    fitting = [prefix for prefix in _KINDS if type_.startswith(prefix)]
    return _KINDS[max(fitting, key=len)] if fitting else _LOCAL


def watching(kind: Kind, probe: Probe) -> Watching:
    """How to notice changes: only looking is sure where the system tells of none."""
    return kind.watching if probe.tells else "polling"


def weaknesses(probe: Probe) -> list[str]:
    """What a probe found that a drive does worse than a local disk."""
    found = []
    if not probe.replaces:
        found.append("a file cannot be replaced in one step")
    if not probe.exclusive:
        found.append("two machines can create one file at once")
    if not (probe.syncs_files and probe.syncs_folders):
        found.append("it does not say when data is safe")
    if probe.case_blind:
        found.append("names that differ in case only are one")
    if probe.step_ns >= _COARSE_NS:
        found.append(f"files are dated to {probe.step_ns // _COARSE_NS} s")
    if max(probe.place_ms, probe.list_ms) >= _SLOW_MS:
        found.append(f"a file takes {probe.place_ms} ms to place, a listing {probe.list_ms} ms")
    return found
