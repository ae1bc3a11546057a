"""Acting: items, in turn and in the order of their streams, become effects.

Rules: effects and the mark "acted" are one transaction. An item whose handler raises is tried
three times, in three ticks, and is then set aside where a person can see it; the tick goes on.
Orders are looked at again between transactions, so a halt stops a long tick too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice

from peer import asking, effects, guiding, permission, sealing, tying, voting
from peer.foreign import attempt
from peer.handlers import Found, Received
from peer.home.journal import New
from peer.instance import HOUR_MS, RunningPeer
from peer.knowing import Knowing
from peer.polls import polls
from peer.stewards.aims import policy_for
from peer.stewards.standing import living, standing
from peer.tick.report import Report
from peer.tick.turns import in_turn
from protocol.charter import Goal
from protocol.errors import RuleError
from protocol.expertise import Candidate
from protocol.guidance import Starter, Tie
from protocol.messages import Item, Question, Sealed, stored_item

batch_items_max = 100
batch_ms_max = 2_000
lookups_hourly_max = 30  # for one author, and for each process
tick_items_max = 100_000
tries_max = 3

Failed = list[tuple[New, Exception]]


class HomeView:
    """What handlers see of the home."""

    def __init__(self, peer: RunningPeer) -> None:
        self._peer = peer

    @property
    def address(self) -> str:
        """My own full address."""
        return self._peer.address

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The goals in force for me."""
        return standing(self._peer).policy.goals

    def goals_of(self, address: str) -> tuple[Goal, ...]:
        """The goals in force for somebody else."""
        return policy_for(self._peer.home, self._peer.identity.network, address).goals

    @property
    def is_mailbox(self) -> bool:
        """Whether I am the mailbox of a steward."""
        return standing(self._peer).is_mailbox

    @property
    def _knowing(self) -> Knowing:
        return Knowing(self._peer.home, self._peer.address, self._peer.clock.wall_ms())

    def recall(
        self, text: str, topics: Sequence[str], hits_max: int, *, by: str = "", but: str = ""
    ) -> list[Found]:
        """What everybody may know of a text and topics: insights that fit, the best first."""
        if but:
            self._peer.looked_up.setdefault(but, []).append(self._peer.clock.monotonic_ms())
        hits = self._knowing.fitting(text, topics, hits_max, by=by, but=but)
        return [Found(hit.node.item, hit.belief) for hit in hits]

    def experts(self, topics: Sequence[str]) -> list[Candidate]:
        """Who knows something about these topics, is a member and seems alive; not myself."""
        return self._knowing.experts(topics, living(self._peer))

    def working_on(self) -> list[Item]:
        """My own announcements that still stand, the newest first."""
        return [node.item for node in self._knowing.working_on()]

    def ties(self) -> list[Tie]:
        """Who is my mentor, whom I guide, and how that stands now."""
        return tying.ties(self._peer.home, self._peer.lived_ms)

    @property
    def lived_ms(self) -> int:
        """How long my home has lived."""
        return self._peer.lived_ms

    @property
    def mentees_max(self) -> int:
        """How many newcomers I am ready to guide at a time."""
        return self._peer.settings.mentor.mentees_max

    def has_time_for(self, address: str) -> bool:
        """Whether so little was looked up for somebody in this hour that there may be more."""
        since = self._peer.clock.monotonic_ms() - HOUR_MS
        lately = [at for at in self._peer.looked_up.get(address, ()) if at > since]
        self._peer.looked_up[address] = lately
        return len(lately) < lookups_hourly_max

    def has_room(self, address: str) -> bool:
        """Whether I may still write to somebody by myself in this hour."""
        return permission.has_room(self._peer, address)

    def starter(self, topics: Sequence[str], reader: str) -> Starter | None:
        """What `reader` (full address) should know first; None where I know nothing."""
        goals, alive = self.goals_of(reader), living(self._peer)
        return guiding.starter(self._knowing, goals, topics, reader, alive)

    @property
    def votable(self) -> Collection[str]:
        """The keys on whose value my cluster may agree, by the charter in force."""
        return polls(self._peer).keys()

    @property
    def agreed(self) -> Mapping[str, str]:
        """What my cluster agreed on: key → value."""
        return {key: one.value for key, one in voting.agreed(self._peer).items()}


def act(peer: RunningPeer, report: Report, may_go_on: Callable[[], bool]) -> None:
    """Act on every item that waits, up to `tick_items_max`."""
    waiting, tried = in_turn(peer.home.journal), 0
    left: list[New] = []
    if any(peer.home.journal.has_new(kind) for kind in (Question.kind, Sealed.kind)):
        peer.home.recalled.catch_up(peer.progress)  # not in a transaction that others wait for
    while report.acted + tried < tick_items_max and peer.goes_on() and may_go_on():
        batch = left or list(islice(waiting, batch_items_max))
        if not batch:
            return
        failed, left = _act_together(peer, batch, report)
        peer.progress(report.acted, max(report.received, report.acted), "items acted on")
        for new, error in failed:
            tried += 1
            _count_failure(peer, new, error, report)
    if report.acted + tried >= tick_items_max and (left or next(waiting, None) is not None):
        report.problems.append("there are more items than I act on in one tick; the next goes on")


def _act_together(peer: RunningPeer, batch: list[New], report: Report) -> tuple[Failed, list[New]]:
    """Act on a batch in one transaction; returns what failed, and what there was no time for.

    Others may choose how much work an item is; other commands of this home wait meanwhile.
    """
    failed: Failed = []
    done: list[New] = []
    end_ms = peer.clock.monotonic_ms() + batch_ms_max
    with peer.home.transaction(durable=False):
        asking.heed(peer)  # or an answer would tell what a new charter holds back
        for place, new in enumerate(batch):
            if place and peer.clock.monotonic_ms() >= end_ms:
                break
            # Whatever a handler raises must not keep other letters waiting; the item is tried again
            # and then set aside with this very error, so it is not lost from sight.
            said = attempt(_act_one, peer, new)
            if isinstance(said, Exception):
                failed.append((new, said))
            else:
                report.problems += said
                done.append(new)
        peer.home.journal.settle([new.n for new in done], "acted", peer.clock.wall_ms())
        for author in sorted({new.author for new in done if new.audience == peer.address}):
            peer.home.journal.owe_receipt(author)
    report.acted += len(done)
    return failed, batch[len(done) + len(failed) :]


def _act_one(peer: RunningPeer, new: New) -> list[str]:
    """The effects of one item, all or none; returns what policy refused."""
    if new.understood and new.kind == Sealed.kind:
        return _act_sealed(peer, new)
    handler = peer.handlers.get(new.kind) if new.understood else None
    if handler is None:
        return []
    with peer.home.db.savepoint():
        item = stored_item(new.data, bool(new.understood))
        wanted = handler(Received(item, new.audience), HomeView(peer))
        return effects.apply(peer, wanted, item, new.audience)


def _act_sealed(peer: RunningPeer, new: New) -> list[str]:
    opened = sealing.open_item(peer, stored_item(new.data, understood=True), new.audience)
    if opened is None or opened.item.body is None:
        return [f"item {new.id[:8]} of {new.author} is sealed, and cannot be understood here"]
    item = opened.item
    handler = peer.handlers.get(item.head.kind)
    with peer.home.db.savepoint():
        peer.home.attachments.put_into(new.id, item.head.thread or item.head.re)
        wanted = [] if handler is None else handler(Received(item, new.audience), HomeView(peer))
        return effects.apply(peer, wanted, item, new.audience, sealed=True)


def _count_failure(peer: RunningPeer, new: New, error: Exception, report: Report) -> None:
    # Whatever a handler says must not end the tick: neither a database nor JSON takes surrogates.
    said = type(error).__name__ if new.kind == Sealed.kind else f"{type(error).__name__}: {error}"
    reason = said.encode("utf-8", "replace").decode()
    report.problems.append(f"item {new.id[:8]} failed: {reason}")
    with peer.home.transaction():
        if peer.home.journal.try_again(new.n) < tries_max:
            return
        peer.home.journal.settle([new.n], "set-aside", peer.clock.wall_ms())
        if new.audience == peer.address:
            peer.home.journal.owe_receipt(new.author)
        peer.home.quarantine.add(
            f"item:{new.id}",
            new.data,
            RuleError("ACT-3", f"its handler failed {tries_max} times: {reason}"),
            peer.clock.wall_ms(),
            author=new.author,
            item=new.id,
        )
        report.quarantined += 1
