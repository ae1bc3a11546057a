"""Each fault does what its name says, where and as often as it is told, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocol.errors import (
    MissingError,
    ShareDeniedError,
    ShareError,
    ShareFullError,
    ShareUnavailableError,
)
from registry.faulty import (
    Call,
    Fault,
    FaultyShare,
    Killed,
    conflict_mark,
    fault_names,
    operations,
)
from registry.memory import MemoryShare
from registry.share import Share


@pytest.fixture
def memory() -> MemoryShare:
    memory = MemoryShare()
    memory.make_folder("p/a")
    memory.make_folder("p/b")
    memory.place("p/a/one", b"12345678")
    memory.place("p/b/one", b"abcdefgh")
    return memory


everything: dict[str, Callable[[Share], object]] = {
    "read": lambda share: share.read("p/a/one", 99),
    "read_part": lambda share: share.read_part("p/a/one", 2, 4),
    "entries": lambda share: share.entries("p/a", 9),
    "names": lambda share: share.names("p/a", 9),
    "place": lambda share: share.place("p/a/two", b"abcd"),
    "place_file": lambda share: share.place_file("p/a/three", [b"ab", b"cd"]),
    "remove": lambda share: share.remove("p/a/one"),
    "make_folder": lambda share: share.make_folder("p/c"),
}
assert tuple(everything) == operations


def tree(share: Share, folder: str = "") -> dict[str, bytes | None]:
    """Everything on a share; a folder is None."""
    found: dict[str, bytes | None] = {}
    for name, size in share.entries(folder, 99):
        path = f"{folder}/{name}".lstrip("/")
        found[path] = None if size is None else share.read(path, 99)
        if size is None:
            found |= tree(share, path)
    return found


def test_without_faults_it_only_counts(memory: MemoryShare) -> None:
    share = FaultyShare(memory)
    for operate in everything.values():
        operate(share)
    assert share.read_many(["p/b/one", "p/no"], 99)[0] == b"abcdefgh"
    assert share.calls == [
        *(("read", "p/a/one"), ("read_part", "p/a/one"), ("entries", "p/a"), ("names", "p/a")),
        *(("place", "p/a/two"), ("place_file", "p/a/three"), ("remove", "p/a/one")),
        *(("make_folder", "p/c"), ("read", "p/b/one"), ("read", "p/no")),
    ]
    assert share.struck == []


@pytest.mark.parametrize("op", operations)
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("unavailable", ShareUnavailableError),
        ("denied", ShareDeniedError),
        ("missing", MissingError),
        ("full", ShareFullError),
    ],
)
def test_errors_strike_before_anything_is_done(
    memory: MemoryShare, op: str, name: str, error: type[ShareError]
) -> None:
    before = tree(memory)
    share = FaultyShare(memory, [Fault(name=name)])
    if name == "full" and op not in ("place", "place_file", "make_folder"):
        everything[op](share)  # nothing that a full drive would refuse
        assert share.struck == []
        return
    with pytest.raises(error, match=f"injected {name}"):
        everything[op](share)
    assert tree(memory) == before
    everything[op](share)
    assert [call.op for call, _ in share.struck] == [op]


class TestWhen:
    def outcomes(self, share: Share, path: str = "p/a/one", count: int = 6) -> str:
        """A letter for each read: "." or "x"."""
        answers = share.read_many([path] * count, 99)
        return "".join("x" if isinstance(answer, ShareError) else "." for answer in answers)

    @pytest.mark.parametrize(
        ("at", "times", "expected"),
        [
            (1, 1, "x....."),
            (3, 1, "..x..."),
            (2, 3, ".xxx.."),
            (4, -1, "...xxx"),
            (1, 0, "......"),
        ],
    )
    def test_position_and_number(
        self, memory: MemoryShare, at: int, times: int, expected: str
    ) -> None:
        share = FaultyShare(memory, [Fault(name="unavailable", at=at, times=times)])
        assert self.outcomes(share) == expected

    def test_only_matching_calls_count(self, memory: MemoryShare) -> None:
        share = FaultyShare(memory, [Fault(name="denied", op="read", path="p/b/*", at=2)])
        share.names("p/b", 9)
        assert self.outcomes(share) == "......"
        assert self.outcomes(share, "p/b/one") == ".x...."

    def test_the_first_fault_whose_turn_it_is_decides(self, memory: MemoryShare) -> None:
        faults = [Fault(name="denied", at=2), Fault(name="unavailable", times=3)]
        share = FaultyShare(memory, faults)
        answers = share.read_many(["p/a/one"] * 4, 99)
        assert [type(answer) for answer in answers] == [
            *(ShareUnavailableError, ShareDeniedError, ShareUnavailableError, bytes)
        ]
        assert [fault.name for _, fault in share.struck] == ["unavailable", "denied", "unavailable"]

    def test_two_shares_with_the_same_faults_do_the_same(self, memory: MemoryShare) -> None:
        faults = [Fault(name="damaged", at=2), Fault(name="stale", at=3), Fault(name="hidden")]
        results = [
            [str(FaultyShare(memory, faults).read_many(["p/a/one"] * 5, 99)) for _ in range(2)]
        ]
        assert results[0][0] == results[0][1]


class TestWriting:
    def test_torn(self, memory: MemoryShare) -> None:
        share = FaultyShare(memory, [Fault(name="torn")])
        with pytest.raises(ShareUnavailableError):
            share.place("p/a/one", b"ABCDEFG")
        assert memory.read("p/a/one", 99) == b"ABC"

    def test_lost(self, memory: MemoryShare) -> None:
        before = tree(memory)
        share = FaultyShare(memory, [Fault(name="lost", times=-1)])
        for op in ("place", "remove", "make_folder"):
            everything[op](share)
        assert tree(memory) == before
        assert len(share.struck) == 3

    def test_conflict_copy(self, memory: MemoryShare) -> None:
        share = FaultyShare(memory, [Fault(name="conflict_copy", times=-1)])
        share.place("p/a/x.json", b"first")
        share.place("p/a/one", b"new")
        assert memory.read(f"p/a/x{conflict_mark}.json", 99) == b"first"
        assert memory.read("p/a/x.json", 99) == b"first"
        assert memory.read(f"p/a/one{conflict_mark}", 99) == b"12345678"
        assert memory.read("p/a/one", 99) == b"new"


class TestReading:
    def test_damaged(self, memory: MemoryShare) -> None:
        share = FaultyShare(memory, [Fault(name="damaged", times=-1)])
        data = share.read("p/a/one", 99)
        assert len(data) == 8
        assert sum(a != b for a, b in zip(data, b"12345678", strict=True)) == 1
        memory.place("p/a/empty", b"")
        assert share.read("p/a/empty", 99) == b""
        assert memory.read("p/a/one", 99) == b"12345678"

    def test_stale_is_the_content_before(self, memory: MemoryShare) -> None:
        share = FaultyShare(memory, [Fault(name="stale", at=2, times=2)])
        share.place("p/a/one", b"v1")
        share.place("p/a/one", b"v2")
        assert [share.read("p/a/one", 99) for _ in range(4)] == [b"v2", b"v1", b"v1", b"v2"]

    def test_stale_of_what_others_placed(self, memory: MemoryShare) -> None:
        share = FaultyShare(memory, [Fault(name="stale", at=2, times=2)])
        assert share.read("p/a/one", 99) == b"12345678"
        memory.place("p/a/one", b"v2")
        assert share.read("p/a/one", 99) == b"12345678"
        memory.remove("p/a/one")
        assert share.read("p/a/one", 99) == b"12345678"
        with pytest.raises(MissingError):
            share.read("p/a/one", 99)

    def test_stale_of_an_empty_file(self, memory: MemoryShare) -> None:
        share = FaultyShare(memory, [Fault(name="stale", times=-1)])
        share.place("p/a/one", b"")
        share.place("p/a/one", b"v2")
        assert share.read("p/a/one", 99) == b""

    def test_stale_of_what_was_never_seen(self, memory: MemoryShare) -> None:
        share = FaultyShare(memory, [Fault(name="stale", times=-1)])
        assert share.read("p/a/one", 99) == b"12345678"
        with pytest.raises(MissingError):
            share.read("p/a/never", 99)

    def test_hidden_from_reads_and_listings(self, memory: MemoryShare) -> None:
        memory.place("p/a/two", b"x")
        memory.place("top", b"x")
        share = FaultyShare(memory, [Fault(name="hidden", path="*o[np]*", times=-1)])
        assert share.names("p/a", 9) == ["two"]
        assert share.entries("p/a", 9) == [("two", 1)]
        assert share.names("", 9) == ["p"]
        with pytest.raises(MissingError):
            share.read("p/a/one", 99)
        assert share.read("p/a/two", 99) == b"x"
        share.remove("p/a/one")
        assert memory.names("p/a", 9) == ["two"]

    def test_hidden_counts_what_would_have_shown_it(self, memory: MemoryShare) -> None:
        share = FaultyShare(memory, [Fault(name="hidden", op="names", path="p/a/one", at=2)])
        assert share.names("p/b", 9) == ["one"]
        assert [share.names("p/a", 9) for _ in range(3)] == [["one"], [], ["one"]]
        assert [call for call, _ in share.struck] == [("names", "p/a")]


class TestKills:
    @pytest.mark.parametrize("op", operations)
    def test_before_and_after(self, memory: MemoryShare, op: str) -> None:
        before = tree(memory)
        with pytest.raises(Killed):
            everything[op](FaultyShare(memory, [Fault(name="kill_before")]))
        assert tree(memory) == before
        with pytest.raises(Killed):
            everything[op](FaultyShare(memory, [Fault(name="kill_after")]))
        assert (tree(memory) != before) == (op in ("place", "place_file", "remove", "make_folder"))

    def test_torn(self, memory: MemoryShare) -> None:
        with pytest.raises(Killed):
            FaultyShare(memory, [Fault(name="kill_torn")]).place("p/a/two", b"abcd")
        assert memory.read("p/a/two", 99) == b"ab"
        with pytest.raises(Killed):
            FaultyShare(memory, [Fault(name="kill_torn")]).place_file("p/a/two", [b"ef", b"gh"])
        assert memory.read("p/a/two", 99) == b"ef"

    def test_a_kill_is_no_exception_and_may_be_another(self, memory: MemoryShare) -> None:
        def exit_now() -> None:
            raise SystemExit(9)

        share = FaultyShare(memory, [Fault(name="kill_before")], kill=exit_now)
        with pytest.raises(SystemExit):
            share.read_many(["p/a/one"], 99)
        assert not issubclass(Killed, Exception)

    def test_at_every_call_of_a_run(self) -> None:
        """The way it is meant to be used: count once, then kill at each."""

        def run(share: Share) -> None:
            share.make_folder("f")
            for name in ("a", "b"):
                share.place(f"f/{name}", name.encode())
            share.remove("f/a")

        counted = FaultyShare(MemoryShare())
        run(counted)
        for at in range(1, len(counted.calls) + 1):
            memory = MemoryShare()
            share = FaultyShare(memory, [Fault(name="kill_before", at=at)])
            with pytest.raises(Killed):
                run(share)
            assert share.calls == counted.calls[:at]
            run(memory)
            assert memory.names("f", 9) == ["b"]


def test_slow_waits_with_the_sleep_that_is_given(memory: MemoryShare) -> None:
    waited: list[float] = []
    share = FaultyShare(memory, [Fault(name="slow", seconds=46.0)], sleep=waited.append)
    assert share.read("p/a/one", 99) == b"12345678"
    assert waited == [46.0]
    assert FaultyShare(memory, [Fault(name="slow")]).names("", 9) == ["p"]


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"name": "tron"}, "no such fault"),
        ({"name": "torn", "op": "read"}, "cannot happen"),
        ({"name": "torn", "op": "write"}, "cannot happen"),
        ({"name": "torn", "at": 0}, "at=0"),
        ({"name": "torn", "times": -2}, "times=-2"),
    ],
)
def test_a_fault_that_could_never_strike_is_our_own_mistake(
    fault: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Fault(**fault)  # type: ignore[arg-type]


def test_every_fault_has_a_name_and_is_data() -> None:
    assert {Fault(name=name) for name in fault_names} == {Fault(name=name) for name in fault_names}
    assert Call("read", "a") == ("read", "a")
