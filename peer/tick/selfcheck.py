"""Looking after oneself: own troubles are told to everybody, once; again while they last.

Rules: `protocol.trouble` says when; what charters and budgets say holds for these alerts as for any
item. Where they need a yes, or are forbidden, nobody is asked for one alert after the other: a
person is told. Checks run outside of any transaction. A process that stays makes them once a minute
at most. A mailbox of a steward tells nobody but its own person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from peer.checks import Found, examine
from peer.handlers.alerts import LEVELS
from peer.home.troubles import Lasting
from peer.instance import DAY_MS, RunningPeer
from peer.permission import has_room, judge, over_budget
from peer.stewards.standing import standing
from peer.tick.report import Report
from protocol import canonical, trouble
from protocol.messages import Alert, Head, Severity, compose
from protocol.page import ALL
from protocol.trouble import Trouble

rest_ms = 60_000
# A check that this process does not know may be that of another program, which ticks here, too.
unknown_ms = 3 * DAY_MS
_MEND = "mend it; it is over when a check does not find it any more"
OVER = "it is over"


def check_self(peer: RunningPeer, report: Report) -> None:
    """Make every check, and tell what is to be told of its findings."""
    now = peer.clock.monotonic_ms()
    if peer.checked_ms is not None and now - peer.checked_ms < rest_ms:
        return
    peer.checked_ms = now
    looked = {name: examine(name, look) for name, look in sorted(peer.checks.items())}
    if not peer.home.troubles.all() and not any(one.troubles for one in looked.values()):
        return
    with peer.home.transaction(durable=False):
        for key, found in _by_key(peer, looked):
            told = _take(peer, key, found)
            report.problems += [told] if told else []


def _by_key(peer: RunningPeer, looked: Mapping[str, Found]) -> Iterator[tuple[str, Trouble | None]]:
    """Every trouble that was found, and (None) those that no check finds any more."""
    found = {key: one for each in looked.values() for key, one in each.troubles.items()}
    for key in sorted({*found, *(one.key for one in peer.home.troubles.all())}):
        by = looked.get(key.partition("/")[0])
        seen = {one.key: one.seen for one in peer.home.troubles.all()}.get(key, 0)
        unknown = by is None and peer.lived_ms - seen < unknown_ms
        if key in found or not (unknown or (by is not None and not by.whole)):
            yield key, found.get(key)


def _take(peer: RunningPeer, key: str, found: Trouble | None) -> str | None:
    """Remember how one trouble is now, tell what is due of it; returns what was told."""
    troubles, now = peer.home.troubles, peer.lived_ms
    before = {one.key: one for one in troubles.all()}.get(key)
    step = trouble.due(found.severity if found else None, before.known if before else None, now)
    if found is not None:
        troubles.see(found, now)
    if step == "over":
        assert before is not None
        return _end(peer, before)
    told = None
    if step != "wait" and found is not None:
        alert = _publish(peer, found.text, found.severity, before and before.alert)
        if alert is not None:
            troubles.tell(key, alert, now)
            told = f"told everybody: {found.text}"
    if found is not None:
        _show(peer, key)
    return told


def _show(peer: RunningPeer, key: str) -> None:
    """A trouble stands among what a person should know, under the name of the alert, if any."""
    concerns, now = peer.home.concerns, peer.clock.wall_ms()
    one = next(one for one in peer.home.troubles.all() if one.key == key)
    level = LEVELS[one.severity]
    if one.alert is not None:
        concerns.resolve(_unsaid(key), now)
        concerns.renew(_said(peer, one.alert), level, one.text, one.mend or _MEND, now)
        return
    verdict = judge(peer, [Alert.kind], ALL).verdict
    if verdict in ("approve", "forbidden") and not standing(peer).is_mailbox:
        level = "human"  # nobody else hears of it
    concerns.renew(_unsaid(key), level, one.text, one.mend or _MEND, now)


def _end(peer: RunningPeer, one: Lasting) -> str | None:
    """A trouble is over; it is forgotten once that is told, or cannot be."""
    concerns, now = peer.home.concerns, peer.clock.wall_ms()
    concerns.resolve(_unsaid(one.key), now)
    if one.alert is None:
        peer.home.troubles.forget(one.key)
        return None
    concerns.resolve(_said(peer, one.alert), now)
    text = f"{OVER}: {one.text}"
    if _publish(peer, text, "info", one.alert) is None and _may_publish_later(peer):
        return None
    peer.home.troubles.forget(one.key)
    return f"told everybody: {text}"


def _publish(peer: RunningPeer, text: str, severity: Severity, re: str | None) -> str | None:
    """Tell everybody, as far as stewards let me; the id of the alert, or None."""
    permit = judge(peer, [Alert.kind], ALL)
    if standing(peer).is_mailbox or permit.verdict in ("approve", "forbidden"):
        return None
    if not has_room(peer, ALL) or (not permit.exempt and over_budget(peer, permit.effect, 1)):
        return None
    if permit.verdict == "notice":
        peer.home.asks.count(permit.verdict, permit.effect, permit.kind)
    now = peer.clock.wall_ms()
    head = Head(
        author=peer.address, kind=Alert.kind, salt=canonical.b32(peer.entropy.draw(16)), at=now,
        auto=True, re=re, thread=re,
    )  # fmt: skip
    item = compose(head, Alert(text=text[: trouble.text_chars_max], severity=severity))
    peer.home.outgoing.add([item], ALL, now)
    return item.id


def _may_publish_later(peer: RunningPeer) -> bool:
    """Whether only a number of this hour, or of a budget, is in the way."""
    permit = judge(peer, [Alert.kind], ALL)
    return not standing(peer).is_mailbox and permit.verdict in ("free", "notice")


def _said(peer: RunningPeer, alert: str) -> str:
    return f"item:{peer.address}:{alert}"


def _unsaid(key: str) -> str:
    return f"trouble:{key}"
