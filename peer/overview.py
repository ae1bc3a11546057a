"""What a person wants to see at once: one peer on one screen, the network as stewards signed it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from peer import inforce, voting
from peer.heartbeats import last_tick_at, next_beat_at
from peer.home import census, outages
from peer.home.places import Identity
from peer.instance import RunningPeer
from peer.membership import root_fingerprint
from peer.mentoring import mentoring
from peer.rows import Row, moment, short
from peer.stewards.aims import goal_rows, remembered
from peer.stewards.charters import charters_of
from peer.stewards.desk import Desk, key_fingerprint, newest_roster
from peer.stewards.standing import standing
from peer.telling import digest_lines
from peer.tick import look
from protocol import canonical
from protocol.charter import Charter
from protocol.messages import Escalation, stored_item
from protocol.order import Order
from protocol.roster import STEWARD, Member, Roster
from protocol.trust import Grant, Trust


def status(peer: RunningPeer) -> Row:
    """Everything about a peer as its home knows it; the share is not touched."""
    home, state, holds = peer.home, peer.home.state, standing(peer)
    ended, now = last_tick_at(peer), peer.clock.wall_ms()
    report, coming = state.data("report"), next_beat_at(peer)
    neighbours, waiting = look.table(peer, holds), census.letters(home.db)
    return {
        "peer": peer.name,
        "address": peer.address,
        "network": peer.identity.network,
        "root": root_fingerprint(peer.identity.network),
        "share": peer.identity.share,
        "fingerprint": peer.fingerprint,
        "admitted": holds.member is not None,
        "left": bool(state.number("left")),
        "moved": state.text("moved") is not None,
        "parked": state.text("parked"),
        "halts": [halt_row(halt) for halt in holds.halts],
        "goals": goal_rows(holds.policy.charters),
        "hidden_orders": holds.hidden_orders,
        "agreed": [one.as_json() for one in voting.agreed(peer).values()],
        "epoch": state.epoch,
        "ticks": state.number("tick"),
        "last_tick": moment(ended) if ended else None,
        "last_tick_s": max(now - ended, 0) // 1000 if ended else None,
        "last_tick_ms": state.number("last_tick_ms") if ended else None,
        **_ended(peer, ended),
        **_away(peer),
        "last_report": canonical.decode(report) if report else None,
        "next_beat": moment(coming) if coming else None,
        "next_beat_s": (coming - now) // 1000 if coming else None,
        "unread": home.mail.unread_count(),
        "outbox": sum(waiting.values()),
        "waiting": waiting,
        "quarantined": home.quarantine.count(),
        "peers": Counter(row["state"] for row in neighbours),
        "neighbours": neighbours,
        "asked": len(home.asks.open()),
        "notices": digest_lines(peer),
        "mentoring": mentoring(peer),
        "concerns": concerns(peer),
    }


def _ended(peer: RunningPeer, ended: int | None) -> Row:
    """How the last tick ended: ok, halted, parked, failed, unfinished (it runs, or was killed)."""
    state, fault = peer.home.state, None
    result = state.text("last_tick_result") if ended else None
    began = state.number("tick_began")
    if ended is not None and ended > state.number("last_tick_at"):
        result = "ok"  # a program that looks after its log by itself has run it
    elif result is not None:
        fault = state.text("last_tick_fault") or None
    if began > (ended or 0):
        result, fault = "unfinished", f"it began at {moment(began)} and has not ended"
    return {"last_tick_result": result, "last_tick_fault": fault}


def _away(peer: RunningPeer) -> Row:
    """Since when the share cannot be used, as far as the home knows, and why."""
    outage = outages.current(peer.home.state)
    return {
        "away_since": moment(outage.since_ms) if outage else None,
        "away_fault": outage.fault if outage else None,
    }


def concerns(peer: RunningPeer) -> list[Row]:
    """What waits for a human first, then what only should be known; my own first, oldest first.

    In a steward's mailbox also what peers told it, and have not called off since.
    """
    mine = [
        {
            "key": c.key, "level": c.level, "text": c.text, "mend": c.mend,
            "since": moment(c.since), "from": _teller(peer, c.author),
        }
        for c in peer.home.concerns.all()
    ]  # fmt: skip
    found = [*mine, *_told(peer)]
    return sorted(
        found, key=lambda row: (row["level"] != "human", row["from"] != peer.name, row["since"])
    )


def _teller(peer: RunningPeer, author: str | None) -> str:
    return peer.name if author is None else short(author, peer.identity.cluster)


def _told(peer: RunningPeer) -> list[Row]:
    """What peers told a steward's mailbox, in their words, each with the name of who says so."""
    rows = []
    for matter in peer.home.matters.all(Escalation.kind):
        letter = peer.home.mail.get(matter.item)
        item = stored_item(letter.data, understood=bool(letter.understood))
        if matter.over or not isinstance(item.body, Escalation):
            continue
        author, body = peer.bare(item.head.author), item.body
        row = {
            "key": f"{author}:{body.key}",
            "level": "human" if body.level == "human" else "warn",
            "text": f"{author}: {' '.join(body.text.split())}",
            "mend": f"{author} suggests: {' '.join(body.mend.split())}",
            "since": moment(letter.stored_at),
            "from": author,
            "times": body.times,
            "id": item.id,
        }
        rows.append(row)
    return rows


def network_of_peer(peer: RunningPeer) -> Row:
    """The network as the home of a peer knows it since its last tick."""
    holds = standing(peer)
    charters = remembered(peer.home, peer.identity.network)
    halts = holds.all_halts.values()
    return _network(peer.identity, holds.trust, holds.roster, charters, halts)


def network_of_steward(desk: Desk) -> Row:
    """The network as the share shows it now and the steward remembers it."""
    known, current = desk.known(), newest_roster(desk)
    assert isinstance(current.body, Roster)
    members = inforce.without(known.trust, current.body)
    halts = known.ruling.halts.values()
    return _network(desk.identity, known.trust, members, charters_of(known), halts)


def _network(
    identity: Identity,
    trust: Trust,
    members: Roster | None,
    charters: Sequence[Charter],
    halts: Iterable[Order],
) -> Row:
    listed = members.members if members else ()
    return {
        "network": identity.network,
        "root": root_fingerprint(identity.network),
        "cluster": identity.cluster,
        "share": identity.share,
        "stewards": [
            {"name": steward.name, "fingerprint": key_fingerprint(steward.key)}
            for steward in trust.root.stewards
        ],
        "root_version": trust.root.version,
        "root_until": moment(trust.root.until) if trust.root.until else None,
        "rights": [_right_row(trust, grant) for grant in trust.grants],
        "charter": next((one.version for one in charters if one.scope == "*"), None),
        "goals": goal_rows(charters),
        "roster": members.version if members else None,
        "members": [_member_row(one) for one in listed if STEWARD not in one.roles],
        "mailboxes": [_member_row(one) for one in listed if STEWARD in one.roles],
        "halts": [halt_row(halt) for halt in sorted(halts, key=lambda halt: halt.at)],
    }


def _right_row(trust: Trust, grant: Grant) -> Row:
    """Who may sign what; those who were revoked there are left out."""
    sound = [key for key in grant.keys if not (grant.depth and trust.is_void(key, grant.scope))]
    return {
        "role": grant.role,
        "scope": grant.scope,
        "stewards": sorted(trust.name_of(key) for key in sound),
        "threshold": grant.threshold,
        "delegated": grant.depth > 0,
        "members_max": grant.members_max if grant.depth else None,
        "until": moment(grant.until) if grant.until else None,
    }


def _member_row(member: Member) -> Row:
    active = [key_fingerprint(known.key) for known in member.keys if known.state == "active"]
    return {
        "name": member.name,
        "active": member.active,
        "fingerprint": active[0] if active else None,
        "keys": len(member.keys),
        "reused": member.reused,
    }


def halt_row(halt: Order) -> Row:
    """A halt in force."""
    return {"scope": halt.scope, "because": halt.because, "at": moment(halt.at)}
