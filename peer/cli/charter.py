"""`peer charter show`, `peer charter diff`, `peer charter sign`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from peer.cli import output
from peer.cli.desk import known_charters, open_desk, passphrase_option, scope_option
from peer.cli.options import common
from peer.cli.where import Where
from protocol import limits
from protocol.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from peer.stewards.drafts import Draft
    from protocol.charter import Charter

Found = dict[str, Any]


@click.group(
    epilog=output.examples(
        "peer charter show --toml > charter.toml",
        "peer charter diff charter.toml",
        "peer charter sign charter.toml",
    )
)
@common
def command(where: Where) -> None:
    """Goals, values and what agents may do: show, compare, sign."""


@command.command(
    epilog=output.examples("peer charter show", "peer charter show --toml > charter.toml")
)
@click.option(
    "--toml",
    is_flag=True,
    help="As a draft to be edited, also of a charter that is still to be made",
)
@scope_option
@common
def show(where: Where, toml: bool, scope: str | None) -> None:
    """Show the charter in force, of the whole network or of --scope.

    A steward's home looks at the share; a peer's tells what it knew at its last tick.
    """
    from peer.stewards.charters import nothing_said
    from peer.stewards.drafts import render

    if toml and where.json:
        raise UsageError("--toml and --json contradict each other")
    charters, named = known_charters(where, scope)
    found = next((one for one in charters if one.scope == named), None)
    if toml:
        click.echo(render(found or nothing_said(named)), nl=False)
        return
    others = [one.scope for one in charters if one.scope != named]
    if found is None:
        there = ", ".join(others) or "nobody"
        raise NotFoundError(f"no charter of {named} is in force; there are those of: {there}")
    value = _value(found, others)
    output.answer(where, value, lambda: _lines(found, others))


@command.command(
    epilog=output.examples("peer charter diff charter.toml", "peer charter diff lab.toml --json")
)
@click.argument("file")
@scope_option
@common
def diff(where: Where, file: str, scope: str | None) -> None:
    """Say in plain words what would change if FILE was signed; nothing is signed.

    Lines that begin with WARNING say where agents may do more than before.
    """
    from peer.stewards.charters import compare

    draft = _draft(file)
    charters, named = known_charters(where, _one_scope(draft, scope))
    former = next((one for one in charters if one.scope == named), None)
    found = compare(draft, former, where.anybody()[2].network, named)
    output.answer(where, found, lambda: _compared(found))


@command.command(
    epilog=output.examples(
        "peer charter sign charter.toml", "peer charter sign lab.toml --passphrase-file F"
    )
)
@click.argument("file", required=False)
@scope_option
@passphrase_option
@common
def sign(where: Where, file: str | None, scope: str | None, passphrase_file: str | None) -> None:
    """Sign what FILE says as the next version; needs the home that holds a steward's key.

    What is signed is told first, and how it differs from the version before.
    """
    from peer.stewards.charters import sign_draft
    from peer.stewards.desk import scope_named

    if file is None:
        raise UsageError("name the draft to be signed; `peer charter show --toml` makes one")
    draft = _draft(file)
    desk = open_desk(where, passphrase_file)
    named = scope_named(desk, _one_scope(draft, scope))
    charter, changed = sign_draft(desk, named, draft)
    value = {"scope": named, "version": charter.version, "changed": changed}
    whom = "the network" if named == "*" else named
    done = "is in force" if changed else "says this already"
    lines = [f"charter {charter.version} of {whom} {done}"]
    if changed:
        lines.append("peers obey it from their next tick on")
    output.answer(where, value, lambda: lines)


def _draft(file: str) -> Draft:
    """The draft in a file; UsageError that names the file where it is none."""
    from peer.stewards.drafts import read

    try:
        with open(file, "rb") as opened:
            data = opened.read(limits.steward_bytes_max + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}); check the path") from error
    try:
        return read(data.decode("utf-8-sig"))  # some editors put a mark before the first line
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{file} is not valid UTF-8 (byte {error.start}); convert it first, e.g. with iconv"
        ) from error
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error


def _one_scope(draft: Draft, typed: str | None) -> str | None:
    """The scope that draft and option agree on."""
    if typed is None or draft.scope is None or typed == draft.scope:
        return typed or draft.scope
    raise UsageError(
        f"the draft is for {draft.scope}, and --scope says {typed}; change one of them"
    )


def _value(charter: Charter, others: list[str]) -> Found:
    from protocol import wire

    said = wire.dump(charter)
    names = ("scope", "version", "goals", "values", "policy", "budgets", "votable")
    return {name: said[name] for name in names} | {"others": others}


def _lines(charter: Charter, others: list[str]) -> Iterator[str]:
    from peer.stewards.wording import words

    head, *said = words(charter)
    yield output.bold(output.line(head))
    yield from (f"  {output.line(text)}" for text in said)
    if others:
        yield output.dim(f"there are charters of {', '.join(others)}, too: --scope")


def _compared(found: Found) -> Iterator[str]:
    for text in found["lines"]:
        said = output.line(text)
        yield output.bad(said) if text.startswith("WARNING") else said
    if found["stale"]:
        yield output.bad("the draft was made from another version than the newest")
