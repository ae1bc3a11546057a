"""`peer delegate`: a steward for a region or a cluster."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.desk import open_desk, passphrase_option
from peer.cli.named import scope, steward_keys
from peer.cli.options import common
from peer.cli.typed import duration
from peer.cli.where import Where
from peer.clock import SystemClock
from protocol.errors import UsageError

USUAL = ("roster", "order", "approval")


@click.command(
    epilog=output.examples(
        "peer delegate '*.eu' --to ann:KEY",
        "peer delegate lab.eu --to ann:KEY --to bob:KEY --role roster --members-max 50 --until 90d",
        "peer delegate lab.eu --take-back",
    )
)
@click.argument("scope_", metavar="SCOPE")
@click.option(
    "--to",
    "stewards",
    multiple=True,
    metavar="NAME:KEY",
    help="Who, with the key that `peer steward create` printed; repeatable",
)
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="ROLE",
    help=f"What they may sign; {', '.join(USUAL)} if none is named; repeatable",
)
@click.option("--threshold", type=click.IntRange(1), default=1, help="How many sign together")
@click.option("--members-max", type=click.IntRange(0), help="Members of each cluster at most")
@click.option("--until", metavar="TIME", help="When it ends, e.g. 90d")
@click.option("--take-back", is_flag=True, help="What was delegated for SCOPE ends")
@passphrase_option
@common
def command(
    where: Where, *, scope_: str, stewards: tuple[str, ...], roles: tuple[str, ...],
    threshold: int, members_max: int | None, until: str | None, take_back: bool,
    passphrase_file: str | None,
) -> None:  # fmt: skip
    """Let other stewards sign for SCOPE, a region such as `*.eu` or a cluster such as lab.eu.

    They never get more than who delegates has: fewer roles, a narrower scope, fewer members. A new
    delegation for SCOPE replaces the one before.
    """
    from peer.stewards.trusting import delegate

    if take_back == bool(stewards):
        raise UsageError("say --to whom, or --take-back")
    if take_back and (roles or members_max is not None or until):
        raise UsageError("--take-back takes everything back; it goes with no other option")
    where_to, named = scope(scope_), steward_keys(stewards)
    end = SystemClock().wall_ms() + duration(until, "the time") if until else None
    document = delegate(
        open_desk(where, passphrase_file), where_to, named,
        () if take_back else roles or USUAL,
        threshold=threshold, members_max=members_max, until=end,
    )  # fmt: skip
    value = {
        "scope": where_to, "version": document.number, "digest": document.digest,
        "stewards": sorted(named), "taken_back": take_back,
    }  # fmt: skip
    who = ", ".join(sorted(named))
    said = "nobody signs for it by delegation now" if take_back else f"{who} may sign for it now"
    output.answer(where, value, lambda: [f"{output.bold(where_to)}: {said}"])
