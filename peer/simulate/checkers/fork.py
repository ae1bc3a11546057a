"""Whoever holds one page and finds another at the same position has evidence after that tick.

Held is a page in the journal; found is a genuine one with another digest, in the finder's inbox
at its own name, before a tick that runs through. Then the home holds `double-use` against the
author, whoever it is: a hostile one, or one whose home existed twice.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from hashlib import sha256

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from peer.simulate.checkers import Checker
from peer.simulate.checkers._bytes import (
    PAGE,
    document,
    signed_message,
)
from peer.simulate.instance import Instance
from peer.simulate.world import World

# (author, key, epoch, audience, seq) of a page, and the digests signed there.
Place = tuple[str, str, str, str, int]


class Check(Checker):
    """Does nothing until some key has signed two pages at one position."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._signed: dict[Place, set[str]] = {}
        self._forks: set[Place] = set()
        self._found: dict[Instance, set[Place]] = {}

    def signed(self, instance: Instance, message: bytes) -> None:
        """See `Checker.signed`."""
        if b" soma/page/1 " not in message[:40]:
            return
        said = signed_message(message)
        if said is None or said.type != PAGE:
            return
        body = said.body
        place = (body["author"], body["key"], body["epoch"], body["audience"], body["seq"])
        digests = self._signed.setdefault(place, set())
        digests.add(said.digest)
        if len(digests) > 1:
            self._forks.add(place)

    def before(self, instance: Instance, what: str) -> None:
        """See `Checker.before`."""
        if what == "tick" and self._forks and instance.honest:
            self._found[instance] = self._look(instance)

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        found = self._found.pop(instance, set()) if what == "tick" else set()
        report = instance.report
        if report is None or report.human is not None or instance.view.troubles:
            return
        for author, key, _, _, seq in sorted(found):
            row = instance.home.db.one(
                "SELECT 1 FROM evidence WHERE about = ? AND kind = 'double-use' AND by = ?",
                *(author, key),
            )
            if row is None:
                self.fail(instance.name, f"met two pages {seq} of {author} and says nothing")

    def _look(self, instance: Instance) -> set[Place]:
        """The forks of which the home holds one page and the inbox shows another."""
        view, found = instance.view, set()
        folder = f"peers/{instance.name}/inbox"
        for place in sorted(self._forks):
            author, key, epoch, audience, seq = place
            if audience != instance.identity.address:
                continue
            row = instance.home.db.one(
                "SELECT digest FROM page JOIN stream ON page.stream = stream.n"
                " WHERE author = ? AND key = ? AND epoch = ? AND audience = ? AND seq = ?",
                *place,
            )
            name = f"{author.partition('@')[0]}.{epoch[:8]}.{seq}.page"
            data = view.sees(f"{folder}/{name}") if row is not None else None
            if row is None or data is None or name not in view.lists(folder):
                continue
            digest = _digest(data, key)
            if digest in self._signed[place] and digest != row[0]:
                found.add(place)
        return found


def _digest(data: bytes, key: str) -> str | None:
    """The digest of a page that is complete and signed, or None."""
    page = document(data)
    if page is None or page.type != PAGE:
        return None
    try:
        value = orjson.loads(data)
        items = [
            sha256(orjson.dumps(item, option=orjson.OPT_SORT_KEYS)).hexdigest()
            for item in value["items"]
        ]
        text = orjson.dumps(page.body, option=orjson.OPT_SORT_KEYS)
        message = b"DSSEv1 %d %b %d %b" % (len(page.type), page.type.encode(), len(text), text)
        raw = urlsafe_b64decode(key + "==")
        signature = urlsafe_b64decode(value["signatures"][0]["sig"] + "==")
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except (InvalidSignature, ValueError, TypeError, KeyError, IndexError):
        return None
    canonical = orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == data
    return page.digest if canonical and items == page.body["items"] else None
