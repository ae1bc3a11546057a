"""The marker and the steward documents on the share: found by name, read with caps."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from protocol import limits
from protocol.authority import StewardDocument, open_root, open_steward_document
from protocol.errors import (
    MissingError,
    OversizedError,
    ShareUnavailableError,
    WrongShareError,
)
from registry import charter, layout
from registry.faulty import FaultyShare
from registry.folder import FolderShare
from registry.memory import MemoryShare
from tests.samples import CHARTER_DATA, ORDER_DATA, ROOT_DATA, ROSTER_DATA, TRUST


def opened() -> list[StewardDocument]:
    stewards = [
        open_steward_document(data, TRUST) for data in (CHARTER_DATA, ROSTER_DATA, ORDER_DATA)
    ]
    return [open_root(ROOT_DATA), *stewards]


def test_placed_documents_are_found(share: MemoryShare) -> None:
    """LAYOUT-1: each under its number, type and hash, with its bytes as they were signed."""
    for document in opened():
        charter.place_document(share, document)
    paths = list(charter.documents(share))
    assert sorted(path.partition("/")[0] for path in paths) == ["charter"] * 3 + ["orders"]
    assert {charter.fetch_document(share, path) for path in paths} == {
        ROOT_DATA, CHARTER_DATA, ROSTER_DATA, ORDER_DATA,
    }  # fmt: skip


def test_junk_is_ignored(share: MemoryShare) -> None:
    """LAYOUT-2: and documents in the wrong folder."""
    for document in opened():
        folder, _, name = layout.document_path(
            document.type, document.number, document.digest
        ).partition("/")
        other = layout.ORDERS if folder == layout.CHARTER else layout.CHARTER
        share.place(f"{other}/{name}", document.data)
    share.place("charter/readme.txt", b"hello")
    assert list(charter.documents(share)) == []


@pytest.mark.parametrize("folder", [layout.CHARTER, layout.ORDERS])
def test_a_folder_that_is_missing_or_no_folder_is_an_error(share: MemoryShare, folder: str) -> None:
    """HALT-6: a halt could be hidden there."""
    share.remove(folder)
    with pytest.raises(ShareUnavailableError, match=f"{folder}/ cannot be listed"):
        list(charter.documents(share))
    share.place(folder, b"a file")
    with pytest.raises(ShareUnavailableError, match=f"{folder}/ cannot be listed"):
        list(charter.documents(share))


@pytest.mark.parametrize(
    ("folder", "name"),
    [(layout.CHARTER, "{}.roster.0123abcd.json"), (layout.ORDERS, "{}23456789abcdef.json")],
)
@pytest.mark.parametrize("count", [0, 2, 3, 4, 6, 7, 50])
def test_who_must_have_seen_all_sees_all_of_a_flood(
    share: MemoryShare, folder: str, name: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HALT-9, LAYOUT-2: each once, with a few names in memory; another form crowds out nothing."""
    monkeypatch.setattr(charter, "names_max", 3)
    for number in range(10):
        share.place(f"{folder}/junk{number}", b"x")
    placed = [f"{folder}/{name.format(10 + number)}" for number in range(count)]
    for path in placed:
        share.place(path, b"x")
    assert list(charter.documents(share)) == placed


def test_of_a_flood_only_what_comes_first_is_listed(share: MemoryShare) -> None:
    """LAYOUT-2: by a rank of the paths, so many of each folder."""
    for number in range(10, 20):
        share.place(f"orders/{number}23456789abcdef.json", b"x")
        share.place(f"orders/{number}.txt", b"x")
    found = charter.listed(share, 2, lambda path: path[::-1] if "17" not in path else "")
    assert found == ["orders/1723456789abcdef.json", "orders/1023456789abcdef.json"]


def test_a_document_is_as_large_as_its_limit_and_no_larger(share: MemoryShare) -> None:
    """ENV-1: 1 MiB."""
    share.place("orders/0123456789abcdef.json", b"x" * limits.steward_bytes_max)
    data = charter.fetch_document(share, "orders/0123456789abcdef.json")
    assert len(data) == limits.steward_bytes_max
    share.place("orders/0123456789abcdef.json", b"x" * (limits.steward_bytes_max + 1))
    with pytest.raises(OversizedError):
        charter.fetch_document(share, "orders/0123456789abcdef.json")
    with pytest.raises(MissingError):
        charter.fetch_document(share, "orders/fedcba9876543210.json")


def test_the_marker_is_told_from_an_empty_mount_point_and_another_folder() -> None:
    """TICK-4: three places where no letters are found, and two of them are errors."""
    share = MemoryShare()
    with pytest.raises(ShareUnavailableError, match="mount"):
        charter.fetch_marker(share)
    share.place("holiday.jpg", b"x")
    with pytest.raises(WrongShareError, match="no network"):
        charter.fetch_marker(share)
    share.place(layout.MARKER, b"{}")
    assert charter.fetch_marker(share) == b"{}"


def test_the_marker_has_a_limit(share: MemoryShare) -> None:
    """ENV-1: it holds a root, which has one."""
    share.place(layout.MARKER, b"x" * (limits.steward_bytes_max + 4_097))
    with pytest.raises(OversizedError):
        charter.fetch_marker(share)


def test_reading_writes_nothing(share: MemoryShare) -> None:
    """ROOT-5: looking at a share leaves no trace."""
    watched = FaultyShare(share)
    charter.fetch_marker(watched)
    assert not list(charter.documents(watched))
    assert {call.op for call in watched.calls} == {"read", "names"}


def test_who_may_create_files_where(folder: FolderShare, tmp_path: Path) -> None:
    """LAYOUT-5: the sticky, open folders are those where others write, and no others."""
    modes = {
        path.relative_to(tmp_path).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in tmp_path.rglob("*")
        if path.is_dir()
    }
    shared = {name for name, mode in modes.items() if mode == 0o1777}
    assert shared == {"charter", "orders", "peers", "peers/core/inbox", "peers/scout/inbox"}
    assert {mode for name, mode in modes.items() if name not in shared} == {0o755}
