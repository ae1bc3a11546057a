"""A plan of a heartbeat and a machine of fake tools, for the tests of schedulers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from peer.schedulers.machine import Machine
from peer.schedulers.plan import Plan
from tests.integration.scheduling import Tools


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(tmp_path)


@pytest.fixture
def machine(tools: Tools) -> Machine:
    return Machine(tools.environment)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    folder = tmp_path / "peers" / "core"
    folder.mkdir(parents=True)
    return Plan(
        name="core", address="core@lab", network="46e1a798" * 8,
        command=(sys.executable, "-P", "-m", "peer", "tick", "--spread"), environment=(),
        trial=(sys.executable, "-P", "-m", "peer", "tick"),
        cron="0 */6 * * *", zone="", active_hours="", resident=False, folder=str(folder),
        log=str(folder / "schedule.log"),
    )  # fmt: skip
