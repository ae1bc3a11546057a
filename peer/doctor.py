"""The doctor: looks at everything a peer stands on and says, for whatever is wrong, how to mend it.

Rules: each check is a function that yields findings and mends nothing; one that fails never keeps
the others from being made. What it writes on the share is a canary, which it takes away again. A
finding carries with it how to mend it where that is safe (`findings.mend`).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable
from contextlib import closing, suppress

from peer import drives, keys, lock, settings, textfile, upkeep
from peer.clock import Clock
from peer.deadline import watch
from peer.findings import Finding, Findings, bad, fault, ok, warn
from peer.home import Home, open_home
from peer.home.drive import check_home, kind_of, network_kind
from peer.home.files import refusal
from peer.home.places import DATABASE, Identity, identities
from peer.stewards.opening import open_marker
from peer.wiring import open_share
from protocol.errors import HomeError, ShareDeniedError, ShareError, UsageError
from registry import charter, layout, roster
from registry.probe import probe
from registry.share import Share

PACKAGES = ("peer", "protocol", "registry")
PYTHON_MIN = (3, 11)
clock_back_ms_max = 60_000
skew_ms_max = 120_000
free_bytes_min = 64 * 1024 * 1024


def examine(
    home: str,
    mine: Iterable[tuple[str, Identity]],
    clock: Clock,
    faults: Iterable[HomeError] = (),
) -> list[Finding]:
    """Every check of the machine, the home, and those of its identities that are meant.

    `faults`: identities that are too damaged to be among `mine`.
    """
    found = [*_python(), *_packages(), *_home(home), *_steward_keys(home, clock)]
    shown = textfile.places(home)
    found += [fault("identity", error) for error in faults]
    for folder, identity in mine:
        found += _key(folder, identity)
        found += _settings(folder, identity)
        found += upkeep.rights(identity.name, folder, shown)
        found += textfile.check(identity.name, folder)
        found += _database(folder, identity, clock)
        found += _drive(home, identity)
        found += _share(identity, clock, folder)
    return found


def worst_exit(found: Iterable[Finding]) -> int:
    """0 where nothing is bad; 5 where a share is, 1 where only other things are."""
    return max((finding.exit for finding in found), default=0)


def _python() -> Findings:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON_MIN:
        yield bad("python", f"Python {version} is too old", "install Python 3.11 or newer")
    else:
        yield ok("python", f"Python {version}")


def _packages() -> Findings:
    """Old distributions on the package index own the names of our packages and can hide ours."""
    origins = {}
    for name in PACKAGES:
        file = str(importlib.import_module(name).__file__)
        origins[name] = os.path.dirname(os.path.dirname(os.path.abspath(file)))
    if len(set(origins.values())) == 1:
        yield ok("packages", f"all three from {origins['peer']}")
        return
    yield bad(
        "packages",
        ", ".join(f"{name} from {origin}" for name, origin in origins.items()),
        f"another distribution hides ours: `{sys.executable} -m pip uninstall peer protocol"
        " registry`, then install soma-network again",
    )


def _home(home: str) -> Findings:
    if not os.path.isdir(home):
        mend = "nothing to mend: `peer join DIR --name NAME` makes it"
        yield warn("home", f"{home} is not there yet", mend)
        return
    if open_ones := [*upkeep.rights_of_home(home, textfile.places(home))]:
        yield from open_ones
    elif (remedy := refusal(home)) is not None:
        yield bad("home", f"the disk of {home} takes nothing", remedy)
    elif not os.access(home, os.W_OK | os.X_OK):
        mend = "run this as its owner, or name another home with --home"
        yield bad("home", f"{home} cannot be written", mend)
    else:
        yield ok("home", home)
    yield from _room("home", home)


def _drive(home: str, identity: Identity) -> Findings:
    try:
        warning = check_home(home, identity.share)
    except UsageError as error:
        mend = "move it, join again with a new key, and ask a steward for `peer admit --reuse`"
        yield bad("home", str(error).partition(";")[0], mend)
        return
    if warning is not None:
        mend = "move it to a disk of this machine and name it with PEER_HOME"
        yield warn("home", warning.partition(";")[0], mend)


def _steward_keys(home: str, clock: Clock) -> Findings:
    """Whatever runs beside a steward's key can sign as the steward."""
    faults: list[HomeError] = []
    agents = ", ".join(identity.name for _, identity in identities(home, "peers", faults=[]))
    stewards = identities(home, "stewards", faults=faults)
    yield from (fault("steward key", error) for error in faults)
    for folder, steward in stewards:
        try:
            guard = "sealed with a passphrase" if keys.is_sealed(folder) else "not sealed"
        except HomeError as error:
            yield fault("steward key", error)
            continue
        yield from upkeep.rights(steward.name, folder)
        text = f"the key of {steward.name} is {guard}"
        if agents:
            yield warn(
                "steward key",
                f"{text}, and agents use the same home: {agents}",
                "fine for trying out; for real work keep stewards/ in the home of an account"
                " that only the person uses",
            )
        else:
            yield ok("steward key", text)
            yield from _share(steward, clock)


def _key(folder: str, identity: Identity) -> Findings:
    check = f"{identity.name}: key"
    try:
        signer = keys.load_key(folder)
    except HomeError as error:
        yield fault(check, error)
        return
    if signer.key == identity.key:
        yield ok(check, "there, and readable by its owner alone")
    else:
        text = f"the key in {folder} is not the one that {identity.name} joined with"
        yield bad(check, text, "restore it from a backup")


def _settings(folder: str, identity: Identity) -> Findings:
    check = f"{identity.name}: settings"
    try:
        settings.load(folder, os.environ).schedule.timetable(identity.address)
    except UsageError as error:
        found = fault(check, error)._replace(exit=1)
        path = os.path.join(folder, settings.FILE)
        yield (
            found if found.mend else found._replace(mend=f"change it in {path} or where it is set")
        )
    else:
        yield ok(check, "can be understood, and the schedule beats")


def _database(folder: str, identity: Identity, clock: Clock) -> Findings:
    check = f"{identity.name}: database"
    try:
        home = open_home(os.path.join(folder, DATABASE))
        try:
            home.db.check()
            yield ok(check, "sound")
            yield from _parked(identity, home)
            yield from _clock(identity, home, clock)
        finally:
            home.close()
    except HomeError as error:
        yield fault(check, error)


def _parked(identity: Identity, home: Home) -> Findings:
    if home.state.text("moved") is not None:
        mend = "nothing to mend where it was imported elsewhere; else `peer repair` lets it stay"
        yield warn(f"{identity.name}: moved", "it was exported, and does nothing here", mend)
    why = home.state.text("parked")
    if why is not None:
        mend = "stop the other copy of this home if there is one, then run `peer repair`"
        yield bad(f"{identity.name}: parked", why, mend)


def _clock(identity: Identity, home: Home, clock: Clock) -> Findings:
    check = f"{identity.name}: clock"
    behind = home.state.number("last_wall") - clock.wall_ms()
    ahead = _others_ahead(home)
    if behind > clock_back_ms_max:
        mend = "set the clock, for instance with `timedatectl set-ntp true`; nothing was lost"
        yield bad(check, f"it shows {behind // 1000} s before the last tick", mend)
    elif ahead > skew_ms_max:
        mend = "set the clock; no decision rests on it, but the times shown will mislead"
        yield warn(check, f"others date their beats {ahead // 1000} s after this clock", mend)
    else:
        yield ok(check, "not before the last tick, nor behind the others")


def _others_ahead(home: Home) -> int:
    """By how many ms the middle one of three or more others dates its beat after I saw it."""
    rows = home.neighbours.all().values()
    ahead = sorted(row.at - row.seen_wall for row in rows)
    return int(ahead[len(ahead) // 2]) if len(ahead) >= 3 else 0


def _share(identity: Identity, clock: Clock, folder: str | None = None) -> Findings:
    """`folder` is that of a peer, who has something of his own on the share."""
    check = f"{identity.name}: share"
    try:
        drive = open_share(identity.share, identity.name)
        share = watch(drive, clock)
        open_marker(charter.fetch_marker(share), identity.network)
        yield ok(check, f"{identity.share} is this network")
        documents = sum(1 for _ in charter.documents(share))
        yield ok(check, f"{documents} documents of stewards can be listed")
        if folder is not None:
            yield from _own_part(share, identity, folder, clock)
    except (ShareError, UsageError) as error:
        yield fault(check, error)
        return
    yield from _room(check, identity.share)


def _own_part(share: Share, identity: Identity, folder: str, clock: Clock) -> Findings:
    yield from upkeep.own_folders(share, identity)
    yield from upkeep.card(share, identity, folder, clock)
    yield from upkeep.root_of_share(identity)
    with suppress(HomeError), closing(open_home(os.path.join(folder, DATABASE))) as home:
        yield from upkeep.heartbeat(share, identity, home)
    yield from upkeep.leftovers(identity, folder)
    try:
        with lock.held(folder) as alone:
            # A tick that is running sings for itself, and ours would spoil its song.
            if alone:
                yield from _canary(share, identity)
                yield from _tried(identity, clock)
    except HomeError as error:
        yield fault(f"{identity.name}: lock", error)


def _canary(share: Share, identity: Identity) -> Findings:
    check = f"{identity.name}: share"
    try:
        heard = roster.sing(share, identity.name, b"doctor")
    except ShareDeniedError as error:
        mend = f"let this user own peers/{identity.name}, or mount the drive writable"
        text = f"its own folder cannot be written ({error})"
        yield Finding(check, "bad", text, mend, error.exit_code)
        return
    if heard:
        kind = network_kind(identity.share) or "local folder"
        yield ok(check, f"takes what is written and gives it back ({kind})")
    else:
        yield Finding(
            check, "bad", "it gave back other bytes than were written", "check the drive", 5
        )


def _tried(identity: Identity, clock: Clock) -> Findings:
    """What kind of drive it is, and what it turned out to do worse than a local disk."""
    check = f"{identity.name}: drive"
    type_ = kind_of(identity.share)
    kind = drives.kind_of_drive(type_, identity.share)
    own = os.path.join(identity.share, *layout.peer_folder(identity.name).split("/"))
    tried = probe(own, clock.monotonic_ms)
    watched = "changes are seen at once"
    if drives.watching(kind, tried) == "polling":
        watched = f"changes are looked for every {drives.POLL_SECONDS} s"
    expect = f"; {kind.expect}" if kind.expect else ""
    yield ok(check, f"looks like {kind.called} ({type_ or 'unknown'}): {watched}{expect}")
    for weakness in drives.weaknesses(tried):
        mend = "nothing is lost: only signed receipts count, and all is looked at again"
        yield warn(check, weakness, mend)


def _room(check: str, path: str) -> Findings:
    if not hasattr(os, "statvfs"):
        return
    drive = os.statvfs(path)
    if drive.f_bavail * drive.f_frsize < free_bytes_min:
        text = f"less than {free_bytes_min >> 20} MiB are free at {path}"
        yield warn(check, text, "make room; what cannot be written waits in the home")
