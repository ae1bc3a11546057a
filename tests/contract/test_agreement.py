"""Two adapters, any sequence of operations: the same results and the same errors.

The memory adapter is simple enough to be believed; the folder adapter must agree with it, by
descriptor and by path. Rule ids: SHARE-1 to SHARE-17, SHARE-19 to SHARE-21 (registry/share.py).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from protocol.errors import ShareError
from registry.share import Share, digest
from tests.contract.rigs import FolderRig, MemoryRig, Rig

# Few names, so that sequences meet: the same path is file, folder and link in turn.
names = st.sampled_from(["a", "b", "B.json"])
odd_names = st.sampled_from(["", ".", "..", ".hidden", "nul", "a b"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
any_paths = paths | st.lists(names | odd_names, max_size=3).map("/".join)
contents = st.binary(max_size=6)
limits = st.integers(0, 6)


class Agreement(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.rigs: list[Rig] = [MemoryRig()]

    @initialize(by_descriptor=st.booleans())
    def start(self, by_descriptor: bool) -> None:
        self.rigs.append(FolderRig(self.home, by_descriptor))

    def teardown(self) -> None:
        shutil.rmtree(self.home)

    def agree(self, operate: Callable[[Share], object]) -> None:
        simple, real = [comparable(operate, rig.share) for rig in self.rigs]
        assert simple == real

    @rule(path=any_paths, bytes_max=limits)
    def read(self, path: str, bytes_max: int) -> None:
        self.agree(lambda share: share.read(path, bytes_max))

    @rule(asked=st.lists(st.tuples(paths, contents | st.none()), max_size=4), bytes_max=limits)
    def read_many(self, asked: list[tuple[str, bytes | None]], bytes_max: int) -> None:
        known = [None if before is None else digest(before) for _, before in asked]

        def operate(share: Share) -> list[object]:
            answers = share.read_many([path for path, _ in asked], bytes_max, known)
            return [
                type(answer) if isinstance(answer, ShareError) else answer for answer in answers
            ]

        self.agree(operate)

    @rule(folder=any_paths | st.just(""), names_max=limits)
    def list_folder(self, folder: str, names_max: int) -> None:
        self.agree(lambda share: share.entries(folder, names_max))
        self.agree(lambda share: share.names(folder, names_max))
        rank = {True: None, False: 0}  # some names are left out, and the others all come first
        self.agree(lambda share: share.names(folder, names_max, lambda name: rank["b" in name]))
        self.agree(lambda share: share.entries(folder, names_max, lambda name: name[::-1]))

    @rule(path=any_paths, data=contents)
    def place(self, path: str, data: bytes) -> None:
        self.agree(lambda share: share.place(path, data))

    @rule(path=any_paths, parts=st.lists(contents, max_size=3))
    def place_file(self, path: str, parts: list[bytes]) -> None:
        self.agree(lambda share: share.place_file(path, iter(parts)))

    @rule(path=any_paths, offset=limits, bytes_max=limits)
    def read_part(self, path: str, offset: int, bytes_max: int) -> None:
        self.agree(lambda share: share.read_part(path, offset, bytes_max))

    @rule(path=any_paths)
    def remove(self, path: str) -> None:
        self.agree(lambda share: share.remove(path))

    @rule(folder=any_paths | st.just(""), some=st.lists(names | odd_names, max_size=3))
    def clear(self, folder: str, some: list[str]) -> None:
        self.agree(lambda share: share.clear(folder, some))

    @rule(path=any_paths, shared=st.booleans())
    def make_folder(self, path: str, shared: bool) -> None:
        self.agree(lambda share: share.make_folder(path, shared))

    @rule(path=paths)
    def put_special(self, path: str) -> None:
        """An attacker's doing, where that is possible at all."""
        folder, _, name = path.rpartition("/")
        entries = comparable(lambda share: share.entries(folder, 99), self.rigs[0].share)
        if isinstance(entries, list) and not self.is_folder(path):
            for rig in self.rigs:
                rig.put_special(path)
            assert (name, None) in self.rigs[0].share.entries(folder, 99)

    @rule(gone=st.booleans())
    def take_or_return_the_root(self, gone: bool) -> None:
        for rig in self.rigs:
            rig.set_gone(gone)

    def is_folder(self, path: str) -> bool:
        return isinstance(comparable(lambda share: share.names(path, 1), self.rigs[0].share), list)


def comparable(operate: Callable[[Share], object], share: Share) -> object:
    try:
        return operate(share)
    except (ShareError, ValueError) as error:
        return type(error)


TestAgreement = Agreement.TestCase
TestAgreement.settings = settings(stateful_step_count=40)
