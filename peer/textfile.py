"""The file that a setting leaves for node-exporter, which runs under another account.

Rules: a home is for its owner alone, but for what the setting `metrics.textfile` puts there, and
the way to it. Not here: what the file says (`metrics`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from peer.findings import Findings, warn
from peer.home.places import identities
from peer.settings import load
from protocol.errors import UsageError

_READ, _PASS = 0o055, 0o011


def places(home: str) -> list[str]:
    """Where the settings of a home's identities put it; a file or a folder, absolute."""
    folders = [folder for folder, _ in identities(home, "peers", faults=[])]
    return [path for folder in folders if (path := place(folder)) is not None]


def place(folder: str) -> str | None:
    """The same of one identity's directory; None where there is none, or settings are damaged."""
    try:
        path = load(folder, os.environ).metrics.textfile
    except UsageError:
        return None  # told where settings are looked at
    return os.path.abspath(os.path.join(folder, path)) if path else None


def for_others(path: str, shown: Iterable[str]) -> int:
    """The rights that others may have at a path of a home, where these places are shown to them."""
    rights = 0
    for one in shown:
        if _below(path, one):
            rights |= _READ
        elif _below(one, path):
            rights |= _PASS
    return rights if os.path.isdir(path) else rights & 0o044


def _below(path: str, top: str) -> bool:
    return path == top or path.startswith(os.path.join(top, ""))


def check(name: str, folder: str) -> Findings:
    """Whether a tick can write it, and node-exporter would read it."""
    path = place(folder)
    if path is None:
        return
    is_file = path.endswith(".prom") and not os.path.isdir(path)
    there = os.path.dirname(path) if is_file else path
    what = f"{name}: metrics"
    if not os.path.isdir(there):
        text = f"metrics.textfile cannot be used: there is no folder {there}"
        yield warn(what, text, f"`mkdir {there}`, or name another one with `peer config set`")
    elif not os.access(there, os.W_OK | os.X_OK):
        text = f"metrics.textfile cannot be written: {there} takes nothing from this user"
        yield warn(what, text, f"let this user write {there}")
