"""Mutations of where files stand: moved, copied, exchanged, old ones put back, odd names."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from registry import layout
from registry.memory import Node
from tests.fuzz.world import NAMES, World, kind_of
from tests.network import CLUSTER

Put = tuple[str, Node]
Move = Callable[[World, str, Random], list[Put]]


def _data(world: World, path: str) -> bytes:
    node = world.node(path)
    return node if isinstance(node, bytes) else b""


def _same_kind(world: World, path: str, dice: Random) -> str:
    kind = kind_of(path)
    return dice.choice([one for one in world.network.files() if kind_of(one) == kind] or [path])


def exchange(world: World, path: str, dice: Random) -> list[Put]:
    """Two files of one kind, or of any two kinds, change places."""
    files = [one for one in world.network.files() if one != layout.MARKER]
    other = _same_kind(world, path, dice) if dice.random() < 0.6 else dice.choice(files)
    return [(path, _data(world, other)), (other, _data(world, path))]


def replay(world: World, path: str, dice: Random) -> list[Put]:
    """What genuinely stood there once."""
    return [(path, dice.choice(world.genuine[path]))] if world.genuine.get(path) else []


def of_another_network(world: World, path: str, dice: Random) -> list[Put]:
    """A file of the same kind of another network with the same names."""
    kind = kind_of(path)
    found = [one for one in world.stranger.files() if kind_of(one) == kind]
    return [(path, world.stranger.data(dice.choice(found)))] if found else []


def copy_elsewhere(world: World, path: str, dice: Random) -> list[Put]:
    """The same bytes at another place where readers look."""
    return [(_elsewhere(world, dice), _data(world, path))]


def _elsewhere(world: World, dice: Random) -> str:
    author, reader = dice.sample(NAMES, 2)
    epoch8 = world.network.peers[author].home.state.epoch[:8]
    seq = dice.choice([1, 2, 3, 4, 5, 17, 9_999_999_999])
    return dice.choice([
        f"{layout.inbox(reader)}/{author}.{epoch8}.{seq}.page",
        f"{layout.inbox(reader)}/{author}.aaaaaaaa.{seq}.page",
        f"{layout.inbox(reader)}/nobody.{epoch8}.{seq}.page",
        f"{layout.feed(author)}/{epoch8}.{seq}.page",
        f"{layout.feed(author)}/bbbbbbbb.{seq}.page",
        f"{layout.mail(author, reader)}/{epoch8}.{seq}.page",
        layout.heartbeat(author),
        layout.receipt(reader, CLUSTER, author),
        layout.card(author),
        f"{layout.ORDERS}/{dice.randbytes(8).hex()}.json",
        f"{layout.CHARTER}/{seq}.roster.{dice.randbytes(4).hex()}.json",
        f"{layout.CHARTER}/{seq}.charter.{dice.randbytes(4).hex()}.json",
        f"{layout.CHARTER}/{seq}.root.{dice.randbytes(4).hex()}.json",
        f"{layout.CHARTER}/{seq}.delegation.{dice.randbytes(4).hex()}.json",
        f"{layout.CHARTER}/revocation.{dice.randbytes(8).hex()}.json",
        f"{layout.ORDERS}/{dice.randbytes(8).hex()}.{dice.randbytes(4).hex()}.sig",
    ])  # fmt: skip


def rename(world: World, path: str, dice: Random) -> list[Put]:
    """The file under a name that is not exactly of the form; the true one is gone."""
    return [(_odd_name(path, dice), _data(world, path)), (path, {})]


def duplicate(world: World, path: str, dice: Random) -> list[Put]:
    """The same, and the true one stays: conflict copies, case, Unicode, zeros."""
    return [(_odd_name(path, dice), _data(world, path))]


def _odd_name(path: str, dice: Random) -> str:
    folder, _, name = path.rpartition("/")
    stem, dot, end = name.rpartition(".")
    return f"{folder}/" + dice.choice([
        f"{stem}.sync-conflict-20261121-015315-N3EJAFG{dot}{end}", f"{stem} (conflict).{end}",
        f"{name}~", f".{name}", f"{name}.tmp", name.upper(), name.capitalize(), f"{name}.",
        name.replace(".", ".0", 1), name.replace("e", "е", 1), name.replace("a", "à", 1),
        f"{name}\n", f"\x1b[31m{name}", f"{name}\x00", name + "x" * 200, f" {name}",
        f"{stem}-{end}", f"{stem}.1{dot}{end}", "\udcff" + name, "nul." + end,
    ])  # fmt: skip


def special(world: World, path: str, dice: Random) -> list[Put]:
    """A device, a FIFO or a link in its place."""
    return [(path, None)]


def folder(world: World, path: str, dice: Random) -> list[Put]:
    """A folder with things in it, in its place."""
    return [(path, {"more": b"junk", "core.aaaaaaaa.1.page": _data(world, path), "d": {}})]


MOVES: dict[str, Move] = {
    "two files exchanged": exchange,
    "an older one put back": replay,
    "of another network": of_another_network,
    "copied to another place": copy_elsewhere,
    "renamed": rename,
    "duplicated under an odd name": duplicate,
    "a device or link in its place": special,
    "a folder in its place": folder,
}
