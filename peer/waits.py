"""Why each of my letters waits, and what is to be done about it: `peer outbox`.

Rules: read from the home alone, as of the last tick; only for what is not on the share yet it is
looked, where that is wanted, whether the share is there. The first cause that holds is told, and
causes stand in the order in which they must go away: what stops me, what stops the reader, what
stops the stream, what keeps the page off the share, and at last the reader's own time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from peer.clock import read
from peer.home import census
from peer.home.mail import Letter
from peer.home.neighbours import Neighbour
from peer.home.outgoing import Line
from peer.instance import RunningPeer
from peer.mailbox import Mailbox, fetch_marker
from peer.rows import Row, moment
from peer.stewards.standing import standing
from peer.tick.look import judge
from protocol import limits
from protocol.errors import ShareError
from protocol.order import describe_halts
from protocol.roster import Member

_STOPS = "see `peer escalations`"


class Cause(NamedTuple):
    """`reason` is a word that stays, `why` and `next` are for people."""

    reason: str
    why: str
    next: str


def outbox(peer: RunningPeer, *, look: bool = False) -> list[Row]:
    """The rows of `Mailbox.outbox`, oldest first, each with `reason`, `why` and `next`.

    With `look` the share is looked at where something should be there and is not.
    """
    letters = peer.home.mail.unacknowledged()
    rows = Mailbox(peer.home, peer.identity).outbox(letters)
    readers: dict[str, _Reader] = {}
    stopped = next(_mine(peer), None)
    for row, letter in zip(rows, letters, strict=True):
        if letter.audience not in readers:
            readers[letter.audience] = _Reader(peer, letter.audience)
        row.update(_cause(letter, stopped, readers[letter.audience])._asdict())
    unsent = [row for row in rows if row["reason"] == "staged"]
    if look and unsent and (away := _away(peer)) is not None:
        for row in unsent:
            row.update(away._asdict())
    return rows


def _away(peer: RunningPeer) -> Cause | None:
    """Why nothing can be put on the share now, where it cannot."""
    try:
        fetch_marker(peer.identity.share)
    except ShareError as error:
        return Cause(
            "share", f"it is not on the share, which is away: {error}", "every tick tries again"
        )
    return None


def _cause(letter: Letter, stopped: Cause | None, reader: _Reader) -> Cause:
    if letter.state == "expired":
        return Cause(
            "expired", "nobody received it in its time, and it has left the share",
            "send it again, or put it away with `peer outbox cancel ID`",
        )  # fmt: skip
    if letter.state == "asked":
        return Cause(
            "approval",
            "it waits for a steward's yes",
            f"a steward runs `peer approve {letter.id[:8]}`",
        )
    return stopped or reader.cause(letter)


def _mine(peer: RunningPeer) -> Iterator[Cause]:
    """What keeps me from sending anything at all."""
    state, holds = peer.home.state, standing(peer)
    if state.text("moved") is not None:
        yield Cause("moved", "this peer goes on where its export was imported", "look there")
    if state.number("left"):
        yield Cause("left", "you have left the network", f"`peer join DIR --name {peer.name}`")
    if (parked := state.text("parked")) is not None:
        yield Cause("parked", f"this home signs nothing: {parked}", _STOPS)
    if holds.member is None:
        yield Cause(
            "not-admitted", "no steward has admitted you, as far as this home knows",
            f"a steward runs `peer admit {peer.name}`",
        )  # fmt: skip
    if holds.halts:
        halts = "; ".join(describe_halts(holds.halts))
        yield Cause("halted", f"a steward has halted you: {halts}", "a steward runs `peer resume`")
    if holds.hidden_orders:
        yield Cause("hidden-order", "an order of a steward is hidden on the share", _STOPS)


class _Reader:
    """What my home knows of one reader."""

    def __init__(self, peer: RunningPeer, address: str) -> None:
        self._peer = peer
        self._address = address
        self._name = peer.bare(address)
        self._open = census.open_pages(peer.home.db, address)

    @cached_property
    def _line(self) -> Line:
        return self._peer.home.outgoing.line(self._peer.home.state.epoch, self._address)

    @cached_property
    def _member(self) -> Member | None:
        return standing(self._peer).find(self._name)

    @cached_property
    def _heard(self) -> Neighbour | None:
        return self._peer.home.neighbours.all().get(self._name)

    @cached_property
    def _stopped(self) -> Cause | None:
        """What stops everything for this reader."""
        name, line = self._name, self._line
        if self._member is None or not self._member.active:
            return Cause(
                "no-member", f"no active member is called {name}",
                "ask a steward, or take it back with `peer outbox cancel ID`",
            )  # fmt: skip
        if line.stopped:
            return Cause("stopped", f"the stream to {name} is stopped: {line.stopped}", _STOPS)
        return None

    @cached_property
    def _silence(self) -> Cause | None:
        """Why its reader does not read, where he does not."""
        name, row, peer = self._name, self._heard, self._peer
        if row is None:
            return Cause(
                "unheard", f"{name} has never been heard of",
                f"has the machine of {name} run `peer tick`?",
            )  # fmt: skip
        if row.lifecycle == "left":
            return Cause("reader-left", f"{name} has left the network", "write to somebody else")
        state = judge(peer, standing(peer), row, read(peer.clock))
        if state == "halted":
            return Cause(
                "reader-halted", f"a steward has halted {name}, who receives and does not act",
                "a steward runs `peer resume`",
            )  # fmt: skip
        if state in ("late", "suspect", "dead"):
            return Cause(
                "silent", f"{name} is silent since {_shown(row.seen_wall)}, and seems {state}",
                f"see whether the machine of {name} runs",
            )  # fmt: skip
        return None

    def cause(self, letter: Letter) -> Cause:
        """Why a letter that has not expired waits."""
        files = self._peer.home.attachments.of(letter.id)
        lost = self._lost(files)
        waits = self._stopped or lost or self._unplaced(letter) or self._silence
        return waits or self._unread(letter, len(files))

    def _lost(self, files: set[str]) -> Cause | None:
        """Why the reader will never have all of it, where this home cannot give it."""
        gone = [name[:8] for name in sorted(files) if self._peer.blobs.size(name) is None]
        if not gone:
            return None
        return Cause(
            "attachment-lost", f"files of it are gone from this home: {' '.join(gone)}",
            "unless they still lie on the share, send it anew",
        )  # fmt: skip

    def _unplaced(self, letter: Letter) -> Cause | None:
        """Why it is not on the share, where it is not."""
        page, most = self._open.get(letter.n), limits.stream_pages_unreceipted_max
        if (page is not None and page.rank > most) or (page is None and self._line.open >= most):
            return Cause(
                "window", f"{most} pages before it wait for {self._name} to receive them",
                "it goes out when one of them is received",
            )  # fmt: skip
        if page is not None and letter.placed_at is not None:
            return None
        fault = self._peer.home.state.text("last_tick_fault")
        if fault:
            return Cause("share", f"the last tick failed: {fault}", "every tick tries again")
        return Cause("staged", "it is not on the share yet", "`peer tick` puts it there")

    def _unread(self, letter: Letter, files: int) -> Cause:
        """It lies on the share, and its reader seems well."""
        name, row, page = self._name, self._heard, self._open[letter.n]
        assert row is not None
        coming = _shown(row.seen_wall + row.next_ms)
        if page.pulled:
            return Cause(
                "pull", f"the inbox of {name} cannot be written; it lies in my outbox",
                f"{name} fetches it at its next beat, about {coming}",
            )  # fmt: skip
        # Seen after it was placed may be older than that; by its own clock, then, too.
        beaten = min(row.seen_wall, row.at) > (letter.placed_at or 0)
        if beaten and files:
            return Cause(
                "fetching", f"{name} has beaten since; it is received once all its files are there",
                "large ones take several ticks; `peer trace ID` looks for the receipt now",
            )  # fmt: skip
        if beaten:
            return Cause(
                "no-receipt", f"{name} has beaten since, and no receipt that I saw covers it",
                "the next tick looks for the receipt; `peer trace ID` looks now",
            )  # fmt: skip
        return Cause(
            "under-way", f"it lies on the share; {name} had not beaten since when I last looked",
            f"its next beat is expected about {coming}",
        )  # fmt: skip


def _shown(at_ms: int) -> str:
    """An instant to the minute."""
    return f"{moment(at_ms)[:16].replace('T', ' ')} UTC"
