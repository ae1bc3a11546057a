"""A long tick shows how far it is, on a terminal and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.integration.typist import settled

pty = pytest.importorskip("pty")


def test_a_tick_shows_its_progress_on_a_terminal(tmp_path: Path) -> None:
    typist = settled(tmp_path)
    typist("send", "--as", "core", "scout", "letter")
    terminal, side = pty.openpty()
    with subprocess.Popen(
        [os.fsdecode(word) for word in typist.command("tick", "--as", "scout", "--json")],
        stdout=subprocess.PIPE,
        stderr=side,
        env={**typist.environment, "TERM": "xterm"},
    ) as running:
        out, _ = running.communicate(timeout=100)
    os.close(side)
    err = os.read(terminal, 10_000).decode()
    os.close(terminal)
    assert "scout  1 of 1 items acted on" in err
    assert err.endswith("\r"), "the line is gone at the end"
    assert json.loads(out)["acted"] == 1


def test_elsewhere_a_tick_says_nothing_besides(tmp_path: Path) -> None:
    typist = settled(tmp_path)
    typist("send", "--as", "core", "scout", "letter")
    said = typist("tick", "--as", "scout")
    assert "1 acted on" in said.out
    assert said.err == ""
