"""A network of peers for tests: in memory with a time and chance of its own, or in a real folder.

`Network` is N admitted peers over one `MemoryShare`, their homes in memory, a clock that only moves
when told, seeded randomness, and a steward at a desk. `FolderNetwork` is the same with real homes
and a real folder, made by the code that people run. Faults are handed to one tick or one send.

It does *not* assert anything: tests say what must hold.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from peer import handlers, keys
from peer.home import Home, create_home
from peer.home.database import Database
from peer.home.mail import Letter
from peer.home.places import Identity, choose
from peer.instance import HOUR_MS, RunningPeer
from peer.lives import begin_epoch, told
from peer.membership import join
from peer.send import Sent, send
from peer.stewards.admission import admit
from peer.stewards.desk import Desk
from peer.stewards.founding import create_network
from peer.stewards.gathering import Known, gather
from peer.stewards.opening import open_marker
from peer.stewards.orders import halt, resume
from peer.stewards.shelf import FolderShelf
from peer.tick.card import CARD
from peer.tick.report import Report
from peer.tick.session import tick
from peer.wiring import open_peer, open_share
from protocol import authority, canonical, documents
from protocol.acts import StewardBody
from protocol.authority import StewardDocument
from protocol.card import Card
from protocol.charter import Budget, Charter, Rule
from protocol.effect import Effect
from protocol.errors import NotFoundError
from protocol.messages import KINDS, Body, Head, Insight, Note, compose
from protocol.page import ALL, Header, form_page
from protocol.root import Role, Root, Steward
from protocol.roster import STEWARD, KeyState, Member, MemberKey, Roster
from protocol.sealing import opener_of
from protocol.signing import Signer
from protocol.trust import ROLES
from registry import charter as charters
from registry import layout, yard
from registry import roster as folders
from registry.faulty import Fault, FaultyShare, Killed
from registry.layout import PageName
from registry.memory import MemoryShare
from registry.share import Share

CLUSTER = "lab.eu"
FIVE = ("core", "librarian", "scout", "smith", "warden")
SIX_HOURS_MS = 6 * HOUR_MS
DAY_MS = 24 * HOUR_MS
START_MS = 1_790_000_000_000
WRITES = ("place", "remove", "make_folder")


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.wall = START_MS
        self.monotonic = 10_000_000
        self.boots = 1

    def wall_ms(self) -> int:
        return self.wall

    def monotonic_ms(self) -> int:
        return self.monotonic

    def boot(self) -> str:
        return f"boot-{self.boots}"

    def go(self, ms: int) -> None:
        """Time goes by."""
        self.wall += ms
        self.monotonic += ms

    def jump(self, ms: int) -> None:
        """The wall clock is set; no time goes by."""
        self.wall += ms

    def reboot(self, down_ms: int = 0) -> None:
        """The machine is off for a while, and its monotonic clock begins anew."""
        self.wall += down_ms
        self.monotonic = 5_000
        self.boots += 1


class SeededEntropy:
    """Chance that repeats itself."""

    def __init__(self, *seed: object) -> None:
        self._random = random.Random(repr(seed))

    def draw(self, size: int) -> bytes:
        return self._random.randbytes(size)


class DyingDatabase(Database):
    """A database in which the process dies at the n-th of its steps: before and after a COMMIT.

    `steps` counts them; `die_at` 0 is never.
    """

    steps = 0
    die_at = 0

    def kill(self) -> None:
        """Must not return; SQLite rolls back what was under way, as after a crash."""
        raise Killed

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        with super().transaction(durable=durable):
            yield
            self._step()
        self._step()

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.die_at:
            self.kill()


class ListShelf(list[StewardDocument]):
    """A steward's shelf in memory."""

    def keep(self, document: StewardDocument) -> None:
        self.append(document)

    def everything(self) -> list[bytes]:
        return [document.data for document in self]


class MemoryDesk(Desk):
    """A steward whose shelf is a list, so that founding a network touches no disk."""

    shelf: ListShelf

    def known(self) -> Known:
        """As his shelf alone says it: tests do to the share what they like."""
        nothing = MemoryShare()
        charters.make_folders(nothing)
        _, first = open_marker(charters.fetch_marker(self.share), self.identity.network)
        return gather(self.shelf, nothing, first, self.clock.wall_ms())

    def seal(self, body: StewardBody) -> StewardDocument:
        """A signed document that only this desk knows."""
        data = authority.seal_document(body, self.identity.network, self.unlock())
        document = authority.open_steward_document(data, self.known().trust)
        self.shelf.append(document)
        return document

    def place(self, document: StewardDocument) -> None:
        """Put a document where everybody looks for it."""
        charters.place_document(self.share, document)


class Network:
    """N admitted peers in memory. A network is a function of its names and its seed."""

    def __init__(
        self, names: Sequence[str] = ("core", "scout"), *, seed: int = 0, cluster: str = CLUSTER
    ) -> None:
        self.seed = seed
        self.cluster = cluster
        self.memory = MemoryShare()
        self.clock = FakeClock()
        self.entropy = SeededEntropy("network", seed)
        self.steward = Signer(self.entropy.draw(32))
        self.peers: dict[str, RunningPeer] = {}
        self.sealing: dict[str, str] = {}  # by the key that signs
        self.mailboxes: set[str] = set()  # members that are mailboxes of stewards
        self.holders: dict[str, int] = {}  # how often a name was given to another holder
        self.next_beat_ms = SIX_HOURS_MS
        self._found()
        for name in names:
            self.add(name)
        if names:
            self.roster({name: {self.peers[name].signer.key: "active"} for name in names})

    def _found(self) -> None:
        now = self.clock.wall_ms()
        root = Root(
            version=1,
            at=now,
            stewards=(Steward(name="kay", key=self.steward.key),),
            roles=tuple(Role(role=role, keys=(self.steward.key,)) for role in ROLES),
        )
        self.root = authority.open_root(authority.seal_document(root, "", self.steward))
        self.network = self.root.digest
        self.desk = self._desk()
        charters.make_folders(self.memory)
        self.marker = canonical.encode(
            {"cluster": self.cluster, "root": canonical.decode(self.root.data)}
        )
        self.memory.place(layout.MARKER, self.marker)
        self.desk.place(self.root)
        self.desk.sign(Charter(network=self.network, version=1, at=now))
        self.desk.sign(Roster(network=self.network, cluster=self.cluster, version=1, at=now))

    def _desk(self, shelf: Iterable[StewardDocument] = ()) -> MemoryDesk:
        return MemoryDesk(
            home="",
            identity=self._identity("kay", self.steward),
            shelf=ListShelf(shelf),
            share=self.memory,
            clock=self.clock,
            entropy=SeededEntropy("desk", self.seed),
            unlock=lambda: self.steward,
        )

    def _identity(self, name: str, signer: Signer) -> Identity:
        return Identity(
            name=name, cluster=self.cluster, network=self.network, share="memory", key=signer.key
        )

    def copy(self, database: type[Database] = Database) -> Network:
        """The same network at the same moment in a world of its own, in new processes."""
        other: Network = object.__new__(Network)
        other.__dict__.update(self.__dict__)
        other.memory = copy.deepcopy(self.memory)
        other.clock = copy.deepcopy(self.clock)
        other.entropy = copy.deepcopy(self.entropy)
        other.sealing = self.sealing.copy()
        other.mailboxes, other.holders = self.mailboxes.copy(), self.holders.copy()
        other.desk = other._desk(self.desk.shelf)
        other.peers = {
            name: RunningPeer(
                identity=peer.identity,
                home=copy_home(peer.home, database),
                share=other.memory,
                signer=peer.signer,
                clock=other.clock,
                entropy=copy.deepcopy(peer.entropy),
                next_beat_ms=peer.next_beat_ms,
                next_signer=peer.next_signer,
                blobs=copy.deepcopy(peer.blobs),
            )
            for name, peer in self.peers.items()
        }
        return other

    # ------------------------------------------------------------------------------ membership

    def add(self, name: str) -> RunningPeer:
        """A peer with its folders and its card on the share; not admitted yet."""
        entropy = SeededEntropy(name, self.seed, len(self.peers), self.holders.get(name, 0))
        signer = Signer(entropy.draw(32))
        home = create_home(":memory:", entropy.draw)
        with home.transaction():
            home.archive.remember(self.root, self.clock.wall_ms())
            home.state.put_all({"marker": self.marker, "card": CARD})
        yard.make_folders(self.memory, name)
        self.sealing[signer.key] = opener_of(signer).key
        card = Card(
            network=self.network,
            name=name,
            cluster=self.cluster,
            key=signer.key,
            at=self.clock.wall_ms(),
            sealing=opener_of(signer).key,
        )
        folders.place_card(self.memory, name, documents.seal(card, signer))
        self.peers[name] = RunningPeer(
            identity=self._identity(name, signer),
            home=home,
            share=self.memory,
            signer=signer,
            clock=self.clock,
            entropy=entropy,
            next_beat_ms=self.next_beat_ms,
        )
        return self.peers[name]

    def roster(
        self, members: dict[str, dict[str, KeyState]], *, place: bool = True
    ) -> StewardDocument:
        """The next roster: names, and for each its keys and what they are."""
        current = max(self.desk.documents("soma/roster/1"), key=lambda d: d.number)
        listed = tuple(
            Member(
                name=name,
                keys=tuple(
                    MemberKey(key=key, state=how, sealing=self.sealing.get(key))
                    for key, how in known.items()
                ),
                roles=(STEWARD,) if name in self.mailboxes else (),
                reused=self.holders.get(name, 0),
            )
            for name, known in sorted(members.items())
        )
        document = self.desk.seal(
            Roster(
                network=self.network,
                cluster=self.cluster,
                version=current.number + 1,
                prev=current.digest,
                at=self.clock.wall_ms(),
                members=listed,
            )
        )
        if place:
            self.desk.place(document)
        return document

    def mailbox(self, *names: str) -> None:
        """These become members that are mailboxes of stewards."""
        members = self.members()
        for name in names:
            members[name] = {self.add(name).signer.key: "active"}
            self.mailboxes.add(name)
        self.roster(members)

    def charter(self, *rules: Rule, budgets: tuple[Budget, ...] = ()) -> StewardDocument:
        """The next charter of the network, with this policy."""
        current = max(self.desk.documents("soma/charter/1"), key=lambda d: d.number)
        return self.desk.sign(
            Charter(
                network=self.network,
                version=current.number + 1,
                prev=current.digest,
                at=self.clock.wall_ms(),
                policy=rules,
                budgets=budgets,
            )
        )

    def members(self) -> dict[str, dict[str, KeyState]]:
        """What the newest roster says, in the form that `roster` takes."""
        body = max(self.desk.documents("soma/roster/1"), key=lambda d: d.number).body
        assert isinstance(body, Roster)
        return {m.name: {key.key: key.state for key in m.keys} for m in body.members}

    def rekey(self, name: str, old: KeyState = "retired") -> StewardDocument:
        """Give a peer another key in a new epoch, and say so in the roster."""
        peer, members = self.peers[name], self.members()
        signer = Signer(peer.entropy.draw(32))
        self.sealing[signer.key] = opener_of(signer).key
        members[name] = dict.fromkeys(members[name], old) | {signer.key: "active"}
        self.repair(name)
        peer = self.restart(name)
        peer.signer, peer.identity = signer, replace(peer.identity, key=signer.key)
        return self.roster(members)

    def reuse(self, name: str) -> StewardDocument:
        """Give a name to another holder: a new home and key, and `admit --reuse`."""
        members = {known: keys for known, keys in self.members().items() if known != name}
        old = self.members()[name]
        self.holders[name] = self.holders.get(name, 0) + 1
        peer = self.add(name)
        lost: dict[str, KeyState] = dict.fromkeys(old, "compromised")
        members[name] = lost | {peer.signer.key: "active"}
        return self.roster(members)

    def admit_next(self, name: str, old: KeyState = "retired") -> StewardDocument:
        """A peer has asked for another key, and a steward has admitted it."""
        peer, members = self.peers[name], self.members()
        peer.next_signer = Signer(peer.entropy.draw(32))
        self.sealing[peer.next_signer.key] = opener_of(peer.next_signer).key
        members[name] = dict.fromkeys(members[name], old) | {peer.next_signer.key: "active"}
        return self.roster(members)

    def repair(self, name: str) -> int:
        """What `repair.repair` does to a sound home; how many items wait again."""
        peer = self.peers[name]
        lives = told(self.memory, peer.identity)
        return begin_epoch(peer.home, lives, peer.clock, peer.entropy)[1]

    # ------------------------------------------------------------------------------ doing

    def tick(self, name: str, *faults: Fault) -> Report:
        """One tick; faults happen to this one only."""
        with self.faulty(name, *faults):
            return tick(self.peers[name])

    def tick_here(self, name: str) -> Report:
        """One tick over whatever share the peer has at the moment."""
        return tick(self.peers[name])

    def tick_on(self, name: str, share: Share) -> Report:
        """One tick over another share, for instance another drive at the same path."""
        peer = self.peers[name]
        before, peer.share = peer.share, share
        peer.looked.clear()
        try:
            return tick(peer)
        finally:
            peer.share = before

    def send(
        self, author: str, to: str | Sequence[str], what: str | Body, *faults: Fault, **more: Any
    ) -> Sent:
        """Send a note, or a body; faults happen to this call only."""
        body = Note(text=what) if isinstance(what, str) else what
        with self.faulty(author, *faults):
            return send(self.peers[author], [to] if isinstance(to, str) else to, [body], **more)

    def send_here(self, author: str, to: str | Sequence[str], what: str | Body) -> Sent:
        """The same over whatever share the peer has at the moment."""
        body = Note(text=what) if isinstance(what, str) else what
        return send(self.peers[author], [to] if isinstance(to, str) else to, [body])

    def round(self, times: int = 1, *, hours: float = 6, only: Iterable[str] = ()) -> list[Report]:
        """Time goes by and everybody ticks, in the order of names, `times` times."""
        reports = []
        for _ in range(times):
            self.clock.go(round(hours * HOUR_MS))
            reports += [self.tick(name) for name in only or sorted(self.peers)]
        return reports

    @contextmanager
    def faulty(self, name: str, *faults: Fault) -> Iterator[FaultyShare]:
        """The peer sees the share through these faults, and its calls are counted from zero."""
        peer = self.peers[name]
        before, share = peer.share, FaultyShare(self.memory, faults)
        peer.share = share
        try:
            yield share
        finally:
            peer.share = before

    def calls(self, name: str, action: Callable[[], object]) -> list[tuple[str, str]]:
        """The calls of the share that an action of a peer makes, (operation, path)."""
        with self.faulty(name) as share:
            action()
        return [(call.op, call.path) for call in share.calls]

    def writes(self, names: Iterable[str] = ()) -> list[tuple[str, str]]:
        """What a round of ticks writes to the share, heartbeats and canaries left out."""
        found: list[tuple[str, str]] = []
        self.clock.go(SIX_HOURS_MS)
        for name in names or sorted(self.peers):
            with self.faulty(name) as share:
                tick(self.peers[name])
            found += [
                (op, path)
                for op, path in share.calls
                if op in WRITES and not path.endswith(("/heartbeat.json", "/canary"))
            ]
        return found

    def resume_all(self) -> None:
        """Lift every halt, if there is one."""
        with suppress(NotFoundError):
            resume(self.desk, "*")

    def rest(self, rounds_max: int = 8) -> bool:
        """Rounds of everybody until nothing is written but heartbeats; False: that never comes."""
        return any(self.writes() == [] for _ in range(rounds_max))

    def restart(self, name: str, home: Home | None = None) -> RunningPeer:
        """A new process over the same home, or over another one (a restored backup)."""
        old = self.peers[name]
        self.peers[name] = RunningPeer(
            identity=old.identity,
            home=home or old.home,
            share=self.memory,
            signer=old.signer,
            clock=old.clock,
            entropy=SeededEntropy("restarted", name, old.entropy.draw(8)),
            next_beat_ms=old.next_beat_ms,
            next_signer=old.next_signer,
            blobs=old.blobs,
        )
        return self.peers[name]

    def backup(self, name: str) -> Home:
        """A copy of a home."""
        return copy_home(self.peers[name].home)

    # ------------------------------------------------------------------------------ looking

    def letters(self, name: str) -> list[Letter]:
        """Everything that came to a peer and that a person would see."""
        return self.peers[name].home.mail.inbox(everything=True)

    def acted(self, name: str) -> list[str]:
        """What others wrote and this peer acted on, letters and published items, sorted."""
        return acted(self.peers[name].home)

    def concerns(self, name: str) -> list[str]:
        """The keys of what a person should know."""
        return [concern.key for concern in self.peers[name].home.concerns.all()]

    def caught(self, name: str) -> list[tuple[str, str]]:
        """(rule, path) of everything in a peer's quarantine, oldest first."""
        return [(c.rule, c.file) for c in self.peers[name].home.quarantine.all()]

    def rules(self, name: str) -> set[str]:
        """The rules in a peer's quarantine."""
        return {rule for rule, _ in self.caught(name)}

    def health(self, name: str) -> dict[str, str]:
        """The state of every neighbour, as the last tick judged."""
        return {n: row.state for n, row in self.peers[name].home.neighbours.all().items()}

    def files(self, folder: str = "") -> list[str]:
        """Every path below a folder of the share where no folder stands, ascending."""
        found: list[str] = []
        left = [(folder, self.memory.nodes(folder))]
        for where, nodes in left:
            for name, node in nodes.items():
                path = f"{where}/{name}" if where else name
                if isinstance(node, dict):
                    left.append((path, node))
                else:
                    found.append(path)
        return sorted(found)

    def data(self, path: str) -> bytes:
        """The bytes of a file."""
        return self.memory.read(path, 1 << 30)

    def open_pages(self, author: str, to: str) -> int:
        """How many pages to a reader no receipt covers."""
        peer = self.peers[author]
        return len(peer.home.outgoing.open_pages(peer.full(to)))

    def waiting(self, author: str, to: str) -> int:
        """How many items for a reader are in no page yet."""
        peer = self.peers[author]
        return len(peer.home.outgoing.waiting(ALL if to == ALL else peer.full(to), 10_000))

    def receipt(self, reader: str, author: str) -> dict[str, Any]:
        """The signed part of a receipt on the share."""
        data = self.data(layout.receipt(reader, self.cluster, author))
        signed: dict[str, Any] = canonical.decode(data)["signed"]
        return signed

    def heartbeat(self, name: str) -> dict[str, Any]:
        """The signed part of a heartbeat on the share."""
        signed: dict[str, Any] = canonical.decode(self.data(layout.heartbeat(name)))["signed"]
        return signed

    # ------------------------------------------------------------------------------ forging

    def page(
        self,
        author: str,
        to: str,
        texts: Sequence[str | bytes] = ("forged",),
        /,
        *,
        signer: Signer | None = None,
        **header: Any,
    ) -> tuple[PageName, bytes, str]:
        """(name, bytes, digest) of a page signed as told, whatever its author's home says."""
        peer = self.peers[author]
        signer = signer or peer.signer
        items = [t if isinstance(t, bytes) else self.item(author, t) for t in texts]
        values = {
            "network": self.network,
            "author": peer.address,
            "key": signer.key,
            "epoch": peer.home.state.epoch,
            "audience": ALL if to == ALL else peer.full(to),
            "seq": 1,
            "at": self.clock.wall_ms(),
            **header,
        }
        digest, data = form_page(Header(**values), items, signer)
        return PageName(author, values["epoch"][:8], values["seq"]), data, digest

    def drop(self, owner: str, name: PageName, data: bytes) -> str:
        """Put a file into an inbox; its path."""
        path = f"{layout.inbox(owner)}/{layout.letter_file(name)}"
        self.memory.place(path, data)
        return path

    def item(self, author: str, what: str | Body, /, **head: Any) -> bytes:
        """The bytes of an item, by default a note."""
        body = Note(text=what) if isinstance(what, str) else what
        values = {
            "author": f"{author}@{self.cluster}",
            "kind": body.kind,
            "salt": canonical.b32(self.entropy.draw(16)),
            "at": self.clock.wall_ms(),
            **head,
        }
        return compose(Head(**values), body).data


def acted(home: Home) -> list[str]:
    """What others wrote and this home acted on, sorted, each "author: text".

    That a newcomer asks for a mentor by itself is nobody's letter.
    """
    rows = home.db.read(
        "SELECT author, data FROM item WHERE mine = 0 AND state = 'acted' AND kind <> 'mentoring'"
    )
    return sorted(
        f"{author.partition('@')[0]}: {canonical.decode(data)['body'].get('text')}"
        for author, data in rows
    )


@contextmanager
def counting() -> Iterator[Counter[tuple[str, str]]]:
    """How often a handler saw each item of whatever kind: (address of the reader, item) → times."""
    seen: Counter[tuple[str, str]] = Counter()

    def wrap(handler: handlers.Handler | None) -> handlers.Handler:
        def counted(received: handlers.Received, view: handlers.View) -> list[Effect]:
            seen[(view.address, received.item.id)] += 1
            return [] if handler is None else handler(received, view)

        return counted

    before = dict(handlers.HANDLERS)
    # What newcomers and mentors write by themselves is held to its own tests.
    counted = KINDS.keys() - {"mentoring"}
    handlers.HANDLERS.update({kind: wrap(before.get(kind)) for kind in sorted(counted)})
    try:
        yield seen
    finally:
        handlers.HANDLERS.clear()
        handlers.HANDLERS.update(before)


def stream_seqs(home: Home) -> list[list[int]]:
    """The numbers that a home gave to its pages, for each of its streams."""
    rows = home.db.read("SELECT epoch, audience, seq FROM own_page ORDER BY epoch, audience, seq")
    streams: dict[tuple[str, str], list[int]] = {}
    for epoch, audience, seq in rows:
        streams.setdefault((epoch, audience), []).append(seq)
    return list(streams.values())


def insight(words: str, *topics: str) -> Insight:
    """A piece of knowledge."""
    return Insight(text=words, topics=topics or ("metal",), confidence=900)


def path_of(document: StewardDocument) -> str:
    """Where a steward document stands on the share."""
    return layout.document_path(document.type, document.number, document.digest)


def copy_home(home: Home, database: type[Database] = Database) -> Home:
    """A copy of a home in memory, as a backup or a twin has it."""
    copied = database(":memory:")
    copied._connection.deserialize(home.db._connection.serialize())
    return Home(copied)


def denied(path: str, op: str | None = None) -> Fault:
    """Whoever asks has no permission there, for ever."""
    return Fault(name="denied", op=op, path=path, times=-1)


def hidden(path: str) -> Fault:
    """Whoever asks does not see this path, for ever."""
    return Fault(name="hidden", path=path, times=-1)


def failing(name: str, op: str | None = None, path: str | None = None) -> Fault:
    """A fault that happens to every matching call."""
    return Fault(name=name, op=op, path=path, times=-1)


# ---------------------------------------------------------------------------------- a real folder


@dataclass(slots=True)
class FolderNetwork:
    """The same in a real folder, made by the code that people run; homes are real databases."""

    base: Path
    names: Sequence[str] = ("core", "scout")
    clock: FakeClock = field(default_factory=FakeClock)
    peers: dict[str, RunningPeer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        create_network(
            self.home, self.share, CLUSTER, "kay", None, self.clock, SeededEntropy("founder")
        )
        for name in self.names:
            join(self.home, self.share, name, None, self.clock, SeededEntropy(name))
        for name in self.names:
            admit(self.desk(), name, None, reuse=False, confirm=lambda shown: False)
            self.open(name)

    @property
    def home(self) -> str:
        """PEER_HOME of everybody."""
        return str(self.base / "home")

    @property
    def share(self) -> str:
        """The folder that they share."""
        return str(self.base / "share")

    def desk(self) -> Desk:
        """The steward at work."""
        folder, identity = choose(self.home, "stewards", None, None)
        return Desk(
            home=self.home,
            identity=identity,
            shelf=FolderShelf(folder),
            share=open_share(self.share, "kay"),
            clock=self.clock,
            entropy=SeededEntropy("desk", self.clock.wall),
            unlock=lambda: keys.load_key(folder),
        )

    def open(self, name: str) -> RunningPeer:
        """The peer as a new process would open it."""
        folder, identity = choose(self.home, "peers", name, None)
        if name in self.peers:
            self.peers[name].home.close()
        self.peers[name] = open_peer(folder, identity, clock=self.clock)
        return self.peers[name]

    def folder(self, name: str) -> str:
        """The directory of an identity in the home."""
        return choose(self.home, "peers", name, None)[0]

    def tick(self, name: str) -> Report:
        """One tick of an open peer."""
        return tick(self.peers[name])

    def round(self, times: int = 1) -> None:
        """Everybody ticks."""
        for _ in range(times):
            self.clock.go(SIX_HOURS_MS)
            for name in self.names:
                self.tick(name)

    def close(self) -> None:
        """Let go of every home."""
        for peer in self.peers.values():
            peer.home.close()
        self.peers.clear()


def send_note(peer: RunningPeer, to: str, words: str) -> Sent:
    """Write a note from a peer of whatever network."""
    return send(peer, [to], [Note(text=words)])


def open_folder_peer(base: Path, name: str) -> RunningPeer:
    """A peer of a `FolderNetwork` at `base`, as another process opens it; the clock is true."""
    return open_peer(*choose(str(base / "home"), "peers", name, None))


@lru_cache
def _settled(names: tuple[str, ...], seed: int) -> Network:
    network = Network(names, seed=seed)
    network.round(2)
    return network


def settled(*names: str, seed: int = 0) -> Network:
    """A network whose peers have seen each other, by default `core` and `scout`."""
    return _settled(names or ("core", "scout"), seed).copy()


__all__ = [
    "CLUSTER",
    "DAY_MS",
    "FIVE",
    "SIX_HOURS_MS",
    "DyingDatabase",
    "FakeClock",
    "FolderNetwork",
    "Killed",
    "Network",
    "SeededEntropy",
    "acted",
    "copy_home",
    "counting",
    "denied",
    "failing",
    "halt",
    "hidden",
    "insight",
    "open_folder_peer",
    "path_of",
    "resume",
    "send",
    "send_note",
    "settled",
    "stream_seqs",
    "tick",
]
