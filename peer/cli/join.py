"""`peer join`: make a peer of this home."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_name, folder
from peer.cli.where import Where
from protocol.errors import UsageError

if TYPE_CHECKING:
    from peer.membership import Joined


@click.command(
    epilog=output.examples(
        "peer join /mnt/team/soma_network --name core",
        "peer join DIR --name core --root abcde-fghi-jklm-nopqr-stuv-wxyz",
    )
)
@click.argument("dir", required=False)
@click.option("--name", metavar="NAME", help="What the peer is called: a-z, 0-9 and -")
@click.option("--root", metavar="FP", help="Fingerprint of the network's root, from a steward")
@common
def command(where: Where, dir: str | None, name: str | None, root: str | None) -> None:
    """Make keys in this home and ask to be admitted to the network in DIR.

    With --root only that network is accepted; without it, whatever is there is trusted on first
    use. Joining again is harmless, keeps the key, and binds a share that moved to its new place.
    """
    dir, name = dir or where.network, name or where.name
    if dir is None or name is None:
        raise UsageError("name the folder of the network and the peer: `peer join DIR --name NAME`")
    share, name = folder(dir), checked_name(name)

    from peer.clock import SystemClock, SystemEntropy
    from peer.membership import join

    joined = join(where.home, share, name, root, SystemClock(), SystemEntropy())
    if joined.warning is not None:
        output.aside(f"peer: {output.line(joined.warning)}")
    if not joined.pinned:
        output.aside(
            f"peer: trusted on first use: root {joined.root}; compare it with a steward,"
            " or give it with --root"
        )
    output.answer(where, _value(joined), lambda: _lines(joined))


def _value(joined: Joined) -> dict[str, object]:
    identity = joined.identity
    return {
        "name": identity.name,
        "address": identity.address,
        "fingerprint": joined.fingerprint,
        "network": identity.network,
        "root": joined.root,
        "pinned": joined.pinned,
        "admitted": joined.admitted,
        "share": identity.share,
    }


def _lines(joined: Joined) -> Iterator[str]:
    name = joined.identity.name
    yield f"{output.bold(joined.identity.address)}  {joined.fingerprint}"
    if joined.admitted:
        yield f"admitted already; next: peer tick --as {name}"
    else:
        yield f"next, a steward: peer admit {name} --fingerprint {joined.fingerprint}"
