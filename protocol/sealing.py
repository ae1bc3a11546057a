"""Sealing: an item, and its attachments, that only one reader can open.

A sealed item is an ordinary item of the kind `sealed`: its body is a box made for the X25519 key of
the reader, with a key that was drawn for this box alone. The box is bound to the network, author,
audience and salt of the item around it, so it can be opened nowhere else and under no other name:

    key     HKDF-SHA256(X25519(ephemeral, reader), salt = ephemeral key ‖ reader's key)
    box     ChaCha20-Poly1305(key, nonce 0, canonical JSON of what is said, associated data)

Sealed attachments are chunks of 64 KiB, each sealed with a counter and a mark of the last one as
its nonce (as STREAM, Hoang et al. 2015, does it) under a key that stands inside the item.
A peer's X25519 key is derived from the seed of its signing key: there is no second secret to keep.

Not here: random numbers (they are arguments), whose key is whose (the roster), files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from protocol import canonical, limits, wire
from protocol.errors import RuleError
from protocol.fields import Hash, ItemId, Key, Line
from protocol.messages import Attachment, Body, Head, Item, Sealed, compose, read_body
from protocol.signing import Signer, hkdf
from protocol.wire import AtMost, Between

chunk_bytes = 64 * 1024
tag_bytes = 16
_KEY_USE = b"soma/sealing-key/1"
_BOX_USE = b"soma/sealed/1"
_NONCE = bytes(12)  # every key seals one box


class Opener:
    """The private X25519 key of a reader; `key` is the public one, in base64url."""

    __slots__ = ("_private", "key", "public")

    def __init__(self, seed: bytes) -> None:
        """`seed` are the 32 bytes of RFC 7748."""
        self._private = X25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw()
        self.key = canonical.b64(self.public)

    def agree(self, other: bytes) -> bytes:
        """The 32 bytes that both sides know; ValueError for a public key of small order."""
        return self._private.exchange(X25519PublicKey.from_public_bytes(other))


def can_seal(key: str) -> bool:
    """Whether a public key, in base64url, is one to seal with, and none of small order."""
    try:
        Opener(bytes(32)).agree(canonical.unb64(key, 32))
    except (ValueError, RuleError):
        return False
    return True


def opener_of(signer: Signer) -> Opener:
    """The key with which a peer opens what was sealed for it (SEAL-1)."""
    return Opener(signer.derive(_KEY_USE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """An attachment as only the reader knows it: `size` before it was sealed, its `name`, its key.

    `sha256` is that of the sealed file, which the item outside names.
    """

    sha256: Hash
    size: Annotated[int, Between(0, limits.blob_bytes_max)]
    name: Line
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inside:
    """What a box says besides its body."""

    kind: str
    re: ItemId | None = None
    thread: ItemId | None = None
    attachments: Annotated[tuple[Enclosed, ...], AtMost(limits.attachments_max)] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A sealed item as its author wrote it, under the id of the sealed one."""

    item: Item
    files: tuple[Enclosed, ...]


def seal(
    head: Head, body: Body, files: Sequence[tuple[Enclosed, int]], network: str, audience: str,
    reader: str, seed: bytes,
) -> tuple[Item, bytes]:  # fmt: skip
    """The sealed item for the key `reader`, and what is in its box.

    `files`: each with the bytes of the sealed file; `seed`: 32 random bytes for this box alone.
    ValueError where it would be too large.
    """
    inside = _Inside(
        kind=body.kind, re=head.re, thread=head.thread, attachments=tuple(one for one, _ in files)
    )
    said = wire.dump(inside) | {"body": wire.dump(body)}
    if not files:
        del said["attachments"]
    plain = canonical.encode(said)
    ephemeral = Opener(seed)
    key = _box_key(ephemeral, canonical.unb64(reader, 32), ephemeral.public)
    bound = bound_to(network, head.author, audience, head.salt)
    box = ChaCha20Poly1305(key).encrypt(_NONCE, plain, bound)
    outside = replace(
        head, kind=Sealed.kind, re=None, thread=None,
        attachments=tuple(Attachment(sha256=one.sha256, size=size) for one, size in files),
    )  # fmt: skip
    return compose(outside, Sealed(ephemeral=ephemeral.key, box=canonical.b64(box))), plain


def unseal(item: Item, network: str, audience: str, openers: Iterable[Opener]) -> Opened | None:
    """The item in the box, by the first key that opens it; None where none does."""
    sealed = item.body
    if not isinstance(sealed, Sealed):
        return None
    bound = bound_to(network, item.head.author, audience, item.head.salt)
    try:
        ephemeral = canonical.unb64(sealed.ephemeral, 32)
        box = canonical.unb64(sealed.box, len(sealed.box) * 3 // 4)
    except RuleError:
        return None
    for opener in openers:
        try:
            cipher = ChaCha20Poly1305(_box_key(opener, ephemeral, ephemeral, opener.public))
            return read_plain(item, cipher.decrypt(_NONCE, box, bound))
        except (InvalidTag, ValueError, RuleError):
            continue
    return None


def read_plain(item: Item, plain: bytes) -> Opened:
    """A sealed item by what is in its box; RuleError where that is none."""
    value = canonical.decode(plain)
    inside = wire.validate(_Inside, plain, "SEAL-4")
    head = replace(item.head, kind=inside.kind, re=inside.re, thread=inside.thread)
    body = None if inside.kind == Sealed.kind else read_body(inside.kind, value.get("body"))
    return Opened(Item(item.id, head, body, item.data), inside.attachments)


def bound_to(network: str, author: str, audience: str, salt: str) -> bytes:
    """The associated data of a box (SEAL-3)."""
    said: dict[str, Any] = {"audience": audience, "author": author}
    return canonical.encode(said | {"network": network, "salt": salt})


def _box_key(mine: Opener, other: bytes, ephemeral: bytes, reader: bytes | None = None) -> bytes:
    return hkdf(mine.agree(other), ephemeral + (reader or other), _BOX_USE)


def seal_parts(key: bytes, parts: Iterable[bytes]) -> Iterator[bytes]:
    """A file sealed under a key that seals nothing else; parts of any size."""
    cipher = ChaCha20Poly1305(key)
    for number, chunk, last in _chunks(parts, chunk_bytes):
        yield cipher.encrypt(_chunk_nonce(number, last), chunk, None)


def unseal_parts(key: bytes, parts: Iterable[bytes]) -> Iterator[bytes]:
    """The file again; RuleError SEAL-7 where anything in it, or its end, is not as it was sealed.

    What came before that has been given out: whoever writes it down takes it back.
    """
    cipher = ChaCha20Poly1305(key)
    for number, chunk, last in _chunks(parts, chunk_bytes + tag_bytes):
        try:
            yield cipher.decrypt(_chunk_nonce(number, last), chunk, None)
        except (InvalidTag, ValueError) as fault:
            raise RuleError("SEAL-7", "the attachment is not what its author sealed") from fault


def _chunks(parts: Iterable[bytes], size: int) -> Iterator[tuple[int, bytes, bool]]:
    """(number, chunk, whether it is the last); the last one may be shorter, or empty alone."""
    rest, number = b"", 0
    for part in parts:
        rest = rest + part if rest else part
        at = 0
        while len(rest) - at > size:
            yield number, rest[at : at + size], False
            at, number = at + size, number + 1
        rest = rest[at:]
    yield number, rest, True


def _chunk_nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes((last,))
