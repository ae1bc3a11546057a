"""What faults do to files: which there are, and how they are put, taken and mended.

A fault acts on the side of the drive that its machine sees (`store_of`), while sides are apart.
"""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.instance import Instance
from peer.simulate.trees import dig, peek, walk
from peer.simulate.world import World
from protocol import canonical
from protocol.errors import ShareError
from registry import layout
from registry.memory import MemoryShare, Node

KINDS = ("letter", "feed", "mail", "receipt", "heartbeat", "card", "document")
TOP = (layout.CHARTER, layout.ORDERS, layout.PEERS)


def store_of(world: World, who: Instance) -> MemoryShare:
    """The side of the drive that a machine is on; the drive itself while it has none mounted."""
    sides = [store for store in world.drive.sides if store is who.view.store]
    return sides[0] if sides else world.drive.store


def kind_of(path: str) -> str | None:
    """What a file is by where it stands; None for everything else."""
    parts = path.split("/")
    name = parts[-1]
    if parts[0] != layout.PEERS:
        return "document" if parts[0] in TOP and name.endswith(".json") else None
    if len(parts) == 3:
        return {"heartbeat.json": "heartbeat", "card.json": "card"}.get(name)
    if not name.endswith((".page", ".json")):
        return None
    where = "/".join(parts[2:4])
    if where.startswith("inbox/"):
        return "letter"
    return {"outbox/feed": "feed", "outbox/mail": "mail"}.get(
        where, "receipt" if parts[2] == "receipts" else None
    )


def by_kind(world: World, who: Instance) -> dict[str, list[tuple[str, bytes]]]:
    """The files of each kind, by path."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    for path, data in sorted(walk(store_of(world, who), "")):
        kind = kind_of(path)
        if kind is not None:
            found.setdefault(kind, []).append((path, data))
    return found


def pick(
    world: World, who: Instance, chance: Chance, among: tuple[str, ...] = KINDS
) -> tuple[str, bytes] | None:
    """One file of one of these kinds, each kind equally likely; None where there is none."""
    files = by_kind(world, who)
    kinds = [kind for kind in among if kind in files]
    return chance.pick(files[chance.pick(kinds)]) if kinds else None


def put(world: World, store: MemoryShare, path: str, node: Node) -> bool:
    """Somebody other than a peer lets something stand at a path; whether that was possible."""
    folder, _, name = path.rpartition("/")
    try:
        nodes = dig(store, folder)
    except ShareError:
        return False
    before = nodes.get(name)
    nodes[name] = node
    world.drive.changed(None, store, path, before)
    return True


def take(world: World, store: MemoryShare, path: str) -> bool:
    """Somebody other than a peer removes what stands at a path, with all below; whether it did."""
    folder, _, name = path.rpartition("/")
    try:
        nodes = store.nodes(folder)
    except ShareError:
        return False
    if name not in nodes:
        return False
    inside = dict(walk(store, path)) if isinstance(nodes[name], dict) else {}
    before = nodes.pop(name)
    world.drive.changed(None, store, path, before)
    for below, data in inside.items():
        world.drive.changed(None, store, below, data)
    return True


def mend_documents(world: World) -> None:
    """The steward looks after the drive: its folders, its marker, and what he has signed."""
    wanted = {_document_path(data): data for data in world.steward.shelf.everything()}
    if world.steward.marker is not None:
        wanted[layout.MARKER] = world.steward.marker
    for store in (world.drive.store, *world.drive.sides):
        for folder in TOP:
            if not isinstance(peek(store, folder), dict):
                put(world, store, folder, {})
        for path, data in wanted.items():
            if peek(store, path) != data:
                put(world, store, path, data)


def _document_path(data: bytes) -> str:
    value = canonical.decode(data)
    digest = value["head"]["signed"]["hash"]
    return layout.document_path(value["signed"]["type"], value["signed"].get("version", 0), digest)


def spans(world: World, chance: Chance, rounds_max: int = 6) -> int:
    """How long something lasts, ms: from a moment to `rounds_max` rounds."""
    return 1 + chance.below(rounds_max * world.every_ms)


def who_is_struck(world: World, who: Instance, chance: Chance) -> tuple[list[str], str]:
    """The views of one machine, or of all of them (the steward's too), and words for them."""
    if chance.hits(300):
        return sorted(world.drive.views), "everybody"
    return [who.view.who], who.name


def mended_later(world: World, chance: Chance, path: str) -> None:
    """What peers may be unable to put back, its steward does, in a while."""
    if path.partition("/")[0] in (*TOP[:2], layout.MARKER) or path in TOP:
        world.until(spans(world, chance, 8), lambda: mend_documents(world))
