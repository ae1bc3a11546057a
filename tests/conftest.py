"""What every test shares: hypothesis profiles, an environment of its own, the sources of the code.

No test reads or writes what belongs to the person who runs it: homes, configuration and PEER_*
variables point into a temporary folder, in this process and in every process it starts. Things
that only one kind of test needs stand beside those tests.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

PACKAGES = ("peer", "protocol", "registry")

# A slow machine is no bug: no deadlines. `thorough` is for a night, `ci` repeats its examples.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that may take minutes begin first, or one process would wait for them at the end."""
    items.sort(key=_patience, reverse=True)


def _patience(item: pytest.Item) -> float:
    mark = item.get_closest_marker("timeout")
    return 0.0 if mark is None or not mark.args else float(mark.args[0])


class Source(NamedTuple):
    """One module of the three packages: its path below the checkout, its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module


@pytest.fixture(scope="session", autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing of the person's own homes, variables or colours reaches a test."""
    home = tmp_path_factory.mktemp("person")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("PEER_", "XDG_", "SOMA_")) or name in {"NO_COLOR", "FORCE_COLOR"}:
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("COLUMNS", "100")
        # How full the disk of this machine is changes nothing, but in the tests of that.
        patch.setenv("PEER_CHECKS_DISK_WARN_PERCENT", "0")
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def sources(root: Path) -> list[Source]:
    """Every module of peer, protocol and registry."""
    found = []
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            found.append(Source(file.relative_to(root).as_posix(), text, ast.parse(text)))
    assert found, "no sources: is this a checkout?"
    return found
