"""Modules and functions stay short enough to be read in one go.

The limits are hard ones; the aim is well below (150 and 30 lines). What does not fit is two things.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Source

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70


def test_no_module_is_longer_than_can_be_read(sources: list[Source]) -> None:
    long = {s.path: n for s in sources if (n := len(s.text.splitlines())) > MODULE_LINES_MAX}
    assert not long, f"more than {MODULE_LINES_MAX} lines: {long}"


def test_no_function_is_longer_than_a_screen(sources: list[Source]) -> None:
    long = {
        f"{source.path}:{node.lineno} {node.name}": lines
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert not long, f"more than {FUNCTION_LINES_MAX} lines: {long}"
