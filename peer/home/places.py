"""Where a home keeps what: one directory for each identity, one for each steward key.

    PEER_HOME/peers/<name>.<network8>/      identity.json, key, home.db, lock
    PEER_HOME/stewards/<name>.<network8>/   identity.json, key

Rules: a home stands on a local disk of its own machine, never on the share. Not here: what the
database holds.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Literal

from peer.home.files import make_private_folder, read_private, write_private
from protocol import canonical, names, wire
from protocol.errors import HomeError, NotFoundError, RuleError, UsageError

Part = Literal["peers", "stewards"]
DATABASE = "home.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is and which share he works on; the network id is the pinned root."""

    name: str
    cluster: str
    network: str
    share: str
    key: str

    @property
    def address(self) -> str:
        """The full address."""
        return f"{self.name}@{self.cluster}"


def default_home() -> str:
    """The platform's directory for a user's data."""
    if sys.platform == "win32":
        return os.path.join(os.environ.get("LOCALAPPDATA", os.path.expanduser("~")), "soma-network")
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Application Support/soma-network")
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(data, "soma-network")


def directory(home: str, part: Part, name: str, network: str) -> str:
    """The directory of one identity or steward."""
    return os.path.join(home, part, f"{name}.{network[:8]}")


def save_identity(home: str, part: Part, identity: Identity) -> str:
    """Write who somebody is; returns the directory."""
    folder = directory(home, part, identity.name, identity.network)
    make_private_folder(folder)
    write_private(os.path.join(folder, "identity.json"), canonical.encode(wire.dump(identity)))
    return folder


def identities(
    home: str, part: Part, only: str | None = None, faults: list[HomeError] | None = None
) -> list[tuple[str, Identity]]:
    """(directory, identity) of everybody in a home, or of one name, ascending by directory.

    What is damaged raises HomeError, or is added to `faults`, so that the others can go on.
    """
    try:
        folders = sorted(os.listdir(os.path.join(home, part)))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise HomeError(f"{home} cannot be read ({error.strerror}); check who owns it") from error
    found = []
    for name in folders:
        folder = os.path.join(home, part, name)
        if only is not None and not name.startswith(f"{only}."):
            continue  # and however damaged it is, it does not matter now
        if not os.path.isfile(os.path.join(folder, "identity.json")):
            continue
        try:
            found.append((folder, read_identity(folder)))
        except HomeError as error:
            if faults is None:
                raise
            faults.append(error)
    return found


def read_identity(folder: str) -> Identity:
    """The identity of a directory; HomeError where it is damaged."""
    path = os.path.join(folder, "identity.json")
    try:
        identity = wire.trusted(Identity, canonical.decode(read_private(path)))
        names.check_name(identity.name)
    except (RuleError, TypeError) as error:
        raise HomeError(
            f"{path} is damaged ({error}); restore it, or join again with the same name,"
            " which keeps the key and the database beside it"
        ) from error
    return identity


def same_place(a: str, b: str) -> bool:
    """Whether two paths name one folder, also through links."""
    return os.path.realpath(a) == os.path.realpath(b)


def choose(home: str, part: Part, name: str | None, share: str | None) -> tuple[str, Identity]:
    """The one identity that fits; it need not be named where only one does.

    NotFoundError where none fits, UsageError where several do.
    """
    fitting = [
        (folder, identity)
        for folder, identity in identities(home, part, name)
        if (name is None or identity.name == name)
        and (share is None or same_place(identity.share, share))
    ]
    what = "identity" if part == "peers" else "steward key"
    if not fitting:
        of = f" {name}" if name else ""
        on = f" for {share}" if share else ""
        raise NotFoundError(f"no {what}{of}{on} in {home}; run `peer join DIR --name NAME` first")
    if len(fitting) > 1:
        those = ", ".join(f"{i.name} ({i.share})" for _, i in fitting)
        option = "--network" if len({i.name for _, i in fitting}) == 1 else "--as"
        raise UsageError(f"several {what}s fit: {those}; say which with {option}")
    return fitting[0]
