"""`peer revoke`: a key counts for nothing any more."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.desk import open_desk, passphrase_option
from peer.cli.named import scope
from peer.cli.options import common
from peer.cli.typed import one_line
from peer.cli.where import Where


@click.command(
    epilog=output.examples(
        'peer revoke core --because "its laptop was stolen"', "peer revoke ann '*.eu'"
    )
)
@click.argument("who")
@click.argument("scope_", metavar="[SCOPE]", required=False)
@click.option("--because", default="", metavar="TEXT", help="Why; everybody can read it")
@passphrase_option
@common
def command(
    where: Where, who: str, scope_: str | None, because: str, passphrase_file: str | None
) -> None:
    """Withdraw the keys of WHO, a member, a delegated steward or a key, within SCOPE and for good.

    What such a member signed and nobody has read yet counts for nothing; a steward's word never
    counted. To come back, they need a new key. Keys that the root names go by `peer root rotate`.
    """
    from peer.stewards.desk import key_fingerprint
    from peer.stewards.trusting import keys_of, revoke

    why = one_line(because, "the reason")
    desk = open_desk(where, passphrase_file)
    found, usual = keys_of(desk, desk.known(), who)
    there = scope(scope_) if scope_ else usual
    digests = [revoke(desk, key, there, why).digest for key in found]
    shown = [key_fingerprint(key) for key in found]
    value = {"who": who, "scope": there, "fingerprints": shown, "digests": digests}
    what = output.counted(len(found), "key")
    said = f"{what} of {output.line(who)} revoked for {there}; peers see it at their next tick"
    output.answer(where, value, lambda: [said])
