"""`peer quarantine list / show / retry / drop`: what was refused, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from peer import refused
from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where
from peer.rows import moment
from protocol.errors import NotFoundError

if TYPE_CHECKING:
    from peer.home import Home
    from peer.home.quarantine import Caught

SHOWN_CHARS = 4_000


@click.group(epilog=output.examples("peer quarantine list", "peer quarantine show 3"))
@common
def command(where: Where) -> None:
    """What was refused, and why: bad files of others, items whose handler fails."""


@command.command(
    "list", epilog=output.examples("peer quarantine list", "peer quarantine list --json")
)
@common
def list_(where: Where) -> None:
    """List everything in quarantine, oldest first: which rule, who, what it looks like, what to do.

    A rule's number leads to its sentence in SPEC.md. Who is named is only said to be the author.
    """
    home, mine = where.mailbox()
    rows = [_row(caught, mine.address) for caught in home.quarantine.all()]
    output.answer(where, rows, lambda: _lines(rows))


@command.command(epilog=output.examples("peer quarantine show 3", "peer quarantine show 3 --raw"))
@click.argument("n", type=click.IntRange(min=1))
@click.option("--raw", is_flag=True, help="Only the bytes themselves, to a file or another program")
@common
def show(where: Where, n: int, raw: bool) -> None:
    """Show entry N: who, the rule it broke, what to do, and what was kept of its bytes."""
    home, mine = where.mailbox()
    caught = _get(home, n)
    if raw:
        sys.stdout.buffer.write(caught.data)
        return
    text = caught.data.decode("utf-8", "backslashreplace")
    value = _row(caught, mine.address) | {"content": text}
    output.answer(where, value, lambda: [*_entry(value), *_content(text)])


@command.command(epilog=output.examples("peer quarantine retry 3"))
@click.argument("n", type=click.IntRange(min=1))
@common
def retry(where: Where, n: int) -> None:
    """Give entry N another chance at the next tick.

    An item of the journal is acted on again. Of a file the verdict is forgotten: where it still
    lies, or its sender puts it again, it is judged afresh.
    """
    home, _ = where.mailbox()
    with home.transaction():
        caught = _get(home, n)
        again = caught.item is not None and home.journal.retry(caught.item)
        home.quarantine.drop(n)
    said = "it is acted on again" if again else "its next copy is judged afresh"
    value = {"n": n, "file": caught.file, "state": "retried", "item": caught.item}
    output.answer(where, value, lambda: [f"entry {n} left the quarantine; at the next tick {said}"])


@command.command(epilog=output.examples("peer quarantine drop 3"))
@click.argument("n", type=click.IntRange(min=1))
@common
def drop(where: Where, n: int) -> None:
    """Forget entry N and the bytes that were kept of it."""
    home, _ = where.mailbox()
    with home.transaction():
        caught = _get(home, n)
        home.quarantine.drop(n)
    value = {"n": n, "file": caught.file, "state": "dropped"}
    output.answer(where, value, lambda: [f"entry {n} is dropped"])


def _get(home: Home, n: int) -> Caught:
    caught = home.quarantine.get(n) if n < 2**63 else None
    if caught is None:
        raise NotFoundError(f"no entry {n}; `peer quarantine list` shows what there is")
    return caught


def _row(caught: Caught, me: str) -> dict[str, Any]:
    return {
        "n": caught.n, "file": caught.file, "author": caught.author, "rule": caught.rule,
        "reason": caught.reason, "at": moment(caught.at), "size": caught.size,
        "times": caught.times, "item": caught.item, "said_to_be_of": refused.who(caught),
        "looks_like": refused.looks_like(caught), "mend": refused.what_to_do(caught, me),
    }  # fmt: skip


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield from _entry(row)
    if rows:
        yield output.dim("peer quarantine show N · retry N · drop N")
    else:
        yield "nothing is in quarantine"


def _entry(row: dict[str, Any]) -> Iterator[str]:
    often = f", {row['times']} times" if row["times"] > 1 else ""
    yield f"{output.bold(str(row['n']))}  {output.line(row['file'])}"
    yield f"   {row['rule']}: {output.line(row['reason'])}"
    who = output.line(row["said_to_be_of"])
    yield output.dim(f"   {row['size']} bytes, said to be of {who}, {row['at']}{often}")
    yield f"   {output.line(row['looks_like'])}"
    yield f"   → {output.line(row['mend'])}"


def _content(text: str) -> Iterator[str]:
    for part in text[:SHOWN_CHARS].split("\n"):
        yield f"  | {output.harmless(part)}"
    if len(text) > SHOWN_CHARS:
        yield output.dim("  … the rest: --raw")
