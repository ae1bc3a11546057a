"""The doctor: looks at everything a peer stands on and says, for whatever is wrong, how to mend it.

Rules: each check is one function that returns findings and mends nothing; one that fails never
keeps the others from being made. What it writes on the share is a canary, which it takes away.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from peer import keys, lock
from peer.clock import Clock
from peer.deadline import watch
from peer.home import Home, open_home
from peer.home.drive import check_home, network_kind
from peer.home.places import Identity, identities
from peer.stewards import open_marker
from peer.wiring import DATABASE, open_share
from protocol.errors import HomeError, ShareDeniedError, ShareError, UsageError
from registry import charter, layout, roster
from registry.share import Share

PACKAGES = ("peer", "protocol", "registry")
PYTHON_MIN = (3, 11)
skew_ms_max = 120_000
free_bytes_min = 64 * 1024 * 1024


class Finding(NamedTuple):
    """`level`: ok, warn or bad; `mend` is empty where all is well. `exit` is that of its error."""

    check: str
    level: str
    text: str
    mend: str = ""
    exit: int = 0


Found = Iterable[Finding]


def examine(home: str, mine: list[tuple[str, Identity]], clock: Clock) -> list[Finding]:
    """Every check for a home and those of its identities that are meant."""
    checks: list[Callable[[], Found]] = [python, packages, lambda: home_folder(home)]
    checks.append(lambda: steward_keys(home))
    for folder, identity in mine:
        checks += _of_identity(home, folder, identity, clock)
    found: list[Finding] = []
    for check in checks:
        found += check()
    return found


def _of_identity(
    home: str, folder: str, identity: Identity, clock: Clock
) -> list[Callable[[], Found]]:
    return [
        lambda: key(folder, identity),
        lambda: database(folder, identity, clock),
        lambda: home_drive(home, identity),
        lambda: share(folder, identity, clock),
    ]


def worst_exit(found: Iterable[Finding]) -> int:
    """0 where nothing is bad; else 5 where the share is, 1 where only other things are."""
    return max((finding.exit for finding in found if finding.level == "bad"), default=0)


def python() -> Found:
    """The interpreter is one that this software was made for."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON_MIN:
        yield Finding("python", "bad", f"Python {version} is too old", "install 3.11 or newer", 1)
    else:
        yield Finding("python", "ok", f"Python {version}")


def packages() -> Found:
    """All three packages come from one place: old distributions on the index own their names."""
    import importlib

    origins = {}
    for name in PACKAGES:
        module = importlib.import_module(name)
        origins[name] = os.path.dirname(os.path.dirname(os.path.abspath(str(module.__file__))))
    if len(set(origins.values())) == 1:
        yield Finding("packages", "ok", f"all from {origins['peer']}")
        return
    where = ", ".join(f"{name} from {origin}" for name, origin in origins.items())
    mend = f"another distribution hides ours: `{sys.executable} -m pip uninstall peer protocol registry`, then install soma-network again"  # fmt: skip
    yield Finding("packages", "bad", where, mend, 1)


def home_folder(home: str) -> Found:
    """The home is a folder that only its owner can enter, and has room."""
    if not os.path.isdir(home):
        yield Finding(
            "home", "warn", f"{home} is not there yet", "`peer join DIR --name NAME` makes it"
        )
        return
    mode = stat.S_IMODE(os.stat(home).st_mode)
    if os.name == "posix" and mode & 0o022:
        yield Finding("home", "bad", f"others can write {home}", f"`chmod go-w {home}`", 1)
    elif not os.access(home, os.W_OK | os.X_OK):
        yield Finding("home", "bad", f"{home} cannot be written", "make its owner run this, or choose another with --home", 1)  # fmt: skip
    else:
        yield Finding("home", "ok", home)
    yield from _room("home", home)


def home_drive(home: str, identity: Identity) -> Found:
    """The home lies on a disk of this machine, and not on the share."""
    try:
        warning = check_home(home, identity.share)
    except UsageError as error:
        yield Finding("home", "bad", str(error), "move it, take new keys and ask to be admitted again", 1)  # fmt: skip
        return
    if warning is not None:
        yield Finding(
            "home", "warn", warning, "move it to a local disk; PEER_HOME names the new place"
        )


def steward_keys(home: str) -> Found:
    """No agent can sign as a steward: their keys lie in homes of different accounts."""
    for folder, steward in identities(home, "stewards"):
        agents = [identity.name for _, identity in identities(home, "peers")]
        try:
            sealed = keys.is_sealed(folder)
        except HomeError as error:
            yield Finding("steward key", "bad", str(error), "restore it from a backup", 1)
            continue
        guard = "sealed with a passphrase" if sealed else "not sealed"
        text = f"the key of {steward.name} is {guard}"
        if not agents:
            yield Finding("steward key", "ok", text)
            continue
        text += f" and lies beside the agents {', '.join(agents)}, who run as the same user"
        yield Finding(
            "steward key", "warn", text,
            "fine for trying out; for real work move stewards/ to the home of an account that only"
            " the person uses",
        )  # fmt: skip


def key(folder: str, identity: Identity) -> Found:
    """The key is there, private, and the one that this identity was made with."""
    what = f"{identity.name}: key"
    try:
        signer = keys.load_key(folder)
    except HomeError as error:
        text, _, mend = str(error).partition("; ")
        yield Finding(what, "bad", text, mend, 1)
        return
    if signer.key != identity.key:
        yield Finding(what, "bad", "it is not the key that this identity was made with", f"restore {folder}/key from a backup", 1)  # fmt: skip
    else:
        yield Finding(what, "ok", "there, and private")


def database(folder: str, identity: Identity, clock: Clock) -> Found:
    """The database is sound; then what it tells about parking and time."""
    what = f"{identity.name}: database"
    try:
        home = open_home(os.path.join(folder, DATABASE))
        try:
            home.db.check()
            yield Finding(what, "ok", "sound")
            yield from _parked(identity, home)
            yield from _time(identity, home, clock)
        finally:
            home.close()
    except HomeError as error:
        text, _, mend = str(error).partition("; ")
        yield Finding(what, "bad", text, mend, 1)


def _parked(identity: Identity, home: Home) -> Found:
    if (why := home.state.text("parked")) is not None:
        mend = "stop the other copy of this home if there is one, then `peer repair`"
        yield Finding(f"{identity.name}: parked", "bad", why, mend, 1)


def _time(identity: Identity, home: Home, clock: Clock) -> Found:
    what, now = f"{identity.name}: clock", clock.wall_ms()
    behind = home.state.number("last_wall") - now
    if behind > 60_000:
        yield Finding(what, "bad", f"it is {behind // 1000} s before the last tick", "set the clock (e.g. `timedatectl set-ntp true`); nothing was lost by it", 1)  # fmt: skip
        return
    ahead = _others_ahead(home)
    if ahead is not None and ahead > skew_ms_max:
        yield Finding(what, "warn", f"the others' clocks are {ahead // 1000} s ahead of this one", "set the clock; nothing here relies on it, but times shown will confuse people")  # fmt: skip
        return
    yield Finding(what, "ok", "not before the last tick, nor behind the others")


def _others_ahead(home: Home) -> int | None:
    """By how much the middle one of three or more others dates its beats after I saw them."""
    from protocol import canonical

    rows = home.neighbours.all().values()
    ahead = sorted(canonical.decode(row.data)["signed"]["at"] - row.seen_wall for row in rows)
    return ahead[len(ahead) // 2] if len(ahead) >= 3 else None


def share(folder: str, identity: Identity, clock: Clock) -> Found:
    """The share is there, is ours, can be listed where orders lie, and takes what is written."""
    what = f"{identity.name}: share"
    try:
        drive = open_share(identity.share, identity.name)
        port = watch(drive, clock)
        open_marker(charter.fetch_marker(port), identity.network)
        yield Finding(what, "ok", f"{identity.share}, with the marker of this network")
        documents = charter.documents(port)
        yield Finding(what, "ok", f"{len(documents)} stewards' documents can be read")
        yield from _inbox(port, identity)
        with lock.held(folder) as alone:
            # A tick that is running sings for itself, and ours would spoil its song.
            if alone:
                yield from _canary(port, identity)
        if getattr(drive, "sync_refused", False):
            yield Finding(what, "warn", "the drive does not say when data is safe (no fsync)", "nothing is lost: letters are kept here until receipts come")  # fmt: skip
    except (ShareError, UsageError) as error:
        text, _, mend = str(error).partition("; ")
        yield Finding(what, "bad", text, mend or "ask a steward", error.exit_code)
        return
    yield from _room(what, identity.share)


def _inbox(port: Share, identity: Identity) -> Iterator[Finding]:
    what = f"{identity.name}: share"
    port.names(layout.inbox(identity.name), 1)
    inbox = os.path.join(identity.share, *layout.inbox(identity.name).split("/"))
    if os.name == "posix" and stat.S_IMODE(os.stat(inbox).st_mode) & 0o1003 != 0o1003:
        yield Finding(what, "warn", "others cannot put letters into the inbox, or can take them away", f"`chmod 1777 {inbox}`; until then letters are fetched from their authors' outboxes")  # fmt: skip


def _canary(port: Share, identity: Identity) -> Iterator[Finding]:
    what = f"{identity.name}: share"
    try:
        heard = roster.sing(port, identity.name, b"doctor")
    except ShareDeniedError as error:
        mend = f"let this user own peers/{identity.name}, or mount the drive writable"
        yield Finding(what, "bad", f"its own folder cannot be written ({error})", mend, 5)
        return
    if not heard:
        yield Finding(what, "bad", "it gave back other bytes than were written", "check the drive", 5)  # fmt: skip
        return
    kind = network_kind(identity.share) or "a local folder"
    yield Finding(what, "ok", f"takes and gives back what is written ({kind})")


def _room(what: str, path: str) -> Found:
    if not hasattr(os, "statvfs"):
        return
    free = os.statvfs(path)
    if free.f_bavail * free.f_frsize < free_bytes_min:
        yield Finding(what, "warn", f"less than {free_bytes_min >> 20} MiB are free at {path}", "make room; what cannot be written waits in the home")  # fmt: skip
