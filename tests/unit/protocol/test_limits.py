"""The limits that SPEC.md prints are those that the code keeps."""

from __future__ import annotations

import re
from pathlib import Path

from protocol import limits


def test_the_table_of_the_specification_is_the_module(root: Path) -> None:
    text = (root / "SPEC.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE)
    told = {name: int(value) for name, value in rows}
    kept = {name: value for name, value in vars(limits).items() if isinstance(value, int)}
    assert told == kept
