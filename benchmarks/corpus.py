"""Real text that every Python has: the docstrings of its standard library."""

from __future__ import annotations

import ast
import random
import re
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@lru_cache(maxsize=1)
def docstrings() -> tuple[str, ...]:
    """Those of functions and classes, each once, in the order of the files' names."""
    return tuple(dict.fromkeys(_docstrings()))


@lru_cache(maxsize=1)
def sentences() -> tuple[str, ...]:
    """Sentences of 5 to 60 words, each once."""
    parts = (part for text in docstrings() for part in re.split(r"(?<=[.!?])\s+|\n\s*\n", text))
    lines = (" ".join(part.split()) for part in parts)
    return tuple(dict.fromkeys(line for line in lines if 5 <= len(line.split()) <= 60))


def queries(count: int, seed: int) -> list[str]:
    """So many pieces of sentences, of 5 to 12 words."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        words = chance.choice(sentences()).split()
        size = chance.randrange(5, 13)
        begin = chance.randrange(max(1, len(words) - size + 1))
        found.append(" ".join(words[begin : begin + size]))
    return found


def pairs() -> list[tuple[str, str]]:
    """(first line, rest) of docstrings: the one was written to say what the other is about."""
    found = {}
    for text in docstrings():
        first, _, rest = text.partition("\n\n")
        about, words = " ".join(first.split()), rest.split()[:80]
        if 5 <= len(about.split()) <= 25 and len(words) >= 12:
            found[" ".join(words)] = about
    return [(about, rest) for rest, about in found.items()]


def _docstrings() -> Iterator[str]:
    library = Path(sysconfig.get_path("stdlib"))
    for file in sorted(library.rglob("*.py")):
        if {"site-packages", "test", "idlelib", "lib2to3"} & set(file.relative_to(library).parts):
            continue
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):  # some are there to be no Python
            continue
        for node in ast.walk(tree):
            if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node)):
                yield text
