"""The marker of a share, `NETWORK.json`: root version 1 as signed, and the cluster as a hint.

It is not signed as a whole. The root speaks for itself, because its digest is the network's id;
the cluster is only where to look, and a signed roster must confirm it. Members that this version
does not know are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from protocol import canonical, wire
from protocol.authority import StewardDocument, open_root
from protocol.fields import ClusterName
from protocol.remembered import remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """What NETWORK.json says; `root` is the whole signed document."""

    cluster: ClusterName
    root: dict[str, Any]


def form_marker(cluster: str, root: bytes) -> bytes:
    """The marker of a network with this first root."""
    return canonical.encode({"cluster": cluster, "root": canonical.decode(root)})


@remembered
def open_marker(data: bytes, network: str | None) -> tuple[str, StewardDocument]:
    """(cluster, root version 1); RuleError ROOT-4 for its form, ROOT-* and ENV-* for the root."""
    canonical.decode(data)
    marker = wire.validate(Marker, data, "ROOT-4")
    return marker.cluster, open_root(canonical.encode(marker.root), network)
