"""What an examination finds: one line for a person, how to mend it, and whether that is safe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from protocol.errors import SomaError


class Finding(NamedTuple):
    """`level`: ok, warn or bad; `mend` is empty where all is well. `exit` is what it exits with.

    `fix` mends it where that can do no harm and decides nothing for a person; it may raise
    SomaError or OSError.
    """

    check: str
    level: str
    text: str
    mend: str = ""
    exit: int = 0
    fix: Callable[[], object] | None = None


Findings = Iterator[Finding]


class Mended(NamedTuple):
    """A finding that was mended, or (`error`) could not be."""

    check: str
    text: str
    error: str | None


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", text)


def warn(check: str, text: str, mend: str, fix: Callable[[], object] | None = None) -> Finding:
    """It works, and could be better."""
    return Finding(check, "warn", text, mend, 0, fix)


def bad(check: str, text: str, mend: str, fix: Callable[[], object] | None = None) -> Finding:
    """It does not work, or is not safe."""
    return Finding(check, "bad", text, mend, 1, fix)


def fault(check: str, error: SomaError) -> Finding:
    """An error whose line says what is wrong and, after the last semicolon, what to do."""
    text, _, mend = str(error).rpartition("; ")
    return Finding(check, "bad", text or mend, mend if text else "", error.exit_code)


def mend(found: list[Finding]) -> list[Mended]:
    """Mend what is safe to mend; what cannot be is told."""
    done = []
    for finding in found:
        if finding.fix is None:
            continue
        try:
            finding.fix()
            error = None
        except (SomaError, OSError) as failure:
            error = str(failure)
        done.append(Mended(finding.check, finding.text, error))
    return done
