"""Log, numbers and screens as they are typed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.typist import Typist, settled


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def test_a_log_is_shown_readably_and_as_it_is(peer: Typist) -> None:
    assert "nothing to show" in peer("log", "--as", "core").out
    peer("send", "--as", "core", "librarian", "hello")
    peer("tick", "--all")
    (entry,) = peer("log", "--as", "librarian", "--json").json
    assert (entry["event"], entry["received"], entry["result"]) == ("tick", 1, "ok")
    (line,) = peer("log", "--as", "librarian").out.splitlines()
    assert "info" in line
    assert "received=1" in line
    assert "published" not in line  # what is 0 is left out
    raw = (peer.folder("librarian") / "log" / "peer.jsonl").read_text()
    assert json.loads(raw) == entry


def test_a_log_is_asked_by_number_level_and_time(peer: Typist) -> None:
    (peer.share / "NETWORK.json").rename(peer.share / "away")
    peer("tick", "--as", "core", code=5)
    (peer.share / "away").rename(peer.share / "NETWORK.json")
    peer("tick", "--as", "core")
    assert len(peer("log", "--as", "core", "--json").json) == 3
    assert len(peer("log", "--as", "core", "-n", "1", "--json").json) == 1
    (fault,) = peer("log", "--as", "core", "--level", "warning", "--since", "1h", "--json").json
    assert (fault["level"], fault["exit"]) == ("error", 5)
    assert "fault" in peer("log", "--as", "core", "--level", "error").out
    assert peer("log", "--as", "core", "--since", "0s", "--json").json == []
    assert "2d" in peer("log", "--as", "core", "--since", "soon", code=2).err


def test_what_others_wrote_cannot_act_on_the_terminal_that_shows_a_log(peer: Typist) -> None:
    name = "peers/librarian/inbox/core.aaaaaaaa.1.page"
    (peer.share / name).write_bytes(b"\x1b[2Jnonsense")
    peer("tick", "--as", "librarian")
    peer("tick", "--as", "librarian")
    path = peer.folder("librarian") / "log" / "peer.jsonl"
    with path.open("a") as file:
        file.write(json.dumps({"time": "2026-11-21T00:00:00.000Z", "text": "\x1b[2J"}) + "\n")
    assert "\x1b" not in peer("log", "--as", "librarian").out


def test_numbers_are_printed_and_written_where_a_setting_says(peer: Typist) -> None:
    target = peer.base / "collected"
    target.mkdir()
    peer("tick", "--all", env={"PEER_METRICS_TEXTFILE": str(target)})
    assert len(list(target.glob("soma-*.prom"))) == 3
    text = peer("metrics", "--as", "core").out
    ticks = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "soma_peer_ticks_total" and sample.labels["result"] == "ok"
    ]
    assert ticks == [1]
    rows = peer("metrics", "--as", "core", "--json").json
    found = {(row["name"], *row["labels"].values()): row["value"] for row in rows}
    assert found["soma_peer_neighbours", "alive"] == 2
    peer("metrics", code=2)


def test_a_log_needs_no_key_and_no_share(peer: Typist) -> None:
    peer("tick", "--as", "core")
    os.rename(peer.share, f"{peer.share}.away")
    assert peer("log", "--as", "core").out
    assert "soma_peer_" in peer("metrics", "--as", "core").out
