"""Trees of a store in memory: what lies there, looked at and changed from outside the port."""

from __future__ import annotations

from collections.abc import Iterator

from peer.simulate.chance import Chance
from protocol.errors import ShareError, SpecialFileError
from registry.memory import MemoryShare, Node


def peek(store: MemoryShare, path: str) -> Node:
    """What stands at a path, None where nothing (or something special) does."""
    folder, _, name = path.rpartition("/")
    try:
        return store.nodes(folder).get(name)
    except ShareError:
        return None


def walk(store: MemoryShare, below: str) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every regular file below a folder, in the order of their folders."""
    try:
        left = [(below, store.nodes(below))]
    except ShareError:
        return
    for where, nodes in left:
        for name, node in nodes.items():
            path = f"{where}/{name}" if where else name
            if isinstance(node, dict):
                left.append((path, node))
            elif isinstance(node, bytes):
                yield path, node


def count_files(store: MemoryShare) -> int:
    """How many regular files there are."""
    found, left = 0, [store.nodes("")]
    for nodes in left:
        for node in nodes.values():
            if isinstance(node, dict):
                left.append(node)
            elif node is not None:
                found += 1
    return found


def dig(store: MemoryShare, folder: str) -> dict[str, Node]:
    """A folder, made where it is missing, also under names that the port refuses.

    SpecialFileError where something else stands on the way.
    """
    nodes = store.nodes("")
    for name in folder.split("/") if folder else ():
        inside = nodes.setdefault(name, {})
        if not isinstance(inside, dict):
            raise SpecialFileError(f"{folder}: not a folder")
        nodes = inside
    return nodes


def copy_tree(source: MemoryShare, target: MemoryShare) -> None:
    """Make `target` the same as `source`; contents are shared, folders are not."""

    def copied(nodes: dict[str, Node]) -> dict[str, Node]:
        return {n: copied(node) if isinstance(node, dict) else node for n, node in nodes.items()}

    target.nodes("").clear()
    target.nodes("").update(copied(source.nodes("")))


def make_folders(source: MemoryShare, target: MemoryShare) -> None:
    """Every folder of `source` exists in `target` too, where nothing else stands."""
    left = [("", source.nodes(""))]
    for where, nodes in left:
        for name, node in nodes.items():
            if isinstance(node, dict):
                path = f"{where}/{name}" if where else name
                if isinstance(target.nodes(where).setdefault(name, {}), dict):
                    left.append((path, node))


def conflict_name(path: str, chance: Chance) -> str:
    """What a sync tool calls the copy that lost: a date, a time and a machine in the name."""
    stem, dot, extension = path.rpartition(".")
    mark = f".sync-conflict-20261121-{chance.below(10**6):06d}-N3EJAFG"
    return f"{stem}{mark}{dot}{extension}" if dot else path + mark
