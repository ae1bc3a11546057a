"""Planted bugs: small mistakes in the product, each of which some checker must catch.

A bug is an edit of the text of a product function, or a constant, made for the time of one run:
what a programmer could have typed. Where the product changes so that the text is not found any
more, the test says so; say the same mistake in the new words.

    python -m tests.simulation.bugs [NAME…]         who catches which, and after how many seeds
    python -m tests.simulation.bugs --keep [NAME…]  keep short runs that catch them, for pytest
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, cast
from unittest.mock import patch

OURS = ("peer.", "registry.", "protocol.")
THEMES = ("sending", "receiving", "acting", "asking", "ruling", "watching", "restoring")


@dataclass(frozen=True, slots=True)
class Edit:
    """In `where` ("module:function" or "module:Class.method") `old` reads `new`; once."""

    where: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Constant:
    """`where` ("module:name") has another value."""

    where: str
    value: Any


@dataclass(frozen=True, slots=True)
class Bug:
    """`about` says what the programmer did wrong. `weather`: see `hunting`."""

    name: str
    about: str
    changes: tuple[Edit | Constant, ...]
    weather: str = "any"


def catalogue() -> dict[str, Bug]:
    """All bugs, by name, in the order of their themes."""
    found: dict[str, Bug] = {}
    for theme in THEMES:
        for bug in import_module(f"{__name__}.{theme}").BUGS:
            assert bug.name not in found, f"two bugs are called {bug.name}"
            found[bug.name] = bug
    return found


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Run the block with the bug in the product."""
    edits: dict[str, list[Edit]] = {}
    with ExitStack() as stack:
        for change in bug.changes:
            if isinstance(change, Constant):
                owner, attribute, _ = _place(change.where)
                stack.enter_context(patch.object(owner, attribute, change.value))
            else:
                edits.setdefault(change.where, []).append(change)
        for where, changes in edits.items():
            owner, attribute, names = _place(where)
            before = inspect.getattr_static(owner, attribute)
            after = _edited(before, changes, names)
            stack.enter_context(patch.object(owner, attribute, after))
            if isinstance(owner, ModuleType):
                _replace_imported(stack, before, after)
        yield


def _place(where: str) -> tuple[Any, str, dict[str, Any]]:
    """(module or class, name in it, the names that code there sees)."""
    module_name, _, path = where.partition(":")
    module = import_module(module_name)
    *holders, attribute = path.split(".")
    owner: Any = module
    for holder in holders:
        owner = getattr(owner, holder)
    return owner, attribute, vars(module)


def _edited(before: Any, edits: list[Edit], names: dict[str, Any]) -> Any:
    function = before.fget if isinstance(before, property) else before
    source = inspect.getsource(inspect.unwrap(cast(Callable[..., Any], function)))
    for edit in edits:
        count = source.count(edit.old)
        assert count == 1, f"{edit.where} holds {edit.old!r} {count} times; say it in its words"
        source = source.replace(edit.old, edit.new)
    if source[0] == " ":  # a method
        source = f"if True:\n{source}"
    made: dict[str, Any] = {}
    code = compile(source, f"<{edits[0].where} with a bug>", "exec")
    exec(code, names, made)  # noqa: S102 – the text is ours, and this is what a typo does
    (after,) = made.values()
    return after


def _replace_imported(stack: ExitStack, before: FunctionType, after: FunctionType) -> None:
    """Whoever imported the function, or has it in a table, has the one with the bug, too."""
    for module in [m for name, m in sys.modules.items() if name.startswith(OURS)]:
        for name, value in list(vars(module).items()):
            if value is before:
                stack.enter_context(patch.object(module, name, after))
            elif isinstance(value, dict) and not name.startswith("__"):
                changed = {key: after for key, one in value.items() if one is before}
                stack.enter_context(patch.dict(value, changed))
