"""A steward's desk for the commands that need his key, and how that is unlocked.

Rules: a passphrase comes from a file that was named or from the terminal, never from an argument or
the environment, where others could read it. Nobody is asked who is not at a terminal.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import click

from peer import keys
from peer.cli.where import Where
from peer.clock import SystemClock, SystemEntropy
from peer.deadline import watch
from peer.stewards.desk import Desk
from peer.stewards.shelf import FolderShelf
from peer.wiring import open_share
from protocol.errors import HumanNeededError, UsageError
from protocol.signing import Signer

passphrase_bytes_max = 4_096


def passphrase_option(command: Any) -> Any:
    """`--passphrase-file F`."""
    return click.option(
        "--passphrase-file", metavar="F", help="File with the passphrase of the steward's key"
    )(command)


def open_desk(where: Where, passphrase_file: str | None) -> Desk:
    """The desk of the one steward of this home who fits."""
    folder, identity = where.steward()
    clock = SystemClock()
    share = watch(open_share(identity.share, identity.name), clock)

    @cache  # asked once, however many documents are signed
    def unlock() -> Signer:
        if not keys.is_sealed(folder):
            return keys.load_key(folder)
        return keys.load_sealed_key(folder, _passphrase(identity.name, passphrase_file))

    shelf = FolderShelf(folder)
    return Desk(where.home, identity, shelf, share, clock, unlock, SystemEntropy())


def new_passphrase(steward: str, *, none: bool, file: str | None) -> bytes | None:
    """The passphrase of a new key, or None where the person wants none."""
    if none and file is not None:
        raise UsageError("--no-passphrase and --passphrase-file contradict each other")
    if none:
        return None
    if file is not None:
        return read_passphrase(file)
    if not sys.stdin.isatty():
        raise UsageError(
            "say how the steward's key is kept: --passphrase-file F, or --no-passphrase"
        )
    typed = click.prompt(
        f"New passphrase for the key of {steward}",
        hide_input=True,
        confirmation_prompt=True,
        err=True,
    )
    return str(typed).encode()


def read_passphrase(path: str) -> bytes:
    """The passphrase in a file, without the newline at its end."""
    try:
        with open(path, "rb") as file:
            data = file.read(passphrase_bytes_max + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); check the path") from error
    found = data.removesuffix(b"\n").removesuffix(b"\r")
    if not found or len(found) > passphrase_bytes_max:
        raise UsageError(f"{path} holds no passphrase of 1 to {passphrase_bytes_max} bytes")
    return found


def _passphrase(steward: str, file: str | None) -> bytes:
    if file is not None:
        return read_passphrase(file)
    if not sys.stdin.isatty():
        raise HumanNeededError(
            f"the key of {steward} is sealed; name its --passphrase-file, or be at a terminal"
        )
    return str(click.prompt(f"Passphrase of {steward}", hide_input=True, err=True)).encode()
