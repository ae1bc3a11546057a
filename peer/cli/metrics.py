"""`peer metrics`: numbers for Prometheus."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where


@click.command(epilog=output.examples("peer metrics", "peer metrics --as core --json"))
@common
def command(where: Where) -> None:
    """Print what is counted of a peer, in the text format of Prometheus.

    The setting `metrics.textfile` names a file, or a folder, where every tick leaves the same for
    node-exporter.
    """
    from peer.metrics import PREFIX, families, text

    peer = where.running()
    found = families(peer)
    value = [
        {"name": PREFIX + family.name, "type": family.kind, "labels": dict(labels), "value": number}
        for family in found
        for labels, number in family.samples
    ]
    output.answer(where, value, lambda: text(peer, found).splitlines())
