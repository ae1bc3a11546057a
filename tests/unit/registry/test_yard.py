"""The own folder: whatever others put in its way is cleared, and nothing outside it is touched."""

from __future__ import annotations

import pytest

from protocol.errors import MissingError, ShareDeniedError, ShareUnavailableError, SpecialFileError
from registry import layout, yard
from registry.faulty import Fault, FaultyShare
from registry.memory import MemoryShare
from tests.unit.registry.conftest import furnish

PATH = "peers/core/outbox/mail/scout/abcdefg2.1.page"


def test_what_is_placed_stands_there(share: MemoryShare) -> None:
    """LAYOUT-1: its folders are made when they are first needed."""
    for data in (b"one", b"two"):
        yard.place(share, "core", PATH, data)
        assert share.read(PATH, 9) == data


@pytest.mark.parametrize(
    "obstacle",
    ["peers/core", "peers/core/outbox", "peers/core/outbox/mail", "peers/core/outbox/mail/scout"],
)
def test_a_file_in_the_way_of_a_folder_is_cleared(share: MemoryShare, obstacle: str) -> None:
    """LAYOUT-7: junk in the own folder does not stop a peer at every tick from then on."""
    if obstacle != "peers/core/outbox/mail/scout":
        share.remove(obstacle)
    share.place(obstacle, b"in the way")
    yard.place(share, "core", PATH, b"mine")
    assert share.read(PATH, 9) == b"mine"


def test_a_folder_in_the_way_of_a_file_is_cleared(share: MemoryShare) -> None:
    """LAYOUT-7: with all that it holds."""
    share.make_folder(f"{PATH}/inside")
    yard.place(share, "core", PATH, b"mine")
    assert share.read(PATH, 9) == b"mine"


def test_nothing_of_others_is_cleared(share: MemoryShare) -> None:
    """LAYOUT-4: only what stands below the own folder."""
    share.place("peers/scout/notes", b"theirs")
    share.remove("peers/core")
    share.place("peers/core", b"in the way")
    watched = FaultyShare(share)
    yard.place(watched, "core", PATH, b"mine")
    removed = [call.path for call in watched.calls if call.op == "remove"]
    assert removed == ["peers/core"]
    assert share.read("peers/scout/notes", 9) == b"theirs"


def test_an_empty_mount_point_is_not_filled(share: MemoryShare) -> None:
    """TICK-4: where the marker is gone nothing is made, not even a folder."""
    share.remove(layout.MARKER)
    share.remove("peers")
    with pytest.raises(ShareUnavailableError, match="drive may be away"):
        yard.place(share, "core", PATH, b"mine")
    with pytest.raises(ShareUnavailableError, match="drive may be away"):
        yard.make_folders(share, "core")
    with pytest.raises(MissingError):
        share.names("peers", 9)


def test_what_cannot_be_cleared_is_an_error(share: MemoryShare) -> None:
    """SHARE-18: a lack of permission stays one."""
    share.remove("peers/core/outbox")
    share.place("peers/core/outbox", b"in the way")
    stubborn = FaultyShare(share, [Fault(name="denied", op="remove", times=-1)])
    with pytest.raises(ShareDeniedError):
        yard.place(stubborn, "core", PATH, b"mine")


def test_all_folders_of_a_peer(share: MemoryShare) -> None:
    """LAYOUT-7: made again where they are missing, without harm where they stand."""
    share.place("peers/core/outbox/feed/abcdefg2.1.page", b"kept")
    share.remove("peers/core/inbox")
    share.place("peers/core/inbox", b"in the way")
    assert not yard.is_whole(share, "core")
    for _ in range(2):
        yard.make_folders(share, "core")
    assert yard.is_whole(share, "core")
    assert share.names("peers/core", 9) == ["inbox", "outbox", "receipts"]
    assert share.names("peers/core/outbox", 9) == ["feed", "mail"]
    assert share.read("peers/core/outbox/feed/abcdefg2.1.page", 9) == b"kept"


@pytest.mark.parametrize("part", ["inbox", "outbox/feed", "outbox", ""])
def test_a_peer_without_its_folders_is_not_whole(share: MemoryShare, part: str) -> None:
    """LAYOUT-7: a missing inbox is noticed, and is no empty one."""
    assert yard.is_whole(share, "core")
    share.remove(f"peers/core/{part}".rstrip("/"))
    assert not yard.is_whole(share, "core")


class Startled(MemoryShare):
    """A share that finds something in the way once, which is gone when one looks."""

    def __init__(self) -> None:
        super().__init__()
        self.finds = 0

    def make_folder(self, path: str, shared: bool = False) -> None:
        if self.finds:
            self.finds -= 1
            raise SpecialFileError(f"{path}: something is in the way")
        super().make_folder(path, shared)


@pytest.mark.parametrize("path", ["peers/core/outbox", "peers/core/outbox/new/deeper"])
def test_what_is_gone_again_is_no_obstacle(path: str) -> None:
    """LAYOUT-7: a folder is made where it is missing, and left where it stands."""
    share = Startled()
    furnish(share)
    share.finds = 1
    yard.make_folder(share, "core", path)
    assert share.names(path, 9) == (["feed", "mail"] if path.endswith("outbox") else [])
    share.finds = 2
    with pytest.raises(SpecialFileError):
        yard.make_folder(share, "core", path)


def test_what_is_in_the_way_above_the_own_folder_is_a_person_s(share: MemoryShare) -> None:
    """LAYOUT-4: `peers` itself is nobody's to clear."""
    share.remove("peers")
    share.place("peers", b"in the way")
    with pytest.raises(SpecialFileError):
        yard.place(share, "core", PATH, b"mine")
    assert share.read("peers", 99) == b"in the way"
