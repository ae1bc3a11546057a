"""What a peer looks for in itself: checks, each of which finds troubles or nothing.

A check is a function without arguments that returns troubles; a program adds its own with
`Peer.check`, an owner without Python a command (`checks.command`). Rules: no check makes a tick
fail, and none is asked for longer than it may take, but for functions of a program, which run in
its own thread. Text for everybody names no path of this machine. Not here: who is told of what was
found (`peer.tick.selfcheck`).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from threading import Thread
from typing import NamedTuple

from peer import bounded
from peer.foreign import attempt
from peer.home import outages
from peer.instance import Look, RunningPeer
from protocol.trouble import Trouble, checked, one_line

found_max = 16  # troubles of one check
slots_max = 1_000
share_seconds = 5.0
_MIB = 1 << 20
_PASSED = ("ok", "info")


def product(peer: RunningPeer) -> dict[str, Look]:
    """The checks that every peer makes, by name."""
    return {
        "disk": lambda: full_disks(peer),
        "ticks": lambda: missed_ticks(peer),
        "command": lambda: of_command(peer),
    }


class CheckFailedError(Exception):
    """A check could not look, or not to the end; `found` is what it has found before."""

    def __init__(self, text: str, found: Iterable[Trouble] = (), mend: str = "") -> None:
        super().__init__(text)
        self.found = tuple(found)
        self.mend = mend


class Found(NamedTuple):
    """What a check found, by key, and whether that is all: a check that failed knows no more."""

    troubles: Mapping[str, Trouble]
    whole: bool


def examine(name: str, look: Look) -> Found:
    """Make a check. That it failed is a trouble, too, and ends none of those it found before."""
    found = attempt(_looked, name, look)
    if isinstance(found, CheckFailedError):
        kept = [_named(name, one) for one in found.found[:found_max]]
        return _together([*kept, _failed(name, str(found), found.mend)], whole=False)
    if isinstance(found, Exception):
        return _together([_failed(name, f"raised {type(found).__name__}")], whole=False)
    if len(found) > found_max:
        text = f"the check {name} finds more than {found_max} troubles"
        found[found_max:] = [Trouble(f"{name}/more", "warn", text)]
    return _together(found, whole=True)


def _looked(name: str, look: Look) -> list[Trouble]:
    return [_named(name, one) for one in islice(look(), found_max + 1)]


def _named(name: str, trouble: Trouble) -> Trouble:
    """Keys belong to the check that found them."""
    return checked(replace(trouble, key=f"{name}/{trouble.key}" if trouble.key else name))


def _failed(name: str, text: str, mend: str = "") -> Trouble:
    return Trouble(f"{name}/failed", "warn", one_line(f"the check {name} {text}"), mend)


def _together(found: Iterable[Trouble], *, whole: bool) -> Found:
    return Found({one.key: one for one in found}, whole)


# --------------------------------------------------------------------------------------- disks


_SHARE = "disk/share"


def full_disks(peer: RunningPeer) -> list[Trouble]:
    """The disk of the home, and that of the share where its system tells, nearly full.

    That of the share is the trouble of all its peers; the one tells whose name comes first among
    those who seem alive to it, or a thousand would.
    """
    if peer.folder is None or not peer.settings.checks.disk_warn_percent:
        return []
    home, share = _room(peer.folder), _room_in_time(peer.identity.share)
    found = []
    if home is not None:
        both = share is not None and share.device == home.device
        what = "the disk of home and share" if both else "the disk of the home"
        found += _judged(peer, "home", what, home, peer.folder)
        share = None if both else share
    # Whoever told it goes on, or it would seem over where another one begins to speak.
    told = any(one.key == _SHARE and one.alert is not None for one in peer.home.troubles.all())
    if share is not None and (told or _speaks_for_all(peer)):
        found += _judged(peer, "share", "the disk of the share", share, peer.identity.share)
    return found


class Room(NamedTuple):
    """A disk, and how much of it is used and free, bytes."""

    device: int
    used: int
    free: int


def _room(path: str) -> Room | None:
    """None where the system does not tell."""
    try:
        usage, device = shutil.disk_usage(path), os.stat(path).st_dev
    except OSError:
        return None
    return Room(device, usage.used, usage.free) if usage.used + usage.free > 0 else None


def _room_in_time(path: str) -> Room | None:
    """The same of a drive that may stand still: nobody waits for it."""
    found: list[Room | None] = []
    thread = Thread(target=lambda: found.append(_room(path)), daemon=True)
    thread.start()
    thread.join(share_seconds)
    return found[0] if found else None


def _judged(peer: RunningPeer, key: str, what: str, room: Room, path: str) -> list[Trouble]:
    said = peer.settings.checks
    # As `df` counts: what only root may still write is not free.
    percent = -(-100 * room.used // (room.used + room.free))
    if percent < said.disk_warn_percent:
        return []
    short = room.free < said.disk_free_mib * _MIB
    severe = percent >= said.disk_critical_percent or short
    text = f"{what} is {percent} % full, {room.free // _MIB} MiB are free"
    mend = f"make room at {path}; `peer config show` has the bounds (checks.disk_warn_percent …)"
    return [Trouble(key, "critical" if severe else "warn", text, mend)]


def _speaks_for_all(peer: RunningPeer) -> bool:
    rows = peer.home.neighbours.all().values()
    return not any(
        row.state == "alive" and row.lifecycle != "left" and row.name < peer.name for row in rows
    )


# --------------------------------------------------------------------------------------- ticks


def missed_ticks(peer: RunningPeer) -> list[Trouble]:
    """Slots of the schedule since the last tick came to its end, which no tick has kept.

    By this home's own clock: no wrong date makes anything missed. The newest slot is the one of
    the tick under way.
    """
    most, passed = peer.settings.checks.missed_ticks, peer.unseen_ms
    if not most or passed < 2 * peer.next_beat_ms:
        return []
    now = peer.clock.wall_ms()
    missed = _slots(peer, now - passed, now) - 1
    if missed < most:
        return []
    count = f"more than {slots_max}" if missed >= slots_max else str(missed)
    text = f"{count} beats were missed since {_moment(now - passed)}"
    away = outages.current(peer.home.state)
    if away is not None:
        text += f"; the share was away since {_moment(away.since_ms)}"
    mend = "see whether the machine was off, and `peer schedule show`, `peer log`"
    return [Trouble("missed", "warn", text, mend)]


def _moment(at_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at_ms // 1000))


def _slots(peer: RunningPeer, after_ms: int, until_ms: int) -> int:
    """How many beats fell due after one instant and by another one, as far as that is counted."""
    table = peer.settings.schedule.timetable(peer.address)
    delay, count = table.delay_ms(), 0
    slot = table.next(after_ms - delay)
    while slot.at_ms + delay <= until_ms and count <= slots_max:
        count += 1
        slot = table.next(slot.at_ms, slot.local)
    return count


# ------------------------------------------------------------------------------------- command


def of_command(peer: RunningPeer) -> list[Trouble]:
    """What the owner's command prints: a line for each trouble, `severity key text`.

    `ok` and `info` are no troubles, and empty lines say nothing. CheckFailedError where it fails,
    hangs, or prints something else.
    """
    said = peer.settings.checks
    if not said.command:
        return []
    import shlex

    environment = {**os.environ, "PEER_NAME": peer.name}
    command = shlex.split(said.command)
    ran = bounded.run(command, said.timeout_s * 1000, peer.clock, peer.folder, environment)
    found, odd = [], 0
    for line in filter(str.strip, ran.output.splitlines()):
        one = _parsed(line)
        odd += one is None
        found += [one] if one is not None and one.severity != "info" else []
    mend = "try it by hand: `peer config show` has it as checks.command"
    if ran.fault:
        raise CheckFailedError(ran.fault, found, mend)
    if odd:
        raise CheckFailedError("prints what is no `severity key text`", found, mend)
    return found


def _parsed(line: str) -> Trouble | None:
    """A line of the command; None where it is in another form. Severity info: no trouble."""
    severity, key, text = [*line.split(None, 2), "", ""][:3]
    if severity in _PASSED:
        return Trouble("ok", "info", "")
    try:
        return checked(Trouble(key, severity, text))  # type: ignore[arg-type]
    except ValueError:
        return None
