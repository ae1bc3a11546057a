"""Tracing: where a letter is, and how it got there, as far as this home can know.

Its author knows when it was written, put on the share and covered by a receipt; its reader when it
was received, acted on and read. Beside that stand, apart from it, what the other side's home says
where it is a home of this person, too, and what lies on the share now: the page, and the receipt.
Whether somebody has read it only his own trace tells.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from peer.glance import glance
from peer.home import Home, census
from peer.home.mail import Letter
from peer.home.places import Identity, identities
from peer.mailbox import ALL, Mailbox, open_mailbox
from peer.rows import Row, moment, short
from protocol.errors import (
    HomeError,
    MissingError,
    NotFoundError,
    RuleError,
    ShareDeniedError,
    ShareError,
    SpecialFileError,
)
from protocol.receipt import Receipt, open_receipt
from registry import inbox, layout, outbox, receipts
from registry.layout import PageName
from registry.share import Share

Event = tuple[int | None, str, str]
_ENDED = ("expired", "cancelled", "dropped")  # nobody offers it any more


def trace(home: Home, identity: Identity, prefix: str) -> Row:
    """The events of the item whose id begins with `prefix`, in the shape of CLI.md."""
    letter = home.mail.get(prefix, cancelled=True)
    events = _events(identity, letter)
    return {
        "id": letter.id,
        "from": short(letter.author, identity.cluster),
        "to": short(letter.audience, identity.cluster),
        "state": letter.state if letter.state in (*_ENDED, "asked") else events[-1]["what"],
        "events": events,
    }


def all_sides(home: Home, identity: Identity, folder: str, letter: Letter, *, look: bool) -> Row:
    """The same with `other_sides`, and with `share`: None, or what lies there if it is to `look`.

    `folder` is the identity's directory.
    """
    found = trace(home, identity, letter.id)
    root = os.path.dirname(os.path.dirname(folder))
    found["other_sides"] = other_sides(root, identity, letter)
    found["share"] = None
    if look:
        from peer.wiring import open_share

        share = open_share(identity.share, identity.name)
        found["share"] = on_share(share, home, identity, letter)
    return found


def other_sides(where: str, identity: Identity, letter: Letter) -> list[Row]:
    """What other identities of the same home say of an item that they wrote or should receive.

    `[{"peer", "events"}]`; no events where an item has not arrived.
    """
    faults: list[HomeError] = []
    found = []
    for folder, other in identities(where, "peers", faults=faults):
        wanted = letter.audience in (ALL, other.address) if letter.mine else True
        is_party = wanted and (letter.mine or other.address == letter.author)
        if other.network != identity.network or other.address == identity.address or not is_party:
            continue
        try:
            seen = open_mailbox(folder).mail.get(letter.id)
        except NotFoundError:
            events = []
        except HomeError:
            continue
        else:
            events = [event for event in _events(other, seen) if event["what"] != "read"]
        found.append({"peer": other.name, "events": events})
    return found


def on_share(share: Share, home: Home, identity: Identity, letter: Letter) -> Row:
    """What lies on the share now: `{"fault": why it cannot be looked at, "facts": [...]}`.

    A fact is `{"what": lies|missing|gone|received|acted|refused|waits, "where", "text"}`.
    """
    position = census.position(home.db, letter.n)
    if position is None or letter.audience == ALL:
        return {"fault": None, "facts": []}
    try:
        facts = glance(lambda: _look(share, identity, letter, position))
    except ShareError as error:
        return {"fault": str(error), "facts": []}
    trusted = Mailbox(home, identity).vouched
    return {"fault": None, "facts": [_judged(fact, trusted) for fact in facts]}


Fact = tuple[str, str, str, tuple[str, str] | None]  # what, where, text, who must have signed it


def _judged(fact: Fact, trusted: Any) -> Row:
    what, where, text, signer = fact
    if signer is not None and trusted(*signer) not in ("admitted", "retired"):
        what, text = "refused", "the receipt there is signed by a key that is not its reader's"
    return {"what": what, "where": where, "text": text}


def _look(
    share: Share, identity: Identity, letter: Letter, position: tuple[str, int]
) -> list[Fact]:
    author, reader = (short(a, identity.cluster) for a in (letter.author, letter.audience))
    page = PageName(author, position[0][:8], position[1])
    said = list(_receipt(share, identity.network, letter, position))
    files = list(_files(share, reader, page))
    waits = said[0][0] not in ("received", "acted", "refused")
    if letter.state in _ENDED:
        if not files and waits:
            text = "its page has left the share, because its time was over"
            files.append(("gone", inbox.path(reader, page), text, None))
        return [*files, *([] if waits else said)]
    if not files and waits:
        text = "its page lies nowhere; its author's next tick puts it there again"
        files.append(("missing", inbox.path(reader, page), text, None))
    return [*files, *said]


def _files(share: Share, reader: str, page: PageName) -> Iterator[Fact]:
    """The page in its reader's inbox, or in its author's outbox to be fetched."""
    try:
        sizes = inbox.sizes(share, reader, page.author)
        if page in sizes:
            text = f"its page lies in the inbox of {reader}, {sizes[page]} bytes"
            yield "lies", inbox.path(reader, page), text, None
    except (ShareDeniedError, MissingError, SpecialFileError) as error:
        yield "missing", layout.inbox(reader), f"the inbox cannot be listed: {error}", None
    if page in outbox.pages(share, page.author, reader):
        text = f"its page lies in the outbox of {page.author}, for {reader} to fetch"
        yield "lies", f"{layout.mail(page.author, reader)}/{layout.page_file(page)}", text, None


def _receipt(
    share: Share, network: str, letter: Letter, position: tuple[str, int]
) -> Iterator[Fact]:
    """What the reader's receipt for the author says of the page."""
    author, cluster = letter.author.split("@", 1)
    reader = letter.audience.partition("@")[0]
    where = layout.receipt(reader, cluster, author)
    data = receipts.fetch(share, reader, cluster, author)
    if data is None:
        yield "waits", where, f"{reader} has written no receipt for {author}", None
        return
    try:
        receipt = open_receipt(data, network, letter.audience, letter.author)
    except RuleError as error:
        yield "refused", where, f"the receipt there is none: {error}", None
        return
    what, text = _covers(receipt, *position)
    text = f"receipt {receipt.n} of {reader} {text}"
    yield what, where, text, (receipt.reader, receipt.key)


def _covers(receipt: Receipt, epoch: str, seq: int) -> tuple[str, str]:
    for line in receipt.streams:
        if (line.epoch, line.audience) != (epoch, receipt.reader):
            continue
        if rule := next((refused.rule for refused in line.refused if refused.seq == seq), None):
            return "refused", f"says that its page was refused by {rule}"
        if line.acted >= seq:
            return "acted", "covers it: received and acted on"
        if line.covers(seq):
            return "received", "covers it: received, not acted on yet"
        if seq in line.damaged:
            return "waits", "says that its page is damaged"
    return "waits", "does not cover it yet"


def _events(identity: Identity, letter: Letter) -> list[Row]:
    found = _sent(identity, letter) if letter.mine else _received(identity, letter)
    events = sorted((e for e in found if e[0] is not None), key=lambda e: e[0] or 0)
    return [{"at": moment(at or 0), "what": what, "where": where} for at, what, where in events]


def _sent(identity: Identity, letter: Letter) -> list[Event]:
    to = short(letter.audience, identity.cluster)
    place = "its feed" if letter.audience == ALL else f"the share, for {to}"
    events: list[Event] = [
        (letter.stored_at, "staged", f"the home of {identity.name}"),
        (letter.placed_at, "delivered", place),
    ]
    if letter.refused:
        events.append(
            (letter.covered_at, "quarantined", f"{to}, who refused it by {letter.refused}")
        )
        return events
    home = f"the home of {identity.name}"
    events += [(letter.expired_at, "expired", home), (letter.cancelled_at, "cancelled", home)]
    # Its page is forgotten before the letter is; then the letter knows.
    covered = letter.covered_at or letter.acted_at
    events.append((covered, "acknowledged", f"the receipt of {to}"))
    if letter.covered_at is not None:
        events.append((letter.page_acted_at, "acted", to))
    return events


def _received(identity: Identity, letter: Letter) -> list[Event]:
    home = f"the home of {identity.name}"
    acted = "quarantined" if letter.state == "set-aside" else "acted"
    return [
        (letter.stored_at, "received", home),
        (letter.acted_at, acted, home),
        (letter.read_at, "read", home),
    ]
