"""`peer admit`: a steward makes a peer a member."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from peer.cli import output
from peer.cli.desk import open_desk, passphrase_option
from peer.cli.options import common
from peer.cli.typed import checked_name
from peer.cli.where import Where
from protocol.errors import UsageError


@click.command(
    epilog=output.examples(
        "peer admit core",
        "peer admit core --fingerprint abcde-fghi-jklm-nopqr-stuv-wxyz",
        "peer admit core --rekey",
        "peer admit core --reuse --fingerprint FP",
        "peer admit lee --steward --fingerprint FP",
    )
)
@click.argument("name")
@click.option("--fingerprint", metavar="FP", help="The key's fingerprint, as its owner told you")
@click.option("--rekey", is_flag=True, help="The same holder has a new key; the old one retires")
@click.option(
    "--compromised", is_flag=True, help="With a new key: others have the old one, it counts no more"
)
@click.option("--reuse", is_flag=True, help="Give the name of somebody who is gone to a new holder")
@click.option("--steward", is_flag=True, help="It is the mailbox of the steward of this name")
@passphrase_option
@common
def command(
    where: Where, *, name: str, fingerprint: str | None, rekey: bool, compromised: bool,
    reuse: bool, steward: bool, passphrase_file: str | None,
) -> None:  # fmt: skip
    """Admit NAME with the key on its card; needs the home that holds a steward's key.

    Without --fingerprint only a key of this home is admitted, or one that you confirm at the
    terminal: anybody can put a card on the share. After `peer rekey` the old key vouches for the
    new one, and --rekey says that this is wanted.
    """
    from peer.stewards.admission import admit
    from peer.stewards.desk import key_fingerprint

    if reuse and (rekey or compromised):
        raise UsageError("--reuse is for another holder, --rekey and --compromised for the same")
    name = checked_name(name)
    desk = open_desk(where, passphrase_file)
    roster, changed = admit(
        desk, name, fingerprint,
        reuse=reuse, rekey=rekey, compromised=compromised, steward=steward, confirm=_confirm(name),
    )  # fmt: skip
    member = roster.member(name)
    assert member is not None
    shown = key_fingerprint(next(k.key for k in member.keys if k.state == "active"))
    value = {"name": name, "fingerprint": shown, "roster": roster.version, "changed": changed}
    said = "is a member now" if changed else "was a member already"
    output.answer(
        where,
        value,
        lambda: [f"{output.bold(name)} {said}  {shown}", f"next: peer tick --as {name}"],
    )


def _confirm(name: str) -> Callable[[str], bool]:
    def ask(shown: str) -> bool:
        if not sys.stdin.isatty():
            return False
        return click.confirm(f"Does the owner of {name} read out {shown}?", err=True)

    return ask
