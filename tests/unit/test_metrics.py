"""Numbers for Prometheus, judged by Prometheus's own parser and rules of naming."""

from __future__ import annotations

import math
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from peer import metrics
from peer.instance import RunningPeer
from peer.logbook import newest
from peer.operations import tick_with_care
from peer.settings import Metrics, Settings
from protocol.errors import ShareUnavailableError
from registry.faulty import Fault
from tests.network import FIVE, FolderNetwork, Network

# https://prometheus.io/docs/practices/naming/ and what promtool's `check metrics` complains about.
NAME = re.compile(r"soma_peer_[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
NO_BASE_UNIT = re.compile(
    r"_(ms|milliseconds|minutes|hours|days|kb|kilobytes|mb|megabytes|bits|percent)(_|$)"
)
TYPES_IN_NAMES = re.compile(r"_(gauge|counter|summary|histogram|untyped)(_|$)")
RESERVED = re.compile(r"_(count|sum|bucket|info)$")


def shown(peer: RunningPeer) -> str:
    return metrics.text(peer, metrics.families(peer))


def values(text: str) -> dict[tuple[str, frozenset[str]], float]:
    """(name, words of the labels without peer and network) → value, as the parser reads it."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            words = {v for k, v in sample.labels.items() if k not in ("peer", "network")}
            key = (sample.name.removeprefix("soma_peer_"), frozenset(words))
            assert key not in found, "two samples with the same labels"
            found[key] = sample.value
    return found


def get(text: str, name: str, *words: str) -> float:
    return values(text)[name, frozenset(words)]


@pytest.fixture
def network() -> Network:
    return Network(FIVE)


def check(text: str) -> None:
    """Raises where a rule of the format, or of naming, is broken."""
    families = list(text_string_to_metric_families(text))
    assert len(families) > 20
    # The parser forgives; these it would not say.
    helped = re.findall(r"^# HELP (\S+) (.+)$", text, re.MULTILINE)
    typed = re.findall(r"^# TYPE (\S+) (counter|gauge)$", text, re.MULTILINE)
    assert [name for name, _ in helped] == [name for name, _ in typed]
    assert len({name for name, _ in typed}) == len(typed)
    assert all(means.endswith((".", "1.")) for _, means in helped)
    kinds = dict(typed)
    for name, kind in kinds.items():
        assert NAME.match(name), name
        assert not NO_BASE_UNIT.search(name), name
        assert not TYPES_IN_NAMES.search(name), name
        assert (kind == "counter") == name.endswith("_total"), name
        assert not RESERVED.search(name) or name == "soma_peer_build_info", name
    for family in families:
        for sample in family.samples:
            assert {"peer", "network"} <= sample.labels.keys()
            assert all(re.fullmatch(r"[a-z_]+", key) for key in sample.labels)
            assert math.isfinite(sample.value)
            assert not sample.name.endswith("_total") or sample.value >= 0
    assert text.endswith("\n")


def test_a_peer_before_and_after_its_first_tick_keeps_the_rules(network: Network) -> None:
    core = network.peers["core"]
    before = shown(core)
    check(before)
    assert "last_tick_timestamp" not in {name for name, _ in values(before)}
    assert get(before, "ticks_total", "ok") == 0
    tick_with_care(core)
    after = shown(core)
    check(after)
    assert get(after, "ticks_total", "ok") == 1
    assert get(after, "last_tick_timestamp_seconds") == network.clock.wall_ms() / 1000
    assert get(after, "last_tick_success") == 1
    assert get(after, "admitted") == 1


def test_the_rules_are_not_empty() -> None:
    for bad in ("# TYPE soma_peer_x counter\nsoma_peer_x 1\n", "soma_peer_x{a=} 1\n"):
        with pytest.raises((AssertionError, ValueError)):
            check(bad)


def test_counters_grow_and_gauges_tell_what_is(network: Network) -> None:
    core, librarian = network.peers["core"], network.peers["librarian"]
    network.round(1)
    network.send("core", "librarian", "one")
    text = shown(core)
    assert get(text, "outbox_letters", "delivered") == 1
    assert get(text, "pages_formed_total", "letters") == 1
    tick_with_care(librarian)
    heard = shown(librarian)
    assert get(heard, "items_received_total") == 1
    assert get(heard, "items_acted_total") == 1
    assert get(heard, "unread_letters") == 1
    assert get(heard, "unacted_items") == 0
    tick_with_care(librarian)
    assert get(shown(librarian), "items_received_total") == 1
    assert get(shown(librarian), "ticks_total", "ok") == 2
    tick_with_care(core)
    assert get(shown(core), "outbox_letters", "delivered") == 0
    assert get(shown(core), "neighbours", "alive") == 4


def test_a_tick_that_failed_counts_what_it_did_and_says_so(network: Network) -> None:
    network.round(1)
    network.send("core", "librarian", "one")
    librarian = network.peers["librarian"]
    gone = Fault(name="unavailable", op="place", path="*/heartbeat.json")
    with pytest.raises(ShareUnavailableError), network.faulty("librarian", gone):
        tick_with_care(librarian)
    text = shown(librarian)
    assert get(text, "last_tick_success") == 0
    assert get(text, "ticks_total", "failed") == 1
    assert get(text, "items_received_total") == 1


def test_words_of_labels_are_escaped(network: Network) -> None:
    family = metrics.Family("x", "gauge", "An x.", [({"state": 'a"b\\c\nd'}, 1)])
    text = metrics.text(network.peers["core"], [family])
    assert get(text, "x", 'a"b\\c\nd') == 1


# ---------------------------------------------------------------------------- the textfile


@pytest.fixture
def settled(tmp_path: Path) -> Iterator[FolderNetwork]:
    made = FolderNetwork(tmp_path)
    yield made
    made.close()


def with_textfile(peer: RunningPeer, path: Path | str) -> RunningPeer:
    peer.settings = Settings(metrics=Metrics(textfile=str(path)))
    return peer


def test_a_textfile_is_there_after_each_tick_for_others_to_read(
    settled: FolderNetwork, tmp_path: Path
) -> None:
    core = with_textfile(settled.peers["core"], tmp_path / "core.prom")
    before = os.umask(0o077)
    try:
        tick_with_care(core)
        first = (tmp_path / "core.prom").read_text()
        tick_with_care(core)
    finally:
        os.umask(before)
    check(first)
    assert stat.S_IMODE((tmp_path / "core.prom").stat().st_mode) == 0o644
    assert get((tmp_path / "core.prom").read_text(), "ticks_total", "ok") == 2
    assert get(first, "home_size_bytes") > 100_000
    assert not [p.name for p in tmp_path.iterdir() if p.name.endswith(".new")]


def test_a_folder_has_a_file_for_each_identity(settled: FolderNetwork, tmp_path: Path) -> None:
    (tmp_path / "collected").mkdir()
    for peer in settled.peers.values():
        tick_with_care(with_textfile(peer, tmp_path / "collected"))
    files = sorted((tmp_path / "collected").iterdir())
    assert [p.name.partition(".")[0] for p in files] == ["soma-core", "soma-scout"]
    assert all(p.suffix == ".prom" for p in files)
    owners = [set(re.findall(r'peer="([^"]+)"', p.read_text())) for p in files]
    assert owners == [{"core@lab.eu"}, {"scout@lab.eu"}]


def test_a_relative_path_begins_at_the_identity(settled: FolderNetwork) -> None:
    tick_with_care(with_textfile(settled.peers["core"], "core.prom"))
    assert (Path(settled.folder("core")) / "core.prom").exists()


class Death(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("where", ["open", "write", "fsync", "replace"])
def test_a_death_while_it_is_written_leaves_the_old_one(
    settled: FolderNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    path = tmp_path / "core.prom"
    core = with_textfile(settled.peers["core"], path)
    tick_with_care(core)
    old = path.read_text()

    def die(*words: object) -> None:
        raise Death

    class Dying:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Dying:
            return self

        def __exit__(self, *words: object) -> None:
            self.file.close()

        def fileno(self) -> int:
            return int(self.file.fileno())

        def write(self, data: bytes) -> None:
            self.file.write(data[: len(data) // 2])
            raise Death

    fdopen = os.fdopen
    with monkeypatch.context() as patch:
        if where == "write":
            patch.setattr(os, "fdopen", lambda fd, mode: Dying(fdopen(fd, mode)))
        else:
            patch.setattr(os, where, die)
        with pytest.raises(Death):
            metrics.write_textfile(core, str(path))
    assert path.read_text() == old
    assert [p.name for p in tmp_path.glob("*.prom")] == ["core.prom"]
    tick_with_care(core)
    check(path.read_text())
    assert path.read_text() != old
    assert not list(tmp_path.glob(".*.new"))


def test_a_textfile_that_cannot_be_written_is_a_warning(
    settled: FolderNetwork, tmp_path: Path
) -> None:
    core = with_textfile(settled.peers["core"], tmp_path / "nowhere" / "core.prom")
    assert tick_with_care(core).state == "idle"
    (entry,) = newest(settled.folder("core"), 9, "warning")
    assert "metrics.textfile is not written: No such file" in entry["text"]
