"""What checkers open for themselves: sealed items, from bytes alone.

Written anew from SPEC.md (SEAL-1 to SEAL-4) and not with `protocol`, as `reading` is.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from peer.home import Home

SEALED = "sealed"


def said(home: Home, seed: bytes, network: str, id_: str, audience: str) -> dict[str, Any]:
    """An item of a home as its author wrote it; what cannot be opened is left as it is."""
    row = home.db.one("SELECT data FROM item WHERE id = ?", id_)
    item: dict[str, Any] = {} if row is None else orjson.loads(row[0])
    if item.get("kind") != SEALED:
        return item
    row = home.db.one("SELECT plain FROM sealed WHERE item = ?", id_)
    plain = _opened(item, seed, network, audience) if row is None else row[0]
    return item if plain is None else item | orjson.loads(plain)


def _opened(item: dict[str, Any], seed: bytes, network: str, audience: str) -> bytes | None:
    bound = {"audience": audience, "author": item["author"], "network": network}
    mine = X25519PrivateKey.from_private_bytes(_derived(seed, b"", b"soma/sealing-key/1"))
    try:
        ephemeral, box = _bytes(item["body"]["ephemeral"]), _bytes(item["body"]["box"])
        secret = mine.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        salt = ephemeral + mine.public_key().public_bytes_raw()
        key = _derived(secret, salt, b"soma/sealed/1")
        return ChaCha20Poly1305(key).decrypt(
            bytes(12), box, orjson.dumps(bound | {"salt": item["salt"]})
        )
    except (InvalidTag, KeyError, ValueError):
        return None


def _derived(secret: bytes, salt: bytes, use: bytes) -> bytes:
    key = hmac.digest(salt or bytes(32), secret, hashlib.sha256)
    return hmac.digest(key, use + b"\x01", hashlib.sha256)


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
