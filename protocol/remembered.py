"""Answers remembered: a process that runs many peers verifies each document once, not once a peer.

Off unless somebody is inside `remembering`, and then nearly free; the answers are the same either
way. Fit for it are functions whose answer follows from their arguments alone, whose arguments are
bytes, text or frozen values of one type each, and whose answers nobody changes. RuleErrors are
answers, too: each asking raises one of its own, so that no traceback grows.
What is remembered is let go when the block ends. Not here: a bound in bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar

from protocol.errors import RuleError

P = ParamSpec("P")
T = TypeVar("T")


class _Refused(NamedTuple):
    """What a RuleError said."""

    rule: str
    reason: str


class _Memory:
    """Two generations: whatever is asked for while it is old becomes young again."""

    __slots__ = ("_old", "_young_max", "young")

    def __init__(self, entries_max: int) -> None:
        self._young_max = max(entries_max // 2, 1)
        self.young: dict[Hashable, Any] = {}
        self._old: dict[Hashable, Any] = {}

    def remind(self, key: Hashable) -> Any:
        found = self._old.get(key, _nothing)
        if found is not _nothing:
            self.put(key, found)
        return found

    def put(self, key: Hashable, answer: Any) -> None:
        if len(self.young) >= self._young_max:
            self._old, self.young = self.young, {}
        self.young[key] = answer


_nothing: Final = object()
_memories: list[_Memory] = []  # those of the blocks that we are in; the innermost one is used


@contextmanager
def remembering(entries_max: int) -> Iterator[None]:
    """Remember answers, at most `entries_max` of them, until the block ends."""
    memory = _Memory(entries_max)
    _memories.append(memory)
    try:
        yield
    finally:
        _memories.remove(memory)


def remembered(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function be remembered, where its arguments are given by position."""

    @wraps(function)
    def ask(*arguments: P.args, **named: P.kwargs) -> T:
        if not _memories or named:
            return function(*arguments, **named)
        memory, key = _memories[-1], (function, arguments)
        found = memory.young.get(key, _nothing)
        if found is _nothing:
            found = memory.remind(key)
        if found is _nothing:
            found = _answer(function, arguments)
            memory.put(key, found)
        if type(found) is _Refused:
            raise RuleError(*found)
        answer: T = found
        return answer

    return ask


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments)
    except RuleError as error:
        return _Refused(error.rule, error.reason)


def foretell(asked: Callable[..., T], arguments: tuple[Hashable, ...], answer: T) -> None:
    """Say what a remembered function would answer, where that is known without the work."""
    if _memories:
        _memories[-1].put((asked.__wrapped__, arguments), answer)  # type: ignore[attr-defined]


@remembered
def shared(data: bytes) -> bytes:
    """Equal bytes as one object, where many peers remember together."""
    return data
