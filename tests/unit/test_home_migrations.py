"""Homes of earlier versions: what they held is held on, and counted in days of their own life."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from peer.home import Home, database
from peer.home.database import Database
from peer.instance import DAY_MS
from protocol.messages import Endorsement
from tests.network import Network, insight

MIGRATIONS = os.path.join(os.path.dirname(database.__file__), "migrations")


def of_version(tmp_path: Path, before: str) -> tuple[str, str]:
    """(a folder with the migrations whose names are lower, the path of a database)."""
    steps = tmp_path / "steps"
    steps.mkdir()
    for name in sorted(os.listdir(MIGRATIONS)):
        if name.endswith(".sql") and name < before:
            shutil.copy(os.path.join(MIGRATIONS, name), steps / name)
    return str(steps), str(tmp_path / "home.db")


def test_what_was_known_before_there_was_a_graph_is_as_old_as_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came at some time until now; counted from the first day it would go a life too soon."""
    steps, path = of_version(tmp_path, "0011")
    network = Network()
    claim = network.item("scout", insight("copper conducts"))
    with monkeypatch.context() as patch:
        patch.setattr(database, "_MIGRATIONS", steps)
        with closing(Database(path, create=True)) as old, old.transaction():
            old.write("INSERT INTO self VALUES ('lived_ms', ?)", 200 * DAY_MS + 5)
            for kind, data in (
                ("insight", claim),
                ("endorsement", network.item("core", Endorsement(), re="a" * 26)),
            ):
                old.write(
                    "INSERT INTO item (id, mine, author, audience, kind, thread, auto, depth,"
                    " understood, data, state, stored_at) VALUES"
                    " (?, 0, 'x', 'all', ?, 'a', 0, 0, 1, ?, 'acted', 1)",
                    *(kind, kind, data),
                )
    with closing(Database(path)) as now:
        assert {node.seen for node in Home(now).knowledge.of(None, ("insight",), 9)} == {200}
        with now.transaction():
            Home(now).knowledge.age(before_day=199)
        assert len(Home(now).knowledge.of(None, ("insight", "endorsement"), 9)) == 2
