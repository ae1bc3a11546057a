"""Who may import and call what. The contracts stand in pyproject.toml; here they are proved alive.

A contract that nothing can break proves nothing, so each kind is also run on a copy of the code
with a violation planted in it. Rules that no import contract can say are checked on syntax trees.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Source

BROAD_EXCEPTS_MAX = 3
SLOW_LIBRARIES = ("croniter", "mcp", "nats", "numpy", "pydantic", "rich")


def lint_imports(checkout: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over a checkout, whatever else is installed."""
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from importlinter.cli import lint_imports\n"
        "sys.exit(lint_imports(no_cache=True, no_logo=True))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """A copy of the code that a test may spoil."""
    for package in ("peer", "protocol", "registry"):
        shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns(".*"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def test_no_contract_has_exceptions(root: Path) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    ignoring = [c["name"] for c in contracts["contracts"] if "ignore_imports" in c]
    assert not ignoring
    inside = {c["containers"][0] for c in contracts["contracts"] if c.get("exhaustive")}
    assert inside == {"peer", "peer.schedulers", "peer.tick", "protocol", "registry"}, (
        "each lists all its modules"
    )


@pytest.mark.slow
def test_the_contracts_hold(copy: Path) -> None:
    result = lint_imports(copy)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("protocol/errors.py", "import registry.share", "peer → registry → protocol"),
        ("registry/share.py", "import peer.clock", "peer → registry → protocol"),
        ("protocol/limits.py", "import protocol.page", "Inside protocol"),
        ("protocol/page.py", "import protocol.roster", "Inside protocol"),
        ("protocol/heartbeat.py", "import protocol.receipt", "Inside protocol"),
        ("protocol/heartbeat.py", "from os import path", "protocol is pure"),
        ("protocol/new.py", "", "Inside protocol"),
        ("registry/share.py", "import registry.folder", "Inside registry"),
        ("registry/inbox.py", "import registry.folder", "Inside registry"),
        ("registry/folder.py", "import registry.layout", "Adapters"),
        ("registry/memory.py", "import protocol.page", "Adapters"),
        ("registry/share.py", "import sqlite3", "SQLite is the home's business"),
        ("peer/clock.py", "import peer.tick.session", "Inside peer"),
        ("peer/tick/epochs.py", "import peer.tick.act", "Inside the tick"),
        ("peer/tick/act.py", "import registry.folder", "Adapters are chosen"),
        ("peer/handlers.py", "import peer.clock", "Handlers"),
        ("peer/handlers.py", "import registry.share", "Handlers"),
        ("peer/handlers.py", "import sqlite3", "Handlers"),
    ],
)
def test_a_planted_violation_is_found(copy: Path, module: str, line: str, contract: str) -> None:
    with (copy / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    result = lint_imports(copy)
    broken = [text for text in result.stdout.splitlines() if text.rstrip().endswith("BROKEN")]
    assert result.returncode == 1, result.stdout + result.stderr
    assert any(text.startswith(contract) for text in broken), result.stdout


def ruff(root: Path, name: str, text: str) -> str:
    """What the linter says about `text` if it stood at `name`."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251"]
    result = subprocess.run(
        [*command, "--output-format=concise", "--stdin-filename", name, "-"],
        input=text,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout


@pytest.mark.parametrize(
    "line",
    [
        "import datetime; datetime.datetime.now()",
        "from datetime import datetime as d; d.utcnow()",
        "import time; time.time()",
        "from time import monotonic; monotonic()",
        "import os; os.urandom(8)",
        "import random",
        "from secrets import token_bytes",
        "import uuid; uuid.uuid4()",
    ],
)
def test_only_the_clock_module_reads_clock_and_randomness(root: Path, line: str) -> None:
    for module in ("peer/tick/session.py", "protocol/page.py", "registry/folder.py"):
        assert "TID251" in ruff(root, module, line + "\n")
    assert "TID251" not in ruff(root, "peer/clock.py", line + "\n")


def test_nobody_excuses_himself_from_the_clock_rule(sources: list[Source]) -> None:
    excused = [s.path for s in sources if "noqa: TID251" in s.text or "ruff: noqa" in s.text]
    assert not excused


def test_protocol_calls_nothing_that_touches_the_world(sources: list[Source]) -> None:
    worldly = {"open", "print", "input", "exec", "eval", "breakpoint", "__import__"}
    calls = [
        f"{source.path}:{node.lineno} {node.func.id}"
        for source in sources
        if source.path.startswith("protocol/")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in worldly
    ]
    assert not calls


def broad_handlers(tree: ast.Module) -> Iterator[int]:
    """Lines that catch everything and keep it; cleaning up and raising again is no broad except."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        broad = {None, "Exception", "BaseException"}.intersection(
            getattr(one, "id", "named") if one else None for one in caught
        )
        last = node.body[-1]
        if broad and not (isinstance(last, ast.Raise) and last.exc is None):
            yield node.lineno


def test_errors_are_caught_by_name(sources: list[Source]) -> None:
    broad = [f"{s.path}:{line}" for s in sources for line in broad_handlers(s.tree)]
    assert len(broad) <= BROAD_EXCEPTS_MAX, f"name what you expect: {broad}"


def test_importing_the_code_loads_no_slow_library() -> None:
    """pydantic alone costs six bare interpreters; who needs it imports it where it is needed."""
    program = (
        "import importlib, pkgutil, sys, peer, protocol, registry\n"
        "for package in (protocol, registry, peer):\n"
        "    for m in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not m.name.endswith('__main__'): importlib.import_module(m.name)\n"
        f"print(*sorted(set({SLOW_LIBRARIES!r}) & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stderr
