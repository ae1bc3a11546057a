"""The port's promises, one by one, for every adapter. Rule ids: registry/share.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from protocol.errors import (
    HomeError,
    MissingError,
    OversizedError,
    ShareError,
    ShareUnavailableError,
    SpecialFileError,
)
from registry.share import Entry, Share, digest, name_chars_max, path_chars_max
from tests.contract.rigs import Rig

bad_paths = [
    *(
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        "a b",
        "a\0b",
        "a\n",
        "a\\b",
        "a:b",
    ),
    *("ä", "dot.", "a/dot./b", "..a", "con", "NUL.json", "a/com1/b", "lpt9.x", "a" * 200),
    "/".join(["a" * 60] * 5),
]
good_paths = ["a", "A-b_c.d", "console", "a.con", "com", "cot1", ".stignore", "-", "_", "a..b", "1"]

Operation = Callable[[Share, str], object]
on_files: dict[str, Operation] = {
    "read": lambda share, path: share.read(path, 9),
    "read_many": lambda share, path: raise_first(share.read_many([path], 9)),
    "read_part": lambda share, path: share.read_part(path, 0, 9),
    "place": lambda share, path: share.place(path, b"x"),
    "place_file": lambda share, path: share.place_file(path, [b"x", b"y"]),
    "remove": lambda share, path: share.remove(path),
}
on_folders: dict[str, Operation] = {
    "entries": lambda share, path: share.entries(path, 9),
    "names": lambda share, path: share.names(path, 9),
    "clear": lambda share, path: share.clear(path, ["x"]),
    "make_folder": lambda share, path: share.make_folder(path),
}
every_operation = {**on_files, **on_folders}


def raise_first(results: list[bytes | ShareError | None]) -> bytes | None:
    if isinstance(results[0], ShareError):
        raise results[0]
    return results[0]


def operations(table: dict[str, Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operate", table.values(), ids=table.keys())


class TestPaths:
    @operations(every_operation)
    def test_an_unsafe_path_is_our_own_mistake(self, share: Share, operate: Operation) -> None:
        """SHARE-1."""
        for path in bad_paths:
            with pytest.raises(ValueError, match="not a safe path"):
                operate(share, path)
        assert share.names("", 99) == []

    @operations({**on_files, "make_folder": on_folders["make_folder"]})
    def test_the_root_is_no_path_but_for_listings(self, share: Share, operate: Operation) -> None:
        """SHARE-1."""
        with pytest.raises(ValueError, match="not a safe path"):
            operate(share, "")
        assert share.entries("", 9) == []

    def test_safe_paths_are_taken(self, share: Share) -> None:
        """SHARE-1."""
        for path in [*good_paths, "a" * name_chars_max]:
            share.place(path, path.encode())
            assert share.read(path, 200) == path.encode()
            share.remove(path)
        deep = "a/" * (path_chars_max // 2 - 1) + "bc"
        assert len(deep) == path_chars_max
        share.make_folder(deep)
        assert share.names(deep, 9) == []

    @operations(every_operation)
    def test_no_special_file_is_followed_on_the_way(self, rig: Rig, operate: Operation) -> None:
        """SHARE-2, SHARE-16."""
        for name in ("one", "two", "three", "four"):  # one of each kind that the rig can make
            rig.put_special(name)
            for path in (f"{name}/x", f"{name}/x/y"):
                with pytest.raises(SpecialFileError, match=name):
                    operate(rig.share, path)

    @operations(every_operation)
    def test_a_file_on_the_way_is_no_folder(self, share: Share, operate: Operation) -> None:
        """SHARE-16."""
        share.place("file", b"x")
        with pytest.raises(SpecialFileError):
            operate(share, "file/x")


class TestListings:
    def test_names_are_sorted_and_capped_to_the_smallest(self, share: Share) -> None:
        """SHARE-3."""
        share.make_folder("f")
        for name in ("b", "a10", "a9", "B", "_", "a"):
            share.place(f"f/{name}", b"x")
        assert share.names("f", 99) == ["B", "_", "a", "a10", "a9", "b"]
        assert share.names("f", 2) == ["B", "_"]
        assert share.entries("f", 2) == [Entry("B", 1), Entry("_", 1)]
        assert share.names("f", 0) == []
        assert share.entries("f", 0) == []

    def test_who_lists_says_what_comes_first(self, share: Share) -> None:
        """SHARE-3: and what is left out; each name is asked for once, before it is counted."""
        share.make_folder("f")
        for name in ("b", "a10", "a9", "x1", "c"):
            share.place(f"f/{name}", b"x")
        asked: list[str] = []

        def rank(name: str) -> tuple[bool, int] | None:
            asked.append(name)
            return None if name == "c" else (name[0] != "x", int(name[1:] or 0))

        assert share.names("f", 3, rank) == ["x1", "b", "a9"]
        assert sorted(asked) == ["a10", "a9", "b", "c", "x1"]
        assert share.entries("f", 2, rank) == [Entry("x1", 1), Entry("b", 1)]
        assert share.names("f", 9, lambda name: None) == []
        assert share.entries("f", 9, lambda name: "same") == share.entries("f", 9)

    def test_hidden_and_unsafe_names_are_left_out_uncounted(self, rig: Rig) -> None:
        """SHARE-3."""
        rig.share.make_folder("f")
        rig.put_unlisted("f")
        rig.share.place("f/z", b"x")
        assert rig.share.names("f", 1) == ["z"]
        assert rig.share.entries("f", 1) == [Entry("z", 1)]

    def test_who_lists_can_count_what_no_listing_shows(self, rig: Rig) -> None:
        """SHARE-3: he is asked for those names, too, and they are left out whatever he says."""
        rig.share.make_folder("f")
        rig.put_unlisted("f")
        rig.share.place("f/z", b"x")
        for listing in (rig.share.names, rig.share.entries):
            asked: list[str] = []
            found = listing("f", 9, lambda name, asked=asked: asked.append(name) or name)  # type: ignore[misc]
            assert len(found) == 1
            assert len(asked) == len(set(asked)) > 5
            assert {"z", ".core.1f", "a b"} < set(asked)

    def test_only_regular_files_have_a_size(self, rig: Rig) -> None:
        """SHARE-4."""
        rig.share.place("file", b"12345")
        rig.share.place("empty", b"")
        rig.share.make_folder("folder")
        rig.put_special("special")
        expected = [("empty", 0), ("file", 5), ("folder", None), ("special", None)]
        assert rig.share.entries("", 9) == expected
        assert rig.share.names("", 9) == [name for name, _ in expected]

    def test_what_is_no_folder_cannot_be_listed(self, rig: Rig) -> None:
        """SHARE-15, SHARE-16."""
        rig.share.place("file", b"x")
        rig.put_special("special")
        for listing in (rig.share.entries, rig.share.names):
            for path in ("file", "special"):
                with pytest.raises(SpecialFileError):
                    listing(path, 9)
            with pytest.raises(MissingError):
                listing("missing", 9)


class TestReading:
    @pytest.mark.parametrize("data", [b"", b"\0", b"\r\n\x1a", bytes(range(256)) * 9000])
    def test_what_was_placed_is_read(self, share: Share, data: bytes) -> None:
        """SHARE-5."""
        share.place("a", data)
        assert share.read("a", len(data)) == data

    def test_only_regular_files_are_read(self, rig: Rig) -> None:
        """SHARE-2, SHARE-6, SHARE-16."""
        rig.share.make_folder("folder")
        for name in ("one", "two", "three", "four"):
            rig.put_special(name)
        for name in ("folder", "one", "two", "three", "four"):
            with pytest.raises(SpecialFileError, match=name):
                rig.share.read(name, 9)

    def test_the_limit_is_the_last_size_that_is_read(self, share: Share) -> None:
        """SHARE-7."""
        share.place("a", b"12345")
        assert share.read("a", 5) == b"12345"
        with pytest.raises(OversizedError, match="more than 4 bytes"):
            share.read("a", 4)

    def test_missing_is_missing_at_every_depth(self, share: Share) -> None:
        """SHARE-15."""
        share.make_folder("f")
        for path in ("a", "f/a", "g/a", "g/h/a"):
            with pytest.raises(MissingError, match=path):
                share.read(path, 9)

    def test_many_are_answered_in_order_with_errors_in_place(self, rig: Rig) -> None:
        """SHARE-8."""
        share = rig.share
        share.make_folder("p/b/c")
        for path in ("p/a", "p/b/c/d", "p/b/e", "top"):
            share.place(path, path.encode())
        rig.put_special("p/link")
        paths = [
            "p/a",
            "p/link",
            "p/b/c/d",
            "p/link/x",
            "p/b/e",
            "p",
            "p/no",
            "p/a/x",
            "top",
            "p/a",
        ]
        answers = [
            answer if isinstance(answer, bytes) else type(answer)
            for answer in share.read_many(paths, 6)
        ]
        special = SpecialFileError
        oversized = OversizedError
        assert answers == [
            *(b"p/a", special, oversized, special, b"p/b/e"),
            *(special, MissingError, special, b"top", b"p/a"),
        ]
        assert share.read_many([], 9) == []

    def test_what_is_known_by_its_digest_is_no_news(self, share: Share) -> None:
        """SHARE-8."""
        share.place("same", b"same content")
        share.place("new", b"new content")
        same, old = digest(b"same content"), digest(b"old content")
        paths = ["same", "new", "missing", "same", "same"]
        results = share.read_many(paths, 12, [same, old, old, None, old])
        assert results[:2] == [None, b"new content"]
        assert isinstance(results[2], MissingError)
        assert results[3:] == [b"same content"] * 2
        assert isinstance(share.read_many(["same"], 11, [same])[0], OversizedError)

    def test_known_has_one_for_each_path(self, share: Share) -> None:
        """SHARE-8."""
        with pytest.raises(ValueError, match=r"shorter|longer"):
            share.read_many(["a", "b"], 9, [None])
        with pytest.raises(ValueError, match=r"shorter|longer"):
            share.read_many(["a"], 9, [])

    def test_parts_of_a_file_are_read(self, share: Share) -> None:
        """SHARE-21: from anywhere, fewer only at the end, none beyond it."""
        share.place("a", b"0123456789")
        parts = [share.read_part("a", at, 4) for at in (0, 4, 8, 10, 99)]
        assert parts == [b"0123", b"4567", b"89", b"", b""]
        assert share.read_part("a", 2, 0) == b""
        with pytest.raises(MissingError, match="no/such"):
            share.read_part("no/such", 0, 4)

    def test_only_parts_of_regular_files_are_read(self, rig: Rig) -> None:
        """SHARE-21, SHARE-2, SHARE-6."""
        rig.share.make_folder("folder")
        for name in ("one", "two", "three", "four"):
            rig.put_special(name)
        for name in ("folder", "one", "two", "three", "four"):
            with pytest.raises(SpecialFileError, match=name):
                rig.share.read_part(name, 0, 9)


class TestWriting:
    def test_a_file_is_placed_in_parts(self, rig: Rig) -> None:
        """SHARE-20: as `place` does it."""
        share = rig.share
        share.place_file("a", [])
        assert share.read("a", 9) == b""
        share.place_file("a", (bytes([n]) * 3 for n in range(65, 68)))
        assert share.read("a", 9) == b"AAABBBCCC"
        rig.put_special("special")
        share.place_file("special", [b"mine"])
        assert share.read("special", 9) == b"mine"
        share.make_folder("f")
        with pytest.raises(SpecialFileError):
            share.place_file("f", [b"x"])
        with pytest.raises(MissingError, match="no/such"):
            share.place_file("no/such", [b"x"])
        assert share.names("", 9) == ["a", "f", "special"]

    def test_parts_that_fail_change_nothing(self, share: Share) -> None:
        """SHARE-20: what they raise comes through, and no temporary stays."""
        share.place("a", b"old")

        def failing() -> Iterator[bytes]:
            yield b"new"
            raise HomeError("the disk of the home is gone")

        with pytest.raises(HomeError):
            share.place_file("a", failing())
        assert share.read("a", 9) == b"old"
        share.make_folder("f")
        with pytest.raises(HomeError):
            share.place_file("f/new", failing())
        share.remove("f")

    def test_place_creates_and_replaces(self, share: Share) -> None:
        """SHARE-9."""
        share.place("a", b"a longer first content")
        share.place("a", b"second")
        assert share.read("a", 99) == b"second"
        assert share.names("", 9) == ["a"]

    def test_place_never_makes_a_folder(self, share: Share) -> None:
        """SHARE-15."""
        for path in ("f/a", "f/g/a"):
            with pytest.raises(MissingError, match=path):
                share.place(path, b"x")
        assert share.names("", 9) == []

    def test_place_replaces_special_files(self, rig: Rig) -> None:
        """SHARE-11."""
        for name in ("one", "two", "three", "four"):
            rig.put_special(name)
            rig.share.place(name, b"mine")
            assert rig.share.read(name, 9) == b"mine"

    def test_place_onto_a_folder_fails_and_leaves_it(self, share: Share) -> None:
        """SHARE-11."""
        share.make_folder("f")
        share.make_folder("g/h")
        for path in ("f", "g"):
            with pytest.raises(SpecialFileError):
                share.place(path, b"x")
        assert share.names("", 9) == ["f", "g"]
        assert share.names("g", 9) == ["h"]

    def test_remove_takes_away_whatever_stands_there(self, rig: Rig) -> None:
        """SHARE-13."""
        share = rig.share
        share.place("file", b"x")
        share.make_folder("empty")
        share.make_folder("full/deep/er")
        share.place("full/deep/file", b"x")
        share.place("neighbour", b"x")
        rig.put_special("full/deep/special")
        rig.put_unlisted("full")
        rig.put_special("special")
        for path in ("file", "empty", "full", "special"):
            share.remove(path)
        assert share.names("", 9) == ["neighbour"]
        with pytest.raises(MissingError):
            share.remove("file")

    def test_clear_takes_away_what_no_path_can_name(self, rig: Rig) -> None:
        """SHARE-19: by the names that a listing's rank was told."""
        share, told = rig.share, list[str]()
        share.make_folder("f/full/deep")
        rig.put_unlisted("f")
        rig.put_unlisted("f/full")
        rig.put_special("f/special")
        for path in ("f/kept", "neighbour"):
            share.place(path, b"x")
        share.names("f", 1, told.append)
        told.remove("kept")
        assert share.clear("f", ["missing", *told, *told]) == len(told)
        left = list[str]()
        share.names("f", 1, left.append)
        assert left == ["kept"]
        assert share.read("neighbour", 9) == b"x"
        assert share.clear("f", []) == 0
        with pytest.raises(MissingError):
            share.clear("g", ["x"])

    @pytest.mark.parametrize("name", ["", ".", "..", "../neighbour", "a/b", "/", "a\0b"])
    def test_clear_leaves_its_folder_never(self, share: Share, name: str) -> None:
        """SHARE-19: and nothing is gone before that is seen."""
        for path in ("f/a/b", "f/c", "neighbour"):
            share.make_folder(path.rpartition("/")[0] or "f")
            share.place(path, b"x")
        with pytest.raises(ValueError, match="not a name"):
            share.clear("f", ["c", name])
        assert share.read("f/c", 9) == share.read("f/a/b", 9) == share.read("neighbour", 9) == b"x"

    def test_make_folder_makes_parents_and_may_be_repeated(self, share: Share) -> None:
        """SHARE-14."""
        share.make_folder("a/b/c")
        share.place("a/b/c/x", b"x")
        share.make_folder("a/b/c", shared=True)
        share.make_folder("a")
        assert share.read("a/b/c/x", 9) == b"x"

    def test_make_folder_replaces_nothing(self, rig: Rig) -> None:
        """SHARE-16."""
        rig.share.place("file", b"x")
        rig.put_special("special")
        for path in ("file", "special", "file/a", "special/a"):
            with pytest.raises(SpecialFileError):
                rig.share.make_folder(path)
        assert rig.share.read("file", 9) == b"x"


class TestRoot:
    @operations(every_operation)
    def test_a_root_that_is_gone_is_unavailable_and_stays_gone(
        self, rig: Rig, operate: Operation
    ) -> None:
        """SHARE-17."""
        rig.share.make_folder("f")
        rig.share.place("a", b"x")
        rig.set_gone(True)
        for path in ("a", "f/a", "b/c/d"):
            with pytest.raises(ShareUnavailableError):
                operate(rig.share, path)
        with pytest.raises(ShareUnavailableError):
            rig.share.names("", 9)
        rig.set_gone(False)
        assert rig.share.names("", 9) == ["a", "f"]


def test_every_error_is_one_line_that_names_the_path(rig: Rig) -> None:
    """SHARE-16."""
    rig.share.make_folder("folder")
    rig.put_special("special")
    rig.share.place("large", b"12345")
    for path in ("folder", "special", "large", "missing"):
        with pytest.raises(ShareError) as caught:
            rig.share.read(path, 4)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)
