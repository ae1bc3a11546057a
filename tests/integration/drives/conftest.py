"""What tests of real drives share: mounts that are taken away again, and a word to the reader.

The long ones (cloud drives, the lab machine) are collected only by `make drives`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.drives.mounts import Mounts

if os.environ.get("DRIVES") != "all":
    collect_ignore = ["test_cloud.py", "test_lab.py"]


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Mounts]:
    """A place for mounts, empty again afterwards."""
    made = Mounts(tmp_path / "drives")
    made.base.mkdir()
    yield made
    made.close()


@pytest.fixture
def tell(
    capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> Callable[[str], None]:
    """Say what was seen on this drive, whether the test passes or not."""

    def say(words: str) -> None:
        with capsys.disabled():
            print(f"\n{request.node.name}: {words}")

    return say
