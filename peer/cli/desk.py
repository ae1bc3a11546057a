"""A steward's desk for the commands that need his key, and how that is unlocked.

Rules: a passphrase comes from a file or a descriptor that was named, or from the terminal, never
from an argument or the environment, where others could read it. Nobody is asked who is not at a
terminal. What is about to be signed is told first, in plain words on stderr.
"""

from __future__ import annotations

import sys
from io import FileIO
from typing import TYPE_CHECKING, Any

import click

from peer import keys
from peer.cli import output
from peer.cli.where import Where
from peer.clock import SystemClock, SystemEntropy
from peer.deadline import watch
from peer.stewards.desk import Desk
from peer.stewards.sentences import WARNING
from peer.stewards.shelf import FolderShelf
from peer.stewardship import KeyRing
from peer.wiring import open_share
from protocol.errors import HumanNeededError, UsageError

if TYPE_CHECKING:
    from protocol.charter import Charter

passphrase_bytes_max = 4_096
_GIVEN = "peer.cli.passphrase"
_descriptor_max = 2**31 - 1  # what an int of C holds


def passphrase_option(command: Any) -> Any:
    """`--passphrase-file F`, or `--passphrase-fd N`, which only this module sees."""
    return click.option(
        "--passphrase-file", metavar="F", help="File with the passphrase of the steward's key"
    )(descriptor_option(command))


def descriptor_option(command: Any) -> Any:
    """`--passphrase-fd N`."""
    return click.option(
        "--passphrase-fd", metavar="N", type=click.IntRange(0, _descriptor_max),
        expose_value=False, callback=_keep,
        help="Open descriptor with the passphrase, up to its end; 0 is stdin",
    )(command)  # fmt: skip


def scope_option(command: Any) -> Any:
    """`--scope S`: a peer, a cluster or a region, else the whole network."""
    return click.option(
        "--scope", metavar="S", help="For a peer, a cluster or a region  [default: the network]"
    )(command)


def known_charters(
    where: Where, scope: str | None, *, mine: bool = False
) -> tuple[list[Charter], str]:
    """The charters in force, and which scope is meant, for whoever of this home can tell.

    A steward's home looks at the share; a peer's knows what its last tick knew, and with `mine`
    tells only what speaks for it.
    """
    from peer.stewards.aims import remembered
    from peer.stewards.charters import at_desk
    from peer.stewards.orders import scope_named

    part, there, identity = where.anybody()
    if part == "stewards":
        desk = open_desk(where, None)
        return at_desk(desk), scope_named(desk, scope)
    from peer.stewards.drafts import checked_scope
    from peer.wiring import open_peer

    peer = open_peer(there, identity)
    named = peer.full(scope) if scope == peer.name else checked_scope(scope or "*")
    mine_only = peer.address if mine else None
    return list(remembered(peer.home, identity.network, mine_only)), named


def _keep(ctx: click.Context, option: click.Parameter, value: int | None) -> None:
    if value is not None:
        ctx.meta[_GIVEN] = value


def _descriptor() -> int | None:
    found: int | None = click.get_current_context().meta.get(_GIVEN)
    return found


def key_ring(where: Where, passphrase_file: str | None) -> KeyRing:
    """The keys of the one steward of this home who fits."""
    _check_one(passphrase_file)
    folder, identity = where.steward()
    return KeyRing(
        where.home, folder, identity, lambda: _passphrase(identity.name, passphrase_file)
    )


def open_desk(where: Where, passphrase_file: str | None) -> Desk:
    """The desk of the one steward of this home who fits."""
    return desk_of(where, key_ring(where, passphrase_file))


def desk_of(where: Where, ring: KeyRing) -> Desk:
    """The desk of the steward whose keys these are.

    Where he asked for a new key, it is his as soon as a root in force names it.
    """
    folder, identity = where.steward()
    clock = SystemClock()
    share = watch(open_share(identity.share, identity.name), clock)
    desk = Desk(
        where.home, identity, FolderShelf(folder), share, clock, ring.unlock, SystemEntropy(), show
    )
    if keys.has_next(folder):
        root = desk.known().trust.root
        desk.identity = ring.settle([steward.key for steward in root.stewards])
    return desk


def show(lines: list[str]) -> None:
    """What is about to be signed, on stderr."""
    output.aside("to be signed:")
    for text in lines:
        said = output.line(text)
        output.aside(f"  {output.bad(said) if text.startswith(WARNING) else said}")


def new_passphrase(steward: str, *, none: bool, file: str | None) -> bytes | None:
    """The passphrase of a new key, or None where the person wants none."""
    _check_one(file)
    descriptor = _descriptor()
    if none and (file, descriptor) != (None, None):
        option = "--passphrase-fd" if file is None else "--passphrase-file"
        raise UsageError(f"--no-passphrase and {option} contradict each other")
    if none:
        return None
    if (given := _given(file)) is not None:
        return given
    if not sys.stdin.isatty():
        raise UsageError(
            "say how the steward's key is kept: --passphrase-file F, --passphrase-fd N, or"
            " --no-passphrase"
        )
    typed = click.prompt(
        f"New passphrase for the key of {steward}",
        hide_input=True,
        confirmation_prompt=True,
        err=True,
    )
    return str(typed).encode()


def read_passphrase(source: str | int) -> bytes:
    """The passphrase in a file or a descriptor, up to its end, without the last newline."""
    what = f"descriptor {source}" if isinstance(source, int) else source
    try:
        # A descriptor belongs to whoever opened it: it is read, and left open.
        with open(source, "rb", buffering=0, closefd=not isinstance(source, int)) as file:
            if isinstance(source, int) and file.isatty():
                raise UsageError(f"{what} is a terminal; leave it out, and you are asked there")
            data = _read(file)
    except OSError as error:
        check = "the path" if isinstance(source, str) else "that it is open for reading"
        raise UsageError(f"{what} cannot be read ({error.strerror}); check {check}") from error
    found = data.removesuffix(b"\n").removesuffix(b"\r")
    if not found or len(found) > passphrase_bytes_max:
        raise UsageError(f"{what} holds no passphrase of 1 to {passphrase_bytes_max} bytes")
    return found


def _read(file: FileIO) -> bytes:
    """Up to the end, or to more than any passphrase has; a pipe gives it in pieces."""
    data = b""
    while len(data) <= passphrase_bytes_max + 2 and (piece := file.read(passphrase_bytes_max)):
        data += piece
    return data


def _check_one(file: str | None) -> None:
    if file is not None and _descriptor() is not None:
        raise UsageError("--passphrase-file and --passphrase-fd contradict each other; give one")


def _given(file: str | None) -> bytes | None:
    """What a file or a descriptor says; None where neither was named."""
    source = _descriptor() if file is None else file
    return None if source is None else read_passphrase(source)


def _passphrase(steward: str, file: str | None) -> bytes:
    if (given := _given(file)) is not None:
        return given
    if not sys.stdin.isatty():
        raise HumanNeededError(
            f"the key of {steward} is sealed; name its --passphrase-file or --passphrase-fd, or"
            " be at a terminal"
        )
    return str(click.prompt(f"Passphrase of {steward}", hide_input=True, err=True)).encode()
