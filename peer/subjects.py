"""What stewards decided on, in words: decisions name it by a hash alone.

Rules: whoever holds what was asked can work out its hash, so homes and files of anybody are
evidence enough, and nothing else of them is believed. First the homes that are at hand are asked,
then the share: feeds for proposals, mail for stewards' mailboxes for requests. What is found
nowhere stays a hash.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from peer.home import Home
from peer.home.places import Identity, identities
from peer.mailbox import open_mailbox
from peer.stewards.sentences import one_line
from protocol.errors import HomeError, NotFoundError, RuleError, ShareError
from protocol.messages import Item, Proposal, Request, id_of_hash, item_hash, stored_item
from protocol.page import ALL, open_erased
from protocol.request import open_request
from protocol.roster import STEWARD, Roster
from registry import inbox, outbox
from registry.share import Share

pages_max = 10_000  # that are read of a share
AtHand = list[tuple[Home, Identity]]


@contextmanager
def homes_in(folder: str, network: str) -> Iterator[AtHand]:
    """The homes of a network's peers in a PEER_HOME; one that is damaged is left out."""
    with ExitStack() as opened:
        found: AtHand = []
        for at, identity in identities(folder, "peers", None, []):
            if identity.network == network:
                with suppress(HomeError):
                    home = open_mailbox(at)
                    opened.callback(home.close)
                    found.append((home, identity))
        yield found


def subjects(
    wanted: Collection[str],
    network: str,
    homes: Iterable[tuple[Home, Identity]],
    share: Share,
    rosters: Collection[Roster],
) -> dict[str, str]:
    """What each of these hashes stands for, as far as homes, and then the share, tell it."""
    left, found = set(wanted), dict[str, str]()
    for home, identity in homes if left else ():
        for hash_, words in _of_home(home, identity):
            if hash_ in left:
                found[hash_] = words
    left -= found.keys()
    for item in _on_share(share, network, rosters) if left else ():
        for hash_, words in _of_item(item, network):
            if hash_ in left:
                found[hash_] = words
                left.discard(hash_)
        if not left:
            break
    return found


def _of_home(home: Home, identity: Identity) -> Iterator[tuple[str, str]]:
    """(hash, words) of whatever this home has asked, was asked, or could vote on."""
    for ask in home.asks.all():
        yield ask.hash, _request(identity.address, ask.effect, ask.kind, ask.audience, ask.item)
    for one in home.votes.proposals():
        yield one.hash, _proposal(one.author, one.key, one.value, one.id)
    for matter in home.matters.all(Request.kind):
        try:
            stored = home.mail.get(matter.item)
        except NotFoundError:
            continue  # it is not kept any more
        item = stored_item(stored.data, understood=bool(stored.understood))
        yield from _of_item(item, identity.network)


def _of_item(item: Item, network: str) -> Iterator[tuple[str, str]]:
    body = item.body
    if isinstance(body, Proposal):
        digest = item_hash(item.data)
        yield digest, _proposal(item.head.author, body.key, body.value, id_of_hash(digest))
    elif isinstance(body, Request):
        try:
            asked = open_request(body, network, item.head.author)
        except RuleError:
            return
        kind = asked.item.head.kind
        yield asked.hash, _request(asked.author, asked.effect, kind, asked.audience, asked.item.id)


def _request(author: str, effect: str, kind: str, audience: str, item: str) -> str:
    to = "everybody" if audience == ALL else audience
    return f"the request of {author} to {effect} an item of kind {kind} to {to} ({item[:8]})"


def _proposal(author: str, key: str, value: str, item: str) -> str:
    return f"the proposal of {author} that {key} be {one_line(value)} ({item[:8]})"


# -------------------------------------------------------------------------------- on the share


def _on_share(share: Share, network: str, rosters: Collection[Roster]) -> Iterator[Item]:
    """Items of the feeds of members, and of their mail to mailboxes, that can be read now."""
    members = sorted({member.name for roster in rosters for member in roster.members})
    boxes = sorted({m.name for roster in rosters for m in roster.members if STEWARD in m.roles})
    for number, data in enumerate(_pages(share, members, boxes)):
        if number == pages_max:
            return
        try:
            page = open_erased(data, network)
        except RuleError:
            continue
        yield from (item for item in page.items if isinstance(item, Item))


def _pages(share: Share, members: list[str], boxes: list[str]) -> Iterator[bytes]:
    for owner in boxes:
        try:
            letters = inbox.letters(share, owner).pages
        except ShareError:
            continue
        for page in letters:
            try:
                yield inbox.fetch(share, owner, page)
            except ShareError:
                continue
    for author in members:
        for to in (None, *boxes):
            yield from _outbox(share, author, to)


def _outbox(share: Share, author: str, to: str | None) -> Iterator[bytes]:
    try:
        pages = outbox.pages(share, author, to)
    except ShareError:
        return
    for page in pages:
        try:
            yield outbox.fetch(share, to, page)
        except ShareError:
            continue
