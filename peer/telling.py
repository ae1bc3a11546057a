"""Telling stewards: what only a person can mend, what needs a yes, and what policy wants told.

Rules: each matter is told once to each mailbox, again when it is still open after a day of this
home's life, at most so many times, and its end once. A mailbox tells itself nothing. What was
published as an alert every mailbox hears from its author. A peer that is parked or halted tells
nothing, and nobody more than the hourly bound of automatic letters allows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from peer import asking
from peer.home.concerns import Concern
from peer.home.matters import Report
from peer.instance import DAY_MS, RunningPeer
from peer.permission import has_room
from peer.stewards.standing import standing
from protocol import limits
from protocol.messages import Alert, Digest, Escalation
from protocol.page import ALL

again_ms = DAY_MS
times_max = 8  # the first time, and then seven times more
text_chars_max = 4_000
others_told_max = 3  # troubles of one other peer, the oldest that are open
_SIGNS = {"notice": "", "forbidden": ", refused: forbidden"}


def tell(peer: RunningPeer) -> None:
    """Write whatever stewards are to hear now, and let what they decided have its effect."""
    if asking.is_stale_news(peer):
        with peer.home.transaction(durable=False):
            asking.tell_of_stale(peer)
    if left := _of_nobody(peer):
        with peer.home.transaction(durable=False):
            for key in left:
                peer.home.concerns.resolve(key, peer.clock.wall_ms())
    told = list(_escalations(peer))
    asked, digest, gone = asking.is_due(peer), _is_digest_due(peer), asking.overdue(peer)
    if not (told or asked or digest or gone or asking.is_news(peer)):
        return
    with peer.home.transaction(durable=False):
        asking.heed(peer)
        if gone:
            asking.lapse(peer)
        asking.request(peer)
        for mailbox, body, report in told:
            _escalate(peer, mailbox, body, report)
        if digest:
            _digest(peer)


Told = tuple[str, Escalation, Report]


def _escalations(peer: RunningPeer) -> Iterator[Told]:
    """(mailbox, what it is told, what is remembered of that) of everything that is due."""
    mailboxes = [peer.full(name) for name in standing(peer).mailboxes]
    known = {(one.key, one.mailbox): one for one in peer.home.matters.reports()}
    if not mailboxes and not known:
        return
    for concern in _to_be_told(peer):
        for mailbox in mailboxes:
            before = known.pop((concern.key, mailbox), None)
            times = _times_due(peer, concern, before)
            if times and (before is not None or not _is_published(peer, concern)):
                body = _body(concern, times)
                report = Report(concern.key, mailbox, concern.since, peer.lived_ms, times)
                yield mailbox, body, report
    # What is open is not over, though newer words may have taken its place among the few.
    open_ = {one.key for one in peer.home.concerns.all() if one.level == "human"}
    for report in [one for one in known.values() if one.key not in open_]:
        text = "it is over: what was told before needs nobody any more"
        body = Escalation(key=_line(report.key), text=text, times=report.times, over=True)
        yield report.mailbox, body, report


def _to_be_told(peer: RunningPeer) -> list[Concern]:
    """What only a person can mend: my own troubles, then those of others, a few of each.

    Whoever alarms me without end takes neither my room nor that of others.
    """
    open_ = [one for one in peer.home.concerns.all() if one.level == "human"]
    places: Counter[str] = Counter()
    theirs = []
    for one in [one for one in open_ if one.author is not None]:
        assert one.author is not None
        theirs.append((places[one.author], one.since, one.key, one))
        places[one.author] += 1
    few = [one for place, _, _, one in sorted(theirs) if place < others_told_max]
    return [*(one for one in open_ if one.author is None), *few]


def _of_nobody(peer: RunningPeer) -> list[str]:
    """What somebody told who is no member with a good key any more."""
    holds, own = standing(peer), f"@{peer.identity.cluster}"
    return [
        one.key
        for one in peer.home.concerns.all()
        if one.author is not None and one.author.endswith(own) and not holds.admits(one.author)
    ]


def _times_due(peer: RunningPeer, concern: Concern, before: Report | None) -> int:
    """How often it will have been told when it is told now; 0: it is not to be told now."""
    if before is None or before.since != concern.since:
        return 1
    due = peer.lived_ms - before.last_ms >= again_ms and before.times < times_max
    return before.times + 1 if due else 0


def _is_published(peer: RunningPeer, concern: Concern) -> bool:
    """Whether it is an alert that its author told everybody, also the mailboxes."""
    if not concern.key.startswith("item:"):
        return False
    return peer.home.matters.is_published(concern.key.rpartition(":")[2], Alert.kind, ALL)


def _body(concern: Concern, times: int) -> Escalation:
    return Escalation(
        key=_line(concern.key),
        text=concern.text[:text_chars_max],
        mend=concern.mend[:text_chars_max],
        level=concern.level,
        times=times,
    )


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[: limits.line_chars_max]


def _escalate(peer: RunningPeer, mailbox: str, body: Escalation, report: Report) -> None:
    if peer.bare(mailbox) in standing(peer).mailboxes:
        if not has_room(peer, mailbox):
            return  # the next tick tells it
        item = asking.automatic(peer, body)
        peer.home.outgoing.add([item], mailbox, peer.clock.wall_ms())
    if body.over:
        peer.home.matters.settle(report.key, mailbox)
    else:
        peer.home.matters.report(report)


def _is_digest_due(peer: RunningPeer) -> bool:
    if not peer.home.asks.deeds() or not standing(peer).mailboxes:
        return False
    return peer.lived_ms - peer.home.state.number("digest_ms") >= DAY_MS


def _digest(peer: RunningPeer) -> None:
    """What was done with notice, or refused, since the last digest, to every mailbox."""
    mailboxes = [peer.full(name) for name in standing(peer).mailboxes]
    if not all(has_room(peer, mailbox) for mailbox in mailboxes):
        return
    body = Digest(lines=tuple(digest_lines(peer))[: limits.digest_lines_max])
    for mailbox in mailboxes:
        item = asking.automatic(peer, body)
        peer.home.outgoing.add([item], mailbox, peer.clock.wall_ms())
    peer.home.asks.forget_deeds()
    peer.home.state.put("digest_ms", peer.lived_ms)


def digest_lines(peer: RunningPeer) -> list[str]:
    """What the next digest says so far."""
    return [
        f"{times} × {effect} {kind}".rstrip() + _SIGNS.get(verdict, f", {verdict}")
        for verdict, effect, kind, times in peer.home.asks.deeds()
    ]
