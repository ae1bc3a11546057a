"""`peer root rotate`: the next root of trust."""

from __future__ import annotations

import re

import click

from peer.cli import output
from peer.cli.desk import desk_of, key_ring, passphrase_option
from peer.cli.named import steward_keys
from peer.cli.options import common
from peer.cli.typed import checked_name, duration
from peer.cli.where import Where
from peer.clock import SystemClock
from protocol.errors import UsageError


@click.group(epilog=output.examples("peer root rotate --add ann:KEY --threshold 2"))
@common
def command(where: Where) -> None:
    """Change who the stewards of the network are, and how many of them sign together."""


@command.command(
    epilog=output.examples(
        "peer root rotate --add ann:KEY --add bob:KEY --threshold 2",
        "peer root rotate --remove bob --threshold charter=1",
        "peer root rotate --new-key",
        "peer root rotate --until 365d",
    )
)
@click.option(
    "--add",
    "added",
    multiple=True,
    metavar="NAME:KEY",
    help="One more steward, or another key for one, as `peer steward create` printed it;"
    " repeatable",
)
@click.option("--remove", "removed", multiple=True, metavar="NAME", help="One less; repeatable")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="[ROLE=]N",
    help="How many sign together, for all roles or for one of them; repeatable",
)
@click.option("--new-key", is_flag=True, help="Change this steward's own key for a new one")
@click.option("--until", metavar="TIME", help="When the next root is due, e.g. 365d; never: no end")
@click.option(
    "--disown",
    multiple=True,
    metavar="FILE",
    help="A document in charter/ that somebody else signed with a stolen key; repeatable",
)
@passphrase_option
@common
def rotate(
    where: Where, *, added: tuple[str, ...], removed: tuple[str, ...],
    thresholds: tuple[str, ...], new_key: bool, until: str | None, disown: tuple[str, ...],
    passphrase_file: str | None,
) -> None:  # fmt: skip
    """Sign the next root, and again what was signed by keys alone that it drops.

    The stewards of the present root and those of the next one have to sign it, as many as each
    asks for: `peer charter sign` on their machines. A stolen key counts for nothing any more once
    the next root is there; what it signed meanwhile is named with --disown.
    """
    from peer.stewards.trusting import Change
    from peer.stewardship import rotate_root

    if not (added or removed or thresholds or new_key or until):
        raise UsageError("say what the next root changes; `peer root rotate --help` lists it")
    change = Change(
        add=steward_keys(added),
        remove=[checked_name(name) for name in removed],
        thresholds=dict(_threshold(one) for one in thresholds),
        until=None if until is None else _end(until),
    )
    ring = key_ring(where, passphrase_file)
    body = rotate_root(desk_of(where, ring), ring, change, disown, new_key=new_key)
    value = {
        "root": body.version,
        "stewards": [steward.name for steward in body.stewards],
        "thresholds": {role.role: role.threshold for role in body.roles},
    }
    said = f"root {body.version} is in force; peers follow at their next tick"
    output.answer(where, value, lambda: [said])


def _threshold(typed: str) -> tuple[str, int]:
    role, equals, number = typed.rpartition("=")
    if not re.fullmatch("[1-9][0-9]{0,3}", number) or bool(role) != bool(equals):
        raise UsageError(f"{typed[:40]!r} is no threshold from 1 on: write 2, or charter=2")
    return role or "*", int(number)


def _end(typed: str) -> int:
    if typed == "never":
        return 0
    return SystemClock().wall_ms() + duration(typed, "the time until the next root")
