"""`peer steward create`: a key for one more steward."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.desk import new_passphrase, passphrase_option
from peer.cli.options import common
from peer.cli.typed import checked_name, folder
from peer.cli.where import Where


@click.group(epilog=output.examples("peer steward create DIR --name ann"))
@common
def command(where: Where) -> None:
    """Become one more steward of a network, on your own machine."""


@command.command(
    epilog=output.examples(
        "peer steward create DIR --name ann --root FP",
        "peer steward create DIR --name ann --passphrase-file F",
    )
)
@click.argument("dir")
@click.option("--name", required=True, metavar="NAME", help="What you are called as a steward")
@click.option("--root", metavar="FP", help="The root's fingerprint, as another steward told you")
@click.option("--no-passphrase", is_flag=True, help="Keep the key unsealed in this home")
@passphrase_option
@common
def create(
    where: Where, *, dir: str, name: str, root: str | None, no_passphrase: bool,
    passphrase_file: str | None,
) -> None:  # fmt: skip
    """Make a steward's key in this home, for the network in DIR; it signs nothing yet.

    Tell a steward the NAME:KEY that is printed, in a way that nobody can change: he runs `peer root
    rotate --add NAME:KEY`, or `peer delegate SCOPE --to NAME:KEY`.
    """
    from peer.clock import SystemClock, SystemEntropy
    from peer.stewardship import create_steward

    share, name = folder(dir), checked_name(name)
    passphrase = new_passphrase(name, none=no_passphrase, file=passphrase_file)
    made = create_steward(where.home, share, name, root, passphrase, SystemClock(), SystemEntropy())
    value = {
        "name": name, "key": made.identity.key, "network": made.identity.network,
        "pinned": made.pinned, "sealed": passphrase is not None, "folder": made.folder,
    }  # fmt: skip
    lines = [
        f"{name}:{made.identity.key}",
        f"the key is in {made.folder}" + ("" if passphrase else " (not sealed)"),
        f"a steward: peer root rotate --add {name}:{made.identity.key}",
    ]
    if not made.pinned:
        output.aside("the root was trusted as it stands there; compare it: `peer network show`")
    output.answer(where, value, lambda: lines)
