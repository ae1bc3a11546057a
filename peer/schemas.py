"""Writes `protocol/schemas/*.json`: `python -m peer.schemas [FOLDER]`.

`protocol.schema` makes them, and touches no disk; a test holds the files to what it makes.
"""

from __future__ import annotations

import os
import sys

import protocol
from protocol import schema

FOLDER = os.path.join(os.path.dirname(protocol.__file__), "schemas")


def write(folder: str) -> list[str]:
    """Write every schema, remove every other `.json`; returns the names of the files."""
    os.makedirs(folder, exist_ok=True)
    made = {f"{name}.json": schema.render(said) for name, said in schema.schemas().items()}
    for stale in set(os.listdir(folder)) - made.keys():
        if stale.endswith(".json"):
            os.unlink(os.path.join(folder, stale))
    for name, data in made.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    return sorted(made)


if __name__ == "__main__":
    names = write(sys.argv[1] if len(sys.argv) > 1 else FOLDER)
    sys.stdout.write(f"{len(names)} schemas: {', '.join(names)}\n")
