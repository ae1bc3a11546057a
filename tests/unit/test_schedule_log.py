"""The log of scheduled ticks stays small, also while a scheduler appends to it."""

from __future__ import annotations

from pathlib import Path

from peer.schedulers import log


def test_the_newest_half_stays_and_appending_goes_on(tmp_path: Path) -> None:
    file = tmp_path / log.NAME
    with file.open("a") as appending:
        for number in range(100_000):
            appending.write(f"core  beat {number}\n")
        appending.flush()
        whole = file.read_text()
        assert len(whole) > log.bytes_max
        log.keep_small(str(tmp_path))
        kept = file.read_text()
        assert log.bytes_kept - 100 < len(kept) <= log.bytes_kept
        assert whole.endswith("\n" + kept)
        appending.write("core  beat next\n")
        appending.flush()
        assert file.read_text() == kept + "core  beat next\n"
        log.keep_small(str(tmp_path))
        assert file.read_text() == kept + "core  beat next\n"


def test_a_log_that_is_not_there_or_no_file_is_no_fault(tmp_path: Path) -> None:
    log.keep_small(str(tmp_path))
    assert not list(tmp_path.iterdir())
    (tmp_path / log.NAME).mkdir()
    log.keep_small(str(tmp_path))
