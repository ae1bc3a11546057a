"""What must hold whatever was done to the share, told from outside: from homes and share alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from peer.tick import epochs
from protocol import canonical
from protocol.card import open_card
from protocol.errors import RuleError
from protocol.messages import stored_item
from registry import layout
from tests.fuzz import stewards
from tests.fuzz.world import GUEST, NAMES, World
from tests.network import CLUSTER

ALARMS = ("frozen:", "claim:", "refused:", "hidden:", "parked", "rivals:", "returned:", "expired:")


def faults(world: World) -> list[str]:
    """What some home believes although nobody genuine ever said it; empty: nothing."""
    return [f"{name}: {fault}" for name in NAMES for look in LOOKS for fault in look(world, name)]


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _signed(data: bytes) -> bytes:
    return canonical.encode(canonical.decode(data)["signed"])


def _items(world: World, name: str) -> Iterator[str]:
    home = world.network.peers[name].home
    rows = home.db.read("SELECT id, author, audience, data FROM item WHERE mine = 0")
    for id_, author, audience, data in rows:
        writer = world.network.peers[author.partition("@")[0]].home.db
        true = writer.one("SELECT data, audience FROM item WHERE id = ? AND mine = 1", id_)
        if true is None or tuple(true) != (data, audience):
            yield f"holds item {id_} that {author} never wrote so"
        if audience not in ("all", f"{name}@{CLUSTER}"):
            yield f"holds item {id_} for {audience}"


def _documents(world: World, name: str) -> Iterator[str]:
    desk = world.network.desk
    true = {document.digest: document.data for document in desk.shelf}
    true[world.network.root.digest] = world.network.root.data
    home = world.network.peers[name].home
    for digest, data in home.db.read("SELECT digest, data FROM document"):
        if true.get(digest) != data:
            yield f"remembers document {digest[:8]} that no steward signed so"
    if home.archive.hidden():
        yield "believes that documents are hidden"


def _beats(world: World, name: str) -> Iterator[str]:
    home = world.network.peers[name].home
    for row in home.neighbours.all().values():
        genuine = world.genuine[layout.heartbeat(row.name)]
        if row.digest not in {_digest(data) for data in genuine}:
            yield f"believes beat {row.seq} of {row.name}, who never signed it"
        peer = world.network.peers[row.name]
        ended = epochs.over(world.network.peers[name], peer.address)
        if not set(ended) <= set(peer.home.state.earlier_epochs):
            yield f"believes that epochs of {row.name} are over which go on"


def _receipts(world: World, name: str) -> Iterator[str]:
    home = world.network.peers[name].home
    for reader, n, data in home.db.read("SELECT reader, n, data FROM receipt"):
        path = layout.receipt(reader.partition("@")[0], CLUSTER, name)
        if data not in {_signed(true) for true in world.genuine[path]}:
            yield f"believes receipt {n} of {reader}, who never signed it"
    if home.db.read("SELECT 1 FROM own_page WHERE refused IS NOT NULL"):
        yield "believes that a page of its own was refused"
    if home.db.read("SELECT 1 FROM own_stream WHERE stopped IS NOT NULL"):
        yield "stopped a stream of its own"


def _pages(world: World, name: str) -> Iterator[str]:
    home = world.network.peers[name].home
    rows = home.db.read(
        "SELECT author, epoch, audience, seq, digest, refused FROM page JOIN stream"
        " ON page.stream = stream.n"
    )
    for author, epoch, audience, seq, digest, refused in rows:
        writer = world.network.peers[author.partition("@")[0]].home.db
        true = writer.one(
            "SELECT digest FROM own_page WHERE epoch = ? AND audience = ? AND seq = ?",
            *(epoch, audience, seq),
        )
        if true is None or true[0] != digest or refused:
            yield f"holds page {seq} of {author} to {audience}, who never signed it so ({refused})"
    for author, frozen in home.db.read("SELECT author, frozen FROM stream WHERE frozen <> ''"):
        yield f"froze a stream of {author} by {frozen}"
    rows = home.db.read(
        "SELECT author, epoch, announced, announced_hash FROM stream WHERE announced"
    )
    for author, epoch, seq, digest in rows:
        writer = world.network.peers[author.partition("@")[0]].home.db
        sql = "SELECT digest FROM own_page WHERE epoch = ? AND audience = 'all' AND seq = ?"
        if writer.one(sql, epoch, seq) != (digest,):
            yield f"believes that the feed of {author} has a page {seq} which it has not"


def _alarms(world: World, name: str) -> Iterator[str]:
    home = world.network.peers[name].home
    for concern in home.concerns.all():
        if concern.key.startswith(ALARMS):
            yield f"raised a false alarm: {concern.key}: {concern.text}"
    if home.state.text("parked") is not None:
        yield f"parked itself: {home.state.text('parked')}"
    for about, kind in home.db.read("SELECT about, kind FROM evidence"):
        if kind not in ("endorsement", "dispute"):
            yield f"accuses {about} of {kind}"


def _handled(world: World, name: str) -> Iterator[str]:
    for id_, times in world.handled[name].seen.items():
        if times > 1:
            yield f"acted on item {id_} {times} times"


def _files(world: World, name: str) -> Iterator[str]:
    """What is kept under a hash is what has it, and whoever acted on a letter has its files."""
    peer = world.network.peers[name]
    for file in peer.blobs.sizes():
        if not file.endswith(".part"):
            found = hashlib.sha256(b"".join(peer.blobs.parts(file))).hexdigest()
            if found != file:
                yield f"keeps {found[:8]} as {file[:8]}"
    for file, size in peer.home.db.read("SELECT sha256, size FROM attachment WHERE mine = 0"):
        if peer.blobs.size(file) != size:
            yield f"holds a letter without its file {file[:8]}"


def _ruled(world: World, name: str) -> Iterator[str]:
    yield from stewards.ask_faults(world, name)


def _words(data: bytes) -> str:
    item = stored_item(data, understood=True)
    return str(getattr(item.body, "text", item.head.kind))


LOOKS = (_items, _documents, _beats, _receipts, _pages, _alarms, _handled, _files, _ruled)


def cards(world: World) -> list[str]:
    """Cards that a steward would take although their owner never wrote them."""
    found = []
    for name in (*NAMES, GUEST):
        path = layout.card(name)
        data = world.node(path)
        if not isinstance(data, bytes) or data in world.genuine[path]:
            continue
        try:
            card = open_card(data, world.network.network, name, CLUSTER)
        except RuleError:
            continue
        true = {world.network.peers[name].signer.key, world.hands.stranger.key}
        # Whoever signs a card proves his own key and nothing else: the fingerprint decides.
        if card.key not in true | {world.hands.insider.key, world.hands.former.key}:
            found.append(f"{path} is a valid card under {card.key}")
    return found


def missing(world: World) -> list[str]:
    """Letters and published items that did not arrive exactly once."""
    found = []
    for name in NAMES:
        home = world.network.peers[name].home
        rows = home.db.read("SELECT author, data, state, auto FROM item WHERE mine = 0")
        came = Counter(
            f"{row[0].partition('@')[0]}: {_words(row[1])}"
            for row in rows
            if row[2] == "acted" and not row[3]
        )
        wanted = Counter(world.sent[name])
        if came != wanted:
            found.append(f"{name}: lacks {wanted - came}, has too much {came - wanted}")
    return found
