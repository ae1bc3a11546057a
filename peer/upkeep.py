"""What is safe to mend: rights of a home, own folders and card on the share, leftover temporaries.

Rules: each function yields findings and changes nothing; the `fix` of a finding does, and touches
only what this user wrote: files of the home, and what lies below the own folder or under own names
on the share. Nothing is mended that decides something for a person. Not here: what can only be told
(`doctor`).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from functools import partial

from peer import keys, textfile
from peer.clock import Clock
from peer.findings import Findings, bad, ok, warn
from peer.home import Home
from peer.home.places import Identity
from peer.tick.card import place_card
from protocol import limits
from protocol.card import open_card
from protocol.errors import HomeError, MissingError, OversizedError, RuleError, SpecialFileError
from registry import layout, roster, yard
from registry.share import Share

POSIX = os.name == "posix"
paths_max = 20_000
leftover_ns_min = 3600 * 10**9  # what is being written now is younger
_HOME_LEFTOVER = re.compile(r".*\.[0-9]+\.(?:new|export(?:-wal|-shm)?)\Z").match
_SHARED = 0o1777
_PARTS = ("peers", "stewards")


def rights_of_home(home: str, shown: Sequence[str] = ()) -> Findings:
    """Nobody but its owner can look into a home; `shown`: see `textfile.for_others`."""
    if not POSIX:
        return
    for path in (home, *(os.path.join(home, part) for part in _PARTS)):
        if not os.path.isdir(path) or (path != home and os.path.islink(path)):
            continue
        found, others = os.stat(path), textfile.for_others(path, shown)
        mode = stat.S_IMODE(found.st_mode)
        if not mode & 0o077 & ~others:
            continue
        if found.st_uid != os.geteuid():
            yield warn("home", f"{path} belongs to somebody else", "run this as its owner")
            continue
        wanted = 0o700 | mode & others
        # Somebody may have named a folder as home in which he keeps other things, too.
        alone = path != home or set(os.listdir(home)) <= set(_PARTS)
        fix = partial(os.chmod, path, wanted) if alone else None
        say = bad if mode & 0o022 else warn
        text = f"others can {'write' if mode & 0o022 else 'look into'} {path}"
        yield say("home", text, f"`chmod {wanted:o} {path}`", fix)


def rights(name: str, folder: str, shown: Sequence[str] = ()) -> Findings:
    """Nobody but its owner can read or write what lies in a directory of the home.

    `shown`: see `textfile.for_others`.
    """
    check = f"{name}: rights"
    if not POSIX:
        yield ok(check, "not checked here: a home has the rights of the folder that it lies in")
        return
    open_ones = [
        path for path in _below(folder) if _mode(path) & 0o077 & ~textfile.for_others(path, shown)
    ]
    if not open_ones:
        yield ok(check, "its owner alone can read and write it")
        return
    for path in open_ones:
        right = 0o700 if os.path.isdir(path) else 0o600
        right |= _mode(path) & textfile.for_others(path, shown)
        text = f"others can read {path}"
        if os.path.basename(path).startswith(keys.KEY):
            text += "; whoever did can sign for it: see `peer rekey --compromised`"
        yield warn(check, text, f"`chmod {right:o} {path}`", partial(os.chmod, path, right))


def own_folders(share: Share, identity: Identity) -> Findings:
    """The folders of a peer on the share, and whether others can put letters there."""
    check, name = f"{identity.name}: share", identity.name
    top = layout.peer_folder(name)
    wanted = (layout.inbox(name), layout.feed(name), f"{top}/outbox/mail", f"{top}/receipts")
    if missing := [path for path in wanted if not _stands(share, path)]:
        text = f"folders of mine are missing on the share: {', '.join(missing)}"
        fix = partial(yard.make_folders, share, name)
        yield warn(check, text, "the next tick makes them anew", fix)
        return
    path = _on_disk(identity, layout.inbox(name))
    if POSIX and stat.S_IMODE(os.lstat(path).st_mode) & 0o1003 != 0o1003:
        yield warn(
            check,
            "others cannot create letters in the inbox, or could remove each other's",
            f"`chmod 1777 {path}`; meanwhile letters are fetched from their authors' outboxes",
            partial(os.chmod, path, _SHARED),
        )


def card(share: Share, identity: Identity, folder: str, clock: Clock) -> Findings:
    """The own card, by which a steward admits a key."""
    check = f"{identity.name}: card"
    try:
        signer, asked = keys.find_key(folder, identity.key), keys.load_next(folder)
    except HomeError:
        return  # told where keys are looked at
    wanted = (asked or signer).key
    fix = partial(place_card, identity, share, signer, clock, asked)
    mend = f"`peer join {identity.share} --name {identity.name}` writes it again"
    try:
        data = roster.fetch_card(share, identity.name)
        found = open_card(data, identity.network, identity.name, identity.cluster).key
    except (MissingError, SpecialFileError):
        yield warn(check, "it is missing on the share", mend, fix)
        return
    except RuleError as error:
        yield warn(check, f"what stands at its place is none ({error})", mend, fix)
        return
    if found != wanted:
        yield warn(check, "what stands at its place shows another key than mine", mend, fix)
    elif asked is not None:
        yield ok(check, "it asks for a new key, which a steward has to admit")
    else:
        yield ok(check, "it shows my key")


def heartbeat(share: Share, identity: Identity, home: Home) -> Findings:
    """The own heartbeat, where one was written."""
    if home.state.data("beat") is None:
        return
    check, mend = f"{identity.name}: heartbeat", f"`peer tick --as {identity.name}` writes it again"
    try:
        share.read(layout.heartbeat(identity.name), limits.document_bytes_max)
    except MissingError:
        yield warn(check, "it is missing on the share", mend)
    except (OversizedError, SpecialFileError) as error:
        yield warn(check, f"something else stands at its place ({error})", mend)


def root_of_share(identity: Identity) -> Findings:
    """Whether everybody could rename what lies at the top of the share."""
    mode = _mode(identity.share)
    if POSIX and mode & 0o002 and not mode & stat.S_ISVTX:
        yield warn(
            f"{identity.name}: share",
            f"everybody can move or remove whole folders in {identity.share}",
            "nothing is lost by that, it only makes trouble; where the drive knows users, let its"
            f" owner run `chmod +t {identity.share}`",
        )


def leftovers(identity: Identity, folder: str) -> Findings:
    """Files that a process of this peer was writing when it died."""
    mine = re.compile(rf"\.{re.escape(identity.name)}\.[a-z2-7]{{16}}\Z").match
    own = _on_disk(identity, layout.peer_folder(identity.name))
    common = [os.path.join(identity.share, name) for name in (layout.CHARTER, layout.ORDERS)]
    places = [own, *_inboxes(identity), *common]
    on_share = [path for place in places for path in _below(place) if mine(os.path.basename(path))]
    at_home = [path for path in _below(folder) if _HOME_LEFTOVER(path)]
    old = _old(at_home, folder) + _old(on_share, own)
    if old:
        yield warn(
            f"{identity.name}: leftovers",
            f"{len(old)} files were being written by a process that died: {old[0]}"
            + (" …" if len(old) > 1 else ""),
            "they do no harm, and take room",
            partial(_remove, old),
        )


def _old(paths: list[str], folder: str) -> list[str]:
    """Those that are much older than what is written into a folder now, by the drive's clock."""
    if not paths:
        return []
    probe = os.path.join(folder, f".doctor.{os.getpid()}")
    with open(probe, "xb"):
        pass
    try:
        now = os.lstat(probe).st_mtime_ns
    finally:
        os.unlink(probe)
    return [path for path in paths if now - _time(path) > leftover_ns_min]


def _time(path: str) -> int:
    try:
        return os.lstat(path).st_mtime_ns
    except FileNotFoundError:
        return 1 << 62  # it was being written, and is done


def _remove(paths: list[str]) -> None:
    for path in paths:
        if os.path.lexists(path):
            os.unlink(path)


def _inboxes(identity: Identity) -> Iterator[str]:
    peers = os.path.join(identity.share, layout.PEERS)
    for name in sorted(os.listdir(peers)):
        if name != identity.name:
            yield os.path.join(peers, name, "inbox")


def _below(folder: str) -> Iterator[str]:
    """A folder and everything below it, no link followed, at most `paths_max`."""
    if not os.path.isdir(folder):
        return
    yield folder
    left = paths_max
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(where, name)
            if left and not os.path.islink(path):
                left -= 1
                yield path


def _mode(path: str) -> int:
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return 0


def _stands(share: Share, path: str) -> bool:
    try:
        share.names(path, 1)
    except (MissingError, SpecialFileError):
        return False
    return True


def _on_disk(identity: Identity, path: str) -> str:
    return os.path.join(identity.share, *path.split("/"))
