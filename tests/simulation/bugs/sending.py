"""Bugs of whoever sends: forming, placing, numbering, and believing receipts."""

from __future__ import annotations

from tests.simulation.bugs import Bug, Constant, Edit

BUGS = (
    Bug(
        "never-resent",
        "Places what it forms, and forgets what was placed before and is gone.",
        (
            Edit(
                "peer.tick.deliver:send_letters",
                "        form(peer, audience)",
                "        pages, _ = form(peer, audience)",
            ),
            Edit(
                "peer.tick.deliver:send_letters",
                "window = open_pages[: limits.stream_pages_unreceipted_max]",
                "window = pages",
            ),
        ),
    ),
    Bug(
        "resent-anew",
        "Signs a page again when it is placed again, instead of keeping its bytes.",
        (
            Edit(
                "peer.tick.deliver:place",
                "        for page in missing:\n",
                "        from protocol import canonical, documents\n"
                "        from protocol.page import Header, form_page\n"
                "        from protocol import wire\n"
                "        from dataclasses import replace\n"
                "        for page in missing:\n"
                "            value = canonical.decode(page.data)\n"
                "            header = wire.trusted(Header, value['signed'])\n"
                "            header = replace(header, at=peer.clock.wall_ms())\n"
                "            items = [canonical.encode(item) for item in value['items']]\n"
                "            again = form_page(header, items, peer.signer)\n"
                "            page = page._replace(data=again.data)\n",
            ),
        ),
    ),
    Bug(
        "no-window",
        "Forgets the limit of 16 open pages, when forming and when placing.",
        (Constant("protocol.limits:stream_pages_unreceipted_max", 100_000),),
        weather="busy",
    ),
    Bug(
        "receipts-over-and-over",
        "Places each receipt a thousand times: the same bytes, and a drive that is busy with them.",
        (
            Edit(
                "registry.receipts:place",
                "    yard.place(share",
                "    for _ in range(1_000):\n        yard.place(share",
            ),
        ),
    ),
    Bug(
        "placed-before-commit",
        "Places pages inside the transaction that forms them.",
        (
            Edit(
                "peer.tick.deliver:publish",
                "    place_feed(peer, pages)",
                "        place_feed(peer, pages)",
            ),
        ),
    ),
    Bug(
        "beat-before-commit",
        "Places the heartbeat inside the transaction that takes its number.",
        (
            Edit(
                "peer.tick.beat:beat",
                "    roster.place_heartbeat(",
                "        roster.place_heartbeat(",
            ),
        ),
    ),
    Bug(
        "beat-number-not-durable",
        "Takes the number of a heartbeat in a transaction that a loss of power undoes.",
        (
            Edit(
                "peer.tick.beat:beat",
                "peer.home.transaction()",
                "peer.home.transaction(durable=False)",
            ),
        ),
        weather="dark",
    ),
    Bug(
        "beat-number-of-tick",
        "Numbers heartbeats by ticks, although `send` writes one, too.",
        (Edit("peer.tick.beat:beat", 'state.number("beat_seq") + 1', 'state.number("tick")'),),
    ),
    Bug(
        "receipt-number-not-durable",
        "Takes the number of a receipt in a transaction that a loss of power undoes.",
        (
            Edit(
                "peer.tick.receipts:write_receipts",
                "with peer.home.transaction():\n                check_moved(peer)",
                "with peer.home.transaction(durable=False):\n                check_moved(peer)",
            ),
        ),
        weather="dark",
    ),
    Bug(
        "letter-not-durable",
        "Keeps a letter in a transaction that a loss of power undoes, and returns 0.",
        (
            Edit(
                "peer.send:_keep", "peer.home.transaction()", "peer.home.transaction(durable=False)"
            ),
        ),
        weather="dark",
    ),
    Bug(
        "staged-forgotten",
        "Keeps no letter while the share is out of reach, and returns 0 all the same.",
        (
            Edit(
                "peer.send:_keep",
                "            outgoing.add(mine, audience, peer.clock.wall_ms(), due_ms=due)",
                "            pass",
            ),
        ),
    ),
    Bug(
        "covers-one-more",
        "Takes `received` as the first page that is missing, not as the last that came.",
        (
            Edit(
                "protocol.receipt:StreamReceipt.covers",
                "seq <= self.received",
                "seq <= self.received + 1",
            ),
        ),
    ),
    Bug(
        "covers-all-epochs",
        "Closes pages by their number, and forgets that each epoch numbers anew.",
        (
            Edit(
                "peer.home.receipts:Receipts.cover",
                '                " AND epoch = ?",\n',
                "                \" AND ? <> ''\",\n",
            ),
        ),
    ),
    Bug(
        "any-receipt-believed",
        "Forgets to ask the roster for the key that signed a receipt.",
        (
            Edit(
                "peer.tick.receipts:read_receipt",
                "if _is_of_old_key(peer, reader, receipt):",
                "if not receipt.key:",
            ),
        ),
        weather="receipt-forgers",
    ),
    Bug(
        "feed-not-put-back",
        "Forgets to look whether its own feed still lies there.",
        (
            Edit(
                "peer.tick.deliver:deliver",
                "                put_back_feed(peer, report)\n",
                "                pass\n",
            ),
        ),
    ),
    Bug(
        "feed-offered-always",
        "Places feed pages anew at every tick, without a look at what lies there.",
        (
            Edit(
                "peer.tick.deliver:put_back_feed",
                "        holds = _holds(peer, None, name, page.data)\n",
                "        holds = False\n",
            ),
        ),
    ),
    Bug(
        "feed-read-whole",
        "Compares every page of its feed at every tick, not eight of them.",
        (Constant("peer.tick.deliver:audited_pages", 1_000),),
    ),
    Bug(
        "temporary-left",
        "Writes a letter under a temporary name first, and forgets to remove that.",
        (
            Edit(
                "registry.inbox:deliver",
                "    share.place(path(owner, page), data)",
                "    share.place(path(owner, page) + '.tmp', data)\n"
                "    share.place(path(owner, page), data)",
            ),
        ),
    ),
)
