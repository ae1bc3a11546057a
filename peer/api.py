"""The Python API: a peer as a program uses it. The command line is built on it.

    from peer import Peer

    with Peer.open(name="core") as peer:
        peer.send("librarian", "hello")
        peer.tick()
        for letter in peer.inbox():
            print(letter.sender, letter.text)

Rules: what cannot be done raises an error of `protocol.errors`, whose text says what to do next;
the same calls of the command line exit with its `exit_code`. Nothing here keeps a thread or a
process. A `Peer` belongs to the thread that made it; as many threads and processes as you like may
each open one for the same identity: numbers are given out once, and one tick runs at a time.
Imports are lazy, because every command starts here.
"""

from __future__ import annotations

import os
import time
from _thread import get_ident
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from peer.home import open_home
from peer.home.places import DATABASE
from protocol.errors import UsageError

if TYPE_CHECKING:
    from types import TracebackType

    from peer.bodies import Kind
    from peer.handlers import Handler
    from peer.home import Home
    from peer.home.mail import Letter as Stored
    from peer.home.places import Identity
    from peer.instance import Peer as RunningPeer
    from peer.letters import Stage
    from peer.mailbox import Mailbox
    from peer.results.letters import Letter, Row
    from peer.results.states import Concern, Neighbour, Status, Trace
    from peer.saving import Saved
    from peer.send import Sent
    from peer.tick.report import Report
    from protocol.messages import Body, Severity

H = TypeVar("H", bound="Handler")


class Peer:
    """One identity of a home. `warning`: what the last look at the inbox could not see, or None."""

    def __init__(self, folder: str, identity: Identity, *, ends_when_frozen: bool = False) -> None:
        """Of an identity's directory; `Peer.open` finds it."""
        self.folder = folder
        self.identity = identity
        self.warning: str | None = None
        self._ends_when_frozen = ends_when_frozen
        self._thread = get_ident()
        self._home: Home | None = None
        self._running: RunningPeer | None = None

    @classmethod
    def open(
        cls,
        *,
        home: str | None = None,
        network: str | None = None,
        name: str | None = None,
        ends_when_frozen: bool = False,
    ) -> Peer:
        """The peer `name` of a home on a share; what only one fits need not be named.

        What is not given PEER_HOME, PEER_NETWORK and PEER_NAME say. A share that stops answering
        holds a call back for as long as it stands still; with `ends_when_frozen` the process ends
        after a minute of that (exit 5), for programs that are a peer and nothing else.
        NotFoundError where nobody fits, UsageError where several do, WrongShareError where the
        share was never bound to the home, HomeError where the home cannot be used.
        """
        from peer.whereabouts import Whereabouts

        who = Whereabouts(home=home, network=network, name=name, environment=os.environ)
        peer = cls(*who.identity(), ends_when_frozen=ends_when_frozen)
        peer.running  # noqa: B018 - a home or a key that cannot be used is found now
        return peer

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the home; again is harmless. Nothing that was committed is lost without it."""
        if self._home is not None:
            self._home.close()
        self._home = self._running = None

    # ------------------------------------------------------------------------------ who I am

    @property
    def name(self) -> str:
        """The bare name."""
        return self.identity.name

    @property
    def address(self) -> str:
        """The full address, `name@cluster`."""
        return self.identity.address

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the key, in groups as people compare it."""
        return self.running.fingerprint

    @property
    def running(self) -> RunningPeer:
        """What the phases of a tick work with. Not part of the API: it may change at any time."""
        home = self.home
        if self._running is None:
            from peer.wiring import open_peer

            self._running = open_peer(
                self.folder, self.identity, watched=self._ends_when_frozen, home=home
            )
        return self._running

    @property
    def home(self) -> Home:
        """The stores of the home. Not part of the API: they may change at any time."""
        if get_ident() != self._thread:
            raise UsageError(
                "a Peer belongs to the thread that made it; open another one in this thread"
            )
        if self._home is None:
            self._home = open_home(os.path.join(self.folder, DATABASE))
        return self._home

    # ------------------------------------------------------------------------------ writing

    def send(
        self,
        to: str | Iterable[str],
        text: str | Body,
        *,
        kind: Kind = "note",
        topics: Iterable[str] = (),
        reply_to: str | None = None,
        priority: int = 2,
        expires_ms: int | None = None,
        attach: Sequence[str] = (),
        seal: bool = False,
        wait: Stage | None = None,
        timeout: float = 60.0,
    ) -> Sent:
        """Write to peers, or to `all`; it is safe in the home before this returns.

        `text` may also be a body of `peer` (`Note`, `Question` …). `reply_to` is the beginning of
        an id. `expires_ms` is how long it is offered, where that is not as the settings say.
        `attach` are paths of files that go along; with `seal` only the reader can read it, files
        included. With `wait` it returns when the receipts of all readers say "received" or "acted",
        and raises TimedOutError after `timeout` seconds; the letter stays on its way. NotFoundError
        for an unknown reader, HumanNeededError while parked or halted, or where the roster names no
        key to seal with, UsageError for a file that cannot be sent: then nothing is written.
        """
        from peer import bodies
        from peer.enclosing import file_source
        from peer.send import send

        names = [to] if isinstance(to, str) else list(to)
        if "all" in names and (wait is not None or len(names) > 1):
            raise UsageError("`all` are all, and nobody acknowledges what goes to them")
        if not 0 <= priority <= 4:
            raise UsageError(f"a priority is 0 (most urgent) to 4, not {priority}")
        body = bodies.made(kind, text, topics) if isinstance(text, str) else bodies.checked(text)
        before = self.home.mail.get(reply_to) if reply_to else None
        sent = send(
            self.running, names, [body], priority=priority, expires_ms=expires_ms,
            re=before.id if before else None, thread=before.thread if before else None,
            files=[file_source(path) for path in attach], seal=seal,
        )  # fmt: skip
        if wait is not None:
            self.wait(sent.ids, wait, timeout)
        return sent

    def wait(self, ids: Sequence[str], stage: Stage = "acted", timeout: float = 60.0) -> None:
        """Until the receipts say that every letter is "received" or "acted"; TimedOutError."""
        from peer.given import seconds
        from peer.letters import wait

        wait(self.running, ids, stage, seconds(timeout), time.sleep)

    def reply(self, id: str, text: str) -> Sent:
        """Answer the author of an item in its thread; the item then counts as read."""
        from peer.given import checked_text
        from peer.letters import reply

        return reply(self.running, id, checked_text(text))

    def share(self, text: str, *, topics: Iterable[str] = (), confidence: float = 0.5) -> Sent:
        """Publish what was learned, with a probability from 0 to 1."""
        from peer import bodies

        return self._publish(bodies.insight(text, topics, confidence))

    def ask(self, text: str, *, topics: Iterable[str] = ()) -> Sent:
        """Publish a question; answers come as letters."""
        from peer import bodies

        return self._publish(bodies.made("question", text, topics))

    def announce(self, text: str, *, topics: Iterable[str] = ()) -> Sent:
        """Publish what is being worked on."""
        from peer import bodies

        return self._publish(bodies.announcement(text, topics))

    def alert(self, text: str, *, severity: Severity = "warn") -> Sent:
        """Publish trouble of one's own: "info", "warn" or "critical"."""
        from peer import bodies

        return self._publish(bodies.alert(text, severity))

    def endorse(self, id: str) -> Sent:
        """Vouch, for everybody to see, for what somebody else published."""
        from protocol.messages import Endorsement

        return self._judge(id, Endorsement())

    def dispute(self, id: str, because: str) -> Sent:
        """Contradict, for everybody to see, what somebody else published."""
        from peer import bodies

        return self._judge(id, bodies.dispute(because))

    def _publish(self, body: Body) -> Sent:
        from peer.send import send

        return send(self.running, ["all"], [body])

    def _judge(self, id: str, body: Body) -> Sent:
        from peer.letters import published_by_another
        from peer.send import send

        one = published_by_another(self.running, id)
        return send(self.running, ["all"], [body], re=one.id, thread=one.thread)

    # ------------------------------------------------------------------------------ reading

    def inbox(self, *, unread: bool = True) -> list[Letter]:
        """Letters to me, and what was sent to all, oldest first; it marks nothing as read.

        They are there from the tick that received them. Where the share cannot be reached `warning`
        says so; another network's folder in its place is WrongShareError.
        """
        from peer.mailbox import check_share

        self.warning = check_share(self.home, self.identity)
        return self._shown(self.home.mail.inbox(everything=not unread))

    def letter(self, id: str) -> Letter:
        """The item whose id begins with `id`; NotFoundError, or UsageError where several do."""
        return self._shown([self.home.mail.get(id)])[0]

    def read(self, id: str) -> Letter:
        """The same, and it counts as read."""
        found = self.letter(id)
        self.mark_read([found])
        return found

    def mark_read(self, letters: Iterable[Letter]) -> None:
        """These letters count as read."""
        from peer.clock import SystemClock

        stored = [self.home.mail.get(one.id) for one in letters]
        if not all(one.mine for one in stored):
            self._mailbox().mark_read(stored, SystemClock().wall_ms())

    def save(self, id: str, folder: str = ".", *, name: str | None = None) -> list[Saved]:
        """Write the attachments of an item into files: all, or those called `name`.

        Nothing that exists is replaced. NotFoundError where there are none, ShareError where what
        was published cannot be fetched now, UsageError where the folder cannot be written.
        """
        from peer.saving import save

        return save(self.running, self.home.mail.get(id), os.path.abspath(folder), name)

    def thread(self, id: str) -> list[Letter]:
        """The conversation that an item belongs to, oldest first."""
        return _letters(self._mailbox().thread(self.home.mail.get(id)))

    def feed(self, author: str | None = None, *, limit: int = 50) -> list[Letter]:
        """What was published by everybody, or by `author`, newest first."""
        return _letters(self._mailbox().feed(author, limit))

    def outbox(self) -> list[Letter]:
        """Letters that no receipt covers yet, oldest first; `state`, and `details` on why."""
        if not self.home.mail.unacknowledged():
            return []  # why something waits takes longer to load
        from peer.waits import outbox

        return _letters(outbox(self.running))

    def trace(self, id: str, *, look: bool = False) -> Trace:
        """Where an item is, and how it got there, as far as this home knows.

        `details` also has what other identities of the home know; and, with `look`, the share.
        """
        from peer.results import states
        from peer.tracing import all_sides

        letter = self.home.mail.get(id)
        return states.trace(all_sides(self.home, self.identity, self.folder, letter, look=look))

    def _shown(self, stored: list[Stored]) -> list[Letter]:
        return _letters(self._mailbox().rows(stored))

    def _mailbox(self) -> Mailbox:
        from peer.mailbox import Mailbox

        return Mailbox(self.home, self.identity)

    # ------------------------------------------------------------------------------ living

    def tick(self, progress: Callable[[int, int, str], None] | None = None) -> Report:
        """One heartbeat session: receive, act, look after the neighbours, deliver, beat.

        Safe to repeat and to kill. The report's `state` is "busy" where another tick of this peer
        runs and "parked" where it may not act; `human` then says what a person must do. ShareError
        where the share cannot be used. `progress` hears of long work: done, of how many, of what.
        """
        from peer.operations import tick_with_care

        if progress is not None:
            self.running.progress = progress
        return tick_with_care(self.running)

    def on(self, kind: str) -> Callable[[H], H]:
        """A decorator: this handler, too, sees items of a kind, inside `tick`.

        It is called with the received item and a view, and returns a list of effects (`Send`,
        `Publish`, `Remember`, `Escalate` …), which are applied in one transaction with the mark
        "acted". It may see one item twice (after a crash), so whatever it does outside needs the
        item's id as a key. If it raises, nothing of the item happens; after three ticks of that the
        item goes to quarantine. Nothing automatic answers a note, or what is automatic itself.
        """
        from protocol.messages import KINDS

        if kind not in KINDS:
            raise UsageError(f"no item is of the kind {kind!r}; they are {', '.join(KINDS)}")

        def register(handler: H) -> H:
            from peer.handlers import both

            handlers = self.running.handlers
            first = handlers.get(kind)
            own = handler if first is None else both(first, handler)
            self.running.handlers = {**handlers, kind: own}
            return handler

        return register

    def peers(self) -> list[Neighbour]:
        """The other members, and how they seemed at the last tick."""
        from peer.results import states
        from peer.stewards.standing import standing
        from peer.tick.look import table

        return [states.neighbour(row) for row in table(self.running, standing(self.running))]

    def status(self) -> Status:
        """How the peer is, as its home knows it; the share is not touched."""
        from peer.overview import status
        from peer.results import states

        return states.status(status(self.running))

    def concerns(self) -> list[Concern]:
        """What waits for a human, then what should only be known."""
        from peer.overview import concerns
        from peer.results import states

        return [states.concern(row) for row in concerns(self.running)]


def _letters(rows: list[Row]) -> list[Letter]:
    from peer.results.letters import letter

    return [letter(row) for row in rows]
