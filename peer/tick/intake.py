"""From bytes found on the share to pages in the journal: every check a page of others passes.

The order is: form and signature (`open_page`), place (PAGE-10), author and key by the roster
(PAGE-11, PAGE-12), then the stream: known position, fork, chain (STREAM-1 to STREAM-3). Whatever
fails goes to quarantine with the rule; what only does not parse yet gets a second look next tick.
"""

from __future__ import annotations

from dataclasses import dataclass

from peer.home.journal import Held, StreamState
from peer.instance import RunningPeer
from peer.stewards.standing import Standing
from peer.tick import epochs
from protocol import canonical
from protocol.errors import RuleError
from protocol.messages import Item
from protocol.page import ALL, Page, Stream, bare, erased_by, open_page, prove_double_use
from registry.layout import PageName


@dataclass(frozen=True, slots=True)
class Found:
    """A file that claims to be a page: where it lies, what its name says, and for whom.

    `own_folder`: it lies in its author's folder, where I cannot remove it; `noted`: its author is
    to be told where I cannot read it.
    """

    path: str
    name: PageName
    audience: str
    own_folder: bool
    noted: bool = True


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A letter that is journalled once all files that it names are in the home.

    `files`: (SHA-256, bytes) of all of them.
    """

    found: Found
    stream: Stream
    over: bool
    files: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Taken:
    """What became of a file.

    `done`: nothing more is to be learned from it; `new`: it is a page that I did not have;
    `unexplained`: it lacks an item, and its author may say in a later page that he erased it.
    """

    done: bool = True
    new: bool = False
    unexplained: bool = False
    items: int = 0
    problem: str | None = None
    awaiting: Awaiting | None = None


def take(peer: RunningPeer, standing: Standing, found: Found, data: bytes) -> Taken:
    """Verify the bytes of a found page and journal it, in one transaction."""
    try:
        page = _open(peer, found, data)
        _check_place(peer, page, found)
        _check_author(peer, standing, page)
    except RuleError as error:
        if error.rule == "PAGE-7" and found.audience == ALL:
            return Taken(done=False, unexplained=True)
        return _set_aside(peer, found, data, error)
    with peer.home.transaction():
        if files := _missing_files(peer, page):  # in here: an erasure may let go of some
            over = page.header.epoch in epochs.over(peer, page.header.author)
            return Taken(done=False, awaiting=Awaiting(found, page.stream, over, files))
        taken = _journal(peer, page)
        _note_damage(peer, found, bad=False)
        for place, item in enumerate(page.items):
            if isinstance(item, RuleError):
                where = f"{found.path}#{place}"
                raw = canonical.encode(page.envelope.rest["items"][place])
                peer.home.quarantine.add(
                    where, raw, item, peer.clock.wall_ms(), author=page.header.author
                )
                taken.problem = f"{where}: {item}"
    return taken


def _open(peer: RunningPeer, found: Found, data: bytes) -> Page:
    """The page; in a feed it may lack what its author is known to have erased."""
    if found.audience == ALL:
        known = peer.home.erasures.known(peer.full(found.name.author))
        if known:
            return open_page(data, peer.identity.network, known)
    return open_page(data, peer.identity.network)


def _missing_files(peer: RunningPeer, page: Page) -> tuple[tuple[str, int], ...]:
    """What a letter names, if not all of it is here; nothing for a page that is not news."""
    named = {
        (one.sha256, one.size): None
        for item in page.items
        if page.header.audience != ALL and isinstance(item, Item)
        for one in item.head.attachments
    }
    if all(peer.blobs.size(sha256) == size for sha256, size in named):
        return ()
    seq, stream = page.header.seq, peer.home.journal.stream(page.stream)
    if stream is None:
        return tuple(named)
    held = seq <= stream.received or peer.home.journal.page(stream.n, seq) is not None
    return () if held or stream.frozen else tuple(named)


def _check_place(peer: RunningPeer, page: Page, found: Found) -> None:
    header = page.header
    place = (header.author, header.epoch[:8], header.seq, header.audience)
    name = found.name
    if place != (peer.full(name.author), name.epoch8, name.seq, found.audience):
        raise RuleError(
            "PAGE-10",
            f"page {header.seq} of {header.author} to {header.audience} lies under another name",
        )


def _check_author(peer: RunningPeer, standing: Standing, page: Page) -> None:
    member = standing.find(peer.bare(page.header.author))
    state = None if member is None else member.state_of(page.header.key)
    if state is None:
        raise RuleError("PAGE-11", f"no steward admitted {page.header.author} with this key")
    if state == "compromised":
        raise RuleError("PAGE-12", "a steward declared its key compromised")


def _set_aside(peer: RunningPeer, found: Found, data: bytes, error: RuleError) -> Taken:
    state, quarantine = peer.home.state, peer.home.quarantine
    # What stays where it lies can be found out again.
    with peer.home.transaction(durable=not found.own_folder):
        tick, author = state.number("tick"), peer.full(found.name.author)
        if quarantine.refuse(found.path, data, error, tick, peer.clock.wall_ms(), author) is None:
            return Taken(done=False)
        _note_damage(peer, found, bad=True)
    return Taken(problem=f"{found.path}: {error}")


def _note_damage(peer: RunningPeer, found: Found, *, bad: bool) -> None:
    """In its author's folder only the author can mend a page; my receipt tells him."""
    if not found.own_folder or (bad and not found.noted):
        return
    name, author = found.name, peer.full(found.name.author)
    if peer.home.journal.set_damaged(author, name.epoch8, found.audience, name.seq, bad):
        peer.home.journal.owe_receipt(author)


def _journal(peer: RunningPeer, page: Page) -> Taken:
    """Put a verified page where it belongs in its stream; inside a transaction."""
    journal, header = peer.home.journal, page.header
    over = header.epoch in epochs.over(peer, header.author)
    stream = journal.open_stream(page.stream, over=over)
    if header.audience != ALL:
        journal.owe_receipt(header.author)
    around = journal.around(stream.n, header.seq)
    held = around.get(header.seq)
    if held is not None:
        if held.digest == page.digest:
            return Taken()
        return _forked(peer, page, stream, held.bare)
    if header.seq < max(stream.floor, stream.kept) and header.seq <= stream.received:
        return Taken()
    rule = stream.frozen or _chain_fault(peer, page, stream, around)
    if rule and not stream.frozen:
        freeze(peer, stream, rule, header.seq)
    journal.add_page(stream, header, page.digest, bare(page.envelope), rule)
    items = 0
    if rule is None:
        good = [(place, i) for place, i in enumerate(page.items) if isinstance(i, Item)]
        if header.audience == ALL:
            erasures = peer.home.erasures
            # At once: its own page may come before those that it explains, or behind a hole.
            if hashes := erased_by(page):
                erasures.take_back(header.author, hashes, peer.home.state.days_lived, mine=False)
            if known := erasures.known(header.author):
                good = [(place, i) for place, i in good if header.items[place] not in known]
        items = journal.add_items(stream, header.seq, good, peer.clock.wall_ms())
        attached = [item for _, item in good if item.head.attachments]
        if attached and header.audience != ALL:
            peer.home.attachments.add(attached, mine=False)
            where = (header.author, header.epoch[:8], header.audience, header.seq)
            journal.set_damaged(*where, bad=False)
    journal.advance(stream, header.floor)
    return Taken(new=True, items=items, problem=f"page refused: {rule}" if rule else None)


def _chain_fault(
    peer: RunningPeer, page: Page, stream: StreamState, around: dict[int, Held]
) -> str | None:
    """STREAM-2: each page names the one before; STREAM-8: a feed's head is the announced one."""
    seq = page.header.seq
    before, after = around.get(seq - 1), around.get(seq + 1)
    if seq == stream.announced and page.digest != stream.announced_hash:
        return "STREAM-8"
    if before is not None and before.digest != page.header.prev:
        # The page before is the forked one; its author must hear that the other never came.
        peer.home.journal.refuse(stream.n, seq - 1, "STREAM-2")
        return "STREAM-2"
    if after is not None and after.prev != page.digest:
        return "STREAM-2"
    return None


def _forked(peer: RunningPeer, page: Page, stream: StreamState, other: bytes) -> Taken:
    """STREAM-1: two different pages at one position; nothing more is taken from this stream."""
    mine = bare(page.envelope)
    proof = prove_double_use(other, mine, peer.identity.network)
    peer.home.proofs.add(
        page.header.author, "double-use", page.header.key, proof.first + b"\n" + proof.second,
        peer.clock.wall_ms(),
    )  # fmt: skip
    peer.home.journal.refuse(stream.n, page.header.seq, "STREAM-1")
    freeze(peer, stream, "STREAM-1", page.header.seq)
    return Taken(problem=f"STREAM-1: {page.header.author} signed two pages {page.header.seq}")


def freeze(peer: RunningPeer, stream: StreamState, rule: str, seq: int) -> None:
    """Take nothing more from a stream whose key was used twice, and tell a person."""
    peer.home.journal.freeze(stream.n, rule)
    peer.home.concerns.open(
        f"frozen:{stream.author}:{stream.epoch}",
        "human",
        f"{rule}: {stream.author} used its key twice at page {seq}; its stream is frozen",
        f"ask its owner to run `peer repair`, or a steward to retire the key of {stream.author}",
        peer.clock.wall_ms(),
    )
