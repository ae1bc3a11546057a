"""The network that the campaign strikes at: every kind of file, and a record of what is genuine.

Genuine are the bytes that a peer or a steward placed, at the path where he placed them. Every
read of a peer is noted, so that the campaign knows who met which file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from random import Random
from typing import Any

from peer.enclosing import Source
from peer.handlers import HANDLERS, Handler, Received, View
from peer.send import send
from peer.tick.report import Report
from protocol.effect import Effect
from protocol.errors import OversizedError, ShareError, SpecialFileError
from protocol.messages import Alert, Announcement, Body, Insight, Note, Question
from protocol.signing import Signer
from registry import layout
from registry.faulty import FaultyShare
from registry.memory import MemoryShare, Node
from registry.share import Entry, read_each
from tests.fuzz import stewards
from tests.fuzz.forging import INSIDER, Hands
from tests.network import CLUSTER, Network, denied, halt

NAMES = ("core", "scout", "smith", "warden")
GUEST = "joiner"  # asks to be admitted, and never is
BASES = 5
UNREADABLE = "unreadable"  # a device, a folder, too many bytes


class Watched:
    """The share as one peer sees it: what it reads and places is written down."""

    def __init__(self, memory: MemoryShare, world: World, name: str) -> None:
        self._memory, self._world, self._name = memory, world, name

    def read(self, path: str, bytes_max: int) -> bytes:
        try:
            data = self._memory.read(path, bytes_max)
        except (OversizedError, SpecialFileError):
            self._world.met[path, UNREADABLE].add((self._name, self._world.turn))
            raise
        self._world.met[path, sha256(data).hexdigest()].add((self._name, self._world.turn))
        return data

    def read_many(
        self, paths: Sequence[str], bytes_max: int, known: Sequence[bytes | None] | None = None
    ) -> list[bytes | ShareError | None]:
        return read_each(self.read, paths, bytes_max, known)

    def entries(self, folder: str, *rest: Any, **more: Any) -> list[Entry]:
        return self._memory.entries(folder, *rest, **more)

    def names(self, folder: str, *rest: Any, **more: Any) -> list[str]:
        return self._memory.names(folder, *rest, **more)

    def place(self, path: str, data: bytes) -> None:
        self._memory.place(path, data)
        self._world.genuine[path].append(data)

    def read_part(self, path: str, offset: int, bytes_max: int) -> bytes:
        data = self._memory.read_part(path, offset, bytes_max)
        whole = self._world.node(path)
        if isinstance(whole, bytes):
            self._world.met[path, sha256(whole).hexdigest()].add((self._name, self._world.turn))
        return data

    def place_file(self, path: str, parts: Iterable[bytes]) -> None:
        self.place(path, b"".join(parts))

    def remove(self, path: str) -> None:
        self._memory.remove(path)

    def clear(self, folder: str, names: Sequence[str]) -> int:
        return self._memory.clear(folder, names)

    def make_folder(self, path: str, shared: bool = False) -> None:
        self._memory.make_folder(path, shared)


class Counting(dict[str, Handler]):
    """The handlers of a peer; how often each item was handed to one is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, int] = defaultdict(int)

    def get(self, kind: str, default: Any = None) -> Handler:
        handler = HANDLERS.get(kind)

        def counted(received: Received, view: View) -> list[Effect]:
            self.seen[received.item.id] += 1
            return [] if handler is None else handler(received, view)

        return counted


@dataclass(slots=True)
class World:
    """A network, what is genuine in it, and who met which bytes at which path."""

    network: Network
    stranger: Network
    hands: Hands
    genuine: dict[str, list[bytes]]
    met: dict[tuple[str, str], set[tuple[str, int]]] = field(
        default_factory=lambda: defaultdict(set)
    )
    problems: list[tuple[str, str]] = field(default_factory=list)
    handled: dict[str, Counting] = field(default_factory=dict)
    sent: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    parts: set[str] = field(default_factory=set)  # what waits for more signatures
    turn: int = 0

    def watch(self) -> None:
        """Let every peer see the share through `Watched`, and count what it acts on."""
        for name, peer in self.network.peers.items():
            peer.share = Watched(self.network.memory, self, name)
            self.handled[name] = Counting()
            peer.handlers = self.handled[name]

    def tick(self, name: str) -> Report:
        """One tick, a minute later."""
        self.turn += 1
        self.network.clock.go(60_000)
        report = self.network.tick_here(name)
        self.problems += [(name, problem) for problem in report.problems]
        return report

    def send(self, dice: Random, number: int) -> None:
        """Somebody writes something to somebody, and everybody notes what should arrive."""
        author, reader = dice.sample(NAMES, 2)
        kind = dice.choice(
            ["note", "note", "file", "pull", "insight", "question", "alert", "asked", "vote"]
        )
        if kind == "vote":
            stewards.vote(self, author)
            return
        text = f"{kind} {number} ä€ {'x' * dice.choice([0, 10, 2_000])}"
        bodies: dict[str, Body] = {
            "insight": Insight(text=text, topics=("metal",), confidence=dice.choice([0, 900])),
            "question": Question(text=text, topics=("wood",)),
            "asked": Announcement(text=text, topics=("metal",)),
            "alert": Alert(text=text, severity=dice.choice(["info", "warn", "critical"])),
        }
        body = bodies.get(kind, Note(text=text))
        to = "all" if kind in ("insight", "question", "asked") else reader
        peer = self.network.peers[author]
        peer.looked.clear()
        before = peer.share
        if kind == "pull":  # the inbox cannot be written just now
            peer.share = FaultyShare(before, [denied(f"{layout.inbox(reader)}/*", "place")])
        data = dice.randbytes(dice.choice([1, 300, 20_000]))
        send(peer, [to], [body], files=[Source("data", lambda: [data])] if kind == "file" else [])
        peer.share = before
        self.expect(author, to, text)

    def expect(self, author: str, to: str, text: str) -> None:
        """It is to reach its readers, exactly once."""
        for one in NAMES if to == "all" else [to]:
            if one != author:
                self.sent[one].append(f"{author}: {text}")

    def node(self, path: str) -> Node:
        """What stands at a path now; an empty folder where nothing does."""
        folder, _, name = path.rpartition("/")
        try:
            return self.network.memory.nodes(folder).get(name, {})
        except ShareError:
            return {}

    def put(self, path: str, node: Node) -> None:
        """Let this stand at a path, whatever stood there."""
        folder, _, name = path.rpartition("/")
        nodes = self.network.memory.nodes("")
        for part in filter(None, folder.split("/")):
            inside = nodes.setdefault(part, {})
            if not isinstance(inside, dict):
                return  # something was put in the way before
            nodes = inside
        if node == {}:
            nodes.pop(name, None)
        else:
            nodes[name] = node


_SINGLE: dict[str, tuple[str, Callable[[str], object]]] = {
    "inbox": ("letter", layout.read_letter_file),
    "blobs": ("attachment", layout.is_blob_file),
}


def kind_of(path: str) -> str:
    """Which kind of file stands at a path, by its name."""
    parts = path.split("/")
    if path == layout.MARKER:
        return "marker"
    if parts[0] in (layout.CHARTER, layout.ORDERS):
        return _steward_kind(*parts[:2])
    if len(parts) == 3:
        return {"card.json": "card", "heartbeat.json": "heartbeat"}.get(parts[2], "other")
    if parts[2] in ("inbox", "blobs"):
        kind, is_one = _SINGLE[parts[2]]
        return kind if is_one(parts[3]) else "other"
    if parts[2] == "receipts" and len(parts) == 5:
        known = parts[4].removesuffix(".json") in NAMES and parts[4].endswith(".json")
        return "receipt" if known else "other"
    if parts[2] == "outbox" and layout.read_page_file(parts[-1], parts[1]):
        return {4 + 1: "feed", 5 + 1: "mail"}.get(len(parts), "other")
    return "other"


def _steward_kind(folder: str, name: str) -> str:
    """An order and a decision look the same."""
    if layout.is_part_file(name):
        return "part"
    if folder == layout.ORDERS:
        return "order" if layout.is_order_file(name) else "other"
    if not layout.is_document_file(name):
        return "other"
    first, second, *_ = name.split(".")
    return first if first == "revocation" else second


@lru_cache(maxsize=BASES)
def _base(number: int) -> World:
    dice = Random(number)
    network = Network(NAMES, seed=100 + number)
    stranger = Network(NAMES, seed=900 + number)  # another network of the same names
    for one in (network, stranger):
        one.round(2)
    network.mailboxes.add(stewards.MAILBOX)  # from the next roster on
    former = network.peers["warden"].signer
    network.rekey("warden", "compromised")
    network.rekey("smith", "retired")
    network.add(GUEST)
    stewards.prepare(network, former)
    halt(network.desk, f"smith@{CLUSTER}", "to be lifted")
    network.round(1, only=NAMES)
    network.resume_all()
    stays = halt(network.desk, f"{GUEST}@{CLUSTER}", "stays")
    part = stewards.begin_resume(network, stays.digest)
    world = World(network, stranger, _hands(network, former, dice), defaultdict(list))
    world.parts.add(part.digest)
    for turn in range(4):
        for path in network.files():
            if network.data(path) not in world.genuine[path]:
                world.genuine[path].append(network.data(path))
        if not turn:
            world.watch()
        for count in range(4):
            world.send(dice, turn * 10 + count)
        for name in NAMES:
            world.tick(name)
        stewards.vote(world, NAMES[turn % 3])
        stewards.answer(world, turn % 2)
    for author in NAMES:
        stranger.send(author, dice.choice([n for n in NAMES if n != author]), "strange")
        stranger.send(author, "all", Insight(text="strange", topics=("metal",), confidence=1))
    stranger.round(1)
    return world


def _hands(network: Network, former: Signer, dice: Random) -> Hands:
    return Hands(
        stranger=Signer(dice.randbytes(32)),
        insider=network.peers[INSIDER].signer,
        former=former,
        others=[network.data(path) for path in network.files() if path != layout.MARKER],
    )


def fresh(number: int) -> World:
    """The world number so and so, in a copy of its own."""
    base = _base(number % BASES)
    world = World(
        network=base.network.copy(),
        stranger=base.stranger,
        hands=base.hands,
        genuine=defaultdict(list, {path: list(data) for path, data in base.genuine.items()}),
        parts=base.parts,
        sent=defaultdict(list, {name: list(texts) for name, texts in base.sent.items()}),
    )
    world.watch()
    return world
