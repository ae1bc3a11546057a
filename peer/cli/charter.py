"""`peer charter show`, `peer charter diff`, `peer charter sign`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from peer.cli import output
from peer.cli.desk import known_charters, open_desk, passphrase_option, scope_option
from peer.cli.options import common
from peer.cli.where import Where
from protocol import limits
from protocol.errors import NotFoundError, RuleError, UsageError

if TYPE_CHECKING:
    from peer.stewards.drafts import Draft
    from protocol.authority import StewardDocument
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
        there = f"there are those of {', '.join(others)}" if others else "none is known here yet"
        raise NotFoundError(f"no charter of {named} is in force; {there}")
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
        "peer charter sign charter.toml",
        "peer charter sign",
        "peer charter sign 3.roster.0a1b2c3d.4e5f6a7b.sig --to signed.sig",
    )
)
@click.argument("file", required=False)
@scope_option
@click.option("--only", multiple=True, metavar="HASH", help="Of what waits only this; repeatable")
@click.option("--to", metavar="F", help="Write a signed document into this file, to be carried on")
@passphrase_option
@common
def sign(
    where: Where, *, file: str | None, scope: str | None, only: tuple[str, ...], to: str | None,
    passphrase_file: str | None,
) -> None:  # fmt: skip
    """Sign what FILE says as the next charter; without FILE, all that waits for your signature.

    What is signed is told first, and how it differs from the version before; at a terminal you are
    asked of each document that others began. Documents of every
    kind wait on the share until enough stewards have signed; `peer charter waiting` lists them. One
    can also be carried to you as FILE, and on with --to, where no share is in reach.
    """
    if file is None:
        if scope or to:
            raise UsageError("--scope and --to go with FILE")
        _sign_waiting(where, only, passphrase_file)
    elif (carried := _carried(file)) is not None:
        _sign_carried(where, carried, to, passphrase_file)
    else:
        _sign_draft(where, file, scope, passphrase_file)


def _sign_draft(where: Where, file: str, scope: str | None, passphrase_file: str | None) -> None:
    from peer.stewards.charters import sign_draft
    from peer.stewards.orders import scope_named

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


def _sign_waiting(where: Where, only: tuple[str, ...], passphrase_file: str | None) -> None:
    from peer.stewards.cosigning import cosign

    def agree(document: StewardDocument) -> bool:
        return not sys.stdin.isatty() or click.confirm(f"Sign {_called(document)}?", err=True)

    done = cosign(open_desk(where, passphrase_file), only, agree)
    rows = [
        {"document": _called(one.document), "hash": one.document.digest, "waits": one.waits_for}
        for one in done
    ]
    lines = [
        f"{row['document']}: {row['waits'] or 'signed by enough, and in force'}" for row in rows
    ]
    output.answer(where, rows, lambda: lines or ["nothing waits for your signature"])


def _carried(file: str) -> bytes | None:
    """The bytes of a signed document; None where FILE is a draft."""
    try:
        with open(file, "rb") as opened:
            data = opened.read(limits.steward_bytes_max + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}); check the path") from error
    return data if data.startswith(b'{"head":') else None


def _sign_carried(where: Where, data: bytes, to: str | None, passphrase_file: str | None) -> None:
    from peer.stewards.cosigning import cosign_file

    if to is None:
        raise UsageError("name with --to the file that the signed document goes into")
    try:
        document, lacking = cosign_file(open_desk(where, passphrase_file), data)
    except RuleError as error:
        raise UsageError(f"that is no document to be signed here: {error}") from error
    try:
        with open(to, "wb") as opened:
            opened.write(document.data)
    except OSError as error:
        raise UsageError(f"{to} cannot be written ({error.strerror}); check the path") from error
    missing = sorted(lacking.names) if lacking.more else []
    value = {
        "document": _called(document), "hash": document.digest, "file": to,
        "more": lacking.more, "missing": missing,
    }  # fmt: skip
    rest = f"{lacking.more} more of {', '.join(missing)}" if lacking.more else "nothing lacks"
    place = "carry it on" if lacking.more else "`peer charter place` puts it on the share"
    output.answer(where, value, lambda: [f"{_called(document)} is in {to}: {rest}; {place}"])


@command.command(epilog=output.examples("peer charter place signed.sig"))
@click.argument("file")
@common
def place(where: Where, file: str) -> None:
    """Put a signed document, whole or in parts, from FILE onto the share; no key is needed."""
    from peer.stewards.cosigning import place_file

    data = _carried(file)
    if data is None:
        raise UsageError(f"{file} is no signed document; `peer charter sign` signs drafts")
    try:
        document, whole = place_file(open_desk(where, None), data)
    except RuleError as error:
        raise UsageError(f"nobody would accept that: {error}") from error
    value = {"document": _called(document), "hash": document.digest, "whole": whole}
    done = "in force; peers see it at their next tick" if whole else "waits there for more"
    output.answer(where, value, lambda: [f"{_called(document)}: {done}"])


@command.command(epilog=output.examples("peer charter waiting", "peer charter waiting --json"))
@common
def waiting(where: Where) -> None:
    """List the documents that wait for signatures: what they say, who signed, who can sign."""
    from peer.stewards.cosigning import waiting_rows

    rows = waiting_rows(open_desk(where, None))
    output.answer(where, rows, lambda: _waiting_lines(rows))


def _waiting_lines(rows: list[Found]) -> Iterator[str]:
    for row in rows:
        more = f"{row['more']} more of {', '.join(row['missing'])}" if row["more"] else "the root"
        by = ", ".join(row["signed"]) or "nobody"
        head = f"{row['document']}  {row['hash'][:8]}"
        yield f"{output.bold(output.line(head))}  signed by {by}, waits for {more}"
        yield from (f"  {output.line(text)}" for text in row["lines"])
    if not rows:
        yield "nothing waits for signatures"


def _called(document: StewardDocument) -> str:
    word = document.type.split("/")[1]
    number = f" {document.number}" if document.number else ""
    return f"{word}{number} of {document.scope}"


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
