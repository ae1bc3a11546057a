"""Bugs of coming back: new epochs, restored homes, repair, and who must hear of it."""

from __future__ import annotations

from tests.simulation.bugs import Bug, Edit

BUGS = (
    Bug(
        "new-epoch-not-heard",
        "Reads no receipt of whoever begins a new epoch, unless it has letters for him.",
        (Edit("peer.tick.deliver:deliver", "    _hear_new_epochs(peer, report)\n", ""),),
    ),
    Bug(
        "receipted-for-ever",
        "Never opens a page again that a receipt covered, though its reader lost it with his home.",
        (
            Edit(
                "peer.tick.receipts:_believe",
                "anew = bool(earlier) and receipt.reader_epoch not in earlier",
                "anew = not earlier",
            ),
        ),
        weather="restorers",
    ),
    Bug(
        "old-epochs-return",
        "Forgets which epochs of a neighbour are over: old receipts and beats count again.",
        (Edit("peer.tick.epochs:over", "return tuple(", "return () and tuple("),),
        weather="restorers",
    ),
    Bug(
        "repair-queues-nothing",
        "Begins a new epoch, withdraws the open pages of the old one, and queues their items not.",
        (
            Edit(
                "peer.home.outgoing:Outgoing.queue_again",
                "SET state = 'waiting', epoch",
                "SET state = 'paged', epoch",
            ),
        ),
    ),
    Bug(
        "repair-in-two-steps",
        "Withdraws what the old epoch left open, and begins the new one in another transaction.",
        (
            Edit(
                "peer.lives:begin_epoch",
                '            home.receipts.doubt(current, home.state.number("lived_ms"))\n',
                '            home.receipts.doubt(current, home.state.number("lived_ms"))\n'
                "            home.outgoing.queue_again([current])\n"
                "    with home.transaction():\n",
            ),
        ),
        weather="menders",
    ),
    Bug(
        "own-work-not-looked-at",
        "Never compares its counters with what its key signed: a restored home signs on.",
        (
            Edit(
                "peer.tick.own:park",
                "    with peer.home.transaction():",
                "    if what:\n        return\n    with peer.home.transaction():",
            ),
        ),
        weather="restorers",
    ),
    Bug(
        "old-beat-accuses",
        "Compares the number of its own heartbeat on the share, and not its epoch: after a repair"
        " the beat of the epoch before is a proof against the new one.",
        (
            Edit(
                "peer.tick.own:check_heartbeat",
                "newer = beat.epoch == state.epoch and beat.seq > state.number",
                "newer = beat.seq > state.number",
            ),
        ),
    ),
    Bug(
        "feed-head-of-epoch",
        "Announces no feed until it has published something in its new epoch, at its old numbers.",
        (Edit("peer.home.outgoing:Outgoing.feed_head", "ORDER BY n DESC", "ORDER BY n"),),
    ),
    Bug(
        "lives-not-called-over",
        "Calls only those epochs over that its own home knows.",
        (
            Edit(
                "peer.lives:told_epochs",
                "    return tuple(dict.fromkeys([*found, *_of_heartbeat(share, identity)]))",
                "    return ()",
            ),
        ),
        weather="restorers",
    ),
)
