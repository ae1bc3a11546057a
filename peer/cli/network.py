"""`peer network create` and `peer network show`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from peer.cli import output
from peer.cli.desk import descriptor_option, new_passphrase, open_desk
from peer.cli.options import common
from peer.cli.typed import checked_name, folder
from peer.cli.where import Where

if TYPE_CHECKING:
    from peer.stewards.founding import Founded


@click.group(
    epilog=output.examples(
        "peer network create DIR --cluster lab --steward kay", "peer network show"
    )
)
@common
def command(where: Where) -> None:
    """Found a network, or show who is in it."""


@command.command(
    epilog=output.examples(
        "peer network create DIR --cluster lab --steward kay --no-passphrase",
        "peer network create DIR --cluster lab.eu --steward kay --passphrase-file F",
    )
)
@click.argument("dir")
@click.option("--cluster", required=True, metavar="C", help="The cluster's address, e.g. lab.eu")
@click.option("--steward", required=True, metavar="NAME", help="Whose key signs for the network")
@click.option("--no-passphrase", is_flag=True, help="Keep the steward's key unsealed in this home")
@click.option("--passphrase-file", metavar="F", help="Seal it with the passphrase in this file")
@descriptor_option
@common
def create(
    where: Where, dir: str, cluster: str, steward: str, no_passphrase: bool,
    passphrase_file: str | None,
) -> None:  # fmt: skip
    """Make DIR, a new or empty folder, a network whose steward's key lies in this home.

    Only this key can admit peers, set goals, and halt. The home also gets a mailbox: a peer of the
    steward's name, whose letters a person reads. At a terminal you are asked for a passphrase where
    neither option says what to do.
    """
    share, steward = folder(dir), checked_name(steward)
    passphrase = new_passphrase(steward, none=no_passphrase, file=passphrase_file)

    from peer.clock import SystemClock, SystemEntropy
    from peer.membership import found

    founded = found(where.home, share, cluster, steward, passphrase, SystemClock(), SystemEntropy())
    value = _founded(founded, share, sealed=passphrase is not None)
    output.answer(where, value, lambda: _next_steps(value, where))


def _founded(founded: Founded, share: str, *, sealed: bool) -> dict[str, Any]:
    from peer.membership import root_fingerprint

    return {
        "network": founded.network,
        "root": root_fingerprint(founded.network),
        "cluster": founded.cluster,
        "steward": founded.steward,
        "mailbox": founded.steward,
        "share": share,
        "sealed": sealed,
        "key": founded.folder,
    }


def _next_steps(value: dict[str, Any], where: Where) -> Iterator[str]:
    yield f"{output.bold(value['cluster'])} is founded in {value['share']}"
    yield f"  root     {value['root']}"
    yield f"  steward  {value['steward']}, whose key is in {value['key']}"
    if not value["sealed"]:
        yield "           (not sealed: whoever can read it can sign for the network)"
    box = value["mailbox"]
    yield f"  mailbox  {box}: what is sent to it, you read with `peer inbox --as {box}`"
    yield "next, for each peer:"
    yield f"  peer join {value['share']} --name core --root {value['root']}"
    yield "  peer admit core"


@command.command(epilog=output.examples("peer network show", "peer network show --json"))
@common
def show(where: Where) -> None:
    """Show root, stewards, goals, members and halts, as stewards signed them.

    A steward's home looks at the share; a peer's tells what it knew at its last tick.
    """
    from peer.overview import network_of_peer, network_of_steward

    part, there, identity = where.anybody()
    if part == "stewards":
        found = network_of_steward(open_desk(where, None))
    else:
        from peer.wiring import open_peer

        found = network_of_peer(open_peer(there, identity))
    output.answer(where, found, lambda: _lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{output.bold(found['cluster'])}  {found['share']}"
    yield f"  root     {found['root']}"
    for steward in found["stewards"]:
        yield f"  steward  {steward['name']}  {steward['fingerprint']}"
    yield from _rights(found["rights"])
    for mailbox in found["mailboxes"]:
        yield f"  mailbox  {mailbox['name']}  {mailbox['fingerprint'] or 'no active key'}"
    for halt in found["halts"]:
        why = f": {output.line(halt['because'])}" if halt["because"] else ""
        yield output.bad(f"  halted   {halt['scope']} since {halt['at']}{why}")
    for goal in found["goals"]:
        whose = "" if goal["scope"] == "*" else f" ({goal['scope']})"
        yield f"  goal     {goal['id']}{whose}: {output.line(goal['text'])}"
    yield f"  {output.counted(len(found['members']), 'member')}, roster {found['roster']}"
    rows = [(m["name"], m["fingerprint"] or "no active key") for m in found["members"]]
    for text in output.table(("NAME", "FINGERPRINT"), rows) if rows else ():
        yield f"    {text}"


def _rights(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Thresholds above one, and what is delegated; that one steward signs alone is the usual."""
    together: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        if row["delegated"] or row["threshold"] > 1:
            of = _who(row["stewards"], row["threshold"])
            place = "" if row["scope"] == "*" else f" for {row['scope']}"
            end = f", until {row['until'][:10]}" if row["until"] else ""
            together.setdefault((of, place, end), []).append(row["role"])
    for (of, place, end), roles in together.items():
        yield f"  rights   {of}{place}: {', '.join(roles)}{end}"


def _who(names: list[str], threshold: int) -> str:
    if len(names) < threshold:  # the others were revoked
        return f"too few are left to sign ({', '.join(names) or 'nobody'})"
    if len(names) == 1:
        return f"{names[0]} signs"
    many = "any one" if threshold == 1 else str(threshold)
    return f"{many} of {', '.join(names)} sign{'s' if threshold == 1 else ''}"
