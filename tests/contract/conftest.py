"""An empty share of every kind for every test of the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.share import Share
from tests.contract.rigs import Rig, make_rig, rigs


@pytest.fixture(params=rigs)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return make_rig(request.param, tmp_path)


@pytest.fixture
def share(rig: Rig) -> Share:
    return rig.share
