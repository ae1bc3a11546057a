"""Bugs of whoever receives: checks that are missing, receipts, cursors, one bad file."""

from __future__ import annotations

from tests.simulation.bugs import Bug, Edit

BUGS = (
    Bug(
        "files-not-awaited",
        "Journals a letter whose files have not come yet.",
        (
            Edit(
                "peer.tick.intake:take",
                "if files := _missing_files(peer, page):",
                "if files := ():",
            ),
        ),
    ),
    Bug(
        "signature-not-checked",
        "Takes the key that a document names for the key that signed it.",
        (
            Edit("protocol.envelope:Envelope.signed_by", "verify(", "bool(verify) or verify("),
            Edit("protocol.envelope:Envelope.by_all", "verify(", "bool(verify) or verify("),
        ),
    ),
    Bug(
        "roster-not-asked",
        "Forgets to ask whether the author's key was ever admitted.",
        (Edit("peer.tick.intake:take", "        _check_author(peer, standing, page)\n", ""),),
    ),
    Bug(
        "audience-not-checked",
        "Compares author, epoch and number of a page with its name, and not for whom it is.",
        (
            Edit(
                "peer.tick.intake:_check_place",
                "if place != (peer.full(name.author), name.epoch8, name.seq, found.audience):",
                "if place[:3] != (peer.full(name.author), name.epoch8, name.seq):",
            ),
        ),
    ),
    Bug(
        "item-hash-not-checked",
        "Takes the id of an item from the header and never looks whether the item has that hash.",
        (Edit("protocol.page:_open_item", "if item_hash(data) != digest:", "if not digest:"),),
        weather="litter",
    ),
    Bug(
        "struck-out-taken",
        "Takes a page although somebody struck an item out of it.",
        (Edit("protocol.page:_open_item", "if value is None and erased:", "if value is None:"),),
    ),
    Bug(
        "holes-skipped",
        "Moves `received` to the newest page, whether or not those before have come.",
        (
            Edit(
                "peer.home.journal:Journal.advance",
                "                if seq > received + 1:\n                    break\n",
                "",
            ),
        ),
    ),
    Bug(
        "receipt-before-journal",
        "Counts a page as received that is refused by its chain, though its items are not kept.",
        (
            Edit(
                "peer.tick.intake:_journal",
                "if rule is None:",
                "if rule is None and header.seq % 5:",
            ),
        ),
    ),
    Bug(
        "receipt-not-owed-again",
        "Writes no receipt for a page that it has already, nor looks whether one still lies there.",
        (
            Edit("peer.tick.session:_check", "    audit(peer, standing.others)\n", ""),
            Edit(
                "peer.tick.intake:_journal",
                "    if header.audience != ALL:\n        journal.owe_receipt(header.author)\n"
                "    around",
                "    around",
            ),
            Edit(
                "peer.tick.intake:_journal",
                "    journal.add_page(",
                "    journal.owe_receipt(header.author)\n    journal.add_page(",
            ),
        ),
    ),
    Bug(
        "receipt-written-always",
        "Never notes that a receipt was written.",
        (Edit("peer.home.journal:Journal.receipt_done", "SET due = 0", "SET due = 1"),),
    ),
    Bug(
        "feed-cursor-off",
        "Lists a feed only when it is two pages ahead.",
        (
            Edit(
                "peer.home.journal:Journal.feeds_ahead",
                'announced > received"',
                'announced > received + 1"',
            ),
        ),
    ),
    Bug(
        "bad-file-ends-inbox",
        "Lets one file that cannot be read end the reading of the inbox.",
        (
            Edit(
                "peer.tick.receive:_read_letter",
                '{found.path}: {error}")\n        return False',
                '{found.path}: {error}")\n        raise KeyError from error',
            ),
            Edit(
                "peer.tick.receive:_read_letter",
                "        taken = _clear(peer, found, error)",
                "        raise KeyError from error",
            ),
            Edit(
                "peer.tick.receive:_read_inbox",
                "        if _read_letter(peer, standing, report, name, awaiting):\n"
                "            done.append(name)\n",
                "        try:\n"
                "            is_done = _read_letter(peer, standing, report, name, awaiting)\n"
                "        except KeyError:\n"
                "            break\n"
                "        if is_done:\n"
                "            done.append(name)\n",
            ),
        ),
        weather="litter",
    ),
    Bug(
        "quarantine-ends-tick",
        "Lets what is set aside raise out of the tick.",
        (
            Edit(
                "peer.tick.intake:_set_aside",
                "    return Taken(problem=",
                "    raise error\n    return Taken(problem=",
            ),
        ),
    ),
    Bug(
        "inbox-never-cleared",
        "Leaves letters in the inbox after they are receipted.",
        (Edit("peer.tick.session:_share", "    discard(peer, done, report)\n", ""),),
    ),
    Bug(
        "fork-told-nobody",
        "Drops the second of two pages at one position as a copy, without comparing them.",
        (
            Edit(
                "peer.tick.intake:_journal",
                "        if held.digest == page.digest:\n            return Taken()\n"
                "        return _forked(peer, page, stream, held.bare)",
                "        return Taken()",
            ),
        ),
        weather="twins",
    ),
    Bug(
        "hole-breaks-chain",
        "Takes a page whose predecessor has not come yet for a broken chain.",
        (
            Edit(
                "peer.tick.intake:_chain_fault",
                "if before is not None and before.digest != page.header.prev:",
                "if (None if before is None else before.digest) != page.header.prev:",
            ),
        ),
    ),
    Bug(
        "feed-fork-not-seen",
        "Does not compare the head that a heartbeat names with the page that it holds.",
        (
            Edit(
                "peer.tick.listen:_hear_feed",
                "held is not None and held.digest != beat.feed.hash",
                "held is None and held",
            ),
        ),
        weather="liars",
    ),
    Bug(
        "announced-not-compared",
        "Takes a page of a feed that is not the one that its author named as the head.",
        (
            Edit(
                "peer.tick.intake:_chain_fault",
                "seq == stream.announced and",
                "seq == -stream.announced and",
            ),
        ),
        weather="twins",
    ),
)
