"""Whoever holds one page and finds another at the same position has evidence after that tick.

Held is a page in the journal; found is a genuine one with another digest, in the finder's inbox
at its own name, before a tick that runs through and that no trouble kept from reading it. Then
the home holds `double-use` against the author, whoever it is: a hostile one, or one whose home
existed twice. And no feed goes on of which a page is held that is not the one that a heartbeat
named as its head.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from functools import lru_cache
from hashlib import sha256

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import BEAT, PAGE, Signed, document, page_file
from peer.simulate.world import World

_HELD = (
    "FROM stream JOIN page ON page.stream = stream.n"
    " WHERE author = ? AND epoch = ? AND audience = 'all' AND seq = ?"
)


class Check(Checker):
    """Looks into the inbox before each tick, and asks the home after it."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._found: dict[Instance, set[tuple[str, str, int, str]]] = {}
        self._heads: dict[Instance, list[tuple[bytes, str, str, int]]] = {}

    def before(self, instance: Instance, what: str) -> None:
        """See `Checker.before`."""
        if what == "tick" and instance.honest:
            self._found[instance] = self._look(instance)
            self._heads[instance] = self._other_heads(instance)

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if what == "tick" and instance.honest and instance.failed is None:
            self._frozen(instance)
        found = self._found.pop(instance, set()) if what == "tick" else set()
        report = instance.report
        if not found or report is None or report.human is not None:
            return
        for author, key, seq, path in sorted(found):
            if instance.view.troubles.hid(path):
                continue
            row = instance.home.db.one(
                "SELECT 1 FROM evidence WHERE about = ? AND kind = 'double-use' AND by = ?",
                *(author, key),
            )
            if row is None:
                self.fail(instance.name, f"met two pages {seq} of {author} and says nothing")

    def _other_heads(self, instance: Instance) -> list[tuple[bytes, str, str, int]]:
        """(digest of a new heartbeat, author, epoch, seq) where it names another page."""
        heads = [(name, *head) for name, data in instance.seen.items() for head in _heads(data)]
        if not heads:
            return []
        found, known = [], self._believed(instance)
        for name, digest, epoch, seq, page in heads:
            other = self.world.instances.get(name)
            if other is None or digest in known:
                continue
            place = (other.identity.address, epoch, seq)
            held = instance.home.db.one(f"SELECT digest {_HELD}", *place)
            if held is not None and held[0] != page:
                found.append((digest, *place))
        return found

    def _frozen(self, instance: Instance) -> None:
        """Whoever believed such a heartbeat takes nothing more from that feed."""
        heads = self._heads.pop(instance, [])
        db, believed = instance.home.db, self._believed(instance) if heads else set()
        for digest, *place in heads:
            if digest in believed and db.one(f"SELECT 1 {_HELD} AND frozen IS NULL", *place):
                author, _, seq = place
                self.fail(
                    instance.name,
                    f"holds another page {seq} of the feed of {author} than it was told of",
                )

    def _believed(self, instance: Instance) -> set[bytes]:
        rows = instance.home.db.read("SELECT digest FROM neighbour")
        return {bytes(row[0]) for row in rows}

    def _look(self, instance: Instance) -> set[tuple[str, str, int, str]]:
        """(author, key, seq, path) where the home holds one page and the inbox shows another."""
        view, found = instance.view, set()
        me, folder = instance.identity.address, f"peers/{instance.name}/inbox"
        for name in view.lists(folder):
            file = page_file(f"{folder}/{name}")
            author = None if file is None else self.world.instances.get(file.author)
            data = view.sees(f"{folder}/{name}") if author is not None else None
            page = None if data is None else document(data)
            if file is None or author is None or data is None or page is None:
                continue
            body = page.body
            place = (author.identity.address, author.signer.key, body.get("epoch"), me, file.seq)
            said = tuple(body.get(word) for word in ("author", "key", "epoch", "audience", "seq"))
            if said != place or not str(said[2]).startswith(file.epoch8):
                continue
            row = instance.home.db.one(
                "SELECT digest FROM page JOIN stream ON page.stream = stream.n"
                " WHERE author = ? AND key = ? AND epoch = ? AND audience = ? AND seq = ?",
                *place,
            )
            if row is not None and row[0] != page.digest and _is_whole(page, data):
                found.add((place[0], place[1], file.seq, f"{folder}/{name}"))
        return found


@lru_cache(maxsize=2_048)
def _heads(data: bytes) -> tuple[tuple[bytes, str, int, str], ...]:
    """(digest of the heartbeat, epoch, seq, hash) of the feed's head in it, where one stands."""
    beat = document(data)
    feed = beat.body.get("feed") if beat is not None and beat.type == BEAT else None
    match feed:
        case {"epoch": str(epoch), "seq": int(seq), "hash": str(page)} if 0 < seq < 1 << 53:
            return ((sha256(data).digest(), epoch, seq, page),)
    return ()


def _is_whole(page: Signed, data: bytes) -> bool:
    """Whether a page is canonical and complete, and signed by the key that it names."""
    if page.type != PAGE:
        return False
    try:
        value = orjson.loads(data)
        items = [
            sha256(orjson.dumps(item, option=orjson.OPT_SORT_KEYS)).hexdigest()
            for item in value["items"]
        ]
        text = orjson.dumps(page.body, option=orjson.OPT_SORT_KEYS)
        message = b"DSSEv1 %d %b %d %b" % (len(page.type), page.type.encode(), len(text), text)
        raw = urlsafe_b64decode(page.body["key"] + "==")
        signature = urlsafe_b64decode(value["signatures"][0]["sig"] + "==")
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except (InvalidSignature, ValueError, TypeError, KeyError, IndexError):
        return False
    canonical = orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == data
    return canonical and items == page.body["items"]
