"""Which home, share and identity somebody works with who names some of them, or none.

Rules: where only one identity fits it need not be named. A share is known by its path or, when it
moved, by the network that its marker names; any other folder was never bound to this home and is
refused, never used. Not here: what the share says now (that is for whoever uses it).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from peer.home import places
from protocol.errors import HomeError, NotFoundError, ShareError, UsageError, WrongShareError

if TYPE_CHECKING:
    from peer.home.places import Identity, Part

Found = list[tuple[str, "Identity"]]


class Whereabouts:
    """A home, a share and a name, as far as they were given; the environment names the rest."""

    def __init__(
        self,
        *,
        home: str | None = None,
        network: str | None = None,
        name: str | None = None,
        environment: Mapping[str, str],
    ) -> None:
        """What is given wins over PEER_HOME, PEER_NETWORK and PEER_NAME of `environment`."""
        self.home = home or environment.get("PEER_HOME") or places.default_home()
        self.network = network or environment.get("PEER_NETWORK") or None
        self.name = name or environment.get("PEER_NAME") or None
        self.name_typed = name is not None

    def identity(self) -> tuple[str, Identity]:
        """The directory of the one identity that fits, and who it is.

        Where nobody is named, a steward's mailbox is meant only if nobody else fits.
        """
        return self._one("peers", self.name)

    def identities(self, faults: list[HomeError]) -> Found:
        """Every identity of the home that fits; damaged ones are told in `faults`.

        NotFoundError where none fits and none is damaged.
        """
        found = self._fitting("peers", self.name, faults)
        return found if found or faults else [self._one("peers", self.name)]

    def steward(self) -> tuple[str, Identity]:
        """The same for a steward's key; PEER_NAME, which names a peer, narrows nothing down."""
        return self._one("stewards", self.name if self.name_typed else None)

    def steward_mailbox(self) -> tuple[str, Identity] | None:
        """The mailbox of the one steward who fits, where it is in this home."""
        _, steward = self.steward()
        found = self._fitting("peers", steward.name)
        return next((one for one in found if one[1].network == steward.network), None)

    def asker(self) -> tuple[str, Identity]:
        """Whose approvals are meant: who is named, else a steward's mailbox, else who fits."""
        if self.name is None and places.identities(self.home, "stewards"):
            found = self.steward_mailbox()
            if found is not None:
                return found
        return self.identity()

    def anybody(self) -> tuple[Part, str, Identity]:
        """Whoever of this home can speak for the one network that fits, stewards first."""
        parts: tuple[Part, Part] = ("stewards", "peers")
        name = self.name if self.name_typed else None
        found = [(part, *one) for part in parts for one in self._fitting(part, name)]
        if len({identity.network for _, _, identity in found}) == 1:
            return found[0]
        return ("peers", *self._one("peers", name))

    def _one(self, part: Part, name: str | None) -> tuple[str, Identity]:
        found = self._fitting(part, name)
        if part == "peers" and name is None and len(found) > 1:
            found = self._agents(found) or found
        if len(found) > 1 and len({(i.name, i.share) for _, i in found}) == 1:
            # One path was two networks in its time: the one that stands there now is meant.
            network = _network_at(found[0][1].share)
            found = [one for one in found if one[1].network == network] or found
        if len(found) == 1:
            return found[0]
        what = "steward key" if part == "stewards" else "identity"
        if not found:
            of = f" {name}" if name else ""
            on = f" for {self.network}" if self.network else ""
            make = "peer join DIR --name NAME"
            if part == "stewards":
                make = "peer network create DIR --cluster C --steward NAME"
            raise NotFoundError(f"no {what}{of}{on} in {self.home}; `{make}` makes one")
        those = ", ".join(f"{i.name} ({i.share})" for _, i in found)
        option = "--as" if len({i.name for _, i in found}) > 1 else "--network"
        raise UsageError(f"several fit: {those}; say which with {option}")

    def _agents(self, found: Found) -> Found:
        """Those of these who are not the mailbox of a steward of this home."""
        stewards = {(i.name, i.network) for _, i in places.identities(self.home, "stewards")}
        return [(folder, i) for folder, i in found if (i.name, i.network) not in stewards]

    def _fitting(
        self, part: Part, name: str | None, faults: list[HomeError] | None = None
    ) -> Found:
        mine = places.identities(self.home, part, name, faults)
        if self.network is not None:
            mine = self._on_network(mine, self.network)
        return [(folder, i) for folder, i in mine if name is None or i.name == name]

    def _on_network(self, mine: Found, path: str) -> Found:
        here = [(folder, i) for folder, i in mine if places.same_place(i.share, path)]
        if here:
            return here
        parts: tuple[Part, Part] = ("peers", "stewards")
        everybody = [i for one in parts for _, i in places.identities(self.home, one)]
        if any(places.same_place(i.share, path) for i in everybody):
            return []
        network = _network_at(path) if everybody else None
        if network is None or network not in {i.network for i in everybody}:
            raise WrongShareError(
                f"{path} was never bound to {self.home}; check --network, or run"
                f" `peer join {path} --name NAME`"
            )
        # The share moved: whoever is of its network finds it here, for this once.
        there = os.path.abspath(path)
        return [(folder, replace(i, share=there)) for folder, i in mine if i.network == network]


def _network_at(path: str) -> str | None:
    """The network that the marker in a folder names; None where there is no genuine one."""
    from peer.mailbox import fetch_marker
    from peer.stewards.opening import open_marker

    try:
        return open_marker(fetch_marker(path), None)[1].digest
    except ShareError:
        return None
