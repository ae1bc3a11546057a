"""Folders, devices and odd names stand where files belong, and files where folders belong."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import TOP, mended_later, pick, put, store_of
from peer.simulate.instance import Instance
from peer.simulate.world import CLUSTER, World
from registry import layout
from registry.memory import Node

ODD = (
    " ", ".", "..hidden", "-rf", "CON", "nul.page", "COM1.json", "trailing.", "x" * 130, "ü.page",
    "a b.page", "new\nline.page", "100%.page", "core.page", "0.roster.abcdefgh.json",
    "Heartbeat.JSON",
    ".nfs0000000000000001", ".fuse_hidden0001", "~syncthing~x.tmp", "core.aaaaaaaa.01.page",
    "core.aaaaaaaa.0.page", "core.aaaaaaa1.1.page", "desktop.ini", ".DS_Store", "Thumbs.db",
)  # fmt: skip


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """One such thing somewhere."""
    how = chance.below(10)
    if how < 4:
        return _in_place_of_a_file(world, who, chance)
    if how < 7:
        return _in_place_of_a_folder(world, who, chance)
    found = pick(world, who, chance)
    if found is None:
        return None
    name = chance.pick(ODD)
    path = f"{found[0].rpartition('/')[0]}/{name}"
    nodes: tuple[Node, ...] = (b"", b"junk", found[1], {}, None)
    put(world, store_of(world, who), path, chance.pick(nodes))
    return f"{path!a} appears"


def _in_place_of_a_file(world: World, who: Instance, chance: Chance) -> str | None:
    found = pick(world, who, chance)
    if found is None:
        return None
    path = found[0]
    if chance.hits(300):  # where there will be a file
        owner = chance.pick([one.name for one in world.active()])
        epoch8 = who.home.state.epoch[:8]
        seq = 1 + chance.below(20)
        path = chance.pick((
            f"{layout.inbox(owner)}/{who.name}.{epoch8}.{seq}.page",
            f"{layout.feed(who.name)}/{epoch8}.{seq}.page",
            layout.receipt(owner, CLUSTER, who.name),
            f"{layout.peer_folder(owner)}/canary",
        ))  # fmt: skip
    inside: Node = {"core.aaaaaaaa.1.page": b"x", "deeper": {"y": b"z"}}
    nodes: tuple[tuple[str, Node], ...] = (
        ("a folder", {}), ("a folder with things in it", inside), ("a device", None),
    )  # fmt: skip
    word, node = chance.pick(nodes)
    if not put(world, store_of(world, who), path, node):
        return None
    mended_later(world, chance, path)
    return f"{word} at {path}"


def _in_place_of_a_folder(world: World, who: Instance, chance: Chance) -> str | None:
    owner = chance.pick([one.name for one in world.active()])
    mine = layout.peer_folder(owner)
    path = chance.pick((
        f"{mine}/inbox", f"{mine}/outbox", f"{mine}/outbox/feed", f"{mine}/outbox/mail",
        f"{mine}/outbox/mail/{who.name}", f"{mine}/receipts", f"{mine}/receipts/{CLUSTER}", mine,
        chance.pick(TOP),
    ))  # fmt: skip
    what: Node = b"no folder" if chance.hits(700) else None
    if not put(world, store_of(world, who), path, what):
        return None
    mended_later(world, chance, path)
    return f"{'a file' if what else 'a device'} in place of the folder {path}"
