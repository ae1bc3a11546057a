"""The name and version of this software, for heartbeats and `--version`."""

from __future__ import annotations

VERSION = "0.1.0"
NAME = f"soma-network {VERSION}"
