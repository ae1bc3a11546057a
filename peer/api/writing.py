"""Writing: letters to peers, and what is for everybody to see."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from peer.api.opened import Opened
from protocol.errors import UsageError

if TYPE_CHECKING:
    from peer.bodies import Kind
    from peer.cancelling import Cancelled
    from peer.erasing import Erased
    from peer.letters import Stage
    from peer.send import Sent
    from protocol.messages import Body, Severity


class Writing(Opened):
    """What a peer says."""

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

    def reply(self, id: str, text: str, *, only: bool = False) -> Sent:
        """Answer the author of an item in its thread; the item then counts as read.

        Of a question that was passed on it goes to who asked, too, as its author says; with `only`
        to the author alone.
        """
        from peer.given import checked_text
        from peer.letters import reply

        return reply(self.running, id, checked_text(text), only=only)

    def share(
        self,
        text: str,
        *,
        topics: Iterable[str] = (),
        confidence: float = 0.5,
        evidence: Iterable[str] = (),
        valid_from_ms: int | None = None,
        valid_until_ms: int | None = None,
        supersedes: Iterable[str] = (),
        derived_from: Iterable[str] = (),
    ) -> Sent:
        """Publish what was learned, with a probability from 0 to 1.

        `evidence` are lines that say what it rests on, `derived_from` insights that it was
        concluded from, `supersedes` those in whose place it stands (ids or their beginnings). It
        holds from and until these times, ms since 1970. NotFoundError for an unknown id.
        """
        from peer import bodies
        from peer.letters import known_ids

        body = bodies.insight(
            text, topics, confidence, evidence=evidence, valid_from_ms=valid_from_ms,
            valid_until_ms=valid_until_ms, supersedes=known_ids(self.running, supersedes),
            derived=known_ids(self.running, derived_from),
        )  # fmt: skip
        return self._publish(body)

    def ask(
        self, text: str, *, topics: Iterable[str] = (), first: Iterable[str] | None = None
    ) -> Sent:
        """Publish a question; answers come as letters.

        `first` are the names of who is to answer before others, three at most; by default those who
        most likely know and were not asked much lately. `first` of the result says who that is.
        """
        from dataclasses import replace

        from peer import bodies
        from peer.whom import first as whom
        from protocol.messages import Question

        body = bodies.made("question", text, topics)
        assert isinstance(body, Question)
        asked = whom(self.running, body.text, body.topics, first)
        sent = self._publish(replace(body, first=asked))
        return replace(sent, first=tuple(map(self.running.bare, asked)))

    def announce(self, text: str, *, topics: Iterable[str] = (), goals: Iterable[str] = ()) -> Sent:
        """Publish what is being worked on, and the ids of the stewards' goals that it serves.

        `flag` of the result is "no-goal" where there are goals and it serves none that is in force,
        "unknown-goal" where it names some that are not; it is published all the same.
        """
        from dataclasses import replace

        from peer import bodies
        from peer.stewards.standing import standing

        body = bodies.announcement(text, topics, goals)
        sent = self._publish(body)
        return replace(sent, flag=standing(self.running).policy.flag(body.serves))

    def alert(self, text: str, *, severity: Severity = "warn") -> Sent:
        """Publish trouble of one's own: "info", "warn" or "critical"."""
        from peer import bodies

        return self._publish(bodies.alert(text, severity))

    def alert_over(self, id: str, text: str = "it is over") -> Sent:
        """Publish that a trouble is over which this peer told everybody in an alert.

        NotFoundError for an unknown id, UsageError for what is no alert of its own to all.
        """
        from peer.letters import alert_over

        return alert_over(self.running, id, text)

    def endorse(self, id: str) -> Sent:
        """Vouch, for everybody to see, for what somebody else published.

        An answer that came by letter is accepted so; of that only its author hears.
        """
        from protocol.messages import Endorsement

        return self._judge(id, Endorsement())

    def dispute(self, id: str, because: str) -> Sent:
        """Contradict, for everybody to see, what somebody else published.

        Of an answer that came by letter only its author hears.
        """
        from peer import bodies

        return self._judge(id, bodies.dispute(because))

    def retract(self, id: str, *, because: str = "") -> Sent:
        """Take back, for everybody to see, what one published: it holds or counts no more.

        NotFoundError for an unknown item, UsageError for one of somebody else or a letter.
        """
        from peer.given import checked_text
        from peer.letters import published_by_me
        from peer.send import send
        from protocol.messages import Retraction

        one = published_by_me(self.running, id)
        body = Retraction(because=checked_text(because) if because else "")
        return send(self.running, ["all"], [body], re=one.id, thread=one.thread)

    def propose(self, key: str, value: str, *, because: str = "") -> Sent:
        """Propose, for the members to vote on, a value of a key that the charter lets them decide.

        UsageError for another key, SomaError where the same is proposed already.
        """
        from peer import bodies
        from peer.deciding import propose

        return propose(self.running, *bodies.proposal_words(key, value, because))

    def vote(self, id: str, yes: bool) -> Sent:
        """Vote on a proposal, for everybody to see; a ballot can never be taken back.

        The same vote again is harmless. NotFoundError for an unknown id, SomaError where the vote
        is over or another ballot of this peer stands against it, HumanNeededError where the roster
        that decides does not name its key.
        """
        from peer.deciding import vote

        return vote(self.running, id, yes)

    def cancel(self, id: str) -> Cancelled:
        """Take back a letter that is in no page yet, or put away one that expired.

        NotFoundError for an unknown item, UsageError for one of somebody else, SomaError where it
        is on its way already: what is signed may have been read.
        """
        from peer.cancelling import cancel
        from peer.clock import SystemClock

        return cancel(self.home, id, SystemClock().wall_ms())

    def erase(self, id: str) -> Erased:
        """Take back what was published: its content leaves the share and every home.

        NotFoundError for an unknown item, UsageError for a letter or what others published.
        """
        from peer.erasing import erase

        return erase(self.running, id)

    def _publish(self, body: Body) -> Sent:
        from peer.send import send

        return send(self.running, ["all"], [body])

    def _judge(self, id: str, body: Body) -> Sent:
        from peer.letters import judged
        from peer.send import send

        to, one = judged(self.running, id)
        return send(self.running, to, [body], re=one.id, thread=one.thread)
