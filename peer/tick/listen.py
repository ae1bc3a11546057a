"""Hearing the neighbours: their heartbeats, verified where they changed.

Rules: an unchanged file costs one read and no verification. A heartbeat may be seen old: numbers
never go back within an epoch, and epochs that are over never return.
"""

from __future__ import annotations

from itertools import chain
from operator import attrgetter

from peer.clock import Moment, read
from peer.home.neighbours import Neighbour
from peer.home.quarantine import unreadable
from peer.instance import RunningPeer
from peer.stewards import crowds, hiding, reading
from peer.stewards.standing import Standing
from peer.tick import epochs
from peer.tick.intake import freeze
from peer.tick.report import Report
from protocol.errors import MissingError, RuleError, ShareError
from protocol.heartbeat import Heartbeat, open_heartbeat
from protocol.page import ALL, Stream
from protocol.roster import Member
from protocol.suspicion import observed, verdict
from registry import layout, roster
from registry.share import digest

_heads = attrgetter("heads")


def listen(peer: RunningPeer, standing: Standing, report: Report) -> list[str]:
    """Read every member's heartbeat, believe signed heads; returns whose heartbeat is new."""
    members = [
        m for m in (standing.roster.members if standing.roster else ()) if m.name != peer.name
    ]
    rows = peer.home.neighbours.all()
    old = [rows.get(member.name) for member in members]
    known = [None if row is None else row.digest for row in old]
    heard = roster.fetch_heartbeats(peer.share, [member.name for member in members], known)
    news = [new for new in zip(members, heard, old, strict=True) if new[1] is not None]
    if not news:
        return []
    now = read(peer.clock)
    fresh: list[Heartbeat] = []
    changed: list[Neighbour] = []
    with peer.home.transaction(durable=False):
        for member, data, row in news:
            if isinstance(data, bytes):
                beat = _open(peer, member, data, row, report)
                if beat is not None:
                    fresh.append(beat)
                    _hear_feed(peer, beat, data)
                    changed.append(_row(peer, member.name, beat, data, row, now))
            elif isinstance(data, ShareError) and not isinstance(data, MissingError):
                _cannot_read(peer, member.name, data, report)
        unknown = hiding.hear_heads(peer, [*chain.from_iterable(map(_heads, fresh))])
        if not unknown:
            peer.home.neighbours.put(changed)
    if unknown:
        # Before the beats are remembered: a tick that dies in between must hear the heads again.
        _look_for(peer, unknown, fresh, report)
        with peer.home.transaction(durable=False):
            peer.home.neighbours.put(changed)
    return [row.name for row in changed]


def _open(
    peer: RunningPeer, member: Member, data: bytes, row: Neighbour | None, report: Report
) -> Heartbeat | None:
    """The heartbeat, where it is genuine and newer; else None, with the bytes set aside."""
    address = peer.full(member.name)
    try:
        beat = open_heartbeat(data, peer.identity.network, address)
        state = member.state_of(beat.key)
        if state == "retired":
            return None  # of before it changed its key: seen old, and no fault of anybody
        if state != "active":
            raise RuleError("HB-4", f"no steward admitted {address} with this key")
    except RuleError as error:
        _set_aside(peer, member.name, data, error, report)
        return None
    if row is not None and row.epoch == beat.epoch:
        return beat if beat.seq > row.seq else None
    if beat.epoch in epochs.over(peer, address):
        epochs.hear_again(peer, beat)
        return None
    epochs.hear_new(peer, address)
    if row is not None:
        # A lost database cannot list the epoch that it lost; its successor ends it all the same.
        epochs.end(peer, address, (row.epoch,))
        peer.home.state.put(f"recheck:{address}", beat.epoch)
    epochs.end(peer, address, beat.earlier_epochs)
    return beat


def _set_aside(peer: RunningPeer, name: str, data: bytes, error: RuleError, report: Report) -> None:
    path, quarantine = layout.heartbeat(name), peer.home.quarantine
    if quarantine.holds(path, data):
        return
    now, tick = peer.clock.wall_ms(), peer.home.state.number("tick")
    if quarantine.refuse(path, data, error, tick, now, peer.full(name)) is not None:
        report.quarantined += 1
        report.problems.append(f"{path}: {error}")


def _cannot_read(peer: RunningPeer, name: str, error: ShareError, report: Report) -> None:
    """What stands there is no heartbeat, or the drive has a fault; told at every tick."""
    path, rule = layout.heartbeat(name), unreadable(error)
    report.problems.append(str(error) if rule is None else f"{path}: {rule}")
    if rule is not None:
        report.quarantined += peer.home.quarantine.add(
            path, b"", rule, peer.clock.wall_ms(), author=peer.full(name)
        )


def _row(
    peer: RunningPeer, name: str, beat: Heartbeat, data: bytes, row: Neighbour | None, now: Moment
) -> Neighbour:
    mean = 0 if row is None else row.mean_ms
    if row is not None and row.epoch == beat.epoch and row.tick < beat.tick:
        interval = elapsed(row, now) // (beat.tick - row.tick)  # of one tick, where some passed
        # An outage is no sample of a life in order: from it the mean would take days to recover.
        if verdict(interval, row.next_ms, mean) != "dead":
            mean = observed(mean, interval)
    flagged = int(peer.name in beat.mail)
    state = row.state if row else "unknown"
    return Neighbour(
        *(name, digest(data), beat.epoch, beat.seq, beat.tick, beat.at, beat.lifecycle),
        *(beat.next_beat_ms, mean, now.boot, now.monotonic_ms, now.wall_ms, flagged, state),
    )


def _hear_feed(peer: RunningPeer, beat: Heartbeat, data: bytes) -> None:
    """STREAM-8: a signed head that names another page than the one I hold proves a fork."""
    if beat.feed is None:
        return
    journal = peer.home.journal
    place = Stream(beat.author, beat.key, beat.feed.epoch, ALL)
    seq, digest_, floor = journal.announced(place)
    if (seq, digest_) == (beat.feed.seq, beat.feed.hash) and beat.feed.floor <= floor:
        return  # nothing that was not said before
    stream = journal.open_stream(place, over=beat.feed.epoch in epochs.over(peer, beat.author))
    journal.raise_floor(stream, min(beat.feed.floor, beat.feed.seq))
    journal.announce(stream, beat.feed.seq, beat.feed.hash)
    held = journal.page(stream.n, beat.feed.seq)
    if held is not None and held.digest != beat.feed.hash and not stream.frozen:
        proof = held.bare + b"\n" + data
        peer.home.proofs.add(beat.author, "false-head", beat.key, proof, peer.clock.wall_ms())
        freeze(peer, stream, "STREAM-8", beat.feed.seq)


def elapsed(row: Neighbour, now: Moment) -> int:
    """My own time since I first saw a neighbour's newest beat, ms; never below 0."""
    if now.boot == row.seen_boot:
        return max(now.monotonic_ms - row.seen_mono, 0)
    return max(now.wall_ms - row.seen_wall, 0)


def _look_for(
    peer: RunningPeer, unknown: list[hiding.Heard], fresh: list[Heartbeat], report: Report
) -> None:
    """Heads name documents that I do not hold: they came to the share since, or are hidden."""
    report.problems += reading.read_documents(peer, [one.head for one in unknown])
    held = peer.home.archive.digests()
    missing = [one for one in unknown if one.head.hash not in held]
    if missing and (left_out := crowds.left_out(peer)):
        missing = [one for one in missing if hiding.path_of(one.head) not in left_out]
    if missing:
        by = {one.head.hash: _who_names(one.head.hash, fresh) for one in missing}
        report.problems += hiding.hide(peer, missing, by)


def _who_names(digest: str, fresh: list[Heartbeat]) -> str:
    """Whose heartbeat carries the signed head of this document."""
    for beat in fresh:
        signed = [head.get("signed") for head in beat.heads]
        if any(isinstance(one, dict) and one.get("hash") == digest for one in signed):
            return beat.author.partition("@")[0]
    return "nobody"
